//! What must not compile, held by tests that do.
//!
//! A token that nobody has verified has no content to give out, a key for one direction doesn't do the
//! other, a secret isn't copied, printed or serialized: code that tries is refused by the compiler. Files
//! that must fail to compile would need the compiler's messages beside them, and those change from release
//! to release, so each fact is stated in a form that compiles while it holds:
//!
//! - `lacks!(value.method)`: a trait in scope offers the method to every type and returns [`Absent`]. A
//!   method of the type's own goes before it, so a type that gains one doesn't compile here any more.
//! - `implements!(Type: Trait)`: the constant of a bounded `impl` goes before that of a trait, and so tells.
//!
//! Each is shown to tell the difference on a type that has what the others lack.

#![cfg(feature = "gateway")]
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::fmt::{Display, LowerHex};
use std::fs;
use std::io::Stdout;
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;

#[cfg(feature = "tracing")]
use countersign::gateway::audit::TracingSink;
use countersign::gateway::audit::{
    Audit, AuditBuilder, AuditEvent, AuditSink, AuditSubject, AuditText, ChannelReceiver, ChannelSink,
    Decision, JsonLines, PendingDecision, SubjectHash, TokenFingerprint, UnverifiedFacts, VerifiedFacts,
};
#[cfg(feature = "metrics")]
use countersign::gateway::audit::{KeySourceMetrics, MetricsSink};
use countersign::gateway::authorization::{Denied, ExpectedValue, Requirement};
use countersign::gateway::cache::{TokenCache, TokenCacheBuilder, Verification};
use countersign::gateway::propagation::{
    Outbound, Propagation, PropagationBuilder, Service, ServiceCall, ServiceToken,
};
#[cfg(feature = "redis")]
use countersign::gateway::redis::{RedisFault, RedisStore, RedisStoreBuilder};
use countersign::gateway::replay::{MemoryReplays, ReplayCheck, TokenUse};
use countersign::gateway::revocation::{
    MemoryRevocations, Revocable, Revocation, RevocationCheck, RevocationKey, RevocationKind,
};
#[cfg(feature = "tower")]
use countersign::gateway::tower::{GuardFuture, GuardLayer, GuardService};
use countersign::gateway::{
    BadCredentials, BearerChallenge, Guard, GuardBuilder, GuardRequest, ProtectedResourceMetadata,
    ProtectedResourceMetadataBuilder, RefusalCause, Refused, StoreError,
};
use countersign::jwe::{
    AsyncExternalAgreement, AsyncExternalUnwrapper, DecryptedJwe, EphemeralPublicKey, ExternalAgreement,
    ExternalUnwrapper, JweBuilder, JweDecrypter, WrappedKey,
};
use countersign::jwk::{CertificateChain, KeyOperation, KeyUse, SkippedKey, ThumbprintHash, ThumbprintUri};
use countersign::jws::{
    AsyncExternalSigner, ExternalSigner, JwsBuilder, JwsVerifier, PartlyVerifiedJws, RefusedSignature,
    VerifiedJsonJws, VerifiedJws, VerifiedSignature,
};
use countersign::jwt::{ClaimValue, Claims, JwtIssuerBuilder, JwtVerifierBuilder, SourcedVerifier};
use countersign::keys::remote::{
    FetchProblem, HttpClient, HttpFailure, HttpResponse, KeySnapshot, KeySource, KeySourceEvent,
    KeySourceFuture, RemoteJwks, RemoteJwksBuilder, Runtime,
};
#[cfg(feature = "pem")]
use countersign::keys::remote::{LoadBalancerKeys, LoadBalancerKeysBuilder};
#[cfg(feature = "jwks-http")]
use countersign::keys::remote::{ReqwestClient, ReqwestClientBuilder, TokioRuntime};
use countersign::keys::rotation::{KeyRing, KeyRingBuilder, RingKey};
use countersign::keys::{KeyGeneration, KeySetIter};
use countersign::profile::access_token::{
    AccessTokenIssuerBuilder, AccessTokenVerifierBuilder, Actor, Actors, ClientCertificate, Confirmation,
    ConfirmationMethod, Grant, Provider,
};
use countersign::profile::load_balancer::{
    LoadBalancerToken, LoadBalancerVerifier, LoadBalancerVerifierBuilder,
};
use countersign::{
    AccessToken, AccessTokenIssuer, AccessTokenVerifier, BorrowedJwt, ClaimProblem, ContentEncryption,
    DecryptionKey, Defect, EncryptionKey, Error, ExternalFuture, ExternalKeyError, JweAlgorithm, Jwk, JwkSet,
    JwsAlgorithm, JwtIssuer, JwtVerifier, KeyDefect, KeyKind, KeySet, Limit, Limits, NoClaims, NumericDate,
    Part, Refusal, SecretBytes, SecretString, SigningKey, SystemClock, TokenBuffer, Unsupported,
    UnverifiedToken, VerifiedJwt, VerifyingKey, decrypt, encrypt, jws,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What a method returns that the type doesn't have.
struct Absent;

/// Whether a type implements a trait, or several joined by `+`.
macro_rules! implements {
    ($type:ty: $($bound:tt)+) => {{
        #[allow(dead_code, reason = "of the two constants, one is asked for")]
        trait Otherwise {
            const HOLDS: bool = false;
        }
        struct Probe<T: ?Sized>(std::marker::PhantomData<T>);
        impl<T: ?Sized> Otherwise for Probe<T> {}
        #[allow(dead_code, reason = "of the two constants, one is asked for")]
        impl<T: ?Sized + $($bound)+> Probe<T> {
            const HOLDS: bool = true;
        }
        Probe::<$type>::HOLDS
    }};
}

/// Compiles as long as the type has none of the methods of its own.
macro_rules! lacks {
    ($type:ty: $($method:ident),+ $(,)?) => {{
        #[allow(clippy::wrong_self_convention, reason = "the names are those that the type might have")]
        trait Otherwise {
            $(fn $method(&self) -> Absent { Absent })+
        }
        impl<T: ?Sized> Otherwise for T {}
        // The type is checked here; nothing needs to call it.
        let _ = |value: $type| {
            $(let Absent = value.$method();)+
        };
    }};
}

/// The value of a method that the type does have, in the face of the same trait.
macro_rules! has {
    ($value:expr, $method:ident) => {{
        #[allow(dead_code, reason = "the point is that it isn't called")]
        trait Otherwise {
            fn $method(&self) -> Absent {
                Absent
            }
        }
        impl<T: ?Sized> Otherwise for T {}
        $value.$method()
    }};
}

#[test]
fn the_macros_tell_the_difference() {
    assert!(implements!(String: Clone));
    assert!(implements!(String: Clone + Display + Serialize));
    assert!(!implements!(std::sync::Mutex<u8>: Clone));
    assert!(!implements!(String: Clone + Copy));
    assert!(implements!(Vec<u8>: Deref<Target = [u8]>));
    assert!(!implements!(Vec<u8>: Deref<Target = str>));
    // These wouldn't compile if the trait's method were the one called.
    let len: usize = has!("four", len);
    let ones: u32 = has!(7_u32, count_ones);
    assert_eq!((len, ones), (4, 3));
    lacks!(&str: payload, claims);
}

#[test]
fn an_unverified_token_gives_out_its_header_only() {
    lacks!(
        UnverifiedToken: payload, into_payload, claims, into_claims, unverified_claims, unverified_payload,
        issuer, subject, audience, expires_at, not_before, issued_at, jwt_id, signature, text, as_str, as_bytes,
        token, into_inner, verify, decrypt,
    );
    assert!(!implements!(UnverifiedToken: Deref));
    assert!(!implements!(UnverifiedToken: Display));
    assert!(!implements!(UnverifiedToken: Serialize));
    assert!(!implements!(UnverifiedToken: AsRef<str>));
    assert!(!implements!(UnverifiedToken: AsRef<[u8]>));
    assert!(!implements!(UnverifiedToken: Into<String>));
    assert!(!implements!(VerifiedJwt<NoClaims>: From<UnverifiedToken>));
    assert!(!implements!(VerifiedJws: From<UnverifiedToken>));

    let token = support::claims_token("{}");
    let parsed = UnverifiedToken::parse(&token).unwrap();
    let algorithm: &str = has!(parsed, algorithm);
    assert_eq!(algorithm, "HS256");
    // A verified token does give them out.
    let verified = jws::verify(&support::hmac_key(), &token).unwrap();
    let payload: &[u8] = has!(verified, payload);
    assert_eq!(payload, b"{}");
}

#[test]
fn verified_tokens_are_made_by_verifying_only() {
    for made_otherwise in [
        implements!(VerifiedJwt<NoClaims>: Default),
        implements!(VerifiedJwt<NoClaims>: From<NoClaims>),
        implements!(VerifiedJwt<NoClaims>: DeserializeOwned),
        implements!(VerifiedJws: Default),
        implements!(VerifiedJws: From<Vec<u8>>),
        implements!(DecryptedJwe: Default),
        implements!(DecryptedJwe: From<SecretBytes>),
        implements!(VerifiedJws: DeserializeOwned),
        implements!(VerifiedJsonJws: Default),
        implements!(VerifiedJsonJws: From<PartlyVerifiedJws>),
        implements!(VerifiedJsonJws: DeserializeOwned),
        implements!(PartlyVerifiedJws: Default),
        implements!(PartlyVerifiedJws: DeserializeOwned),
        implements!(VerifiedSignature: Default),
        implements!(VerifiedSignature: From<RefusedSignature>),
        implements!(VerifiedSignature: DeserializeOwned),
        implements!(BorrowedJwt<'static, NoClaims>: Default),
        implements!(BorrowedJwt<'static, NoClaims>: DeserializeOwned),
        implements!(VerifiedJwt<NoClaims>: std::str::FromStr),
        implements!(AccessToken<NoClaims>: Default),
        implements!(AccessToken<NoClaims>: From<VerifiedJwt<NoClaims>>),
        implements!(AccessToken<NoClaims>: DeserializeOwned),
    ] {
        assert!(!made_otherwise);
    }
}

/// No copy that nobody asked for by name, no text, no way into a serializer or out of a deserializer.
macro_rules! assert_secret {
    ($($type:ty),+ $(,)?) => {
        $({
            let name = stringify!($type);
            assert!(!implements!($type: Clone), "{name} is Clone");
            assert!(!implements!($type: Copy), "{name} is Copy");
            assert!(!implements!($type: ToOwned), "{name} is ToOwned");
            assert!(!implements!($type: Display), "{name} is Display");
            assert!(!implements!($type: LowerHex), "{name} is LowerHex");
            assert!(!implements!($type: Serialize), "{name} is Serialize");
            assert!(!implements!($type: DeserializeOwned), "{name} is Deserialize");
            assert!(!implements!($type: Deref), "{name} is Deref");
            assert!(!implements!($type: AsRef<[u8]>), "{name} gives bytes out");
            assert!(!implements!($type: AsRef<str>), "{name} gives text out");
            assert!(!implements!($type: Borrow<[u8]>), "{name} gives bytes out");
            assert!(!implements!($type: Into<Vec<u8>>), "{name} gives bytes out");
            assert!(!implements!($type: Into<String>), "{name} gives text out");
            assert!(!implements!($type: std::hash::Hash), "{name} is hashed, in no constant time");
            assert!(!implements!($type: PartialOrd), "{name} is ordered, in no constant time");
            assert!(!implements!($type: IntoIterator<Item = u8>), "{name} gives bytes out");
            lacks!($type: to_vec, as_bytes, as_slice, as_str, to_json, clone);
        })+
    };
}

/// Whether a type can be made of any of these, in any of the ways there are.
macro_rules! made_of {
    ($type:ty: $($source:ty),+ $(,)?) => {
        [$(
            implements!($type: From<$source>),
            implements!($type: TryFrom<$source>),
            implements!($source: Into<$type>),
            implements!($source: AsRef<$type>),
            implements!($source: Borrow<$type>),
            implements!($source: ToOwned<Owned = $type>),
            implements!($source: Deref<Target = $type>),
            implements!($type: FromIterator<$source>),
            implements!($type: Extend<$source>),
            implements!($type: PartialEq<$source>),
        )+]
    };
}

#[test]
fn what_goes_out_isnt_made_of_what_came_in() {
    macro_rules! assert_minted_only {
        ($($type:ty),+) => {
            $({
                let name = stringify!($type);
                let made = made_of!(
                    $type: &'static str, String, Box<str>, std::borrow::Cow<'static, str>, Vec<u8>, &'static [u8],
                    SecretString, SecretBytes, AccessToken<NoClaims>, &'static AccessToken<NoClaims>,
                    VerifiedJwt<NoClaims>, &'static VerifiedJwt<NoClaims>, BorrowedJwt<'static, NoClaims>,
                    UnverifiedToken, VerifiedJws, DecryptedJwe, TokenBuffer, Grant, ServiceCall,
                );
                assert!(!made.contains(&true), "{name} is made otherwise");
                assert!(!implements!($type: std::str::FromStr), "{name} is made of text");
                assert!(!implements!($type: DeserializeOwned), "{name} is deserialized");
                assert!(!implements!($type: Default), "{name} is made of nothing");
            })+
        };
    }
    assert_secret!(ServiceToken, Outbound);
    assert_minted_only!(ServiceToken, Outbound);
    // The one way there is, and the probes tell it.
    assert!(made_of!(Outbound: ServiceToken).contains(&true));
    assert!(made_of!(String: &'static str).contains(&true));
    let _: fn(ServiceToken) -> Outbound = Outbound::from;
    let _: fn() -> Outbound = Outbound::nothing;
    let _: fn(&Propagation, &AccessToken<NoClaims>, &'static str) -> Result<ServiceToken, Error> =
        Propagation::mint::<NoClaims>;
    // A verified token doesn't keep its text, which could then be forwarded.
    lacks!(
        AccessToken<NoClaims>: token, text, raw, as_str, as_bytes, to_compact, compact, into_inner, expose_secret,
        authorization_value, bearer,
    );
    assert!(!implements!(AccessToken<NoClaims>: Display));
    assert!(!implements!(AccessToken<NoClaims>: Serialize));
    assert!(!implements!(AccessToken<NoClaims>: AsRef<str>));
    assert!(!implements!(AccessToken<NoClaims>: Into<String>));
    lacks!(PropagationBuilder: mint, mint_with, mint_async);
    assert!(!implements!(Propagation: Default));
}

#[test]
fn a_verifying_key_cant_sign() {
    lacks!(
        VerifyingKey: sign, signing_key, expose_jwk, expose_secret, expose_json, secret, private_key,
        to_signing_key, into_signing_key,
    );
    assert!(!implements!(SigningKey: From<VerifyingKey>));
    assert!(!implements!(VerifyingKey: Deref<Target = SigningKey>));
    assert!(!implements!(VerifyingKey: AsRef<SigningKey>));
    assert!(!implements!(VerifyingKey: Borrow<SigningKey>));
    // Signing takes a signing key and nothing else; verifying doesn't take it, though it could.
    let _: fn(&SigningKey, &[u8]) -> Result<String, Error> = jws::sign;
    let _: fn(&VerifyingKey, &str) -> Result<VerifiedJws, Error> = jws::verify;
    let _: fn(SigningKey) -> JwtIssuerBuilder = JwtIssuer::builder;
    assert!(!implements!(SigningKey: Into<KeySet>));
    assert!(implements!(VerifyingKey: Into<KeySet>));
    assert!(!implements!(EncryptionKey: Into<KeySet>));
    assert!(!implements!(SigningKey: Deref<Target = VerifyingKey>));
}

#[test]
fn an_encryption_key_cant_decrypt() {
    lacks!(
        EncryptionKey: decrypt, decrypt_claims, decryption_key, expose_jwk, expose_secret, expose_json,
        private_key, to_decryption_key, into_decryption_key,
    );
    assert!(!implements!(DecryptionKey: From<EncryptionKey>));
    assert!(!implements!(EncryptionKey: Deref<Target = DecryptionKey>));
    assert!(!implements!(EncryptionKey: AsRef<DecryptionKey>));
    assert!(!implements!(EncryptionKey: Borrow<DecryptionKey>));
    let _: fn(&EncryptionKey, &[u8]) -> Result<String, Error> = encrypt;
    let _: fn(&DecryptionKey, &str) -> Result<SecretBytes, Error> = decrypt;
    assert!(!implements!(EncryptionKey: Into<KeySet<DecryptionKey>>));
    assert!(!implements!(VerifyingKey: Into<KeySet<DecryptionKey>>));
    assert!(implements!(DecryptionKey: Into<KeySet<DecryptionKey>>));
}

#[test]
fn a_chain_gives_its_key_to_who_judges_it_only() {
    lacks!(
        CertificateChain: key, public_key, leaf_key, to_jwk, into_jwk, verifying_key, encryption_key, jwk, trusted,
    );
    assert!(!implements!(Jwk: From<CertificateChain>));
    assert!(!implements!(VerifyingKey: From<CertificateChain>));
    assert!(!implements!(CertificateChain: Into<KeySet>));
    assert!(!implements!(UnverifiedToken: Into<CertificateChain>));
    assert!(implements!(CertificateChain: Clone));
}

#[test]
fn a_secret_cant_be_cloned_printed_or_serialized() {
    assert_secret!(SecretBytes, SecretString, Jwk, SigningKey, VerifyingKey, DecryptionKey, EncryptionKey);
    // A plaintext is as secret, and so is what holds the keys to it.
    assert_secret!(DecryptedJwe, JweDecrypter);
    assert!(!implements!(JwkSet: Clone), "it may hold private keys");
    assert!(!implements!(JwkSet: Display));
    assert!(!implements!(JwkSet: Serialize));
    assert!(!implements!(TokenBuffer: Clone));
    assert!(!implements!(TokenBuffer: Serialize));
    // Where there is a way, its name says what it does.
    let copied: SecretBytes = has!(support::secret(), clone_secret);
    let bytes: &[u8] = has!(copied, expose_secret);
    assert_eq!(bytes.len(), 32);
}

#[test]
fn what_holds_no_secret_can_be_cloned() {
    assert!(implements!(KeySet: Clone), "its clones share the keys");
    assert!(implements!(VerifiedJwt<NoClaims>: Clone));
    assert!(implements!(SkippedKey: Clone));
    assert!(implements!(Error: Clone));
}

#[test]
fn a_builder_isnt_what_it_builds() {
    lacks!(JwtVerifierBuilder: verify, verify_borrowed);
    lacks!(JwtIssuerBuilder: issue, issue_without_subject);
    assert!(!implements!(JwtVerifierBuilder: Deref));
    assert!(!implements!(JwtVerifier: From<JwtVerifierBuilder>));
    assert!(!implements!(JwtIssuer: From<JwtIssuerBuilder>));
    let _: fn(JwtVerifierBuilder) -> Result<JwtVerifier, Error> = JwtVerifierBuilder::build;
    let _: fn(JwtIssuerBuilder) -> Result<JwtIssuer, Error> = JwtIssuerBuilder::build;
    // There is none to be had without keys, nor by default.
    assert!(!implements!(JwsVerifier: Default));
    assert!(!implements!(JwtVerifier: Default));
    assert!(!implements!(JwtVerifierBuilder: Default));
    assert!(!implements!(JwtIssuer: Default));
    assert!(!implements!(KeySet: Default));
    lacks!(AccessTokenVerifierBuilder: verify, verify_with_proof);
    assert!(!implements!(AccessTokenVerifier: Default));
    assert!(!implements!(AccessTokenVerifier: From<JwtVerifier>));
}

/// The one reader of padded tokens gives out nothing that counts elsewhere, and waives neither whose load balancer
/// signed nor until when.
#[test]
fn a_load_balancers_token_is_of_its_own_kind() {
    trait Otherwise: Sized {
        fn any_signer(self) -> Absent {
            Absent
        }
        fn any_issuer(self) -> Absent {
            Absent
        }
        fn allow_missing_expiry(self) -> Absent {
            Absent
        }
        fn algorithms(self, _: [JwsAlgorithm; 1]) -> Absent {
            Absent
        }
    }
    impl<T> Otherwise for T {}
    let builder = || LoadBalancerVerifier::builder(NoKeys);
    let Absent = builder().any_signer();
    let Absent = builder().any_issuer();
    let Absent = builder().allow_missing_expiry();
    let Absent = builder().algorithms([JwsAlgorithm::Hs256]);
    lacks!(LoadBalancerVerifierBuilder: verify);
    assert!(!implements!(LoadBalancerVerifier: Default));
    assert!(!implements!(VerifiedJwt<NoClaims>: From<LoadBalancerToken<NoClaims>>));
    assert!(!implements!(AccessToken<NoClaims>: From<LoadBalancerToken<NoClaims>>));
    assert!(!implements!(LoadBalancerToken<NoClaims>: From<VerifiedJwt<NoClaims>>));
    assert!(!implements!(LoadBalancerToken<NoClaims>: Deref + DeserializeOwned + Serialize));
}

/// A source that is never asked.
struct NoKeys;

impl KeySource for NoKeys {
    fn keys<'a>(&'a self, _: Option<&'a str>, _: Option<&'a KeySnapshot>) -> KeySourceFuture<'a> {
        Box::pin(async { Err(Error::NoMatchingKey) })
    }
}

/// What RFC 9068 §4 asks a resource server to check can't be waived.
#[test]
fn an_access_token_verifier_waives_nothing() {
    trait Otherwise: Sized {
        fn any_issuer(self) -> Absent {
            Absent
        }
        fn any_audience(self) -> Absent {
            Absent
        }
        fn allow_missing_expiry(self) -> Absent {
            Absent
        }
        fn token_type(self, _: &str) -> Absent {
            Absent
        }
    }
    impl<T> Otherwise for T {}
    let builder = || AccessTokenVerifier::builder(support::hmac_key());
    let Absent = builder().any_issuer();
    let Absent = builder().any_audience();
    let Absent = builder().allow_missing_expiry();
    let Absent = builder().token_type("JWT");
}

/// What a guard says of a refusal holds no token, and what it admits is a verified token and nothing else.
#[test]
fn a_guard_gives_out_verified_tokens_only() {
    lacks!(Refused: token, text, authorization, claims, verified);
    lacks!(RefusalCause: token, text, authorization, claims);
    lacks!(GuardRequest<'static>: token, text, authorization, bearer, as_str);
    lacks!(GuardBuilder: admit);
    assert!(!implements!(Guard: Default));
    assert!(!implements!(GuardBuilder: Default));
    assert!(implements!(Refused: Clone + std::error::Error));
    // What a request's extensions take, and what they must not: anything to read the token's text from.
    assert!(implements!(AccessToken<NoClaims>: Clone + Send + Sync));
    assert!(!implements!(AccessToken<NoClaims>: Display));
    fn is_send<F: Send>(_: &F) {}
    let _ =
        |guard: &'static Guard, request: GuardRequest<'static>| is_send(&guard.admit::<NoClaims>(request));
}

#[test]
fn authorization_asks_verified_access_tokens_only() {
    let _: fn(&Requirement, &AccessToken<NoClaims>) -> Result<(), Denied> = Requirement::check;
    assert!(!implements!(AccessToken<NoClaims>: From<UnverifiedToken>));
    // An empty requirement would let everyone in.
    assert!(!implements!(Requirement: Default));
}

/// Asserts of each type that threads may share it, and returns the types' names.
macro_rules! shareable {
    ($($type:ident $(<$($argument:tt),+>)?),+ $(,)?) => {{
        fn is_shareable<T: Send + Sync + 'static>() {}
        $(is_shareable::<$type $(<$($argument),+>)?>();)+
        [$(stringify!($type)),+]
    }};
}

/// The public structs and enums, as the files of `src` declare them.
fn public_types(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            public_types(&path, found);
            continue;
        }
        let source = fs::read_to_string(path).unwrap();
        let declared = source.lines().filter_map(|line| {
            let rest = line.strip_prefix("pub struct ").or_else(|| line.strip_prefix("pub enum "))?;
            rest.split(|character: char| !character.is_alphanumeric()).next()
        });
        found.extend(declared.map(str::to_owned));
    }
}

/// Issuers, verifiers and keys are built once and shared by reference, and what they return goes to
/// whatever thread goes on with it.
#[test]
fn every_public_type_can_be_shared_between_threads() {
    let shareable = shareable!(
        AccessToken<NoClaims>,
        AccessTokenIssuer,
        AccessTokenIssuerBuilder,
        AccessTokenVerifier,
        AccessTokenVerifierBuilder,
        Actor<'static>,
        Actors<'static>,
        Audit,
        AuditBuilder,
        AuditEvent<'static>,
        AuditSubject<'static>,
        AuditText<'static>,
        BadCredentials,
        BearerChallenge,
        BorrowedJwt<'static, NoClaims>,
        CertificateChain,
        ChannelReceiver,
        ChannelSink,
        ClaimProblem,
        ClaimValue<'static>,
        Claims<'static>,
        ClientCertificate,
        Confirmation,
        ConfirmationMethod<'static>,
        ContentEncryption,
        Decision,
        DecryptedJwe,
        DecryptionKey,
        Defect,
        Denied,
        EncryptionKey,
        EphemeralPublicKey,
        Error,
        ExpectedValue,
        Guard,
        GuardBuilder,
        GuardRequest<'static>,
        ExternalKeyError,
        FetchProblem,
        Grant,
        HttpFailure,
        HttpResponse,
        JsonLines<Stdout>,
        JweAlgorithm,
        JweBuilder<'static>,
        JweDecrypter,
        Jwk,
        JwkSet,
        JwsAlgorithm,
        JwsBuilder<'static>,
        JwsVerifier,
        JwtIssuer,
        JwtIssuerBuilder,
        JwtVerifier,
        JwtVerifierBuilder,
        KeyDefect,
        KeyGeneration,
        KeyKind,
        KeyOperation,
        KeyRing,
        KeyRingBuilder,
        KeySet,
        KeySetIter<'static, VerifyingKey>,
        KeySnapshot,
        KeySourceEvent,
        KeyUse,
        Limit,
        Limits,
        LoadBalancerToken<NoClaims>,
        LoadBalancerVerifier,
        LoadBalancerVerifierBuilder,
        MemoryReplays,
        MemoryRevocations,
        NoClaims,
        NumericDate,
        Outbound,
        Part,
        PartlyVerifiedJws,
        PendingDecision<'static>,
        Propagation,
        PropagationBuilder,
        ProtectedResourceMetadata,
        ProtectedResourceMetadataBuilder,
        Provider,
        Refusal,
        RefusalCause,
        Refused,
        RefusedSignature,
        RemoteJwks,
        RemoteJwksBuilder,
        ReplayCheck,
        Requirement,
        Revocable<'static>,
        Revocation,
        RevocationCheck,
        RevocationKey<'static>,
        RevocationKind,
        RingKey,
        SecretBytes,
        SecretString,
        Service,
        ServiceCall,
        ServiceToken,
        SigningKey,
        SkippedKey,
        SourcedVerifier,
        SourcedVerifier<AccessTokenVerifier>,
        StoreError,
        SubjectHash,
        SystemClock,
        ThumbprintHash,
        ThumbprintUri,
        TokenBuffer,
        TokenCache,
        TokenCacheBuilder,
        TokenFingerprint,
        TokenUse<'static>,
        Unsupported,
        UnverifiedFacts,
        UnverifiedToken,
        Verification,
        VerifiedFacts<'static>,
        VerifiedJsonJws,
        VerifiedJws,
        VerifiedJwt<NoClaims>,
        VerifiedSignature,
        VerifyingKey,
        WrappedKey<'static>,
    );
    let _ = shareable!(KeySet<DecryptionKey>);
    // Those behind a feature are declared in each build, and only there in some.
    #[cfg(feature = "jwks-http")]
    let _ = shareable!(ReqwestClient, ReqwestClientBuilder, TokioRuntime);
    #[cfg(feature = "metrics")]
    let _ = shareable!(KeySourceMetrics, MetricsSink);
    #[cfg(feature = "pem")]
    let _ = shareable!(LoadBalancerKeys, LoadBalancerKeysBuilder);
    #[cfg(feature = "redis")]
    let _ = shareable!(RedisFault, RedisStore, RedisStoreBuilder);
    #[cfg(feature = "tower")]
    let _ = shareable!(GuardLayer, GuardService<()>);
    // A future in a box is polled by one thread, and moves between them.
    #[cfg(feature = "tower")]
    assert!(implements!(GuardFuture<(), Error>: Send + Unpin));
    #[cfg(feature = "tracing")]
    let _ = shareable!(TracingSink);
    let of_features = [
        "GuardFuture",
        "GuardLayer",
        "GuardService",
        "KeySourceMetrics",
        "LoadBalancerKeys",
        "LoadBalancerKeysBuilder",
        "MetricsSink",
        "RedisFault",
        "RedisStore",
        "RedisStoreBuilder",
        "ReqwestClient",
        "ReqwestClientBuilder",
        "TokioRuntime",
        "TracingSink",
    ];
    let mut declared = BTreeSet::new();
    public_types(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut declared);
    assert_eq!(declared, shareable.into_iter().chain(of_features).map(str::to_owned).collect());
}

/// A client of any type may stand behind a key, so its traits make objects, and those go where keys go.
#[test]
fn external_keys_are_objects() {
    fn is_key<T: ?Sized + Send + Sync>() {}
    is_key::<dyn ExternalSigner>();
    is_key::<dyn AsyncExternalSigner>();
    is_key::<dyn ExternalUnwrapper>();
    is_key::<dyn AsyncExternalUnwrapper>();
    is_key::<dyn ExternalAgreement>();
    is_key::<dyn AsyncExternalAgreement>();
    assert!(implements!(Arc<dyn ExternalSigner>: ExternalSigner));
    assert!(implements!(Arc<dyn AsyncExternalSigner>: AsyncExternalSigner));
    assert!(implements!(Arc<dyn ExternalUnwrapper>: ExternalUnwrapper));
    assert!(implements!(Arc<dyn AsyncExternalUnwrapper>: AsyncExternalUnwrapper));
    assert!(implements!(Arc<dyn ExternalAgreement>: ExternalAgreement));
    assert!(implements!(Arc<dyn AsyncExternalAgreement>: AsyncExternalAgreement));
    // One that must be waited for isn't taken for one that needn't be.
    assert!(!implements!(dyn AsyncExternalSigner: ExternalSigner));
    assert!(!implements!(dyn ExternalSigner: AsyncExternalSigner));
    // A key in the process isn't one outside it, whose private operation anyone could call.
    assert!(!implements!(SigningKey: ExternalSigner));
    assert!(!implements!(DecryptionKey: ExternalUnwrapper));
    assert!(!implements!(DecryptionKey: ExternalAgreement));
    assert!(
        implements!(ExternalFuture<'static, Vec<u8>>: Future<Output = Result<Vec<u8>, ExternalKeyError>> + Send)
    );
    // What a key is asked about can't be made by anyone else.
    assert!(!implements!(EphemeralPublicKey: From<Jwk>));
    assert!(!implements!(WrappedKey<'static>: From<&'static [u8]>));
}

/// Keys may come from anywhere, fetched by any client, in any executor's tasks.
#[test]
fn sources_of_keys_are_objects() {
    fn is_shared<T: ?Sized + Send + Sync>() {}
    is_shared::<dyn KeySource>();
    is_shared::<dyn HttpClient>();
    is_shared::<dyn Runtime>();
    assert!(implements!(Arc<dyn KeySource>: KeySource));
    assert!(implements!(Arc<dyn HttpClient>: HttpClient));
    assert!(implements!(Arc<dyn Runtime>: Runtime));
    assert!(implements!(RemoteJwks: KeySource + Clone));
    assert!(!implements!(RemoteJwksBuilder: KeySource));
    #[cfg(feature = "jwks-http")]
    assert!(implements!(ReqwestClient: HttpClient + Clone) && implements!(TokioRuntime: Runtime + Clone));
    // One set doesn't change; it is no source, which promises to.
    assert!(!implements!(KeySet: KeySource));
    assert!(!implements!(KeySnapshot: KeySource));
}

/// An event tells what its accessors say: the token, its other claims and a hidden subject have no way out.
#[test]
fn an_audit_event_gives_out_no_token() {
    lacks!(
        AuditEvent<'static>: token, text, raw, signature, payload, claims, claim, access_token, verified_token,
        subject, key_id, issuer, into_token,
    );
    lacks!(VerifiedFacts<'static>: token, claims, claim, scopes, audience, clear_subject, access_token);
    lacks!(UnverifiedFacts: token, issuer, subject, client_id, token_id, claims);
    lacks!(PendingDecision<'static>: text, claims, event);
    // What nobody vouches for isn't taken for what was verified.
    assert!(!implements!(VerifiedFacts<'static>: From<UnverifiedFacts>));
    assert!(!implements!(AuditText<'static>: Deref));
    assert!(!implements!(AuditText<'static>: AsRef<str>));
    assert!(!implements!(PendingDecision<'static>: Clone), "a decision ends once");
    assert!(!implements!(Audit: Default));
    // Sinks are objects, and shared.
    assert!(implements!(Arc<dyn AuditSink>: AuditSink));
    assert!(implements!(ChannelSink: AuditSink));
    assert!(!implements!(ChannelReceiver: AuditSink));
    assert!(implements!(JsonLines<Vec<u8>>: AuditSink));
    assert!(implements!(AuditEvent<'static>: Clone));
}

#[test]
fn a_secret_is_made_of_plain_bytes() {
    assert!(implements!(SecretBytes: From<Vec<u8>>));
    // zeroize is the library's own affair.
    assert!(!implements!(SecretBytes: From<zeroize::Zeroizing<Vec<u8>>>));
}
