#![cfg_attr(feature = "pem", doc = include_str!("../README.md"))]
#![cfg_attr(
    not(feature = "pem"),
    doc = "JSON Web Tokens: issue, verify, encrypt. The guide is in README.md; parts of it need feature `pem`."
)]
// Links that lead to what is off.
#![cfg_attr(not(feature = "gateway"), allow(rustdoc::broken_intra_doc_links))]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
compile_error!(
    "countersign needs a crypto stack: turn on feature `ring` (the default) or `aws-lc-rs`; `rsa` alone is not one"
);

mod clock;
#[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
mod crypto;
#[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
pub mod danger;
mod error;
#[cfg(all(test, any(feature = "ring", feature = "aws-lc-rs")))]
mod evidence;
mod external;
#[cfg(all(feature = "gateway", any(feature = "ring", feature = "aws-lc-rs")))]
pub mod gateway;
#[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
pub mod jwe;
#[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
pub mod jwk;
#[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
pub mod jws;
#[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
pub mod jwt;
#[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
pub mod keys;
mod limits;
#[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
pub mod profile;
mod secret;
#[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
mod wire;

pub use clock::{Clock, SystemClock};
pub use error::{ClaimProblem, Defect, Error, KeyDefect, Limit, Part, Refusal, Unsupported};
pub use external::{ExternalFuture, ExternalKeyError};
#[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
pub use jwe::{
    ContentEncryption, DecryptionKey, EncryptionKey, JweAlgorithm, decrypt, decrypt_claims, encrypt,
    encrypt_claims,
};
#[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
pub use jwk::{Jwk, JwkSet, KeyKind};
#[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
pub use jws::{JwsAlgorithm, SigningKey, VerifyingKey};
#[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
pub use jwt::{
    BorrowedJwt, JwtIssuer, JwtVerifier, NoClaims, NumericDate, TokenBuffer, UnverifiedToken, VerifiedJwt,
};
#[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
pub use keys::{KeySet, recipient_key};
pub use limits::Limits;
#[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
pub use profile::access_token::{AccessToken, AccessTokenIssuer, AccessTokenVerifier};
pub use secret::{SecretBytes, SecretString};
