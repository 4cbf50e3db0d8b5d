//! The steps of encryption (RFC 7516 §5.1): a [`JweBuilder`]'s settings go in, with a plaintext, and the text
//! of a JWE comes out.
//!
//! The content key step and each recipient's step run first, then the headers are written, and the encoded
//! text of the protected one is what the content is authenticated with. The initialization vector is fresh
//! in each message, and so is the content key but with `dir`; a caller can give neither.

use std::borrow::Cow;

use crate::error::Error;
use crate::limits::Limits;
#[cfg(feature = "deflate")]
use crate::secret::SecretBytes;
use crate::wire::base64url;
#[cfg(feature = "deflate")]
use crate::wire::header::DEFLATE;
use crate::wire::header::{FurtherParameters, HeaderWriter};
use crate::wire::jwe_json::{JweMembers, RecipientMembers};

use super::builder::{JweBuilder, Recipient};
use super::enc::{ContentEncryption, Sealed};
use super::encryption_key::EncryptionKey;
use super::recipient::{
    ContentKey, InitializationVector, KeyManagement, Parameter, RecipientOutput, content_key_and_iv,
    initialization_vector, rejected,
};
#[cfg(feature = "deflate")]
use super::zip;

impl<'k> JweBuilder<'k> {
    fn recipients(&self) -> impl Iterator<Item = &Recipient<'k>> {
        std::iter::once(&self.first).chain(&self.others)
    }

    pub(super) fn content_encryption(&self) -> ContentEncryption {
        self.first.key.content_encryption()
    }

    /// Content key step and recipient step for one recipient, and the initialization vector.
    pub(super) fn manage_one(
        &self,
    ) -> Result<(ContentKey<'k>, RecipientOutput, InitializationVector), Error> {
        self.check()?;
        let Recipient { key, parties, .. } = &self.first;
        let enc = key.content_encryption();
        match spend(key)? {
            KeyManagement::Determines(key) => {
                let (content_key, recipient) = key.determine(enc, parties)?;
                Ok((content_key, recipient, initialization_vector(enc)?))
            }
            KeyManagement::Encrypts(key) => {
                let (content_key, iv) = content_key_and_iv(enc)?;
                let recipient = key.encrypt(&content_key, parties)?;
                Ok((ContentKey::Fresh(content_key), recipient, iv))
            }
        }
    }

    /// The same for several: one content key, encrypted to each.
    pub(super) fn manage_several(
        &self,
    ) -> Result<(ContentKey<'k>, Vec<RecipientOutput>, InitializationVector), Error> {
        self.check()?;
        // What readers refuse by default isn't made, nor is its work done: as for the signatures of a JWS.
        let max = Limits::default().recipients;
        if self.recipients().count() > max {
            return Err(Error::misuse(format!("expected 1 to {max} recipients, found more")));
        }
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
        let (content_key, iv) = content_key_and_iv(enc)?;
        let outputs = self.recipients().map(|Recipient { key, parties, .. }| match spend(key)? {
            KeyManagement::Encrypts(key) => key.encrypt(&content_key, parties),
            KeyManagement::Determines(key) => Ok(key.determine(enc, parties)?.1),
        });
        let outputs = outputs.collect::<Result<_, _>>()?;
        Ok((ContentKey::Fresh(content_key), outputs, iv))
    }

    /// Refuses what no serialization has room for.
    fn check(&self) -> Result<(), Error> {
        for Recipient { key, parameters, parties } in self.recipients() {
            if !parties.is_empty() && !key.algorithm().agrees() {
                return Err(Error::misuse(
                    "expected `agreement_info` for a recipient of the key agreement family, found another algorithm",
                ));
            }
            FurtherParameters::check(&[&self.protected, &self.shared, parameters], None)?;
        }
        Ok(())
    }

    /// Puts a compact token together whose content key and recipient part are decided.
    pub(super) fn assemble(
        &self,
        content_key: &ContentKey<'_>,
        recipient: &RecipientOutput,
        iv: &[u8],
        plaintext: &[u8],
    ) -> Result<String, Error> {
        let protected = self.compact_header(recipient);
        // RFC 7516 §5.1: the additional authenticated data is the encoded protected header.
        let sealed = self.seal(content_key, iv, protected.as_bytes(), plaintext)?;
        let parts = [&recipient.encrypted_key, iv, &sealed.ciphertext, sealed.tag.as_ref()];
        Ok(base64url::encode_parts(&protected, &parts))
    }

    /// Returns the protected header of a compact token. One in which nothing changes from message to message is
    /// encoded once for its key.
    fn compact_header(&self, recipient: &RecipientOutput) -> Cow<'k, str> {
        let write = || self.protected_header(Some(recipient));
        #[cfg(feature = "deflate")]
        let is_compressed = self.compression;
        #[cfg(not(feature = "deflate"))]
        let is_compressed = false;
        let is_plain = recipient.parameters.is_empty()
            && self.token_type.is_none()
            && self.protected.is_empty()
            && !is_compressed;
        let kept =
            if is_plain { self.first.key.plain_header(self.content_type.as_deref(), write) } else { None };
        kept.map_or_else(|| Cow::Owned(write()), Cow::Borrowed)
    }

    /// Puts a flattened token together whose content key and recipient part are decided.
    pub(super) fn assemble_flattened(
        &self,
        content_key: &ContentKey<'_>,
        recipient: &RecipientOutput,
        iv: &[u8],
        plaintext: &[u8],
    ) -> Result<String, Error> {
        let header = self.first.header(None);
        let members = RecipientMembers { header: header.as_deref(), encrypted_key: &recipient.encrypted_key };
        self.seal_json(content_key, Some(recipient), iv, plaintext, |message| {
            message.write_flattened(members)
        })
    }

    /// Puts a general token together whose content key and recipients' parts are decided.
    pub(super) fn assemble_general(
        &self,
        content_key: &ContentKey<'_>,
        outputs: &[RecipientOutput],
        iv: &[u8],
        plaintext: &[u8],
    ) -> Result<String, Error> {
        let alone = match outputs {
            [output] => Some(output),
            _ => None,
        };
        let recipients = self.recipients().zip(outputs);
        let headers: Vec<_> = recipients
            .map(|(recipient, output)| recipient.header(alone.is_none().then_some(output)))
            .collect();
        let members = headers.iter().zip(outputs).map(|(header, output)| RecipientMembers {
            header: header.as_deref(),
            encrypted_key: &output.encrypted_key,
        });
        let members: Vec<_> = members.collect();
        self.seal_json(content_key, alone, iv, plaintext, |message| message.write_general(&members))
    }

    /// Puts a token in JSON together whose content key is decided, as `write` does it. `alone` is the one
    /// recipient's part.
    fn seal_json(
        &self,
        content_key: &ContentKey<'_>,
        alone: Option<&RecipientOutput>,
        iv: &[u8],
        plaintext: &[u8],
        write: impl FnOnce(&JweMembers<'_>) -> String,
    ) -> Result<String, Error> {
        let protected = self.protected_header(alone);
        let mut shared = HeaderWriter::empty();
        self.shared.write(&[], &mut shared);

        // RFC 7516 §5.1: with additional authenticated data of the application's, a dot and that behind it.
        let mut covered = protected.clone();
        if !self.aad.is_empty() {
            covered.push('.');
            base64url::encode_to(&self.aad, &mut covered);
        }
        let sealed = self.seal(content_key, iv, covered.as_bytes(), plaintext)?;
        Ok(write(&JweMembers {
            protected: &protected,
            shared: shared.finish_json().as_deref(),
            aad: &self.aad,
            initialization_vector: iv,
            ciphertext: &sealed.ciphertext,
            authentication_tag: sealed.tag.as_ref(),
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

        match content_key {
            ContentKey::Shared(cipher) => cipher.seal(iv, aad, plaintext),
            ContentKey::Fresh(key) => self
                .content_encryption()
                .with_cipher(key.expose_secret(), |cipher| cipher.seal(iv, aad, plaintext)),
        }
        .map_err(rejected)
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
        self.protected.write(&[], &mut header);
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
        self.parameters.write(&[], &mut header);
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
    use serde::Serialize;

    use super::*;
    use crate::error::{KeyDefect, Part};
    use crate::jwe::recipient::PartyInfo;
    use crate::jwe::{DecryptionKey, JweAlgorithm, JweDecrypter, decrypt, encrypt_claims};
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

    /// RFC 7516 §A.4: two recipients of A128CBC-HS256. One of the RFC's has RSA1_5, so its place is taken by the
    /// other's key once more: the tag doesn't cover what is a recipient's own.
    #[test]
    fn rfc7516_a_4() {
        let jwk = Jwk::from_json(r#"{"kty":"oct","k":"GawgguFyGrWKav7AX4VKUg"}"#).unwrap();
        let private_key = DecryptionKey::from_jwk_for(JweAlgorithm::A128Kw, &jwk).unwrap().with_key_id("7");
        let key = private_key.encryption_key().unwrap();
        let key = key.with_content_encryption(ContentEncryption::A128CbcHs256).unwrap();
        let decoded = |text| base64url::decode(text, Part::EncryptedKey).unwrap();
        let content_key = || SecretBytes::from(decoded("BNMfxVSd_P4LZJ36P6pqzmt81C1vawnbyLEA8I-cLM8"));
        let iv = decoded("AxY8DCtDaGlsbGljb3RoZQ");
        let KeyManagement::Encrypts(wrap) = key.management() else { panic!("another key management") };
        let outputs = [(); 2].map(|()| wrap.encrypt(&content_key(), &PartyInfo::none()).unwrap());

        let builder = JweBuilder::new(&key)
            .shared_unprotected_parameter("jku", "https://server.example.com/keys.jwks")
            .add_recipient(&key);
        let content_key = ContentKey::Fresh(content_key());
        let plaintext = b"Live long and prosper.";
        let made = builder.assemble_general(&content_key, &outputs, &iv, plaintext).unwrap();
        let recipient = r#"{"header":{"alg":"A128KW","kid":"7"},"encrypted_key":"6KB707dM9YTIgHtLvtgWQ8mKwboJW3of9locizkDTHzBC2IlrT1oOQ"}"#;
        assert_eq!(
            made,
            format!(
                "{{\"protected\":\"eyJlbmMiOiJBMTI4Q0JDLUhTMjU2In0\",\
                 \"unprotected\":{{\"jku\":\"https://server.example.com/keys.jwks\"}},\
                 \"recipients\":[{recipient},{recipient}],\
                 \"iv\":\"AxY8DCtDaGlsbGljb3RoZQ\",\
                 \"ciphertext\":\"KDlTtXchhZTGufMYmOYGS4HffxPSUrfmqCHXaI9wOGY\",\
                 \"tag\":\"Mz-VPPyU4RlcuYv1IwIvzw\"}}"
            )
        );
        let opened = JweDecrypter::new([&private_key]).decrypt_json(&made).unwrap();
        assert_eq!(opened.plaintext().expose_secret(), plaintext);
    }

    /// RFC 7518 §8.4, whichever of the recipients it is whose key has encrypted enough.
    #[test]
    fn each_recipient_s_key_counts_the_message() {
        let keys = [JweAlgorithm::A128Kw, JweAlgorithm::A128Gcmkw, JweAlgorithm::A256Gcmkw]
            .map(|algorithm| DecryptionKey::generate(algorithm).unwrap().encryption_key().unwrap());
        let [uncounted, one, two] = &keys;
        let leave =
            |key: &EncryptionKey, messages| key.management().message_budget().unwrap().leave(messages);
        let builder = JweBuilder::new(uncounted).add_recipient(one).add_recipient(two);
        let exhausted = Err(Error::InvalidKey(KeyDefect::Exhausted));
        for (of_one, of_two) in [(1, 2), (2, 1), (1, 1)] {
            leave(one, of_one);
            leave(two, of_two);
            assert!(builder.encrypt_general(b"x").is_ok());
            assert_eq!(builder.encrypt_general(b"x"), exhausted, "{of_one} {of_two}");
        }
        leave(one, 2);
        assert!(JweBuilder::new(one).encrypt_json(b"x").is_ok());
        assert!(JweBuilder::new(one).encrypt_general(b"x").is_ok());
        assert_eq!(JweBuilder::new(one).encrypt_json(b"x"), exhausted);
        assert_eq!(JweBuilder::new(one).encrypt_general(b"x"), exhausted);
        // Settings are judged before a message is counted.
        leave(one, 1);
        assert!(JweBuilder::new(one).parameter("alg", "x").encrypt_general(b"x").is_err());
        assert!(
            JweBuilder::new(one).agreement_info(b"u", b"").add_recipient(two).encrypt_general(b"x").is_err()
        );
        assert!(JweBuilder::new(one).encrypt_json(b"x").is_ok());
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

    /// The first header is kept with the key; whatever is said otherwise later, the token says so.
    #[test]
    fn a_kept_header_is_the_header_of_what_it_was_written_for() {
        fn header(builder: &JweBuilder<'_>) -> String {
            let token = builder.encrypt(b"").unwrap();
            let header = base64url::decode(token.split('.').next().unwrap(), Part::Header).unwrap();
            String::from_utf8(header).unwrap()
        }
        let key = DecryptionKey::generate(JweAlgorithm::A128Kw).unwrap().encryption_key().unwrap();
        let plain = r#"{"alg":"A128KW","enc":"A256GCM"}"#;
        let with = |member: &str| format!("{},{member}}}", plain.trim_end_matches('}'));
        for _ in 0..2 {
            assert_eq!(header(&JweBuilder::new(&key)), plain);
            assert_eq!(header(&JweBuilder::new(&key).content_type("JWT")), with(r#""cty":"JWT""#));
            assert_eq!(header(&JweBuilder::new(&key).token_type("t")), with(r#""typ":"t""#));
            assert_eq!(header(&JweBuilder::new(&key).parameter("p", &1)), with(r#""p":1"#));
            #[cfg(feature = "deflate")]
            assert_eq!(header(&JweBuilder::new(&key).compress()), with(r#""zip":"DEF""#));
        }
        let named = key.clone_key().with_key_id("1");
        assert_eq!(header(&JweBuilder::new(&named)), with(r#""kid":"1""#));
        let renamed = named.with_key_id("2");
        assert_eq!(header(&JweBuilder::new(&renamed)), with(r#""kid":"2""#));
        let other = renamed.with_content_encryption(ContentEncryption::A128Gcm).unwrap();
        assert_eq!(header(&JweBuilder::new(&other)), r#"{"alg":"A128KW","enc":"A128GCM","kid":"2"}"#);
        assert_eq!(header(&JweBuilder::new(&key)), plain);
        // What is one message's own is written anew.
        let key = DecryptionKey::generate(JweAlgorithm::EcdhEs).unwrap().encryption_key().unwrap();
        assert_ne!(header(&JweBuilder::new(&key)), header(&JweBuilder::new(&key)));
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
