//! JSON Web Tokens: issue, verify, encrypt.

#[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
compile_error!(
    "countersign needs a crypto stack: turn on feature `ring` (the default) or `aws-lc-rs`; `rsa` alone is not one"
);

mod clock;
mod crypto;
mod error;
pub mod jwe;
pub mod jwk;
mod limits;
mod secret;
mod wire;

pub use clock::{Clock, SystemClock};
pub use error::{ClaimProblem, Defect, Error, KeyDefect, Limit, Part, Refusal, Unsupported};
pub use limits::Limits;
pub use secret::{SecretBytes, SecretString};
