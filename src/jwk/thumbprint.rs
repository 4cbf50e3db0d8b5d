//! The thumbprint of a key (RFC 7638 §3, RFC 8037 §2): a key goes in, the SHA-256 of its required
//! members comes out in base64url.
//!
//! It is of public members only, so a private key and its public key have the same. A symmetric secret
//! has no public member, and its thumbprint lets anyone check a guess (RFC 7638 §7).

use super::Jwk;
use super::writer::ObjectWriter;
use crate::crypto::{self, Hash};
use crate::wire::base64url;

impl Jwk {
    /// Returns the key's SHA-256 thumbprint in base64url: a name that anyone can compute from the key
    /// ([RFC 7638 §3](https://www.rfc-editor.org/rfc/rfc7638#section-3)).
    ///
    /// A private key has the thumbprint of its public key. The thumbprint of a symmetric secret that
    /// could be guessed lets anyone check a guess, and is best kept to oneself ([RFC 7638 §7](https://www.rfc-editor.org/rfc/rfc7638#section-7)).
    #[must_use]
    pub fn thumbprint(&self) -> String {
        let mut object = ObjectWriter::with_capacity(self.max_json_len());
        self.material.write_required(&mut object);
        // A symmetric key's text holds the secret.
        let text = object.finish_secret();
        base64url::encode(crypto::digest(Hash::Sha256, &[text.expose_secret().as_bytes()]).as_ref())
    }
}
