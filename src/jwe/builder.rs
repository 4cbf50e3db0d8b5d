//! Encryption with a choice: recipients, header parameters and a serialization go in, a JWE comes out
//! (RFC 7516 §5.1, §7).
//!
//! The content key step and each recipient's step run first, then the headers are written, and the encoded
//! text of the protected one is what the content is authenticated with. The initialization vector is fresh
//! in each message, and so is the content key but with `dir`; a caller can give neither.

use serde::Serialize;

use crate::error::{Error, Part};
use crate::limits::Limits;
#[cfg(feature = "deflate")]
use crate::secret::SecretBytes;
#[cfg(feature = "deflate")]
use crate::wire::header::DEFLATE;
use crate::wire::header::{FurtherParameters, HeaderWriter};
use crate::wire::jwe_json::{JweMembers, RecipientMembers};
use crate::wire::{base64url, json, typed};

use super::enc::{ContentEncryption, Sealed};
use super::encryption_key::EncryptionKey;
use super::recipient::{
    ContentKey, KeyManagement, Parameter, PartyInfo, RecipientOutput, random_bytes, rejected,
};
#[cfg(feature = "deflate")]
use super::zip;

/// Encryption with header parameters of one's own, for one recipient or several, to a compact token or to
/// JSON.
///
/// What isn't said to be unprotected goes into the protected header, which the tag covers. With several
/// recipients, what is one recipient's (`alg`, `kid`, `epk`) goes into that recipient's own header, which
/// anyone on the way can change: the message then won't open.
///
/// ```
/// use countersign::jwe::{DecryptionKey, JweAlgorithm, JweBuilder, JweDecrypter};
///
/// let (alice, bob) = (JweAlgorithm::EcdhEsA256Kw, JweAlgorithm::A256Kw);
/// let (alice, bob) = (DecryptionKey::generate(alice)?, DecryptionKey::generate(bob)?);
/// let json = JweBuilder::new(&alice.encryption_key()?)
///     .content_type("text/plain")
///     .add_recipient(&bob.encryption_key()?)
///     .encrypt_general(b"card 4242")?;
/// for key in [&alice, &bob] {
///     assert_eq!(JweDecrypter::new([key]).decrypt_json(&json)?.plaintext().expose_secret(), b"card 4242");
/// }
/// # Ok::<(), countersign::Error>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "`encrypt`, `encrypt_json` or `encrypt_general` makes the token"]
pub struct JweBuilder<'k> {
    first: Recipient<'k>,
    others: Vec<Recipient<'k>>,
    token_type: Option<String>,
    content_type: Option<String>,
    protected: FurtherParameters,
    shared: FurtherParameters,
    aad: Vec<u8>,
    #[cfg(feature = "deflate")]
    compression: bool,
}

/// A recipient's key, and what is said to that recipient alone.
#[derive(Debug, Clone)]
struct Recipient<'k> {
    key: &'k EncryptionKey,
    parameters: FurtherParameters,
    parties: PartyInfo,
}

impl<'k> Recipient<'k> {
    const fn new(key: &'k EncryptionKey) -> Self {
        Self { key, parameters: FurtherParameters::new(), parties: PartyInfo::none() }
    }
}

impl<'k> JweBuilder<'k> {
    /// Starts with the recipient's key.
    pub const fn new(key: &'k EncryptionKey) -> Self {
        Self {
            first: Recipient::new(key),
            others: Vec::new(),
            token_type: None,
            content_type: None,
            protected: FurtherParameters::new(),
            shared: FurtherParameters::new(),
            aad: Vec::new(),
            #[cfg(feature = "deflate")]
            compression: false,
        }
    }

    /// Sets `typ`, the media type of the whole token
    /// ([RFC 7516 §4.1.11](https://www.rfc-editor.org/rfc/rfc7516#section-4.1.11)). Everyone can read it.
    pub fn token_type(mut self, token_type: impl Into<String>) -> Self {
        self.token_type = Some(token_type.into());
        self
    }

