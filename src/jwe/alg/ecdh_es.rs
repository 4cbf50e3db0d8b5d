//! `ECDH-ES`, `ECDH-ES+A128KW`, `+A192KW`, `+A256KW`: a key agreed on with a fresh ephemeral key
//! encrypts the content, or wraps the content key (RFC 7518 §4.6, RFC 8037 §3.2). The recipient's
//! public key goes in, `epk` and perhaps an encrypted key come out; with the private key, back.
//!
//! A hostile `epk` is the attack: a point off the curve gives the private key away bit by bit, so curve
//! and point are checked before that key is used. An X25519 key of small order makes the secret all
//! zeros, known to everyone; the agreement refuses that.

use crate::crypto::{
    self, AesKwKey, CryptoError, EcCurve, EcdhPrivateKey, EcdhPublicKey, Hash, X25519PrivateKey,
};
use crate::error::{Defect, Error, KeyDefect, Part};
use crate::jwe::alg::JweAlgorithm;
use crate::jwe::enc::ContentEncryption;
use crate::jwe::external::{Agreement, EphemeralPublicKey};
use crate::jwe::recipient::{
    Accepted, ContentKey, Description, DetermineContentKey, EncryptContentKey, Family, KeyManagement,
    OpenContentKey, Parameter, PartyInfo, RecipientInput, RecipientOutput, no_randomness, rejected,
};
use crate::jwk::{
    EcKey, Jwk, KeyKind, KeyMaterial, OkpCurve, OkpKey, read_ephemeral_public_key, write_ephemeral_public_key,
};
use crate::limits::Limits;
use crate::secret::SecretBytes;
use crate::wire::json::Value;

/// A row's constants. The length is in bytes; without one, the agreed key is the content key.
pub(super) struct EcdhEs {
    pub(super) wrap_key_len: Option<usize>,
}

impl Family for EcdhEs {
    fn generate(&self) -> Result<Jwk, Error> {
        Jwk::generate(KeyKind::P256)
    }

    fn encryption(&self, algorithm: JweAlgorithm, jwk: &Jwk) -> Result<KeyManagement, Error> {
        let recipient = PublicKey::of_recipient(jwk.material())?;
        Ok(match self.wrap_key_len {
            None => KeyManagement::Determines(Box::new(AgreeWith(recipient))),
            Some(key_len) => KeyManagement::Encrypts(Box::new(WrapFor { recipient, algorithm, key_len })),
        })
    }

    fn decryption(&self, algorithm: JweAlgorithm, jwk: &Jwk) -> Result<Box<dyn OpenContentKey>, Error> {
        let holder = Holder::Here(PrivateKey::of(jwk.material())?);
        Ok(Box::new(Recipient { holder, algorithm, wrap_key_len: self.wrap_key_len }))
    }

    fn external_agreement(
        &self,
        algorithm: JweAlgorithm,
        agreement: Agreement,
        jwk: &Jwk,
    ) -> Result<Box<dyn OpenContentKey>, Error> {
        let curve = PublicKey::of_recipient(jwk.material())?.curve();
        let holder = Holder::Elsewhere { curve, agreement };
        Ok(Box::new(Recipient { holder, algorithm, wrap_key_len: self.wrap_key_len }))
    }

    fn description(&self) -> Description {
        let key = "an EC key on P-256, P-384 or P-521, or an X25519 key";
        Description { specification: "RFC 7518 §4.6", key, features: &[] }
    }

    fn determines_content_key(&self) -> bool {
        self.wrap_key_len.is_none()
    }

    fn agrees(&self) -> bool {
        true
    }
}

/// The sender's side of direct key agreement.
struct AgreeWith(PublicKey);

impl AgreeWith {
    fn determine_with(
        &self,
        ephemeral: &PrivateKey,
        enc: ContentEncryption,
        parties: &PartyInfo,
    ) -> Result<SecretBytes, CryptoError> {
        // RFC 7518 §4.6.2: in direct key agreement, AlgorithmID is the `enc` value.
        derive_key(&ephemeral.agree(&self.0)?, enc.name(), enc.key_len(), parties)
    }
}

