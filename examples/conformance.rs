//! Every operation of this library, driven from outside: one JSON object a line on standard input, one answer a line
//! on standard output, with the same `id`, until the input ends. What is drivable so can be compared with any other
//! implementation of JOSE; `interop/run.py` does.
//!
//! `cargo run --all-features --example conformance`, then for instance:
//!
//! ```text
//! {"id":1,"op":"info"}
//! {"id":2,"op":"jws_sign","alg":"HS256","key":{"kty":"oct","k":"…"},"payload_b64u":"aGk","serialization":"compact"}
//! {"id":3,"op":"jws_verify","alg":"HS256","key":{"kty":"oct","k":"…"},"token":"…"}
//! ```
//!
//! | `op` | members | may have | answer |
//! |---|---|---|---|
//! | `info` | | | `name`, `version`, `backends`, `jws`, `jwe_alg`, `jwe_enc`: what this build can do |
//! | `jws_sign` | `alg`, `key`, `payload_b64u`, `serialization` | `header`, `b64`, `detached` | `token` |
//! | `jws_verify` | `alg`, `key`, `token` | `detached_payload_b64u`, `crit` | `payload_b64u` |
//! | `jwe_encrypt` | `alg`, `enc`, `key`, `payload_b64u`, `serialization` | `header`, `aad_b64u`, `zip`, `recipients` | `token` |
//! | `jwe_decrypt` | `alg`, `enc`, `key`, `token` | `crit`, `zip` | `payload_b64u` |
//! | `jwk_thumbprint` | `key`, `hash` | | `thumbprint` |
//! | `jwt_verify` | `algs`, `keys`, `token` | `issuer`, `audience`, `subject`, `typ`, `required_claims`, `leeway`, `max_age`, `now`, `decrypt_keys`, `jwe_algs`, `jwe_encs` | `claims` |
//! | `jwk_check` | `key` | `alg`, `use` | `usable`: how many of the keys are, if any |
//!
//! - `key` is a JWK, private or secret where an operation needs that. `keys`, `decrypt_keys` and the `key` of
//!   `jwk_check` may be a JWK set. What a JWK says in `alg`, `use`, `key_ops` and `kid` is obeyed. A password
//!   is an `oct` key; a key for `dir` is one of the size that `enc` needs, and is checked with `enc`'s name
//!   as its `alg`.
//! - `alg`, `enc` and the lists `algs`, `jwe_algs`, `jwe_encs` name all that the call accepts. `EdDSA` is the
//!   older name of `Ed25519` (RFC 9864 §2.2), and the library takes both for one algorithm: to verify, either
//!   name accepts either; to sign, the header gets the one that is asked for. Without `jwe_algs` it is what
//!   the keys themselves say, and no passwords.
//! - A member that ends in `_b64u` is base64url without padding. `serialization` is `compact`, `flattened` or
//!   `general`; a `token` is a string or, in a JSON serialization, an object. `hash` is `S256`, `S384` or
//!   `S512`; `use` is `sign`, `verify`, `encrypt` or `decrypt`.
//! - `header` has further protected parameters, and in its `crit` the names of those that are critical; its
//!   `apu`, `apv` and `p2c` are what the key management uses. `recipients`, `[{"alg":"…","key":{…}}]`, are
//!   those after the first, in the general serialization.
//! - `b64` false leaves the payload unencoded, and `detached` true leaves it out: then the verifier gets it
//!   in `detached_payload_b64u`. `crit` lists the parameters that a reader understands, `b64` among them.
//!   `zip` is `"DEF"` to compress, and true to allow what is compressed.
//! - `leeway` and `max_age` are in seconds, `now` is in seconds since 1970. An issuer, audience or type that
//!   isn't given isn't checked.
//!
//! The answer is `{"id":3,"ok":true,"payload_b64u":"aGk"}`, or `"ok":false` with `kind` (`unsupported`,
//! `invalid`), `code` and `error`: the library's own error, or the code `request` for a line that isn't one
//! of this protocol. Keys, headers and tokens go to the library in the very text they came in, so that it is
//! the library which meets a member that stands twice.

