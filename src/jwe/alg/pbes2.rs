//! `PBES2-*`: a key that PBKDF2 derives from a password wraps the content key (RFC 7518 §4.8, RFC 8018
//! §6.2). A content key goes in; an encrypted key and the header parameters `p2s` and `p2c` come out, and
//! back.
//!
//! The number of iterations is the sender's choice and the recipient's work. It is read here and bounded
//! before anything is derived, and `token` bounds the sum over all passwords that would be tried.

use std::num::NonZeroU32;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::crypto::{AesKwKey, CryptoError, Hash, pbkdf2};
use crate::error::{Defect, Error, Part, Unsupported};
use crate::jwe::alg::{JweAlgorithm, SECRET};
use crate::jwe::recipient::{
    Accepted, ContentKey, Description, EncryptContentKey, Family, KeyManagement, OpenContentKey, Parameter,
    PartyInfo, RecipientInput, RecipientOutput, random_bytes, rejected, too_many_iterations,
};
use crate::jwk::{Jwk, KeyMaterial};
use crate::limits::Limits;
use crate::secret::SecretBytes;
use crate::wire::base64url;
use crate::wire::header::Header;
use crate::wire::json::Kind;

/// "A minimum iteration count of 1000 is RECOMMENDED." RFC 7518 §4.8.1.2. Fewer are neither made nor
/// accepted: a token that cost nothing to make costs nothing to guess at.
pub(in crate::jwe) const MIN_ITERATIONS: NonZeroU32 = NonZeroU32::new(1000).expect("1000 isn't 0");

/// A row's constants. The length is in bytes; the iterations are those of new tokens.
pub(super) struct Pbes2 {
    pub(super) hash: Hash,
    pub(super) key_len: usize,
    pub(super) iterations: u32,
}

impl Pbes2 {
    fn password(&self, algorithm: JweAlgorithm, jwk: &Jwk) -> Result<Password, Error> {
        // The type first, so that another key is told what it is and not what this build lacks.
        let KeyMaterial::Oct(secret) = jwk.material() else { return Err(jwk.material().mismatch(SECRET)) };
        if !cfg!(feature = "pbes2") {
            return Err(Error::Unsupported(Unsupported::Feature(
                "expected the feature `pbes2`, which keys made from passwords need, found it off",
            )));
        }
        Ok(Password {
            algorithm,
            hash: self.hash,
            key_len: self.key_len,
            iterations: NonZeroU32::new(self.iterations).unwrap_or(MIN_ITERATIONS),
            password: Arc::new(secret.clone_secret()),
        })
    }
}

impl Family for Pbes2 {
    fn generate(&self) -> Result<Jwk, Error> {
        Jwk::from_secret(random_bytes(GENERATED_LEN)?)
    }

    fn encryption(&self, algorithm: JweAlgorithm, jwk: &Jwk) -> Result<KeyManagement, Error> {
        Ok(KeyManagement::Encrypts(Box::new(self.password(algorithm, jwk)?)))
    }

    fn decryption(&self, algorithm: JweAlgorithm, jwk: &Jwk) -> Result<Box<dyn OpenContentKey>, Error> {
        Ok(Box::new(self.password(algorithm, jwk)?))
    }

    fn description(&self) -> Description {
        Description { specification: "RFC 7518 §4.8", key: "a password", features: &["pbes2"] }
    }
}

struct Password {
    algorithm: JweAlgorithm,
    hash: Hash,
    key_len: usize,
    /// Of new tokens.
    iterations: NonZeroU32,
    password: Arc<SecretBytes>,
}

impl Password {
    /// Derives the key that wraps, which takes long.
    fn wrapping_key(&self, salt_input: &[u8], iterations: NonZeroU32) -> Result<AesKwKey, CryptoError> {
        #[cfg(all(test, feature = "pbes2"))]
        tests::DERIVATIONS.set(tests::DERIVATIONS.get() + 1);
        // RFC 7518 §4.8.1.1: "The salt value used is (UTF8(Alg) || 0x00 || Salt Input), where Alg is the "alg"
        // (algorithm) Header Parameter value."
        let salt = [self.algorithm.name().as_bytes(), &[0], salt_input].concat();
        let mut key = Zeroizing::new(vec![0; self.key_len]);
        pbkdf2(self.hash, self.password.expose_secret(), &salt, iterations, &mut key);
        AesKwKey::new(&key)
    }