impl DetermineContentKey for AgreeWith {
    fn determine(
        &self,
        enc: ContentEncryption,
        parties: &PartyInfo,
    ) -> Result<(ContentKey<'_>, RecipientOutput), Error> {
        let ephemeral = PrivateKey::generate(self.0.curve()).map_err(no_randomness)?;
        let content_key = self.determine_with(&ephemeral, enc, parties).map_err(rejected)?;
        let parameters = ephemeral.parameters(parties)?;
        Ok((ContentKey::Fresh(content_key), RecipientOutput { encrypted_key: Vec::new(), parameters }))
    }
}

/// The sender's side of key agreement with key wrapping.
struct WrapFor {
    recipient: PublicKey,
    algorithm: JweAlgorithm,
    key_len: usize,
}

impl WrapFor {
    fn encrypt_with(
        &self,
        ephemeral: &PrivateKey,
        content_key: &SecretBytes,
        parties: &PartyInfo,
    ) -> Result<Vec<u8>, CryptoError> {
        // RFC 7518 §4.6.2: in key agreement with key wrapping, AlgorithmID is the `alg` value.
        let shared = ephemeral.agree(&self.recipient)?;
        let wrapping_key = derive_key(&shared, self.algorithm.name(), self.key_len, parties)?;
        AesKwKey::new(wrapping_key.expose_secret())?.wrap(content_key.expose_secret())
    }
}

impl EncryptContentKey for WrapFor {
    fn encrypt(&self, content_key: &SecretBytes, parties: &PartyInfo) -> Result<RecipientOutput, Error> {
        let ephemeral = PrivateKey::generate(self.recipient.curve()).map_err(no_randomness)?;
        let encrypted_key = self.encrypt_with(&ephemeral, content_key, parties).map_err(rejected)?;
        Ok(RecipientOutput { encrypted_key, parameters: ephemeral.parameters(parties)? })
    }
}

/// The recipient's side of both.
struct Recipient {
    holder: Holder,
    algorithm: JweAlgorithm,
    wrap_key_len: Option<usize>,
}

/// Who has the private key.
enum Holder {
    Here(PrivateKey),
    Elsewhere { curve: Curve, agreement: Agreement },
}

impl Holder {
    const fn curve(&self) -> Curve {
        match self {
            Self::Here(key) => key.curve(),
            Self::Elsewhere { curve, .. } => *curve,
        }
    }
}

impl OpenContentKey for Recipient {
    fn accept<'a>(&'a self, recipient: RecipientInput<'a>) -> Result<Accepted<'a>, Error> {
        let RecipientInput { enc, header, encrypted_key, limits } = recipient;
        // RFC 7518 §4.6: direct key agreement has no encrypted key, key wrapping always one.
        if encrypted_key.is_empty() != self.wrap_key_len.is_none() {
            return Err(Error::malformed(Part::EncryptedKey, Defect::Length));
        }
        let epk = header.epk.ok_or(Error::malformed(Part::Header, Defect::MissingMember("epk")))?;
        let epk = epk_material(epk, limits)?;
        let peer = PublicKey::of_epk(&epk)?;
        if peer.curve() != self.holder.curve() {
            return Err(epk_defect("a public key on the curve of the recipient's key"));
        }
        let parties = PartyInfo::read(header)?;
        let content_key = move |shared: &SecretBytes| {
            let Some(key_len) = self.wrap_key_len else {
                return derive_key(shared, enc.name(), enc.key_len(), &parties).map(ContentKey::Fresh);
            };
            let wrapping_key = derive_key(shared, self.algorithm.name(), key_len, &parties)?;
            AesKwKey::new(wrapping_key.expose_secret())?.unwrap(encrypted_key).map(ContentKey::Fresh)
        };
        Ok(match &self.holder {
            Holder::Here(key) => Accepted::new(move || content_key(&key.agree(&peer)?)),
            Holder::Elsewhere { curve, agreement } => {
                agreement.accept(EphemeralPublicKey::new(epk), curve.secret_len(), content_key)
            }
        })
    }
}