use std::io::{self, BufRead, Read, Write};
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign::jwe::{JweBuilder, JweDecrypter};
use countersign::jwk::ThumbprintHash;
use countersign::jws::{self, JwsBuilder, JwsVerifier};
use countersign::{
    ContentEncryption, JweAlgorithm, Jwk, JwsAlgorithm, JwtVerifier, KeyKind, Limits, SigningKey,
    VerifyingKey,
};
use serde_json::value::RawValue;

use keys::{
    EDDSA, compress, content_encryption, decryption_key, decryption_keys, encryption_key, inflate,
    jwe_algorithm, jws_algorithm, known, verifying_keys,
};
use protocol::{Answer, Failure, Header, Members, Serialization, Token, reply};

#[path = "conformance/keys.rs"]
mod keys;
#[path = "conformance/protocol.rs"]
mod protocol;

/// A longer line is skipped, unread: room for a token of [`TOKEN_BYTES`] and a key.
const LINE_BYTES: u64 = 8 * 1024 * 1024;
/// Payloads of 1 MiB are ordinary here; base64url and JSON make them longer.
const TOKEN_BYTES: usize = 4 * 1024 * 1024;

fn main() -> io::Result<()> {
    serve(io::stdin().lock(), io::stdout().lock())
}

/// Answers line after line until the input ends.
pub(crate) fn serve(mut input: impl BufRead, mut output: impl Write) -> io::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        if input.by_ref().take(LINE_BYTES).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        let whole =
            line.ends_with(b"\n") || u64::try_from(line.len()).is_ok_and(|length| length < LINE_BYTES);
        let reply = if whole {
            answer(&line)
        } else {
            input.skip_until(b'\n')?;
            reply(None, Err(Failure::of_request("expected a line of at most 8 MiB, found a longer one")))
        };
        writeln!(output, "{reply}")?;
        output.flush()?;
    }
}

/// Answers one line.
pub(crate) fn answer(line: &[u8]) -> String {
    let request = std::str::from_utf8(line).ok().and_then(|line| Members::read(line).ok());
    let Some(request) = request else {
        return reply(
            None,
            Err(Failure::of_request("expected a line that is one JSON object, found another")),
        );
    };
    // Only what can't be taken for part of an answer is given back.
    let id = request.get("id").filter(|id| !id.get().starts_with(['{', '[']));
    reply(id, request.check_distinct().and_then(|()| run(&request)))
}

fn run(request: &Members<'_>) -> Result<Answer, Failure> {
    match request.required_text("op")?.as_str() {
        "info" => Ok(info()),
        "jws_sign" => jws_sign(request),
        "jws_verify" => jws_verify(request),
        "jwe_encrypt" => jwe_encrypt(request),
        "jwe_decrypt" => jwe_decrypt(request),
        "jwk_thumbprint" => jwk_thumbprint(request),
        "jwt_verify" => jwt_verify(request),
        "jwk_check" => jwk_check(request),
        _ => Err(Failure::unsupported("operation", "expected an operation of the protocol, found another")),
    }
}

// ---- operations