    /// Sets `cty`, the media type of the plaintext
    /// ([RFC 7516 §4.1.12](https://www.rfc-editor.org/rfc/rfc7516#section-4.1.12)): `JWT` where that is a token.
    /// Everyone can read it.
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = Some(content_type.into());
        self
    }

    /// Adds a further parameter to the protected header. Everyone can read it, and no one can change it.
    ///
    /// A name that the JOSE specifications define, a name that is there already and a value that doesn't
    /// serialize to JSON are refused when the token is made.
    pub fn parameter<T: Serialize + ?Sized>(mut self, name: impl Into<String>, value: &T) -> Self {
        self.protected.add(name, value);
        self
    }

    /// Adds a further parameter like [`parameter`](Self::parameter) and lists it in `crit`: who doesn't
    /// understand it must refuse the token
    /// ([RFC 7516 §4.1.13](https://www.rfc-editor.org/rfc/rfc7516#section-4.1.13)).
    pub fn critical_parameter<T: Serialize + ?Sized>(mut self, name: impl Into<String>, value: &T) -> Self {
        self.protected.add_critical(name, value);
        self
    }

    /// Adds a further parameter to the unprotected header that all recipients share; JSON only.
    ///
    /// Anyone on the way can change it. Otherwise as [`parameter`](Self::parameter).
    pub fn shared_unprotected_parameter<T: Serialize + ?Sized>(
        mut self,
        name: impl Into<String>,
        value: &T,
    ) -> Self {
        self.shared.add(name, value);
        self
    }

    /// Adds a further parameter to the unprotected header of the recipient that was added last; JSON only.
    ///
    /// Anyone on the way can change it. Otherwise as [`parameter`](Self::parameter).
    pub fn recipient_parameter<T: Serialize + ?Sized>(mut self, name: impl Into<String>, value: &T) -> Self {
        self.last().parameters.add(name, value);
        self
    }

    /// Sets octets that go along readably and that no one can change; JSON only. Empty ones are none.
    ///
    /// A compact token has only the protected header for such things ([RFC 7516 §5.1](https://www.rfc-editor.org/rfc/rfc7516#section-5.1), step 14).
    pub fn additional_authenticated_data(mut self, octets: impl Into<Vec<u8>>) -> Self {
        self.aad = octets.into();
        self
    }

    /// Sets `apu` and `apv` for the recipient that was added last: what both sides mix into the key that
    /// they agree on, about the sender and about the recipient. For the `ECDH-ES` family only.
    ///
    /// Empty octets mean none. Everyone can read them
    /// ([RFC 7518 §4.6.1.2](https://www.rfc-editor.org/rfc/rfc7518#section-4.6.1.2)).
    pub fn agreement_info(mut self, apu: &[u8], apv: &[u8]) -> Self {
        self.last().parties = PartyInfo { apu: apu.to_vec(), apv: apv.to_vec() };
        self
    }

    /// Compresses the plaintext before it is encrypted: `zip` with `DEF`
    /// ([RFC 7516 §4.1.3](https://www.rfc-editor.org/rfc/rfc7516#section-4.1.3)). Needs the feature `deflate`.
    ///
    /// **The token's length then tells what is in it.** Where somebody can put text of theirs into a plaintext
    /// beside a secret and see how long the tokens get, they find the secret out piece by piece: the shortest
    /// token has the right guess in it, as CRIME and BREACH showed on TLS
    /// ([RFC 8725 §3.6](https://www.rfc-editor.org/rfc/rfc8725#section-3.6)). So only for plaintexts that are one
    /// party's from end to end. Recipients have to ask for it too
    /// ([`JweDecrypter::allow_compression`](super::JweDecrypter::allow_compression)).
    #[cfg(feature = "deflate")]
    pub const fn compress(mut self) -> Self {
        self.compression = true;
        self
    }

    /// Adds a recipient, for [`encrypt_general`](Self::encrypt_general).
    ///
    /// All get the same content, under one content key that each one's own algorithm encrypts. So `dir` and
    /// `ECDH-ES`, where the algorithm decides the content key, have one recipient, and all keys must have the
    /// same content encryption. Whoever can open the message can put another content into it for the others.
    /// Readers take 16 recipients unless they raise [`Limits::recipients`].
    pub fn add_recipient(mut self, key: &'k EncryptionKey) -> Self {
        self.others.push(Recipient::new(key));
        self
    }

    /// Encrypts any bytes to a compact token: five parts, one recipient.
    ///
    /// # Errors
    ///
    /// As [`encrypt`](super::encrypt); [`Error::Misuse`] for settings that contradict each other or the
    /// serialization: several recipients, unprotected parameters and additional authenticated data need JSON.
    pub fn encrypt(&self, plaintext: &[u8]) -> Result<String, Error> {
        if !self.others.is_empty() {
            return Err(Error::misuse(
                "expected one recipient of a compact token, found several, whom `encrypt_general` serves",
            ));
        }
        if !self.shared.is_empty() || !self.first.parameters.is_empty() || !self.aad.is_empty() {
            return Err(Error::misuse(
                "expected a protected header alone in a compact token, found unprotected parameters or additional \
                 authenticated data, for which `encrypt_json` has room",
            ));
        }
        let (content_key, recipient) = self.manage_one()?;
        let iv = random_bytes(self.content_encryption().iv_len())?;
        self.assemble(&content_key, &recipient, iv.expose_secret(), plaintext)
    }

    /// Encrypts any bytes to JSON for one recipient: the flattened serialization
    /// ([RFC 7516 §7.2.2](https://www.rfc-editor.org/rfc/rfc7516#section-7.2.2)).
    ///
    /// # Errors
    ///
    /// As [`encrypt`](super::encrypt); [`Error::Misuse`] for settings that contradict each other, and for
    /// several recipients.
    pub fn encrypt_json(&self, plaintext: &[u8]) -> Result<String, Error> {
        if !self.others.is_empty() {
            return Err(Error::misuse(
                "expected one recipient of a flattened token, found several, whom `encrypt_general` serves",
            ));
        }
        let (content_key, recipient) = self.manage_one()?;
        let header = self.first.header(None);
        let members = RecipientMembers { header: header.as_deref(), encrypted_key: &recipient.encrypted_key };
        self.seal_json(&content_key, Some(&recipient), plaintext, |message| message.write_flattened(members))
    }

    /// Encrypts any bytes to JSON for one recipient or several: the general serialization
    /// ([RFC 7516 §7.2.1](https://www.rfc-editor.org/rfc/rfc7516#section-7.2.1)).
    ///
    /// # Errors
    ///
    /// As [`encrypt`](super::encrypt); [`Error::Misuse`] for settings that contradict each other, as do
    /// several recipients where the content encryption isn't the same or an algorithm decides the content key.
    pub fn encrypt_general(&self, plaintext: &[u8]) -> Result<String, Error> {
        let (content_key, outputs) = if self.others.is_empty() {
            let (content_key, output) = self.manage_one()?;
            (content_key, vec![output])
        } else {
            self.manage_several()?
        };
        let alone = match &*outputs {
            [output] => Some(output),
            _ => None,
        };
        let recipients = || self.recipients().zip(&outputs);
        let headers: Vec<_> = recipients()
            .map(|(recipient, output)| recipient.header(alone.is_none().then_some(output)))
            .collect();
        let members: Vec<_> = headers
            .iter()
            .zip(&outputs)
            .map(|(header, output)| RecipientMembers {
                header: header.as_deref(),
                encrypted_key: &output.encrypted_key,
            })
            .collect();
        self.seal_json(&content_key, alone, plaintext, |message| message.write_general(&members))
    }

    /// Encrypts claims to a compact token: a value that serializes to a JSON object.
    ///
    /// # Errors
    ///
    /// As [`encrypt_claims`](super::encrypt_claims) and [`encrypt`](Self::encrypt).
    pub fn encrypt_claims<T: Serialize + ?Sized>(&self, claims: &T) -> Result<String, Error> {
        let text = typed::to_json(claims)?;
        // What the recipient would refuse, a flattened map's duplicate name say, isn't made.
        let limits = Limits::default();
        std::str::from_utf8(&text)
            .ok()
            .and_then(|text| json::scan_object(text, Part::Claims, &limits, |_, _| Ok(())).ok())
            .ok_or_else(|| {
                Error::misuse(
                    "expected claims that serialize to a JSON object of distinct names within the default limits, \
                     found something else",
                )
            })?;
        self.encrypt(&text)
    }

    fn last(&mut self) -> &mut Recipient<'k> {
        self.others.last_mut().unwrap_or(&mut self.first)
    }

    fn recipients(&self) -> impl Iterator<Item = &Recipient<'k>> {
        std::iter::once(&self.first).chain(&self.others)
    }

    fn content_encryption(&self) -> ContentEncryption {
        self.first.key.content_encryption()
    }

    /// Content key step and recipient step for one recipient.
    fn manage_one(&self) -> Result<(ContentKey<'k>, RecipientOutput), Error> {
        self.check()?;
        let Recipient { key, parties, .. } = &self.first;
        let enc = key.content_encryption();
        match spend(key)? {
            KeyManagement::Determines(key) => key.determine(enc, parties),
            KeyManagement::Encrypts(key) => {
                let content_key = random_bytes(enc.key_len())?;
                let recipient = key.encrypt(&content_key, parties)?;
                Ok((ContentKey::Fresh(content_key), recipient))
            }
        }
    }

    /// The same for several: one content key, encrypted to each.
    fn manage_several(&self) -> Result<(ContentKey<'k>, Vec<RecipientOutput>), Error> {
        self.check()?;
        let enc = self.content_encryption();
        if self.others.iter().any(|recipient| recipient.key.content_encryption() != enc) {
            return Err(Error::misuse(
                "expected recipients' keys with one content encryption, found several; \
                 `with_content_encryption` sets it",
            ));
        }
        if self.recipients().any(|recipient| recipient.key.algorithm().determines_content_key()) {
            return Err(Error::misuse(
                "expected algorithms that encrypt the content key to several recipients, \
                 found one that determines it",
            ));
        }
        let content_key = random_bytes(enc.key_len())?;
        let outputs = self.recipients().map(|Recipient { key, parties, .. }| match spend(key)? {
            KeyManagement::Encrypts(key) => key.encrypt(&content_key, parties),
            KeyManagement::Determines(key) => Ok(key.determine(enc, parties)?.1),
        });
        let outputs = outputs.collect::<Result<_, _>>()?;
        Ok((ContentKey::Fresh(content_key), outputs))
    }

    /// Refuses what no serialization has room for.
    fn check(&self) -> Result<(), Error> {
        for Recipient { key, parameters, parties } in self.recipients() {
            if !parties.is_empty() && !key.algorithm().agrees() {
                return Err(Error::misuse(
                    "expected `agreement_info` for a recipient of the key agreement family, found another algorithm",
                ));
            }
            FurtherParameters::check(&[&self.protected, &self.shared, parameters])?;
        }
        Ok(())
    }

    /// Puts a compact token together whose content key and recipient part are decided.
    fn assemble(
        &self,
        content_key: &ContentKey<'_>,
        recipient: &RecipientOutput,
        iv: &[u8],
        plaintext: &[u8],
    ) -> Result<String, Error> {
        let protected = self.protected_header(Some(recipient));
        // RFC 7516 §5.1: the additional authenticated data is the encoded protected header.
        let sealed = self.seal(content_key, iv, protected.as_bytes(), plaintext)?;

        let parts = [&recipient.encrypted_key, iv, &sealed.ciphertext, &sealed.tag];
        let encoded_len: usize = parts.iter().map(|part| 1 + part.len() / 3 * 4 + 4).sum();
        let mut token = String::with_capacity(protected.len() + encoded_len);
        token.push_str(&protected);
        for part in parts {
            token.push('.');
            base64url::encode_to(part, &mut token);
        }
        Ok(token)
    }

    /// Puts a token in JSON together whose content key is decided, as `write` does it. `alone` is the one
    /// recipient's part.
    fn seal_json(
        &self,
        content_key: &ContentKey<'_>,
        alone: Option<&RecipientOutput>,
        plaintext: &[u8],
        write: impl FnOnce(&JweMembers<'_>) -> String,
    ) -> Result<String, Error> {
        let protected = self.protected_header(alone);
        let mut shared = HeaderWriter::empty();
        self.shared.write(&mut shared);

        // RFC 7516 §5.1: with additional authenticated data of the application's, a dot and that behind it.
        let mut covered = protected.clone();
        if !self.aad.is_empty() {
            covered.push('.');
            base64url::encode_to(&self.aad, &mut covered);
        }
        let iv = random_bytes(self.content_encryption().iv_len())?;
        let sealed = self.seal(content_key, iv.expose_secret(), covered.as_bytes(), plaintext)?;
        Ok(write(&JweMembers {
            protected: &protected,
            shared: shared.finish_json().as_deref(),
            aad: &self.aad,
            initialization_vector: iv.expose_secret(),
            ciphertext: &sealed.ciphertext,
            authentication_tag: &sealed.tag,
        }))
    }

    fn seal(
        &self,
        content_key: &ContentKey<'_>,
        iv: &[u8],
        aad: &[u8],
        plaintext: &[u8],
    ) -> Result<Sealed, Error> {
        // RFC 7516 §5.1, step 11: compression comes before encryption.
        #[cfg(feature = "deflate")]
        let compressed = self.compression.then(|| zip::deflate(plaintext)).transpose()?;
        #[cfg(feature = "deflate")]
        let plaintext = compressed.as_ref().map_or(plaintext, SecretBytes::expose_secret);

        let fresh;
        let cipher = match content_key {
            ContentKey::Shared(cipher) => *cipher,
            ContentKey::Fresh(key) => {
                fresh = self.content_encryption().cipher(key).map_err(rejected)?;
                &*fresh
            }
        };
        cipher.seal(iv, aad, plaintext).map_err(rejected)
    }

    /// Writes the protected header, with everything about the one recipient if there is only one.
    fn protected_header(&self, alone: Option<&RecipientOutput>) -> String {
        let mut header = HeaderWriter::empty();
        if alone.is_some() {
            header.string("alg", self.first.key.algorithm().name());
        }
        header.string("enc", self.content_encryption().name());
        #[cfg(feature = "deflate")]
        if self.compression {
            header.string("zip", DEFLATE);
        }
        let optional = [
            ("kid", self.first.key.key_id().filter(|_| alone.is_some())),
            ("typ", self.token_type.as_deref()),
            ("cty", self.content_type.as_deref()),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                header.string(name, value);
            }
        }
        if let Some(output) = alone {
            output.write_parameters(&mut header);
        }
        self.protected.write(&mut header);
        header.finish()
    }
}

