//! Whether a token meets a requirement: yes, no, or can't be told. A requirement and a token go in, one
//! of the three comes out, without an allocation.
//!
//! Three, because "no" may stand under `not`: groups that the token leaves out, a claim of an odd kind or
//! a login of unknown age must not become "yes" there. Only a yes lets anyone in.

use std::time::Duration;

use super::requirement::{ClaimTest, Node, Requirement};
use crate::jwt::{Descent, NoClaims, NumericDate};
use crate::profile::access_token::{AccessToken, is_scope};

/// Whether a requirement is met (Kleene's three values).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Truth {
    Met,
    Unmet,
    Undecided,
}

/// The token and the time by which a requirement is judged.
pub(super) struct Context<'t> {
    pub(super) token: &'t AccessToken<NoClaims>,
    pub(super) now: NumericDate,
}

/// How far the clock of whoever logged the user in may be ahead of ours.
const AHEAD: Duration = Duration::from_secs(60);

impl Truth {
    pub(super) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Met, _) | (_, Self::Met) => Self::Met,
            (Self::Unmet, Self::Unmet) => Self::Unmet,
            _ => Self::Undecided,
        }
    }

    fn and(self, other: Self) -> Self {
        self.not().or(other.not()).not()
    }

    fn not(self) -> Self {
        match self {
            Self::Met => Self::Unmet,
            Self::Unmet => Self::Met,
            Self::Undecided => Self::Undecided,
        }
    }

    /// No, unless it is certain that no is no.
    fn or_undecided_if(self, unsure: bool) -> Self {
        if self == Self::Unmet && unsure { Self::Undecided } else { self }
    }
}

impl From<bool> for Truth {
    fn from(met: bool) -> Self {
        if met { Self::Met } else { Self::Unmet }
    }
}

impl Requirement {
    pub(super) fn truth(&self, context: &Context<'_>) -> Truth {
        let Context { token, now } = context;
        match &self.node {
            Node::Authenticated => Truth::Met,
            // A name that can't be one is a slip, an unset variable perhaps, even if a token has it.
            Node::Scope(scope) if !is_scope(scope) => Truth::Undecided,
            Node::Role(name) | Node::Group(name) | Node::Entitlement(name) if name.is_empty() => {
                Truth::Undecided
            }
            Node::Scope(scope) => token.has_scope(scope).into(),
            Node::Role(role) => token.has_role(role).into(),
            Node::Group(group) => {
                Truth::from(token.has_group(group)).or_undecided_if(!token.groups_are_complete())
            }
            Node::Entitlement(entitlement) => token.has_entitlement(entitlement).into(),
            Node::Claim { path, .. } if path.is_empty() => Truth::Undecided,
            Node::Claim { path, test } => match (token.descend(path), test) {
                (Descent::Absent, _) => Truth::Unmet,
                (Descent::NotAnObject, _) => Truth::Undecided,
                (Descent::Found(value), ClaimTest::Equals(expected)) => expected.equals(value),
                (Descent::Found(value), ClaimTest::Contains(expected)) => expected.is_contained_in(value),
            },
            Node::AuthenticatedWithin(max_age) => match token.authenticated_at() {
                Some(at) if at > now.saturating_add(AHEAD) => Truth::Undecided,
                Some(at) => Truth::from(*now <= at.saturating_add(*max_age)),
                None => Truth::Undecided,
            },
            Node::AuthenticationClass(classes) => match token.authentication_class() {
                Some(class) => Truth::from(classes.iter().any(|accepted| accepted == class))
                    .or_undecided_if(classes.is_empty()),
                None => Truth::Undecided,
            },
            Node::Custom { holds, .. } => holds(token).into(),
            // Of no requirements, none is met and none is missed: an empty list of settings lets no one in.
            Node::AllOf(all) | Node::AnyOf(all) if all.is_empty() => Truth::Undecided,
            Node::AllOf(all) => combine(all, context, Truth::Met, Truth::and),
            Node::AnyOf(any) => combine(any, context, Truth::Unmet, Truth::or),
            Node::Not(requirement) => requirement.truth(context).not(),
            Node::Named { requirement, .. } => requirement.truth(context),
        }
    }
}

/// Combines the answers, up to the first that settles it: the one that isn't the neutral one.
fn combine(
    requirements: &[Requirement],
    context: &Context<'_>,
    neutral: Truth,
    combined: fn(Truth, Truth) -> Truth,
) -> Truth {
    let mut truth = neutral;
    for requirement in requirements {
        truth = combined(truth, requirement.truth(context));
        if truth == neutral.not() {
            break;
        }
    }
    truth
}
