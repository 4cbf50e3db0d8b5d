//! Encryption: a plaintext or claims and an [`EncryptionKey`] go in, a compact JWE comes out (RFC 7516
//! §5.1).
//!
//! The content key step and the recipient step run first, then the header is written, and its encoded
//! text is what the content is authenticated with. The initialization vector is fresh in each message,
//! and so is the content key but with `dir`; a caller can give neither.

use serde::Serialize;

use crate::error::{Error, Part};
use crate::limits::Limits;
use crate::wire::header::HeaderWriter;
use crate::wire::{base64url, json, typed};

use super::encryption_key::EncryptionKey;
use super::recipient::{ContentKey, KeyManagement, Parameter, RecipientOutput, random_bytes, rejected};

/// Encrypts any bytes, so that only the recipient can read them.
///
/// It doesn't prove who made the token: to prove that, sign first, as
/// [`JwtIssuerBuilder::encrypt_for`](crate::jwt::JwtIssuerBuilder::encrypt_for) does. Nor does it hide the
/// length.
///
/// ```
/// use countersign::jwe::{DecryptionKey, JweAlgorithm, decrypt, encrypt};
///
/// let private_key = DecryptionKey::generate(JweAlgorithm::EcdhEs)?;
/// let public_key = private_key.encryption_key()?;
///
/// let token = encrypt(&public_key, b"card 4242")?;
/// assert_eq!(decrypt(&private_key, &token)?.expose_secret(), b"card 4242");
/// # Ok::<(), countersign::Error>(())
/// ```
///
/// # Errors
///
/// [`KeyDefect::Exhausted`](crate::KeyDefect::Exhausted) when the key has encrypted as many
/// messages as it may, and [`Error::Unavailable`] when the system has no random numbers.
pub fn encrypt(key: &EncryptionKey, plaintext: &[u8]) -> Result<String, Error> {
    JweBuilder::new(key).encrypt(plaintext)
}

/// Encrypts claims: a value that serializes to a JSON object.
///
/// The recipient learns from them only what anyone with the public key may have made up.
///
/// ```
/// use countersign::jwe::{DecryptionKey, JweAlgorithm, decrypt_claims, encrypt_claims};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct Card { number: String }
///
/// let private_key = DecryptionKey::generate(JweAlgorithm::EcdhEsA256Kw)?;
/// let token = encrypt_claims(&private_key.encryption_key()?, &Card { number: "4242".into() })?;
/// let card: Card = decrypt_claims(&private_key, &token)?;
/// assert_eq!(card.number, "4242");
/// # Ok::<(), countersign::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::Misuse`] when the claims don't serialize to a JSON object of distinct names, within what
/// [`Limits::default`] permits in depth and members; otherwise as [`encrypt`].
pub fn encrypt_claims<T: Serialize + ?Sized>(key: &EncryptionKey, claims: &T) -> Result<String, Error> {
    JweBuilder::new(key).encrypt_claims(claims)
}

/// Encryption with header parameters of one's own: `typ` and `cty`.
///
/// ```
/// use countersign::jwe::{DecryptionKey, JweAlgorithm, JweBuilder};
///
/// let key = DecryptionKey::generate(JweAlgorithm::A256Kw)?.encryption_key()?;
/// let token = JweBuilder::new(&key).content_type("text/plain").encrypt(b"card 4242")?;
/// assert_eq!(token.split('.').count(), 5);
/// # Ok::<(), countersign::Error>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct JweBuilder<'k> {
    key: &'k EncryptionKey,
    token_type: Option<String>,
    content_type: Option<String>,
}

impl<'k> JweBuilder<'k> {
    /// Starts with the recipient's key.
    pub const fn new(key: &'k EncryptionKey) -> Self {
        Self { key, token_type: None, content_type: None }
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

    /// Encrypts any bytes.
    ///
    /// # Errors
    ///
    /// As [`encrypt`].
    pub fn encrypt(&self, plaintext: &[u8]) -> Result<String, Error> {
        let management = self.key.management();
        if let Some(budget) = management.message_budget() {
            budget.spend()?;
        }
        let enc = self.key.content_encryption();
        let (content_key, recipient) = match management {
            KeyManagement::Determines(key) => key.determine(enc)?,
            KeyManagement::Encrypts(key) => {
                let content_key = random_bytes(enc.key_len())?;
                let recipient = key.encrypt(&content_key)?;
                (ContentKey::Fresh(content_key), recipient)
            }
        };
        let iv = random_bytes(enc.iv_len())?;
        self.assemble(&content_key, &recipient, iv.expose_secret(), plaintext)
    }

    /// Encrypts claims: a value that serializes to a JSON object.
    ///
    /// # Errors
    ///
    /// As [`encrypt_claims`].
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

    /// Puts a message together whose content key and recipient part are decided.
    fn assemble(
        &self,
        content_key: &ContentKey<'_>,
        recipient: &RecipientOutput,
        iv: &[u8],
        plaintext: &[u8],
    ) -> Result<String, Error> {
        let RecipientOutput { encrypted_key, parameters } = recipient;
        let enc = self.key.content_encryption();
        let protected = self.protected_header(parameters);

        let fresh;
        let cipher = match content_key {
            ContentKey::Shared(cipher) => *cipher,
            ContentKey::Fresh(key) => {
                fresh = enc.cipher(key).map_err(rejected)?;
                &*fresh
            }
        };
        // RFC 7516 §5.1: the additional authenticated data is the encoded protected header.
        let sealed = cipher.seal(iv, protected.as_bytes(), plaintext).map_err(rejected)?;

        let parts = [encrypted_key, iv, &sealed.ciphertext, &sealed.tag];
        let encoded_len: usize = parts.iter().map(|part| 1 + part.len() / 3 * 4 + 4).sum();
        let mut token = String::with_capacity(protected.len() + encoded_len);
        token.push_str(&protected);
        for part in parts {
            token.push('.');
            base64url::encode_to(part, &mut token);
        }
        Ok(token)
    }

    fn protected_header(&self, parameters: &[Parameter]) -> String {
        let mut header = HeaderWriter::new(self.key.algorithm().name());
        header.string("enc", self.key.content_encryption().name());
        let optional = [
            ("kid", self.key.key_id()),
            ("typ", self.token_type.as_deref()),
            ("cty", self.content_type.as_deref()),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                header.string(name, value);
            }
        }
        for parameter in parameters {
            match parameter {
                Parameter::Text(name, value) => header.string(name, value),
                Parameter::Json(name, json) => header.raw(name, json),
            };
        }
        header.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jwe::{ContentEncryption, DecryptionKey, JweAlgorithm, decrypt};
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
        let recipient = wrap.encrypt(&content_key).unwrap();
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
            let (content_key, recipient) = shared.determine(enc).unwrap();
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
