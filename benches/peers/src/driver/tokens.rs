//! That everyone does the same work: the tokens that the contenders read, those that each has to refuse, and the check
//! of those that they make. Nobody is timed before all of it holds.

use std::time::{Duration, SystemTime};

use countersign::jwe::decrypt_with_limits;
use countersign::jwt::JwtIssuerBuilder;
use countersign::{ContentEncryption, JwtIssuer, Limits, encrypt};
use peers::claims::{self, AUDIENCE, Custom, Groups, ISSUER, JWT_ID, LIFETIME, SCOPE, SUBJECT};
use peers::ours::{OWN, batch_keys, decryption_key, issuer, signing_key, verifier};
use peers::rows::{
    BATCH, BETWEEN, BORROWED, ENCRYPTIONS, NESTED_ISSUE, NESTED_VERIFY, ONE_BY_ONE, PLAINTEXTS, SETS,
    SIGNATURES, SIZES,
};
use peers::{keys, rows};

use super::contenders::{Kind, Process};

/// What a row's readers get.
pub(crate) struct Sample {
    pub(crate) row: String,
    good: String,
    /// What reading it gives.
    length: usize,
    /// What is to be refused, each with what is wrong about it.
    bad: Vec<(&'static str, String)>,
}

/// One sample for each row that reads.
pub(crate) fn samples() -> Vec<Sample> {
    let mut samples = Vec::new();
    for name in SIGNATURES {
        let issuer = |change: fn(JwtIssuerBuilder) -> JwtIssuerBuilder| {
            change(JwtIssuer::builder(signing_key(name))).build().expect("all choices are made")
        };
        samples.push(signed(rows::verify(name), issuer));
        if name == "HS256" {
            samples.push(signed(rows::variant(&rows::verify(name), BORROWED), issuer));
        }
    }
    let recipient = decryption_key("ECDH-ES+A256KW", "A256GCM").expect("every build has it");
    samples.push(signed(NESTED_VERIFY.to_owned(), |change| {
        let builder = JwtIssuer::builder(signing_key("ES256"));
        let builder = builder.encrypt_for(recipient.encryption_key().expect("it has a public half"));
        change(builder).build().expect("all choices are made")
    }));
    samples.extend(SIZES.map(|(size, bytes)| {
        let groups = Groups::of(bytes);
        let issuer = issuer(signing_key("HS256")).build().expect("all choices are made");
        let good = issuer.issue(SUBJECT, &groups).expect("the claims are in order");
        let bad = vec![("a changed signature", changed(&good))];
        Sample { row: rows::sized(size), good, length: groups.groups.len(), bad }
    }));
    samples.extend(SETS.map(|size| {
        let named = |name: String| {
            let issuer =
                issuer(signing_key("ES256").with_key_id(name)).build().expect("all choices are made");
            issuer.issue(SUBJECT, &OWN).expect("the claims are in order")
        };
        let good = named(keys::named_key(size));
        let bad =
            vec![("a changed signature", changed(&good)), ("the name of no key", named("none".to_owned()))];
        Sample { row: rows::set(size), good, length: SCOPE.len(), bad }
    }));
    samples.extend([BATCH, ONE_BY_ONE].map(batch));
    for names in ENCRYPTIONS {
        samples.extend(PLAINTEXTS.map(|(size, len)| encrypted(names, size, len)));
    }
    samples
}

fn signed(row: String, make: impl Fn(fn(JwtIssuerBuilder) -> JwtIssuerBuilder) -> JwtIssuer) -> Sample {
    let token = |change| make(change).issue(SUBJECT, &OWN).expect("the claims are in order");
    // Good for as long as the run may take.
    let good =
        token(|builder| builder.issuer(ISSUER).audience(AUDIENCE).lifetime(Duration::from_secs(86_400)));
    let bad = vec![
        ("a changed signature", changed(&good)),
        (
            "another issuer",
            token(|builder| builder.issuer("https://id.example.net").audience(AUDIENCE).lifetime(LIFETIME)),
        ),
        (
            "another audience",
            token(|builder| builder.issuer(ISSUER).audience("https://orders.example.net").lifetime(LIFETIME)),
        ),
        ("no issuer", token(|builder| builder.without_issuer().audience(AUDIENCE).lifetime(LIFETIME))),
        ("no audience", token(|builder| builder.issuer(ISSUER).without_audience().lifetime(LIFETIME))),
        (
            "expired",
            token(|builder| {
                let builder = builder.issuer(ISSUER).audience(AUDIENCE).lifetime(LIFETIME);
                builder.clock(|| SystemTime::now() - Duration::from_secs(3600))
            }),
        ),
    ];
    Sample { row, good, length: SCOPE.len(), bad }
}

/// 64 tokens, of each key in turn.
fn batch(row: &str) -> Sample {
    const TOKENS: usize = 64;
    let issuer =
        |key| issuer(key).lifetime(Duration::from_secs(86_400)).build().expect("all choices are made");
    let issuers = batch_keys().map(issuer);
    let issue = |issuer: &JwtIssuer| issuer.issue(SUBJECT, &OWN).expect("the claims are in order");
    let tokens: Vec<String> = issuers.iter().cycle().take(TOKENS).map(issue).collect();
    let joined = |tokens: &[String]| tokens.join(&BETWEEN.to_string());
    let one_is_changed = |at: usize| {
        let mut tokens = tokens.clone();
        tokens[at] = changed(&tokens[at]);
        joined(&tokens)
    };
    let bad = vec![
        ("a changed signature in front", one_is_changed(0)),
        ("a changed signature at the end", one_is_changed(TOKENS - 1)),
    ];
    Sample { row: row.to_owned(), good: joined(&tokens), length: TOKENS * SCOPE.len(), bad }
}

fn encrypted(names: (&str, &str), size: &str, len: usize) -> Sample {
    let key = decryption_key(names.0, names.1).expect("the driver's build has all");
    let encryption = ContentEncryption::from_name(names.1).expect("it is registered");
    let sender = key.encryption_key().and_then(|key| key.with_content_encryption(encryption));
    let plaintext = claims::plaintext(len);
    let good = encrypt(&sender.expect("they fit"), &plaintext).expect("any bytes can be encrypted");
    let bad = vec![("a changed tag", changed(&good))];
    Sample { row: rows::decrypt(names, size), good, length: len, bad }
}

/// Another character in the middle of the last part.
fn changed(token: &str) -> String {
    let start = token.rfind('.').map_or(0, |dot| dot + 1);
    let at = start + (token.len() - start) / 2;
    let other = if token.get(at..=at) == Some("A") { "B" } else { "A" };
    format!("{}{other}{}", &token[..at], &token[at + 1..])
}

impl Sample {
    /// Gives it to a contender: whether the good one is read and all others are refused.
    pub(crate) fn show(&self, process: &mut Process) -> Result<(), String> {
        for (what, token) in &self.bad {
            if process.ask(&["read", &self.row, token]) != "refused" {
                return Err(format!("accepts a token with {what}"));
            }
        }
        let expected = self.length.to_string();
        match process.ask(&["read", &self.row, &self.good]) {
            length if length == expected => Ok(()),
            refused if refused == "refused" => Err("refuses a good token".to_owned()),
            other => Err(format!("reads {other} instead of {expected}")),
        }
    }
}

/// Whether a token that a contender made in this row is what the row asks for.
pub(crate) fn check_made(row: &str, token: &str) -> Result<(), String> {
    for names in ENCRYPTIONS {
        for (size, len) in PLAINTEXTS {
            if row == rows::encrypt(names, size) {
                let key = decryption_key(names.0, names.1).expect("the driver's build has all");
                let limits = Limits::default().token_bytes(64 * 1024);
                let plaintext = decrypt_with_limits(&key, token, &limits)
                    .map_err(|error| format!("makes a bad token: {error}"))?;
                let same = plaintext.expose_secret() == claims::plaintext(len);
                return if same { Ok(()) } else { Err("encrypts something else".to_owned()) };
            }
        }
    }
    let verifier = if row == NESTED_ISSUE {
        let recipient = decryption_key("ECDH-ES+A256KW", "A256GCM").expect("every build has it");
        verifier(signing_key("ES256").verifying_key().expect("it has one")).decrypt_with(recipient)
    } else {
        let name = SIGNATURES.into_iter().find(|name| row == rows::issue(name)).ok_or("isn't a row")?;
        verifier(signing_key(name).verifying_key().expect("it has one"))
    };
    let verifier = verifier.build().expect("all choices are made");
    let jwt = verifier.verify::<Custom>(token).map_err(|error| format!("makes a bad token: {error}"))?;
    let times = (jwt.issued_at(), jwt.expires_at());
    let (Some(issued_at), Some(expires_at)) = times else { return Err("leaves out a time".to_owned()) };
    let lifetime = expires_at.seconds() - issued_at.seconds();
    let same = jwt.subject() == Some(SUBJECT)
        && jwt.jwt_id() == Some(JWT_ID)
        && jwt.claims().scope == SCOPE
        && u64::try_from(lifetime) == Ok(LIFETIME.as_secs());
    if same { Ok(()) } else { Err("issues other claims".to_owned()) }
}

/// Takes out of a contender's rows those that it doesn't do as the row asks, and says why.
pub(crate) fn admit(process: &mut Process, samples: &[Sample]) -> Vec<(String, String)> {
    let mut left_out = Vec::new();
    for (row, kind) in process.rows.clone() {
        let verdict = match kind {
            Kind::Raw => Ok(()),
            Kind::Make => check_made(&row, &process.ask(&["make", &row])),
            Kind::Read => {
                samples.iter().find(|sample| sample.row == row).expect("each row has a sample").show(process)
            }
        };
        if let Err(why) = verdict {
            process.rows.retain(|(name, _)| *name != row);
            left_out.push((row, why));
        }
    }
    left_out
}
