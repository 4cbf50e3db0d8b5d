//! A requirement: what an access token must say for a request to pass, as a value that can be kept,
//! combined and shown.
//!
//! Names go in, and `check` asks a verified token; unverified ones have nothing to ask. What a
//! requirement shows of itself are the application's own names, and never what a claim is compared with.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::denied::Denied;
use super::expected::ExpectedValue;
use super::truth::{Context, Truth};
use crate::clock::{Clock as _, SystemClock};
use crate::jwt::NoClaims;
use crate::profile::access_token::AccessToken;

/// What an access token must say for a request to pass.
///
/// ```
/// use countersign::gateway::authorization::Requirement;
/// use countersign::AccessToken;
/// use std::time::Duration;
///
/// fn may_refund<T>(token: &AccessToken<T>) -> Result<(), countersign::gateway::authorization::Denied> {
///     let requirement = Requirement::all_of([
///         Requirement::scope("orders:write"),
///         Requirement::any_of([Requirement::role("support"), Requirement::role("admin")]),
///         Requirement::not(Requirement::group("suspended")),
///         Requirement::claim_equals(["tenant", "id"], 4),
///         Requirement::authenticated_within(Duration::from_secs(900)),
///     ]);
///     requirement.check(token)
/// }
/// # let _ = may_refund::<()>;
/// ```
#[derive(Clone)]
pub struct Requirement {
    pub(super) node: Node,
}

#[derive(Clone)]
pub(super) enum Node {
    Authenticated,
    Scope(String),
    Role(String),
    Group(String),
    Entitlement(String),
    Claim { path: Vec<String>, test: ClaimTest },
    AuthenticatedWithin(Duration),
    AuthenticationClass(Vec<String>),
    Custom { name: String, holds: Arc<CustomTest> },
    AllOf(Vec<Requirement>),
    AnyOf(Vec<Requirement>),
    Not(Box<Requirement>),
    Named { name: String, requirement: Box<Requirement> },
}

#[derive(Clone)]
pub(super) enum ClaimTest {
    Equals(ExpectedValue),
    Contains(ExpectedValue),
}

type CustomTest = dyn Fn(&AccessToken<NoClaims>) -> bool + Send + Sync;

impl Requirement {
    /// Requires nothing but the verified token itself.
    #[must_use]
    pub fn authenticated() -> Self {
        Self { node: Node::Authenticated }
    }

    /// Requires this scope.
    pub fn scope(scope: impl Into<String>) -> Self {
        Self { node: Node::Scope(scope.into()) }
    }

    /// Requires each of these scopes.
    pub fn scopes<S: Into<String>>(scopes: impl IntoIterator<Item = S>) -> Self {
        Self::all_of(scopes.into_iter().map(Self::scope))
    }

    /// Requires this role.
    pub fn role(role: impl Into<String>) -> Self {
        Self { node: Node::Role(role.into()) }
    }

    /// Requires membership in this group. If the token doesn't list all groups, only those that it lists
    /// count, and under [`not`](Self::not) none is known not to be there.
    pub fn group(group: impl Into<String>) -> Self {
        Self { node: Node::Group(group.into()) }
    }

    /// Requires this entitlement.
    pub fn entitlement(entitlement: impl Into<String>) -> Self {
        Self { node: Node::Entitlement(entitlement.into()) }
    }

    /// Requires that the claim at this path of names is this value, of the same JSON type. A claim that
    /// isn't there isn't equal; one of another type is neither, and refused under [`not`](Self::not) too.
    pub fn claim_equals<S: Into<String>>(
        path: impl IntoIterator<Item = S>,
        value: impl Into<ExpectedValue>,
    ) -> Self {
        Self::claim(path, ClaimTest::Equals(value.into()))
    }

    /// Requires that the claim at this path of names contains this value: an array as an element, a
    /// string as one of its words. A claim that isn't there contains nothing; an array whose elements
    /// are of other types, or another type of claim, is refused under [`not`](Self::not) too.
    ///
    /// ```
    /// use countersign::gateway::authorization::Requirement;
    ///
    /// let editor = Requirement::claim_contains(["resource_access", "orders", "roles"], "editor");
    /// assert_eq!(format!("{editor:?}"), "claim `resource_access` `orders` `roles`");
    /// ```
    pub fn claim_contains<S: Into<String>>(
        path: impl IntoIterator<Item = S>,
        value: impl Into<ExpectedValue>,
    ) -> Self {
        Self::claim(path, ClaimTest::Contains(value.into()))
    }

    fn claim<S: Into<String>>(path: impl IntoIterator<Item = S>, test: ClaimTest) -> Self {
        Self { node: Node::Claim { path: path.into_iter().map(Into::into).collect(), test } }
    }

    /// Requires that the user logged in at most this long ago, by `auth_time`
    /// ([RFC 9470 §4](https://www.rfc-editor.org/rfc/rfc9470#section-4)). A token that doesn't say when is refused.
    #[must_use]
    pub fn authenticated_within(max_age: Duration) -> Self {
        Self { node: Node::AuthenticatedWithin(max_age) }
    }

