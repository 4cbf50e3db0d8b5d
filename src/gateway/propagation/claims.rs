//! The claims of a minted token that a grant doesn't have: audience, expiry, whose subject it is, who acts,
//! which transaction (RFC 8693 §4.1, §4.4, RFC 9493 §3.2.3, RFC 8417 §2.2).
//!
//! A verified token goes in, and each claim of it that is passed on is checked once more for its form: what
//! the gateway signs is its own word.

use std::borrow::Cow;
use std::fmt::Write as _;

use zeroize::Zeroizing;

use super::builder::{OwnActor, SubjectIssuer};
use crate::error::{ClaimProblem, Error, Part, Refusal};
use crate::jwt::{Claims, NumericDate, random_id};
use crate::limits::Limits;
use crate::profile::access_token::{AccessToken, check_own};
use crate::wire::json::{Kind, scan_object, write_string};

/// The claims that are written here.
const WRITTEN: [&str; 5] = ["aud", "exp", "act", "txn", "sub_id"];

/// How many may act one after the other: more is a loop.
const MAX_ACTORS: usize = 8;

/// How deep their JSON may nest: the two levels to the default limit are the claims and the gateway's own `act`.
const MAX_ACTOR_DEPTH: usize = 30;

/// How long the ID of a transaction may be: every record of it has it.
const MAX_TRANSACTION_ID: usize = 256;

/// What a minted token says beside its grant.
pub(super) struct OwnClaims<'a> {
    pub(super) audience: &'a str,
    pub(super) expires_at: NumericDate,
    pub(super) actor: &'a OwnActor,
    /// The chain of those who acted before, as JSON.
    pub(super) prior: Option<&'a str>,
    pub(super) transaction_id: &'a str,
    pub(super) subject: &'a SubjectId<'a>,
}

/// Whose subject it is: an identifier of the format `iss_sub` ([RFC 9493 §3.2.3](https://www.rfc-editor.org/rfc/rfc9493#section-3.2.3)).
pub(super) struct SubjectId<'a> {
    issuer: Cow<'a, str>,
    subject: Cow<'a, str>,
}

impl OwnClaims<'_> {
    /// Writes these claims and then the members of the caller's, as one object.
    pub(super) fn write(&self, own: &str) -> Result<Zeroizing<String>, Error> {
        check_own(own, &WRITTEN, "the propagation writes")?;
        let Some(members) = own.trim_ascii().strip_prefix('{').map(str::trim_ascii_start) else {
            return Err(Error::misuse(
                "expected claims that serialize to a JSON object of distinct names, found something else",
            ));
        };
        let mut text = Zeroizing::new(String::with_capacity(self.room() + own.len()));
        text.push_str("{\"aud\":");
        write_string(self.audience, &mut text);
        let _ = write!(text, ",\"exp\":{},\"act\":{{\"sub\":", self.expires_at.seconds());
        write_string(&self.actor.subject, &mut text);
        if let Some(issuer) = &self.actor.issuer {
            text.push_str(",\"iss\":");
            write_string(issuer, &mut text);
        }
        if let Some(prior) = self.prior {
            text.push_str(",\"act\":");
            text.push_str(prior);
        }
        text.push_str("},\"txn\":");
        write_string(self.transaction_id, &mut text);
        text.push_str(",\"sub_id\":{\"format\":\"iss_sub\",\"iss\":");
        write_string(&self.subject.issuer, &mut text);
        text.push_str(",\"sub\":");
        write_string(&self.subject.subject, &mut text);
        text.push('}');
        if !members.starts_with('}') {
            text.push(',');
        }
        text.push_str(members);
        Ok(text)
    }

    /// Room for all of it, were it nothing but escapes: text that grows leaves copies behind.
    fn room(&self) -> usize {
        let actor = self.actor.subject.len() + self.actor.issuer.as_deref().map_or(0, str::len);
        let subject = self.subject.issuer.len() + self.subject.subject.len();
        let escaped = self.audience.len() + actor + self.transaction_id.len() + subject;
        escaped * 6 + self.prior.map_or(0, str::len) + 160
    }
}