    fn wrap(&self, content_key: &SecretBytes, salt_input: &[u8]) -> Result<RecipientOutput, Error> {
        let key = self.wrapping_key(salt_input, self.iterations).map_err(rejected)?;
        let encrypted_key = key.wrap(content_key.expose_secret()).map_err(rejected)?;
        let parameters = vec![
            Parameter::Text("p2s", base64url::encode(salt_input)),
            Parameter::Json("p2c", self.iterations.to_string()),
        ];
        Ok(RecipientOutput { encrypted_key, parameters })
    }
}

impl EncryptContentKey for Password {
    fn encrypt(&self, content_key: &SecretBytes, _: &PartyInfo) -> Result<RecipientOutput, Error> {
        // RFC 7518 §4.8.1.1: "A new Salt Input value MUST be generated randomly for every encryption operation".
        let salt_input = random_bytes(SALT_LEN)?;
        self.wrap(content_key, salt_input.expose_secret())
    }

    fn with_iterations(&self, iterations: NonZeroU32) -> Option<Box<dyn EncryptContentKey>> {
        let Self { algorithm, hash, key_len, iterations: _, ref password } = *self;
        Some(Box::new(Self { algorithm, hash, key_len, iterations, password: Arc::clone(password) }))
    }
}

impl OpenContentKey for Password {
    fn accept<'a>(&'a self, recipient: RecipientInput<'a>) -> Result<Accepted<'a>, Error> {
        if recipient.encrypted_key.is_empty() {
            return Err(Error::malformed(Part::EncryptedKey, Defect::Length));
        }
        let salt_input = salt_input(recipient.header)?;
        let iterations = iterations(recipient.header, recipient.limits)?;
        let open = move || {
            let key = self.wrapping_key(&salt_input, iterations)?;
            key.unwrap(recipient.encrypted_key).map(ContentKey::Fresh)
        };
        Ok(Accepted::new(open).costing(iterations.get()))
    }
}

/// Reads `p2s`. RFC 7518 §4.8.1.1: "A Salt Input value containing 8 or more octets MUST be used."
fn salt_input(header: &Header<'_>) -> Result<Vec<u8>, Error> {
    let text = header.p2s.as_deref().ok_or(malformed(Defect::MissingMember("p2s")))?;
    let salt_input = base64url::decode(text, Part::Header)?;
    if salt_input.len() >= MIN_SALT_LEN {
        return Ok(salt_input);
    }
    Err(malformed(Defect::MemberType { name: "p2s", expected: "at least 64 bits in base64url" }))
}

/// Reads `p2c`, "represented as a positive JSON integer" (RFC 7518 §4.8.1.2): digits and nothing else, so that
/// no two readers round `1e6` or `1000.9` to different numbers.
fn iterations(header: &Header<'_>, limits: &Limits) -> Result<NonZeroU32, Error> {
    let too_few = malformed(Defect::MemberType { name: "p2c", expected: "an integer of at least 1000" });
    let value = header.p2c.ok_or(malformed(Defect::MissingMember("p2c")))?;
    let digits = value.text();
    if value.kind() != Kind::Number || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(too_few);
    }
    // JSON has no leading zeros, so what doesn't fit is too large and not merely long.
    let iterations: u32 = digits.parse().map_err(|_| too_many_iterations(limits))?;
    if iterations > limits.pbes2_iterations {
        return Err(too_many_iterations(limits));
    }
    NonZeroU32::new(iterations).filter(|iterations| *iterations >= MIN_ITERATIONS).ok_or(too_few)
}

const fn malformed(defect: Defect) -> Error {
    Error::malformed(Part::Header, defect)
}

/// Bytes of a salt input, the least that RFC 7518 §4.8.1.1 permits.
const MIN_SALT_LEN: usize = 8;

/// Bytes of a new salt input: 128 bits, the least that NIST SP 800-132 §5.1 permits.
const SALT_LEN: usize = 16;

/// Bytes of a password that a machine makes up: as hard to guess as the longest key derived from one.
const GENERATED_LEN: usize = 32;

