//! Encrypted tokens: JSON Web Encryption, compact and JSON serialization ([RFC 7516](https://www.rfc-editor.org/rfc/rfc7516)).
//!
//! In goes a plaintext or claims and an [`EncryptionKey`], or several, out comes a token of five parts or in JSON;
//! a [`DecryptionKey`] turns it back. A key is bound to one [`JweAlgorithm`] ([RFC 7518 §4](https://www.rfc-editor.org/rfc/rfc7518#section-4)),
//! and the header's `alg` is only compared with it; [`ContentEncryption`] ([§5](https://www.rfc-editor.org/rfc/rfc7518#section-5)) is a
//! second choice. Every failed decryption is the same error ([RFC 7516 §11.5](https://www.rfc-editor.org/rfc/rfc7516#section-11.5)).
//!
//! Encryption proves nothing about who made the token: everyone who has the public key can. A token that
//! must come from somebody is signed first ([RFC 7519 §11.2](https://www.rfc-editor.org/rfc/rfc7519#section-11.2)): [`jwt`](crate::jwt) does both.
//! Inside, `recipient` parts what decides the content key from what gets it to the recipient.

mod alg;
mod assembly;
mod builder;
mod decrypt;
mod decrypted;
mod decrypter;
mod decryption_key;
mod enc;
mod encrypt;
mod encryption_key;
mod external;
mod known_headers;
mod message;
mod message_budget;
mod recipient;
mod token;
#[cfg(feature = "deflate")]
mod zip;

pub use alg::JweAlgorithm;
pub use builder::JweBuilder;
pub use decrypt::{decrypt, decrypt_claims, decrypt_with_limits};
pub use decrypted::DecryptedJwe;
pub use decrypter::JweDecrypter;
pub use decryption_key::DecryptionKey;
pub use enc::ContentEncryption;
pub use encrypt::{encrypt, encrypt_claims};
pub use encryption_key::EncryptionKey;
pub use external::{
    AsyncExternalAgreement, AsyncExternalUnwrapper, EphemeralPublicKey, ExternalAgreement, ExternalUnwrapper,
    WrappedKey, decrypt_async,
};

pub(crate) use known_headers::KnownHeaders;
pub(crate) use token::EncryptedToken;

#[cfg(test)]
mod rfc7518;
#[cfg(test)]
mod rfc7520;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod wycheproof;