/// The Concat KDF with SHA-256 (RFC 7518 §4.6.2, NIST SP 800-56A §5.8.1).
fn derive_key(
    shared_secret: &SecretBytes,
    algorithm_id: &str,
    key_len: usize,
    parties: &PartyInfo,
) -> Result<SecretBytes, CryptoError> {
    let PartyInfo { apu, apv } = parties;
    let be_bytes = |len: usize| u32::try_from(len).map(u32::to_be_bytes).map_err(|_| CryptoError);
    let algorithm_id = algorithm_id.as_bytes();
    // Each input goes in behind its length, so that no two of them run together.
    let algorithm_id_len = be_bytes(algorithm_id.len())?;
    let apu_len = be_bytes(apu.len())?;
    let apv_len = be_bytes(apv.len())?;
    let key_bits = be_bytes(key_len * 8)?;

    let mut key = Vec::with_capacity(key_len);
    for round in 1_u32.. {
        let missing = key_len - key.len();
        if missing == 0 {
            break;
        }
        let digest = crypto::digest(
            Hash::Sha256,
            &[
                &round.to_be_bytes(),
                shared_secret.expose_secret(),
                &algorithm_id_len,
                algorithm_id,
                &apu_len,
                apu,
                &apv_len,
                apv,
                &key_bits,
            ],
        );
        key.extend(digest.as_ref().iter().take(missing));
    }
    Ok(SecretBytes::from(key))
}

/// The curves that are agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Curve {
    Ec(EcCurve),
    X25519,
}

impl Curve {
    /// Returns the length of a shared secret, in bytes.
    const fn secret_len(self) -> usize {
        match self {
            Self::Ec(curve) => curve.coordinate_len(),
            Self::X25519 => 32,
        }
    }

    /// Returns the curve of a key, unless it is for something else.
    fn of(material: &KeyMaterial) -> Option<Self> {
        match material {
            // RFC 8812 §3.1 registers secp256k1 for signatures only.
            #[cfg(feature = "es256k")]
            KeyMaterial::Ec(EcKey { curve: EcCurve::Secp256k1, .. }) => None,
            KeyMaterial::Ec(key) => Some(Self::Ec(key.curve)),
            KeyMaterial::Okp(key) if key.curve == OkpCurve::X25519 => Some(Self::X25519),
            _ => None,
        }
    }
}

/// A public key to agree with, parsed once: the recipient's, or the ephemeral one from a header.
enum PublicKey {
    Ec { curve: EcCurve, key: EcdhPublicKey },
    X25519([u8; 32]),
}

impl PublicKey {
    /// Returns the public key, unless it is of another type or curve.
    fn of(material: &KeyMaterial) -> Result<Self, Error> {
        match (Curve::of(material), material) {
            (Some(Curve::Ec(curve)), KeyMaterial::Ec(key)) => {
                let key = EcdhPublicKey::new(curve, &key.point).map_err(rejected)?;
                Ok(Self::Ec { curve, key })
            }
            (Some(Curve::X25519), KeyMaterial::Okp(key)) => Ok(Self::X25519(key.x)),
            _ => Err(material.mismatch(EXPECTED)),
        }
    }

    /// Returns the public key of a recipient. One that everyone agrees on zero with would keep no secret
    /// from anyone, and is refused before there is a secret to keep.
    fn of_recipient(material: &KeyMaterial) -> Result<Self, Error> {
        let recipient = Self::of(material)?;
        if let Self::X25519(point) = &recipient {
            // RFC 7748 §6.1: the result is zero for a point of small order, and for no other: §5 makes any
            // private key 8 times a number below the large primes that divide the orders of the curve and its
            // twist. So one agreement tells, whatever the private key.
            X25519PrivateKey::new(&[1; 32]).and_then(|key| key.agree(point)).map_err(rejected)?;
        }
        Ok(recipient)
    }