#[cfg(test)]
#[cfg(feature = "pbes2")]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::error::{KeyDefect, Limit, Refusal};
    use crate::jwe::{
        ContentEncryption, DecryptionKey, EncryptionKey, decrypt, decrypt_with_limits, encrypt,
    };
    use crate::keys::KeySet;

    thread_local! {
        /// How often this thread has derived a key.
        pub(super) static DERIVATIONS: Cell<usize> = const { Cell::new(0) };
    }

    /// Runs `work` and returns its outcome with the number of derivations it took.
    fn counted<T>(work: impl FnOnce() -> T) -> (T, usize) {
        let before = DERIVATIONS.get();
        let outcome = work();
        (outcome, DERIVATIONS.get() - before)
    }

    const ALGORITHMS: [JweAlgorithm; 3] =
        [JweAlgorithm::Pbes2Hs256A128Kw, JweAlgorithm::Pbes2Hs384A192Kw, JweAlgorithm::Pbes2Hs512A256Kw];

    fn secret(text: &str) -> SecretBytes {
        SecretBytes::from(text.as_bytes().to_vec())
    }

    fn recipient(algorithm: JweAlgorithm, password: &str) -> DecryptionKey {
        DecryptionKey::password(algorithm, secret(password)).unwrap()
    }

    fn sender(algorithm: JweAlgorithm, password: &str) -> EncryptionKey {
        EncryptionKey::password(algorithm, secret(password)).unwrap().with_iterations(1000).unwrap()
    }

    fn decoded(text: &str) -> Vec<u8> {
        base64url::decode(text, Part::Token).unwrap()
    }

    /// The token's header as JSON text.
    fn header(token: &str) -> String {
        String::from_utf8(decoded(token.split('.').next().unwrap())).unwrap()
    }

    /// A token whose content nobody could have authenticated, under a header of one's own.
    fn forged(header: &str) -> String {
        let part = |len: usize| base64url::encode(&vec![1; len]);
        [base64url::encode(header.as_bytes()), part(40), part(16), part(16), part(16)].join(".")
    }

    fn header_with(parameters: &str) -> String {
        format!(r#"{{"alg":"{}","enc":"A128CBC-HS256"{parameters}}}"#, ALGORITHMS[0])
    }

    /// RFC 7517 §C.4: the content key of the example, wrapped.
    #[test]
    fn rfc7517_c_4() {
        let jwk = Jwk::from_secret(secret("Thus from my lips, by yours, my sin is purged.")).unwrap();
        let family = Pbes2 { hash: Hash::Sha256, key_len: 16, iterations: 4096 };
        let password = family.password(ALGORITHMS[0], &jwk).unwrap();
        let content_key = SecretBytes::from(decoded("bxsZNEIdFE5csDjwQdBScKGDJDfK7LmsgReZwsMw_bY"));
        let made = password.wrap(&content_key, &decoded("2WCTcJZ1Rvd_CJuJripQ1w")).unwrap();
        assert_eq!(
            base64url::encode(&made.encrypted_key),
            "TrqXOwuNUfDV9VPTNbyGvEJ9JMjefAVn-TR1uIxR9p6hsRQh9Tk7BA"
        );
    }

    #[test]
    fn every_content_encryption_round_trips_and_another_password_fails() {
        for algorithm in ALGORITHMS {
            let key = recipient(algorithm, "entrap_o");
            for &enc in ContentEncryption::ALL {
                let sender = sender(algorithm, "entrap_o").with_content_encryption(enc).unwrap();
                let token = encrypt(&sender, b"x").unwrap();
                assert_eq!(decrypt(&key, &token).unwrap().expose_secret(), b"x", "{algorithm} {enc}");
                for other in ["entrap_p", "entrap_o ", "Entrap_o", "entrap_"] {
                    assert_eq!(decrypt(&recipient(algorithm, other), &token), Err(Error::DecryptionFailed));
                }
            }
        }
    }

    #[test]
    fn defaults_are_owasp_s_and_a_new_salt_is_drawn_each_time() {
        for (algorithm, iterations) in ALGORITHMS.into_iter().zip([600_000, 210_000, 210_000]) {
            let key = EncryptionKey::password(algorithm, secret("entrap_o")).unwrap();
            let token = encrypt(&key, b"x").unwrap();
            assert!(header(&token).contains(&format!(r#""p2c":{iterations}"#)), "{}", header(&token));
            assert_eq!(decrypt(&recipient(algorithm, "entrap_o"), &token).unwrap().expose_secret(), b"x");
        }
        let sender = sender(ALGORITHMS[0], "entrap_o");
        let [one, other] = [(); 2].map(|()| header(&encrypt(&sender, b"x").unwrap()));
        let salt = |header: &str| header.split(r#""p2s":""#).nth(1).unwrap()[..22].to_owned();
        assert_eq!(decoded(&salt(&one)).len(), SALT_LEN);
        assert_ne!(salt(&one), salt(&other));
    }

    /// Each number of iterations that isn't one, and each salt, is refused with nothing derived.
    #[test]
    fn what_the_header_asks_for_is_judged_before_anything_is_derived() {
        let salt = r#","p2s":"AAAAAAAAAAA""#;
        let count = |json: &str| header_with(&format!(r#"{salt},"p2c":{json}"#));
        let key = recipient(ALGORITHMS[0], "entrap_o");
        let judged = |header: &str| counted(|| decrypt(&key, &forged(header)));

        let too_many = Error::LimitExceeded { limit: Limit::Pbes2Iterations, max: 1_200_000 };
        let digits = "9".repeat(300);
        for json in ["1200001", "2147483647", "1000000000", "4294967295", "4294967296", &digits] {
            assert_eq!(judged(&count(json)), (Err(too_many.clone()), 0), "{json}");
        }
        let wrong = |name, expected| malformed(Defect::MemberType { name, expected });
        let strings = ["\"1000\"", "\"\"", "true", "false", "null", "[1000]", "{}", "[]"];
        let floats =
            ["1.5", "1000.0", "1e3", "1E3", "1e6", "1.0e6", "1e+6", "10000e-1", "-1000", "-1e6", "-0"];
        for json in strings.into_iter().chain(floats).chain(["0", "1", "-1", "999"]) {
            let expected = wrong("p2c", "an integer of at least 1000");
            assert_eq!(judged(&count(json)), (Err(expected), 0), "{json}");
        }
        for json in ["01000", "+1000", "0x3e8", "1_000", "1e999"] {
            assert_eq!(judged(&count(json)), (Err(malformed(Defect::Json)), 0), "{json}");
        }
        let missing = |name| Err(malformed(Defect::MissingMember(name)));
        assert_eq!(judged(&header_with(salt)), (missing("p2c"), 0));
        assert_eq!(judged(&header_with(r#","p2c":1000"#)), (missing("p2s"), 0));
        for (json, expected) in [
            ("\"\"", wrong("p2s", "at least 64 bits in base64url")),
            ("\"AAAA\"", wrong("p2s", "at least 64 bits in base64url")),
            ("\"AAAAAAAAAA\"", wrong("p2s", "at least 64 bits in base64url")),
            ("\"AAAAAAAAAAA=\"", malformed(Defect::Base64url)),
            ("\"AAAAAAAAAAB\"", malformed(Defect::NonCanonicalBase64url)),
            ("5", wrong("p2s", "a string")),
            ("null", wrong("p2s", "a string")),
        ] {
            let header = header_with(&format!(r#","p2s":{json},"p2c":1000"#));
            assert_eq!(judged(&header), (Err(expected), 0), "{json}");
        }
        let duplicate = header_with(&format!(r#"{salt},"p2c":1000,"p2c":2147483647"#));
        assert_eq!(judged(&duplicate), (Err(malformed(Defect::DuplicateMember)), 0));
        // At the bounds, one derivation and no more.
        for json in ["1000", "1001", "1200000"] {
            assert_eq!(judged(&count(json)), (Err(Error::DecryptionFailed), 1), "{json}");
        }
    }

    #[test]
    fn the_limit_is_the_callers_and_holds_for_all_passwords_together() {
        let token = forged(&header_with(r#","p2s":"AAAAAAAAAAA","p2c":5000"#));
        let under = |keys: usize, most: u32| {
            let keys: KeySet<DecryptionKey> =
                (0..keys).map(|number| recipient(ALGORITHMS[0], &number.to_string())).collect();
            counted(|| keys.decrypt_with_limits(&token, &Limits::default().pbes2_iterations(most)))
        };
        let refused = |max| Err(Error::LimitExceeded { limit: Limit::Pbes2Iterations, max });
        assert_eq!(under(1, 5000), (Err(Error::DecryptionFailed), 1));
        assert_eq!(under(1, 4999), (refused(4999), 0));
        assert_eq!(under(1, 0), (refused(0), 0));
        assert_eq!(under(4, 20_000), (Err(Error::DecryptionFailed), 4));
        assert_eq!(under(4, 19_999), (refused(19_999), 0));
        assert_eq!(under(8, u32::MAX), (Err(Error::DecryptionFailed), 8));
        let too_many_keys = Err(Error::LimitExceeded { limit: Limit::CandidateKeys, max: 8 });
        assert_eq!(under(9, u32::MAX), (too_many_keys, 0));
        // A key ID narrows the candidates, and with them the cost.
        let named = sender(ALGORITHMS[0], "3").with_iterations(5000).unwrap().with_key_id("3");
        let named = encrypt(&named, b"x").unwrap();
        let keys: KeySet<DecryptionKey> =
            (0..8).map(|n: u8| n.to_string()).map(|n| recipient(ALGORITHMS[0], &n).with_key_id(n)).collect();
        let opened = counted(|| keys.decrypt_with_limits(&named, &Limits::default().pbes2_iterations(5000)));
        assert_eq!(opened, (Ok(secret("x")), 1));
    }

    #[test]
    fn other_keys_derive_nothing() {
        let token = encrypt(&sender(ALGORITHMS[0], "entrap_o"), b"x").unwrap();
        for other in [JweAlgorithm::Dir, JweAlgorithm::A128Kw, JweAlgorithm::EcdhEs, ALGORITHMS[1]] {
            let key = DecryptionKey::generate(other).unwrap();
            let refused = (Err(Error::NotAllowed(Refusal::Algorithm)), 0);
            assert_eq!(counted(|| decrypt(&key, &token)), refused, "{other}");
        }
    }

    #[test]
    fn an_encrypted_key_of_any_length_fails_alike() {
        let key = recipient(ALGORITHMS[0], "entrap_o");
        let token = encrypt(&sender(ALGORITHMS[0], "entrap_o"), b"x").unwrap();
        let parts: Vec<&str> = token.split('.').collect();
        for len in [1, 7, 8, 16, 24, 39, 40, 41, 48, 1000] {
            let other = base64url::encode(&vec![1; len]);
            let token = [parts[0], &other, parts[2], parts[3], parts[4]].join(".");
            assert_eq!(counted(|| decrypt(&key, &token)), (Err(Error::DecryptionFailed), 1), "{len}");
        }
        let without = [parts[0], "", parts[2], parts[3], parts[4]].join(".");
        let refused = Err(Error::malformed(Part::EncryptedKey, Defect::Length));
        assert_eq!(counted(|| decrypt(&key, &without)), (refused, 0));
    }

    /// Text is its bytes: nothing is normalised, nothing cut at a NUL, and no length is special.
    #[test]
    fn passwords_are_bytes() {
        let composed = "caf\u{e9}";
        let decomposed = "cafe\u{301}";
        let long = "x".repeat(300);
        for algorithm in ALGORITHMS {
            for password in [composed, decomposed, "a\0b", "\0", " ", &long] {
                let token = encrypt(&sender(algorithm, password), b"x").unwrap();
                assert!(decrypt(&recipient(algorithm, password), &token).is_ok(), "{password:?}");
                for other in [composed, decomposed, "a", "a\0c", "x"].iter().filter(|o| **o != password) {
                    let refused = Err(Error::DecryptionFailed);
                    assert_eq!(decrypt(&recipient(algorithm, other), &token), refused, "{password:?}");
                }
            }
            let any_bytes = SecretBytes::from(vec![0xff, 0xfe, 0x00, 0x80]);
            let key = DecryptionKey::password(algorithm, any_bytes).unwrap();
            let sender = key.encryption_key().unwrap().with_iterations(1000).unwrap();
            assert!(decrypt(&key, &encrypt(&sender, b"x").unwrap()).is_ok());
        }
    }

    #[test]
    fn passwords_are_asked_for() {
        let misuse = |made: Result<(), Error>| assert!(matches!(made, Err(Error::Misuse { .. })), "{made:?}");
        for algorithm in ALGORITHMS {
            let empty = Err(Error::InvalidKey(KeyDefect::TooSmall { min_bits: 8 }));
            assert_eq!(DecryptionKey::password(algorithm, secret("")).map(drop), empty);
            assert_eq!(EncryptionKey::password(algorithm, secret("")).map(drop), empty);
            // Random bytes and passwords aren't taken for each other.
            misuse(DecryptionKey::symmetric(algorithm, secret("0123456789abcdef")).map(drop));
            misuse(EncryptionKey::symmetric(algorithm, secret("0123456789abcdef")).map(drop));
            // A key's own `alg` doesn't turn it into a password; naming the algorithm does.
            let jwk = recipient(algorithm, "entrap_o").expose_jwk().unwrap();
            assert_eq!(jwk.algorithm(), Some(algorithm.name()));
            let by_itself = DecryptionKey::from_jwk(&jwk).map(drop);
            assert!(matches!(by_itself, Err(Error::Unsupported(Unsupported::Key(_)))), "{by_itself:?}");
            assert_eq!(EncryptionKey::from_jwk(&jwk).map(drop), by_itself);
            assert_eq!(DecryptionKey::from_jwk_for(algorithm, &jwk).unwrap().algorithm(), algorithm);
            assert_eq!(EncryptionKey::from_jwk_for(algorithm, &jwk).unwrap().algorithm(), algorithm);
            let keys = KeySet::decryption(&[jwk].into_iter().collect());
            assert!(keys.is_empty());
            assert_eq!(keys.skipped()[0].reason().code(), "unsupported_key");

            let pair = Jwk::generate(crate::KeyKind::P256).unwrap();
            let refused = DecryptionKey::from_jwk_for(algorithm, &pair).map(drop);
            assert!(matches!(refused, Err(Error::InvalidKey(KeyDefect::Type { .. }))), "{refused:?}");
        }
        for &other in JweAlgorithm::ALL.iter().filter(|other| !ALGORITHMS.contains(other)) {
            misuse(DecryptionKey::password(other, secret("0123456789abcdef")).map(drop));
            misuse(EncryptionKey::password(other, secret("0123456789abcdef")).map(drop));
        }
    }

    #[test]
    fn iterations_are_set_within_bounds() {
        let key = || EncryptionKey::password(ALGORITHMS[0], secret("entrap_o")).unwrap().with_key_id("1");
        let misuse = |made: Result<EncryptionKey, Error>| assert!(matches!(made, Err(Error::Misuse { .. })));
        misuse(key().with_iterations(0));
        misuse(key().with_iterations(999));
        let secret = DecryptionKey::generate(JweAlgorithm::A128Kw).unwrap();
        misuse(secret.encryption_key().unwrap().with_iterations(1000));
        let direct = DecryptionKey::generate(JweAlgorithm::Dir).unwrap();
        misuse(direct.encryption_key().unwrap().with_iterations(1000));

        let key = key().with_content_encryption(ContentEncryption::A128Gcm).unwrap();
        let key = key.with_iterations(1234).unwrap().clone_key();
        let header = header(&encrypt(&key, b"x").unwrap());
        for parameter in [r#""p2c":1234"#, r#""kid":"1""#, r#""enc":"A128GCM""#] {
            assert!(header.contains(parameter), "{header}");
        }
        // What the default limit refuses, a raised one accepts.
        let costly = key.with_iterations(1_200_001).unwrap();
        let token = encrypt(&costly, b"x").unwrap();
        let key = recipient(ALGORITHMS[0], "entrap_o");
        let refused = Err(Error::LimitExceeded { limit: Limit::Pbes2Iterations, max: 1_200_000 });
        assert_eq!(decrypt(&key, &token), refused);
        let limits = Limits::default().pbes2_iterations(1_200_001);
        assert!(decrypt_with_limits(&key, &token, &limits).is_ok());
    }
}

#[cfg(test)]
#[cfg(not(feature = "pbes2"))]
mod tests_without {
    use super::*;
    use crate::jwe::{DecryptionKey, EncryptionKey};

    #[test]
    fn without_the_feature_the_error_names_it() {
        let password = || SecretBytes::from(b"entrap_o".to_vec());
        for algorithm in
            [JweAlgorithm::Pbes2Hs256A128Kw, JweAlgorithm::Pbes2Hs384A192Kw, JweAlgorithm::Pbes2Hs512A256Kw]
        {
            let feature = Err(Error::Unsupported(Unsupported::Feature(
                "expected the feature `pbes2`, which keys made from passwords need, found it off",
            )));
            assert_eq!(DecryptionKey::password(algorithm, password()).map(drop), feature);
            assert_eq!(EncryptionKey::password(algorithm, password()).map(drop), feature);
            assert_eq!(DecryptionKey::generate(algorithm).map(drop), feature);
        }
    }
}