impl Recipient<'_> {
    /// Writes the recipient's own unprotected header, with everything about the recipient if there are
    /// several.
    fn header(&self, output: Option<&RecipientOutput>) -> Option<String> {
        let mut header = HeaderWriter::empty();
        if let Some(output) = output {
            header.string("alg", self.key.algorithm().name());
            if let Some(key_id) = self.key.key_id() {
                header.string("kid", key_id);
            }
            output.write_parameters(&mut header);
        }
        self.parameters.write(&mut header);
        header.finish_json()
    }
}

impl RecipientOutput {
    fn write_parameters(&self, header: &mut HeaderWriter) {
        for parameter in &self.parameters {
            match parameter {
                Parameter::Text(name, value) => header.string(name, value),
                Parameter::Json(name, json) => header.raw(name, json),
            };
        }
    }
}

/// Counts a message under a key that may encrypt only so many.
fn spend(key: &EncryptionKey) -> Result<&KeyManagement, Error> {
    let management = key.management();
    if let Some(budget) = management.message_budget() {
        budget.spend()?;
    }
    Ok(management)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jwe::{DecryptionKey, JweAlgorithm, decrypt, encrypt_claims};
    use crate::jwk::Jwk;
    use crate::secret::SecretBytes;

    /// RFC 7516 §A.3: A128KW and A128CBC-HS256, to the byte.
    #[test]
    fn rfc7516_a_3() {
        let token = "eyJhbGciOiJBMTI4S1ciLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0.\
            6KB707dM9YTIgHtLvtgWQ8mKwboJW3of9locizkDTHzBC2IlrT1oOQ.\
            AxY8DCtDaGlsbGljb3RoZQ.\
            KDlTtXchhZTGufMYmOYGS4HffxPSUrfmqCHXaI9wOGY.\
            U0m_YmjN04DJvceFICbCVQ";
        let jwk = Jwk::from_json(r#"{"kty":"oct","k":"GawgguFyGrWKav7AX4VKUg"}"#).unwrap();
        let private_key = DecryptionKey::from_jwk_for(JweAlgorithm::A128Kw, &jwk).unwrap();
        assert_eq!(decrypt(&private_key, token).unwrap().expose_secret(), b"Live long and prosper.");

        let key = private_key.encryption_key().unwrap();
        let key = key.with_content_encryption(ContentEncryption::A128CbcHs256).unwrap();
        let content_key = SecretBytes::from(vec![
            4, 211, 31, 197, 84, 157, 252, 254, 11, 100, 157, 250, 63, 170, 106, 206, 107, 124, 212, 45, 111,
            107, 9, 219, 200, 177, 0, 240, 143, 156, 44, 207,
        ]);
        let iv = [3, 22, 60, 12, 43, 67, 104, 105, 108, 108, 105, 99, 111, 116, 104, 101];
        let KeyManagement::Encrypts(wrap) = key.management() else { panic!("another key management") };
        let recipient = wrap.encrypt(&content_key, &PartyInfo::none()).unwrap();
        let made = JweBuilder::new(&key)
            .assemble(&ContentKey::Fresh(content_key), &recipient, &iv, b"Live long and prosper.")
            .unwrap();
        assert_eq!(made, token);
    }

    /// RFC 7516 §A.1: RSA-OAEP and A256GCM. OAEP is random, so the encrypted key is taken over.
    #[test]
    #[cfg(any(feature = "aws-lc-rs", feature = "rsa"))]
    fn rfc7516_a_1() {
        let jwk = r#"{"kty":"RSA",
            "n":"oahUIoWw0K0usKNuOR6H4wkf4oBUXHTxRvgb48E-BVvxkeDNjbC4he8rUWcJoZmds2h7M70imEVhRU5djINXtqllXI4DFqcI1DgjT9LewND8MW2Krf3Spsk_ZkoFnilakGygTwpZ3uesH-PFABNIUYpOiN15dsQRkgr0vEhxN92i2asbOenSZeyaxziK72UwxrrKoExv6kc5twXTq4h-QChLOln0_mtUZwfsRaMStPs6mS6XrgxnxbWhojf663tuEQueGC-FCMfra36C9knDFGzKsNa7LZK2djYgyD3JR_MB_4NUJW_TqOQtwHYbxevoJArm-L5StowjzGy-_bq6Gw",
            "e":"AQAB",
            "d":"kLdtIj6GbDks_ApCSTYQtelcNttlKiOyPzMrXHeI-yk1F7-kpDxY4-WY5NWV5KntaEeXS1j82E375xxhWMHXyvjYecPT9fpwR_M9gV8n9Hrh2anTpTD93Dt62ypW3yDsJzBnTnrYu1iwWRgBKrEYY46qAZIrA2xAwnm2X7uGR1hghkqDp0Vqj3kbSCz1XyfCs6_LehBwtxHIyh8Ripy40p24moOAbgxVw3rxT_vlt3UVe4WO3JkJOzlpUf-KTVI2Ptgm-dARxTEtE-id-4OJr0h-K-VFs3VSndVTIznSxfyrj8ILL6MG_Uv8YAu7VILSB3lOW085-4qE3DzgrTjgyQ",
            "p":"1r52Xk46c-LsfB5P442p7atdPUrxQSy4mti_tZI3Mgf2EuFVbUoDBvaRQ-SWxkbkmoEzL7JXroSBjSrK3YIQgYdMgyAEPTPjXv_hI2_1eTSPVZfzL0lffNn03IXqWF5MDFuoUYE0hzb2vhrlN_rKrbfDIwUbTrjjgieRbwC6Cl0",
            "q":"wLb35x7hmQWZsWJmB_vle87ihgZ19S8lBEROLIsZG4ayZVe9Hi9gDVCOBmUDdaDYVTSNx_8Fyw1YYa9XGrGnDew00J28cRUoeBB_jKI1oma0Orv1T9aXIWxKwd4gvxFImOWr3QRL9KEBRzk2RatUBnmDZJTIAfwTs0g68UZHvtc",
            "dp":"ZK-YwE7diUh0qR1tR7w8WHtolDx3MZ_OTowiFvgfeQ3SiresXjm9gZ5KLhMXvo-uz-KUJWDxS5pFQ_M0evdo1dKiRTjVw_x4NyqyXPM5nULPkcpU827rnpZzAJKpdhWAgqrXGKAECQH0Xt4taznjnd_zVpAmZZq60WPMBMfKcuE",
            "dq":"Dq0gfgJ1DdFGXiLvQEZnuKEN0UUmsJBxkjydc3j4ZYdBiMRAy86x0vHCjywcMlYYg4yoC4YZa9hNVcsjqA3FeiL19rk8g6Qn29Tt0cj8qqyFpz9vNDBUfCAiJVeESOjJDZPYHdHY8v1b-o-Z2X5tvLx-TCekf7oxyeKDUqKWjis",
            "qi":"VIMpMYbPf47dT1w_zDUXfPimsSegnMOA1zTaX7aGk_8urY6R8-ZW1FxU7AlWAyLWybqq6t16VFd7hQd0y6flUK4SlOydB61gwanOsXGOAOv82cHq0E3eL4HrtZkUuKvnPrMnsUUFlfUdybVzxyjz9JF_XyaY14ardLSjf4L_FNY"}"#;
        let token = "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.\
            OKOawDo13gRp2ojaHV7LFpZcgV7T6DVZKTyKOMTYUmKoTCVJRgckCL9kiMT03JGe\
            ipsEdY3mx_etLbbWSrFr05kLzcSr4qKAq7YN7e9jwQRb23nfa6c9d-StnImGyFDb\
            Sv04uVuxIp5Zms1gNxKKK2Da14B8S4rzVRltdYwam_lDp5XnZAYpQdb76FdIKLaV\
            mqgfwX7XWRxv2322i-vDxRfqNzo_tETKzpVLzfiwQyeyPGLBIO56YJ7eObdv0je8\
            1860ppamavo35UgoRdbYaBcoh9QcfylQr66oc6vFWXRcZ_ZT2LawVCWTIy3brGPi\
            6UklfCpIMfIjf7iGdXKHzg.\
            48V1_ALb6US04U3b.\
            5eym8TW_c8SuK0ltJ3rpYIzOeDQz7TALvtu6UG9oMo4vpzs9tX_EFShS8iB7j6ji\
            SdiwkIr3ajwQzaBtQD_A.\
            XFBoMYUZodetZdvTiFvSkQ";
        let plaintext = b"The true sign of intelligence is not knowledge but imagination.";
        let jwk = Jwk::from_json(jwk).unwrap();
        let private_key = DecryptionKey::from_jwk_for(JweAlgorithm::RsaOaep, &jwk).unwrap();
        assert_eq!(decrypt(&private_key, token).unwrap().expose_secret(), plaintext);

        let key = private_key.encryption_key().unwrap();
        let content_key = SecretBytes::from(vec![
            177, 161, 244, 128, 84, 143, 225, 115, 63, 180, 3, 255, 107, 154, 212, 246, 138, 7, 110, 91, 112,
            46, 34, 105, 47, 130, 203, 46, 122, 234, 64, 252,
        ]);
        let iv = [227, 197, 117, 252, 2, 219, 233, 68, 180, 225, 77, 219];
        let encrypted_key = token.split('.').nth(1).unwrap();
        let recipient = RecipientOutput {
            encrypted_key: base64url::decode(encrypted_key, Part::EncryptedKey).unwrap(),
            parameters: Vec::new(),
        };
        let made = JweBuilder::new(&key)
            .assemble(&ContentKey::Fresh(content_key), &recipient, &iv, plaintext)
            .unwrap();
        assert_eq!(made, token);
    }

    /// `dir` with the content keys and initialization vectors of RFC 7516 §A.1 and §A.3. The RFCs have no such
    /// example; the tokens were made outside this library, and two other JOSE libraries decrypt them.
    #[test]
    fn dir_with_the_keys_of_rfc7516() {
        for (enc, content_key, iv, plaintext, token) in [
            (
                ContentEncryption::A256Gcm,
                "saH0gFSP4XM_tAP_a5rU9ooHbltwLiJpL4LLLnrqQPw",
                "48V1_ALb6US04U3b",
                "The true sign of intelligence is not knowledge but imagination.",
                "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..48V1_ALb6US04U3b.\
                5eym8TW_c8SuK0ltJ3rpYIzOeDQz7TALvtu6UG9oMo4vpzs9tX_EFShS8iB7j6ji\
                SdiwkIr3ajwQzaBtQD_A.\
                Q_HtEPSRG-ujQXQqWM1jlg",
            ),
            (
                ContentEncryption::A128CbcHs256,
                "BNMfxVSd_P4LZJ36P6pqzmt81C1vawnbyLEA8I-cLM8",
                "AxY8DCtDaGlsbGljb3RoZQ",
                "Live long and prosper.",
                "eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0..AxY8DCtDaGlsbGljb3RoZQ.\
                KDlTtXchhZTGufMYmOYGS4HffxPSUrfmqCHXaI9wOGY.\
                BIiCkt8mWOVyJOqDMwNqaQ",
            ),
        ] {
            let decoded = |text| base64url::decode(text, Part::EncryptedKey).unwrap();
            let private_key = DecryptionKey::direct(enc, SecretBytes::from(decoded(content_key))).unwrap();
            assert_eq!(decrypt(&private_key, token).unwrap().expose_secret(), plaintext.as_bytes());

            let key = private_key.encryption_key().unwrap();
            let KeyManagement::Determines(shared) = key.management() else {
                panic!("another key management")
            };
            let (content_key, recipient) = shared.determine(enc, &PartyInfo::none()).unwrap();
            let made = |plaintext: &str| {
                let made = JweBuilder::new(&key);
                made.assemble(&content_key, &recipient, &decoded(iv), plaintext.as_bytes()).unwrap()
            };
            assert_eq!(made(plaintext), token);
            assert_ne!(made(""), token);
        }
    }

    #[test]
    fn header_parameters_stand_in_the_header() {
        let key = DecryptionKey::generate(JweAlgorithm::A128Kw).unwrap().with_key_id("k\"1");
        let token = JweBuilder::new(&key.encryption_key().unwrap())
            .token_type("t")
            .content_type("JWT")
            .encrypt(b"")
            .unwrap();
        let header = base64url::decode(token.split('.').next().unwrap(), Part::Header).unwrap();
        assert_eq!(
            std::str::from_utf8(&header).unwrap(),
            r#"{"alg":"A128KW","enc":"A256GCM","kid":"k\"1","typ":"t","cty":"JWT"}"#
        );
        assert!(token.capacity() - token.len() <= 4 * 4, "the one allocation is sized up front");
    }

    #[test]
    fn claims_are_an_object_with_distinct_names() {
        #[derive(Serialize)]
        struct Twice {
            a: u8,
            #[serde(flatten)]
            rest: std::collections::BTreeMap<&'static str, u8>,
        }
        let key = DecryptionKey::generate(JweAlgorithm::Dir).unwrap().encryption_key().unwrap();
        assert!(encrypt_claims(&key, &Twice { a: 1, rest: [("b", 2)].into() }).is_ok());
        let misuse = |result| matches!(result, Err(Error::Misuse { .. }));
        assert!(misuse(encrypt_claims(&key, &Twice { a: 1, rest: [("a", 2)].into() })));
        assert!(misuse(encrypt_claims(&key, "text")));
        assert!(misuse(encrypt_claims(&key, &[1, 2])));
    }
}