    /// Returns the public key of an `epk`.
    fn of_epk(material: &KeyMaterial) -> Result<Self, Error> {
        Self::of(material).map_err(|_| epk_defect("a public key for key agreement"))
    }

    const fn curve(&self) -> Curve {
        match self {
            Self::Ec { curve, .. } => Curve::Ec(*curve),
            Self::X25519(_) => Curve::X25519,
        }
    }
}

/// Reads the header's `epk`. A point off its curve would give the recipient's private key away,
/// some bits with each message; so it is refused here, before that key is used.
fn epk_material(epk: Value<'_>, limits: &Limits) -> Result<KeyMaterial, Error> {
    match read_ephemeral_public_key(epk, limits) {
        Ok(material) => Ok(material),
        Err(error @ Error::Malformed { .. }) => Err(error),
        // What is wrong with this key is the sender's fault, and no key of ours is.
        Err(_) => Err(epk_defect("a public key on a curve of this library")),
    }
}

/// A private key to agree with: the recipient's, or the sender's ephemeral one.
enum PrivateKey {
    Ec { curve: EcCurve, key: EcdhPrivateKey },
    X25519(X25519PrivateKey),
}

impl PrivateKey {
    fn of(material: &KeyMaterial) -> Result<Self, Error> {
        let curve = Curve::of(material).ok_or_else(|| material.mismatch(EXPECTED))?;
        let (KeyMaterial::Ec(EcKey { d, .. }) | KeyMaterial::Okp(OkpKey { d, .. })) = material else {
            return Err(material.mismatch(EXPECTED));
        };
        let d = d.as_ref().ok_or(Error::InvalidKey(KeyDefect::NotPrivate))?.expose_secret();
        match curve {
            Curve::Ec(curve) => EcdhPrivateKey::new(curve, d).map(|key| Self::Ec { curve, key }),
            Curve::X25519 => {
                d.try_into().map_err(|_| CryptoError).and_then(X25519PrivateKey::new).map(Self::X25519)
            }
        }
        .map_err(rejected)
    }

    fn generate(curve: Curve) -> Result<Self, CryptoError> {
        match curve {
            Curve::Ec(curve) => Ok(Self::Ec { curve, key: EcdhPrivateKey::generate(curve)? }),
            Curve::X25519 => X25519PrivateKey::generate().map(Self::X25519),
        }
    }

    const fn curve(&self) -> Curve {
        match self {
            Self::Ec { curve, .. } => Curve::Ec(*curve),
            Self::X25519(_) => Curve::X25519,
        }
    }

    fn agree(&self, peer: &PublicKey) -> Result<SecretBytes, CryptoError> {
        match (self, peer) {
            (Self::Ec { key, .. }, PublicKey::Ec { key: peer, .. }) => key.agree(peer),
            (Self::X25519(key), PublicKey::X25519(peer)) => key.agree(peer),
            _ => Err(CryptoError),
        }
    }

    /// Returns the header parameters of a message whose ephemeral key this is.
    fn parameters(&self, parties: &PartyInfo) -> Result<Vec<Parameter>, Error> {
        Ok(std::iter::once(self.epk()?).chain(parties.parameters()).collect())
    }

    /// Returns the header parameter that carries the public part.
    fn epk(&self) -> Result<Parameter, Error> {
        let material = match self {
            Self::Ec { curve, key } => {
                KeyMaterial::Ec(EcKey { curve: *curve, point: key.public_point(), d: None })
            }
            Self::X25519(key) => {
                KeyMaterial::Okp(OkpKey { curve: OkpCurve::X25519, x: key.public_key(), d: None })
            }
        };
        Ok(Parameter::Json("epk", write_ephemeral_public_key(&material)?))
    }
}

/// The keys that are agreed with, in an error's words.
const EXPECTED: &str = "a key on P-256, P-384, P-521 or X25519";