impl<'a> SubjectId<'a> {
    /// Reads whose subject a token is about.
    pub(super) fn of<T>(token: &'a AccessToken<T>, from: &SubjectIssuer) -> Result<Self, Error> {
        let own = Self { issuer: Cow::Borrowed(token.issuer()), subject: Cow::Borrowed(token.subject()) };
        // Of an issuer that isn't believed on others' subjects, `sub_id` could name one of them.
        let Some(id) = token.claim(["sub_id"]).filter(|_| from.relays) else { return Ok(own) };
        if id.value().kind() != Kind::Object {
            return Err(malformed("sub_id", "an object", id.value().kind_name()));
        }
        let member = |name| {
            let text = token.claim(["sub_id", name]).and_then(|value| value.as_str());
            text.filter(|text| !text.is_empty())
        };
        match member("format").as_deref() {
            Some("iss_sub") => match (member("iss"), member("sub")) {
                (Some(issuer), Some(subject)) => Ok(Self { issuer, subject }),
                _ => Err(malformed("sub_id", "an issuer and a subject in `iss_sub`", "something else")),
            },
            // An address or a phone number isn't every service's to know.
            Some(_) => Ok(own),
            None => Err(malformed("sub_id", "a `format`", "none")),
        }
    }
}

impl OwnActor {
    /// Judges `may_act`, which names who may act for the subject where it is there.
    pub(super) fn may_act_in<T>(&self, token: &AccessToken<T>) -> Result<(), Error> {
        let Some(may_act) = token.claim(["may_act"]) else { return Ok(()) };
        let value = may_act.value();
        if value.kind() != Kind::Object {
            return Err(malformed("may_act", "an object", value.kind_name()));
        }
        let (mut named, mut other) = (false, false);
        Claims::new(value.text(), token.limits()).for_each(|name, value| {
            let said = value.as_str();
            match name {
                // A client that acts on its own behalf is the subject of its tokens.
                "sub" | "client_id" if said.as_deref() == Some(&*self.subject) => named = true,
                "iss" if said.is_some() && said.as_deref() == self.issuer.as_deref() => {}
                // What can't be told of this actor could be what tells another from it.
                _ => other = true,
            }
        });
        if named && !other { Ok(()) } else { Err(Error::NotAllowed(Refusal::Actor)) }
    }
}

/// Returns those who acted before, as JSON, if one more may act after them.
pub(super) fn prior_actors<T>(token: &AccessToken<T>) -> Result<Option<&str>, Error> {
    let Some(actor) = token.actor() else { return Ok(None) };
    if actor.chain().take(MAX_ACTORS).count() == MAX_ACTORS {
        return Err(malformed("act", "fewer than 8 actors, with room for one more", "more"));
    }
    // An actor may have members of any shape, and the verifier of the token limits of its own. What is minted is
    // for verifiers of the default ones, and the issuer beneath would take the excess for the application's.
    scan_object(actor.json(), Part::Claims, &Limits::default().json_depth(MAX_ACTOR_DEPTH), |_, _| Ok(()))
        .map_err(|_| malformed("act", "actors of at most 30 levels, with up to 256 members each", "more"))?;
    Ok(Some(actor.json()))
}

/// Returns the ID of the transaction: the token's, else the call's if it has the form of one, else a new one.
pub(super) fn transaction_id<'a, T>(
    token: &'a AccessToken<T>,
    call: Option<&'a str>,
) -> Result<Cow<'a, str>, Error> {
    // Line breaks in it would forge lines of whoever's log has it.
    let fits = |id: &str| {
        (1..=MAX_TRANSACTION_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
    };
    match (token.transaction_id(), call.filter(|id| fits(id))) {
        (Some(id), _) if fits(id) => Ok(Cow::Borrowed(id)),
        (Some(_), _) => Err(malformed("txn", "at most 256 visible characters of ASCII", "others or more")),
        (None, Some(id)) => Ok(Cow::Borrowed(id)),
        // Where the call's was the client's words, a wrong one is no fault of the application's.
        (None, None) => random_id().map(Cow::Owned),
    }
}

fn malformed(claim: &'static str, expected: &'static str, found: &'static str) -> Error {
    Error::for_claim(claim, ClaimProblem::Malformed { expected, found })
}
