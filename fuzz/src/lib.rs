//! What the targets share: fixed keys and tokens, a way to read instructions out of the fuzzer's bytes,
//! structured mutations of tokens, and the checks that every target makes.
//!
//! Nothing here is random: the same bytes do the same. `examples/fixtures.rs` made the keys and tokens, once.

pub mod check;
pub mod fixtures;
pub mod forge;
mod json_object;
pub mod mutate;
pub mod mutate_json;
pub mod mutate_jwe;
pub mod script;
pub mod strict;

pub use script::{Script, is_one_in};