fn epk_defect(expected: &'static str) -> Error {
    Error::malformed(Part::Header, Defect::MemberType { name: "epk", expected })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::base64url;
    use crate::wire::header::Header;
    use crate::wire::json;

    const CURVES: [Curve; 4] =
        [Curve::Ec(EcCurve::P256), Curve::Ec(EcCurve::P384), Curve::Ec(EcCurve::P521), Curve::X25519];

    fn parties(apu: &[u8], apv: &[u8]) -> PartyInfo {
        PartyInfo { apu: apu.to_vec(), apv: apv.to_vec() }
    }

    /// Reads an `epk` out of a header.
    fn read(epk: &str) -> Result<PublicKey, Error> {
        let (header, limits) = (format!(r#"{{"epk":{epk}}}"#), Limits::default());
        let mut read = None;
        json::scan_object(&header, Part::Header, &limits, |_, value| {
            read = Some(PublicKey::of_epk(&epk_material(value, &limits)?)?);
            Ok(())
        })?;
        Ok(read.unwrap())
    }

    /// RFC 7518 §C: Alice's ephemeral key.
    const ALICE: &str = r#"{"kty":"EC","crv":"P-256","x":"gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0",
        "y":"SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps","d":"0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo"}"#;
    /// RFC 7518 §C: Bob's static key.
    const BOB: &str = r#"{"kty":"EC","crv":"P-256","x":"weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ",
        "y":"e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck","d":"VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw"}"#;

    #[test]
    fn rfc7518_appendix_c() {
        let (alice, bob) = (Jwk::from_json(ALICE).unwrap(), Jwk::from_json(BOB).unwrap());
        let sender =
            PrivateKey::of(alice.material()).unwrap().agree(&PublicKey::of(bob.material()).unwrap()).unwrap();
        let recipient =
            PrivateKey::of(bob.material()).unwrap().agree(&PublicKey::of(alice.material()).unwrap()).unwrap();
        assert!(sender == recipient);
        assert_eq!(
            sender.expose_secret(),
            [
                158, 86, 217, 29, 129, 113, 53, 211, 114, 131, 66, 131, 191, 132, 38, 156, 251, 49, 110, 163,
                218, 128, 106, 72, 246, 218, 167, 121, 140, 254, 144, 196
            ]
        );
        let key = derive_key(&sender, "A128GCM", 16, &parties(b"Alice", b"Bob")).unwrap();
        assert_eq!(base64url::encode(key.expose_secret()), "VqqN6vgjbSBcIijNcacQGg");
    }

    /// The same with the parties' names from the header, where a recipient finds them.
    #[test]
    fn rfc7518_appendix_c_from_the_header() {
        let (alice, bob) = (Jwk::from_json(ALICE).unwrap(), Jwk::from_json(BOB).unwrap());
        let limits = Limits::default();
        let key = EcdhEs { wrap_key_len: None }.decryption(JweAlgorithm::EcdhEs, &bob).unwrap();
        let epk = alice.to_public_json().unwrap();
        let content_key = |parties: &str| {
            let header = format!(r#"{{"alg":"ECDH-ES","enc":"A128GCM"{parties},"epk":{epk}}}"#);
            let header = Header::parse_jwe(&header, &limits, &[]).unwrap();
            let enc = ContentEncryption::A128Gcm;
            let recipient = RecipientInput { enc, header: &header, encrypted_key: &[], limits: &limits };
            match key.accept(recipient).unwrap().at_once().unwrap()() {
                Ok(ContentKey::Fresh(key)) => base64url::encode(key.expose_secret()),
                _ => panic!("another kind of content key"),
            }
        };
        assert_eq!(content_key(r#","apu":"QWxpY2U","apv":"Qm9i""#), "VqqN6vgjbSBcIijNcacQGg");
        assert_ne!(content_key(r#","apu":"QWxpY2U""#), "VqqN6vgjbSBcIijNcacQGg");
        assert_ne!(content_key(""), "VqqN6vgjbSBcIijNcacQGg");
    }

    /// RFC 8037 §A.6: Bob's key pair is RFC 7748 §6.1's, and so is Alice's, which is ephemeral here.
    const X25519_ALICE: &str = r#"{"kty":"OKP","crv":"X25519","x":"hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo",
        "d":"dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo"}"#;
    const X25519_BOB: &str = r#"{"kty":"OKP","crv":"X25519","x":"3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08",
        "d":"XasIfmJKikt54X-Lg4AO5m87sSkmGLb9HC-LJ_-I4Os"}"#;

    #[test]
    fn rfc8037_a_6() {
        let (alice, bob) = (Jwk::from_json(X25519_ALICE).unwrap(), Jwk::from_json(X25519_BOB).unwrap());
        let agree = |own: &Jwk, peer: &Jwk| {
            PrivateKey::of(own.material()).unwrap().agree(&PublicKey::of(peer.material()).unwrap()).unwrap()
        };
        let shared = agree(&alice, &bob);
        assert!(shared == agree(&bob, &alice));
        assert_eq!(
            shared.expose_secret(),
            [
                0x4a, 0x5d, 0x9d, 0x5b, 0xa4, 0xce, 0x2d, 0xe1, 0x72, 0x8e, 0x3b, 0xf4, 0x80, 0x35, 0x0f,
                0x25, 0xe0, 0x7e, 0x21, 0xc9, 0x47, 0xd1, 0x9e, 0x33, 0x76, 0xf0, 0x9b, 0x3c, 0x1e, 0x16,
                0x17, 0x42
            ]
        );
        assert!(shared != agree(&alice, &alice));
    }

    /// The same sender's whole step under `ECDH-ES+A128KW`: the `epk` is the RFC's, the encrypted key was made
    /// outside this library; two other JOSE libraries decrypt it.
    #[test]
    fn rfc8037_a_6_with_a_key_to_wrap() {
        let (alice, bob) = (Jwk::from_json(X25519_ALICE).unwrap(), Jwk::from_json(X25519_BOB).unwrap());
        let ephemeral = PrivateKey::of(alice.material()).unwrap();
        let Ok(Parameter::Json("epk", epk)) = ephemeral.epk() else { panic!("another parameter") };
        let x = "hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo";
        let mut members = Vec::new();
        json::scan_object(&epk, Part::Header, &Limits::default(), |name, value| {
            members.push((name.to_owned(), value.as_str().unwrap().into_owned()));
            Ok(())
        })
        .unwrap();
        members.sort();
        let of_the_rfc = [("crv", "X25519"), ("kty", "OKP"), ("x", x)];
        assert_eq!(members, of_the_rfc.map(|(name, value)| (name.to_owned(), value.to_owned())));

        let content_key =
            SecretBytes::from(base64url::decode("GawgguFyGrWKav7AX4VKUg", Part::EncryptedKey).unwrap());
        let wrapped = |algorithm| {
            let recipient = PublicKey::of(bob.material()).unwrap();
            let sender = WrapFor { recipient, algorithm, key_len: 16 };
            base64url::encode(&sender.encrypt_with(&ephemeral, &content_key, &PartyInfo::none()).unwrap())
        };
        assert_eq!(wrapped(JweAlgorithm::EcdhEsA128Kw), "ZOUS620lYzGREFkQlWivnwTstibK0CbU");
        // The algorithm's name goes into the wrapping key.
        assert_ne!(wrapped(JweAlgorithm::EcdhEs), "ZOUS620lYzGREFkQlWivnwTstibK0CbU");
    }

    #[test]
    fn every_input_of_the_derivation_counts() {
        let shared = SecretBytes::from(vec![1; 32]);
        let derived = |algorithm_id, key_len, apu: &[u8], apv: &[u8]| {
            derive_key(&shared, algorithm_id, key_len, &parties(apu, apv)).unwrap().into_exposed_secret()
        };
        let key = derived("A256GCM", 32, b"ab", b"c");
        assert_ne!(key, derived("A128GCM", 32, b"ab", b"c"));
        assert_ne!(key, derived("A256GCM", 32, b"a", b"bc"));
        assert_ne!(key, derived("A256GCM", 32, b"", b""));
        assert_ne!(key[..16], derived("A256GCM", 16, b"ab", b"c"));
        // Two rounds of the hash, and the second isn't the first.
        let long = derived("A256CBC-HS512", 64, b"", b"");
        assert_eq!(long.len(), 64);
        assert_ne!(long[..32], long[32..]);
        assert_eq!(derived("A192CBC-HS384", 48, b"", b"").len(), 48);
    }

    #[test]
    fn an_epk_reads_back() {
        for curve in CURVES {
            let key = PrivateKey::generate(curve).unwrap();
            let Ok(Parameter::Json("epk", text)) = key.epk() else { panic!("another parameter") };
            let epk = read(&text).unwrap();
            assert_eq!(epk.curve(), curve);
            let other = PrivateKey::generate(curve).unwrap();
            let agreed = other.agree(&epk).unwrap();
            let Ok(Parameter::Json(_, text)) = other.epk() else { panic!("another parameter") };
            assert!(agreed == key.agree(&read(&text).unwrap()).unwrap());
        }
    }

    #[test]
    fn an_epk_that_gives_secrets_away_or_asks_for_them_is_refused() {
        let x = "gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0";
        let y = "SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps";
        let accepted = format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}","ext":true}}"#);
        assert!(read(&accepted).is_ok());
        let p = "_____wAAAAEAAAAAAAAAAAAAAAD_______________8";
        for (why, text) in [
            ("private part", ALICE.to_owned()),
            (
                "private part of another type",
                format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}","d":1}}"#),
            ),
            ("no y", format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}"}}"#)),
            ("no x", format!(r#"{{"kty":"EC","crv":"P-256","y":"{y}"}}"#)),
            ("no crv", format!(r#"{{"kty":"EC","x":"{x}","y":"{y}"}}"#)),
            ("no kty", format!(r#"{{"crv":"P-256","x":"{x}","y":"{y}"}}"#)),
            ("another kty", format!(r#"{{"kty":"OKP","crv":"P-256","x":"{x}","y":"{y}"}}"#)),
            ("another curve", format!(r#"{{"kty":"EC","crv":"P-384","x":"{x}","y":"{y}"}}"#)),
            ("unknown curve", format!(r#"{{"kty":"EC","crv":"secp256k1","x":"{x}","y":"{y}"}}"#)),
            ("for signatures", format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}"#)),
            ("off the curve", format!(r#"{{"kty":"EC","crv":"P-256","x":"{y}","y":"{x}"}}"#)),
            ("beyond the field", format!(r#"{{"kty":"EC","crv":"P-256","x":"{p}","y":"{y}"}}"#)),
            ("short", format!(r#"{{"kty":"EC","crv":"P-256","x":"AAAA","y":"{y}"}}"#)),
            ("number", format!(r#"{{"kty":"EC","crv":"P-256","x":1,"y":"{y}"}}"#)),
            ("not base64url", format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}=","y":"{y}"}}"#)),
            ("X25519 too short", r#"{"kty":"OKP","crv":"X25519","x":"AAAA"}"#.to_owned()),
        ] {
            assert!(matches!(read(&text), Err(Error::Malformed { .. })), "{why}");
        }
    }

    #[test]
    fn keys_of_different_curves_agree_on_nothing() {
        for own in CURVES {
            let key = PrivateKey::generate(own).unwrap();
            for other in CURVES {
                let Ok(Parameter::Json(_, epk)) = PrivateKey::generate(other).unwrap().epk() else {
                    panic!("another parameter")
                };
                assert_eq!(key.agree(&read(&epk).unwrap()).is_ok(), own == other, "{own:?} {other:?}");
            }
        }
    }

    /// RFC 7748 §6.1: points of low order agree on zero with everyone.
    #[test]
    fn an_x25519_key_of_low_order_agrees_on_nothing() {
        let key = PrivateKey::generate(Curve::X25519).unwrap();
        let mut one = [0; 32];
        one[0] = 1;
        for point in [[0; 32], one] {
            assert!(key.agree(&PublicKey::X25519(point)).is_err());
        }
        assert!(key.agree(&PublicKey::X25519([9; 32])).is_ok());
    }
}