    /// Requires that the user logged in by one of these authentication context classes, `acr`. The
    /// preferred one comes first.
    pub fn authentication_class<S: Into<String>>(classes: impl IntoIterator<Item = S>) -> Self {
        Self { node: Node::AuthenticationClass(classes.into_iter().map(Into::into).collect()) }
    }

    /// Requires what only the application can tell, under a name that a refusal shows.
    ///
    /// For one request it may be asked several times, or not at all if the rest decides: a refusal is worked out by
    /// asking again. So it must answer a token the same each time, and change nothing by it.
    pub fn custom<F>(name: impl Into<String>, holds: F) -> Self
    where
        F: Fn(&AccessToken<NoClaims>) -> bool + Send + Sync + 'static,
    {
        Self { node: Node::Custom { name: name.into(), holds: Arc::new(holds) } }
    }

    /// Requires each of these. Of an empty list nothing passes; [`authenticated`](Self::authenticated) is
    /// for that.
    pub fn all_of(requirements: impl IntoIterator<Item = Self>) -> Self {
        Self { node: Node::AllOf(requirements.into_iter().collect()) }
    }

    /// Requires at least one of these. Of an empty list nothing passes.
    pub fn any_of(requirements: impl IntoIterator<Item = Self>) -> Self {
        Self { node: Node::AnyOf(requirements.into_iter().collect()) }
    }

    /// Requires this and the other one: as [`all_of`](Self::all_of), without a level of its own for each
    /// that is added, and without one for a requirement that asks for nothing.
    pub(in crate::gateway) fn and(self, other: Self) -> Self {
        match (self.node, other.node) {
            (Node::Authenticated, node) | (node, Node::Authenticated) => Self { node },
            (Node::AllOf(mut all), node) if !all.is_empty() => {
                all.push(Self { node });
                Self { node: Node::AllOf(all) }
            }
            (first, second) => Self::all_of([Self { node: first }, Self { node: second }]),
        }
    }

    /// Requires that this doesn't hold. What can't be told is refused either way.
    #[expect(clippy::should_implement_trait, reason = "a constructor beside `all_of` and `any_of`")]
    #[must_use]
    pub fn not(requirement: Self) -> Self {
        Self { node: Node::Not(Box::new(requirement)) }
    }

    /// Gives the requirement a name, for a refusal to begin with.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Self { node: Node::Named { name: name.into(), requirement: Box::new(self) } }
    }

    /// Asks whether the token meets this now.
    ///
    /// # Errors
    ///
    /// [`Denied`] if it doesn't.
    pub fn check<T>(&self, token: &AccessToken<T>) -> Result<(), Denied> {
        self.check_at(token, SystemClock.now())
    }

    /// Asks whether the token meets this at another time, which matters to
    /// [`authenticated_within`](Self::authenticated_within) only.
    ///
    /// # Errors
    ///
    /// [`Denied`] if it doesn't.
    pub fn check_at<T>(&self, token: &AccessToken<T>, now: SystemTime) -> Result<(), Denied> {
        let token = &token.without_claims();
        let context = Context { token, now: now.into() };
        match self.truth(&context) {
            Truth::Met => Ok(()),
            Truth::Unmet | Truth::Undecided => Err(Denied::new(self.explain(&context))),
        }
    }
}

/// Shows the requirement as a refusal does: names, and not what claims are compared with.
impl fmt::Debug for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Shows the requirement as a refusal does: names, and not what claims are compared with.
impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, word: &str, requirements: &[Self]| {
            write!(f, "{word} (")?;
            for (index, requirement) in requirements.iter().enumerate() {
                f.write_str(if index > 0 { "; " } else { "" })?;
                fmt::Display::fmt(requirement, f)?;
            }
            f.write_str(")")
        };
        match &self.node {
            Node::Authenticated => f.write_str("a verified token"),
            Node::Scope(name) => write!(f, "scope `{}`", name.escape_debug()),
            Node::Role(name) => write!(f, "role `{}`", name.escape_debug()),
            Node::Group(name) => write!(f, "group `{}`", name.escape_debug()),
            Node::Entitlement(name) => write!(f, "entitlement `{}`", name.escape_debug()),
            Node::Claim { path, .. } => {
                f.write_str("claim")?;
                path.iter().try_for_each(|name| write!(f, " `{}`", name.escape_debug()))
            }
            Node::AuthenticatedWithin(max_age) => {
                write!(f, "authentication at most {} s ago", max_age.as_secs())
            }
            Node::AuthenticationClass(classes) => {
                f.write_str("authentication class")?;
                classes.iter().try_for_each(|class| write!(f, " `{}`", class.escape_debug()))
            }
            Node::Custom { name, .. } => write!(f, "`{}`", name.escape_debug()),
            Node::AllOf(all) => list(f, "all of", all),
            Node::AnyOf(any) => list(f, "any of", any),
            Node::Not(requirement) => write!(f, "not {requirement}"),
            Node::Named { name, .. } => write!(f, "`{}`", name.escape_debug()),
        }
    }
}