/// What this build can do: an algorithm counts if one of the keys there can be is one for it.
fn info() -> Answer {
    let kinds = [
        KeyKind::P256,
        KeyKind::P384,
        KeyKind::P521,
        #[cfg(feature = "es256k")]
        KeyKind::Secp256k1,
        KeyKind::Ed25519,
    ];
    let secrets = [128, 192, 256, 384, 512].map(|bits| KeyKind::Oct { bits });
    let keys = kinds.into_iter().chain(secrets).filter_map(|kind| Jwk::generate(kind).ok());
    // Not every stack generates RSA keys, so this one is ready-made.
    let rsa = format!(r#"{{"kty":"RSA","e":"AQAB","n":"{}"}}"#, URL_SAFE_NO_PAD.encode([0xff; 256]));
    let keys: Vec<Jwk> =
        keys.map(|key| key.to_public().unwrap_or(key)).chain(Jwk::from_json(&rsa).ok()).collect();
    let verifies =
        |&&alg: &&JwsAlgorithm| keys.iter().any(|key| VerifyingKey::from_jwk_for(alg, key).is_ok());
    let encrypts = |&&alg: &&JweAlgorithm| keys.iter().any(|key| encryption_key(alg, None, key).is_ok());
    let mut jws: Vec<_> = JwsAlgorithm::ALL.iter().filter(verifies).map(|alg| alg.name()).collect();
    jws.push(EDDSA);
    Answer::Info {
        name: "countersign",
        version: env!("CARGO_PKG_VERSION"),
        // With both, this is the one that works.
        backends: [if cfg!(feature = "aws-lc-rs") { "aws-lc-rs" } else { "ring" }],
        jws,
        jwe_alg: JweAlgorithm::ALL.iter().filter(encrypts).map(|alg| alg.name()).collect(),
        jwe_enc: ContentEncryption::ALL.iter().map(|enc| enc.name()).collect(),
    }
}

fn jws_sign(request: &Members<'_>) -> Result<Answer, Failure> {
    let name = request.required_text("alg")?;
    let header = Header::of(request)?;
    let mut key = SigningKey::from_jwk_for(jws_algorithm(&name)?, &request.jwk("key")?)?;
    if name == EDDSA {
        key = key.with_eddsa_name();
    }
    if let Some(key_id) = header.key_id(key.key_id())? {
        key = key.with_key_id(key_id);
    }
    let mut builder = JwsBuilder::new(&key);
    if let Some(token_type) = header.members.text("typ")? {
        builder = builder.token_type(token_type);
    }
    if let Some(content_type) = header.members.text("cty")? {
        builder = builder.content_type(content_type);
    }
    for (name, value, critical) in header.parameters(&["typ", "cty", "kid"]) {
        builder =
            if critical { builder.critical_parameter(name, value) } else { builder.parameter(name, value) };
    }
    if !request.flag("b64")?.unwrap_or(true) {
        builder = builder.unencoded_payload();
    }
    let payload = request.required_octets("payload_b64u")?;
    let detached = request.flag("detached")?.unwrap_or(false);
    match (request.serialization()?, detached) {
        (Serialization::Compact, false) => Answer::compact(&builder.sign(&payload)?),
        (Serialization::Compact, true) => Answer::compact(&builder.sign_detached(&payload)?),
        (Serialization::Flattened, false) => Answer::json(builder.sign_json(&payload)?),
        (Serialization::Flattened, true) => Answer::json(builder.sign_json_detached(&payload)?),
        (Serialization::General, false) => Answer::json(jws::sign_general(&[builder], &payload)?),
        (Serialization::General, true) => Answer::json(jws::sign_general_detached(&[builder], &payload)?),
    }
}

fn jws_verify(request: &Members<'_>) -> Result<Answer, Failure> {
    let algorithm = jws_algorithm(&request.required_text("alg")?)?;
    let key = VerifyingKey::from_jwk_for(algorithm, &request.jwk("key")?)?;
    let mut understood = request.texts("crit")?.unwrap_or_default();
    let mut verifier = JwsVerifier::new([&key]).limits(Limits::default().token_bytes(TOKEN_BYTES));
    if understood.iter().any(|name| name == "b64") {
        verifier = verifier.allow_unencoded_payload();
        understood.retain(|name| name != "b64");
    }
    let verifier = verifier.understood_critical(understood);
    let payload = match (request.token()?, request.octets("detached_payload_b64u")?) {
        (Token::Compact(token), None) => verifier.verify(&token)?.into_payload(),
        (Token::Compact(token), Some(payload)) => verifier.verify_detached(&token, &payload)?.into_payload(),
        (Token::Json(token), None) => verifier.verify_json(token)?.into_payload(),
        (Token::Json(token), Some(payload)) => verifier.verify_json_detached(token, &payload)?.into_payload(),
    };
    Ok(Answer::payload(&payload))
}

fn jwe_encrypt(request: &Members<'_>) -> Result<Answer, Failure> {
    let algorithm = jwe_algorithm(&request.required_text("alg")?)?;
    let enc = content_encryption(&request.required_text("enc")?)?;
    let header = Header::of(request)?;
    let mut key = encryption_key(algorithm, Some(enc), &request.jwk("key")?)?;
    if let Some(key_id) = header.key_id(key.key_id())? {
        key = key.with_key_id(key_id);
    }
    if let Some(iterations) = header.members.number("p2c")? {
        key = key.with_iterations(iterations)?;
    }
    let mut builder = JweBuilder::new(&key);
    if let Some(token_type) = header.members.text("typ")? {
        builder = builder.token_type(token_type);
    }
    if let Some(content_type) = header.members.text("cty")? {
        builder = builder.content_type(content_type);
    }
    let (apu, apv) = (header.members.octets("apu")?, header.members.octets("apv")?);
    if apu.is_some() || apv.is_some() {
        builder = builder.agreement_info(&apu.unwrap_or_default(), &apv.unwrap_or_default());
    }
    for (name, value, critical) in header.parameters(&["typ", "cty", "kid", "apu", "apv", "p2c"]) {
        builder =
            if critical { builder.critical_parameter(name, value) } else { builder.parameter(name, value) };
    }
    if let Some(data) = request.octets("aad_b64u")? {
        builder = builder.additional_authenticated_data(data);
    }
    match request.text("zip")?.as_deref() {
        None => {}
        Some("DEF") => builder = compress(builder)?,
        Some(_) => return Err(Failure::of_request("expected `DEF` in `zip`, found another")),
    }
    let mut others = Vec::new();
    for recipient in request.objects("recipients")? {
        let algorithm = jwe_algorithm(&recipient.required_text("alg")?)?;
        others.push(encryption_key(algorithm, Some(enc), &recipient.jwk("key")?)?);
    }
    for key in &others {
        builder = builder.add_recipient(key);
    }
    let plaintext = request.required_octets("payload_b64u")?;
    match request.serialization()? {
        Serialization::Compact => Answer::compact(&builder.encrypt(&plaintext)?),
        Serialization::Flattened => Answer::json(builder.encrypt_json(&plaintext)?),
        Serialization::General => Answer::json(builder.encrypt_general(&plaintext)?),
    }
}

fn jwe_decrypt(request: &Members<'_>) -> Result<Answer, Failure> {
    let algorithm = jwe_algorithm(&request.required_text("alg")?)?;
    let enc = content_encryption(&request.required_text("enc")?)?;
    let key = decryption_key(algorithm, Some(enc), &request.jwk("key")?)?.allow_content_encryptions([enc]);
    let mut decrypter = JweDecrypter::new([&key])
        .limits(Limits::default().token_bytes(TOKEN_BYTES))
        .understood_critical(request.texts("crit")?.unwrap_or_default());
    if request.flag("zip")?.unwrap_or(false) {
        decrypter = inflate(decrypter);
    }
    let decrypted = match request.token()? {
        Token::Compact(token) => decrypter.decrypt(&token)?,
        Token::Json(token) => decrypter.decrypt_json(token)?,
    };
    Ok(Answer::payload(decrypted.plaintext().expose_secret()))
}

fn jwk_thumbprint(request: &Members<'_>) -> Result<Answer, Failure> {
    let hash = match request.required_text("hash")?.as_str() {
        "S256" => ThumbprintHash::Sha256,
        "S384" => ThumbprintHash::Sha384,
        "S512" => ThumbprintHash::Sha512,
        _ => return Err(Failure::of_request("expected S256, S384 or S512 in `hash`, found another")),
    };
    Ok(Answer::Thumbprint { thumbprint: request.jwk("key")?.thumbprint_with(hash) })
}

fn jwt_verify(request: &Members<'_>) -> Result<Answer, Failure> {
    let algorithms = known(&request.required_texts("algs")?, jws_algorithm)?;
    let keys = verifying_keys(request.jwks("keys")?, &algorithms)?;
    let mut builder = JwtVerifier::builder(keys).algorithms(algorithms);
    builder = match request.text("issuer")? {
        Some(issuer) => builder.issuer(issuer),
        None => builder.any_issuer(),
    };
    builder = match request.text("audience")? {
        Some(audience) => builder.audience(audience),
        None => builder.any_audience(),
    };
    if let Some(subject) = request.text("subject")? {
        builder = builder.subject(subject);
    }
    if let Some(token_type) = request.text("typ")? {
        builder = builder.token_type(token_type);
    }
    if let Some(names) = request.texts("required_claims")? {
        builder = builder.required_claims(names);
    }
    if let Some(leeway) = request.seconds("leeway")? {
        builder = builder.leeway(leeway);
    }
    if let Some(max_age) = request.seconds("max_age")? {
        builder = builder.max_age(max_age);
    }
    if let Some(now) = request.seconds("now")? {
        let now = SystemTime::UNIX_EPOCH.checked_add(now);
        let now = now.ok_or_else(|| Failure::of_request("expected a `now` that a clock can show"))?;
        builder = builder.clock(move || now);
    }
    if request.get("decrypt_keys").is_some() {
        let listed = request.texts("jwe_algs")?.map(|names| known(&names, jwe_algorithm)).transpose()?;
        let encs = request.texts("jwe_encs")?.map(|names| known(&names, content_encryption)).transpose()?;
        builder = builder.decrypt_with(decryption_keys(
            request.jwks("decrypt_keys")?,
            listed.as_deref(),
            encs.as_deref(),
        )?);
        if let Some(listed) = listed {
            builder = builder.key_management_algorithms(listed);
        }
        if let Some(encs) = encs {
            builder = builder.content_encryptions(encs);
        }
    }
    let verifier = builder.build()?;
    let token = match request.token()? {
        Token::Compact(token) => token,
        // A JWT is compact (RFC 7519 §3); the library is to say so.
        Token::Json(token) => token.to_owned(),
    };
    Ok(Answer::Claims { claims: verifier.verify::<Box<RawValue>>(&token)?.into_claims() })
}

/// A key is usable if it can be made into one for the algorithm and the use that are asked for, else for any. A set
/// is usable if one of its keys is.
fn jwk_check(request: &Members<'_>) -> Result<Answer, Failure> {
    let (alg, usage) = (request.text("alg")?, request.text("use")?);
    let set = request.jwks("key")?;
    let mut refusal = set.skipped().first().map(|key| Failure::from(key.reason().clone()));
    let mut usable = 0_usize;
    for jwk in &set {
        match check_one(jwk, alg.as_deref(), usage.as_deref()) {
            Ok(()) => usable = usable.saturating_add(1),
            Err(reason) => refusal = refusal.or(Some(reason)),
        }
    }
    match refusal {
        Some(reason) if usable == 0 => Err(reason),
        None if usable == 0 => Err(Failure::of_request("expected a key in the set, found none")),
        _ => Ok(Answer::Usable { usable }),
    }
}

fn check_one(jwk: &Jwk, alg: Option<&str>, usage: Option<&str>) -> Result<(), Failure> {
    let all = || {
        let signatures = JwsAlgorithm::ALL.iter().map(|alg| alg.name());
        // Any secret would do as a password, so password algorithms count where they are named.
        let encryption =
            JweAlgorithm::ALL.iter().map(|alg| alg.name()).filter(|name| !name.starts_with("PBES2"));
        signatures.chain(encryption).collect()
    };
    let names: Vec<&str> = alg.or(jwk.algorithm()).map_or_else(all, |name| vec![name]);
    let mut refusal = None;
    for name in names {
        let signs = JwsAlgorithm::from_name(name).is_some();
        let uses = if signs { ["sign", "verify"] } else { ["encrypt", "decrypt"] };
        for usage in usage.map_or(uses.to_vec(), |one| vec![one]) {
            match bind(jwk, name, usage) {
                Ok(()) => return Ok(()),
                // That it is of another type than the algorithm's says least.
                Err(reason) if refusal.as_ref().is_none_or(Failure::is_of_key_type) => refusal = Some(reason),
                Err(_) => {}
            }
        }
    }
    Err(refusal.unwrap_or_else(|| Failure::of_request("expected an algorithm to check, found none")))
}

fn bind(jwk: &Jwk, alg: &str, usage: &str) -> Result<(), Failure> {
    let as_direct = ContentEncryption::from_name(alg);
    let management = || as_direct.map_or_else(|| jwe_algorithm(alg), |_| Ok(JweAlgorithm::Dir));
    match usage {
        "sign" => SigningKey::from_jwk_for(jws_algorithm(alg)?, jwk).map(drop)?,
        "verify" => VerifyingKey::from_jwk_for(jws_algorithm(alg)?, jwk).map(drop)?,
        "encrypt" => encryption_key(management()?, as_direct, jwk).map(drop)?,
        "decrypt" => decryption_key(management()?, as_direct, jwk).map(drop)?,
        _ => {
            return Err(Failure::of_request(
                "expected sign, verify, encrypt or decrypt in `use`, found another",
            ));
        }
    }
    Ok(())
}
