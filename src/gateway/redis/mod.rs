//! Revocations and used tokens in Redis, shared by all gateways that are told of the same server.
//!
//! [`RedisStore`] implements both stores' traits. `link.rs` keeps its one connection, `server.rs`
//! connects and judges the server, `scripts.rs` has what must be one step there, `fault.rs` why it doesn't
//! answer. A name goes there as its digest and in no other form.

mod builder;
mod fault;
mod link;
mod scripts;
mod server;
mod store;

pub use builder::RedisStoreBuilder;
pub use fault::RedisFault;
pub use store::RedisStore;
