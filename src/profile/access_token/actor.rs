//! Who acts for a token's subject: the `act` claim (RFC 8693 §4.1), an object whose members identify the
//! actor, with the actor before it in its own `act`.
//!
//! The form is checked when the token is verified: a malformed actor is an error, never none. What an
//! actor of unusual kind is known by, its own members say.

use std::borrow::Cow;
use std::fmt;

use crate::error::{ClaimProblem, Error};
use crate::jwt::{ClaimValue, Claims};
use crate::limits::Limits;
use crate::wire::json::{Kind, Value};

/// Who acts for a token's subject ([RFC 8693 §4.1](https://www.rfc-editor.org/rfc/rfc8693#section-4.1)).
///
/// "For the purpose of applying access control policy, the consumer of a token MUST only consider the
/// token's top-level claims and the party identified as the current actor by the `act` claim": those
/// before it are for the record.
///
/// ```
/// use countersign::AccessToken;
///
/// fn comes_by_the_gateway<T>(token: &AccessToken<T>) -> bool {
///     token.actor().and_then(|actor| actor.subject()).as_deref() == Some("https://gateway.example.com")
/// }
/// # let _ = comes_by_the_gateway::<()>;
/// ```
#[derive(Clone, Copy)]
pub struct Actor<'a> {
    text: &'a str,
    limits: &'a Limits,
}

impl<'a> Actor<'a> {
    /// The members that say who it is, where they are there: strings with something in them.
    const NAMED: [&'static str; 3] = ["sub", "iss", "client_id"];

    /// The value must have passed [`check`](Self::check).
    pub(super) fn new(value: Value<'a>, limits: &'a Limits) -> Self {
        Self { text: value.text(), limits }
    }

    /// Checks the form of an `act` and of all those in it.
    pub(super) fn check(act: Value<'_>, limits: &Limits) -> Result<(), Error> {
        let mut next = Some(act);
        // Each is inside the one before, so their number is bounded by how deep JSON may nest.
        while let Some(act) = next.take() {
            if act.kind() != Kind::Object {
                return Err(malformed("an object", act.kind_name()));
            }
            let mut members = 0_usize;
            let mut wrong = None;
            Claims::new(act.text(), limits).for_each(|name, value| match name {
                "act" => next = Some(value),
                _ => {
                    members += 1;
                    let is_text = || value.as_str().is_some_and(|text| !text.is_empty());
                    if Self::NAMED.contains(&name) && !is_text() {
                        wrong = Some(value.kind_name());
                    }
                }
            });
            if let Some(found) = wrong {
                return Err(malformed("actors named by strings that aren't empty", found));
            }
            if members == 0 {
                return Err(malformed("members that say who acts", "none"));
            }
        }
        Ok(())
    }

    /// Returns `sub`, the actor's own name.
    #[must_use]
    pub fn subject(&self) -> Option<Cow<'a, str>> {
        self.text_of("sub")
    }

    /// Returns `iss`, in whose words [`subject`](Self::subject) names the actor, if that is said.
    #[must_use]
    pub fn issuer(&self) -> Option<Cow<'a, str>> {
        self.text_of("iss")
    }

    /// Returns `client_id`, if the actor is named as a client.
    #[must_use]
    pub fn client_id(&self) -> Option<Cow<'a, str>> {
        self.text_of("client_id")
    }

    /// Returns any member by its path, for actors that are known by another.
    #[must_use]
    pub fn claim<S: AsRef<str>>(&self, path: impl AsRef<[S]>) -> Option<ClaimValue<'a>> {
        Claims::new(self.text, self.limits).find_path(path.as_ref())
    }

    /// Returns who acted before: for the record, and not to decide by.
    #[must_use]
    pub fn prior(&self) -> Option<Self> {
        self.claim(["act"]).map(|act| Self::new(act.value(), self.limits))
    }

    /// Returns this actor and all those before, the most recent first.
    #[must_use]
    pub fn chain(&self) -> Actors<'a> {
        Actors(Some(*self))
    }

    /// The JSON text, those before included.
    #[cfg(feature = "gateway")]
    pub(crate) fn json(&self) -> &'a str {
        self.text
    }

    fn text_of(&self, name: &str) -> Option<Cow<'a, str>> {
        self.claim([name])?.as_str()
    }
}

/// Shows nothing of who it is.
impl fmt::Debug for Actor<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Actor").finish_non_exhaustive()
    }
}

/// The actors of a chain, the most recent first: see [`Actor::chain`].
#[derive(Debug, Clone)]
pub struct Actors<'a>(Option<Actor<'a>>);

impl<'a> Iterator for Actors<'a> {
    type Item = Actor<'a>;

    fn next(&mut self) -> Option<Actor<'a>> {
        let actor = self.0.take()?;
        self.0 = actor.prior();
        Some(actor)
    }
}

fn malformed(expected: &'static str, found: &'static str) -> Error {
    Error::for_claim("act", ClaimProblem::Malformed { expected, found })
}
