//! Why a token doesn't meet a requirement: the path to the part that failed, and what a client could bring
//! to pass.
//!
//! It runs on refusals only. A refusal by several parts names the first; what would help is asked of all
//! of them, so that a client that gets the scopes it was told of isn't sent for more.

use std::time::Duration;

use super::requirement::{Node, Requirement};
use super::truth::{Context, Truth};

/// Why a requirement isn't met.
pub(super) struct Lack {
    /// The way to what failed, from the outermost requirement in.
    pub(super) path: Vec<String>,
    /// All scopes that the request takes, those that the token has included; none if no scope is missing.
    pub(super) scopes: Vec<String>,
    /// The same, whether one is missing or not.
    asked: Vec<String>,
    pub(super) acr_values: Vec<String>,
    pub(super) max_age: Option<Duration>,
    pub(super) cure: Cure,
}

/// What would help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cure {
    /// Another login (RFC 9470), and nothing else is missing.
    Authentication,
    /// A token with more scopes, and nothing else is missing.
    Scope,
    /// Nothing that a client can ask for by itself.
    Other,
}

impl Requirement {
    pub(super) fn explain(&self, context: &Context<'_>) -> Lack {
        let mut lack = Lack {
            path: vec![self.to_string()],
            scopes: Vec::new(),
            asked: Vec::new(),
            acr_values: Vec::new(),
            max_age: None,
            cure: Cure::Other,
        };
        match &self.node {
            Node::Scope(scope) => {
                lack.scopes.push(scope.clone());
                lack.asked.push(scope.clone());
                lack.cure = Cure::Scope;
            }
            Node::AuthenticatedWithin(max_age) => {
                lack.max_age = Some(*max_age);
                lack.cure = Cure::Authentication;
            }
            Node::AuthenticationClass(classes) => {
                lack.acr_values.clone_from(classes);
                lack.cure = Cure::Authentication;
            }
            Node::AllOf(all) => return explain_all(all, context).unwrap_or(lack),
            Node::AnyOf(any) => {
                // The path names every alternative, what would help is that of the one that is nearest.
                if let Some(best) = best(any, context) {
                    return Lack { path: lack.path, ..best };
                }
            }
            Node::Named { requirement, name } => {
                let inner = requirement.explain(context);
                let path = std::iter::once(format!("`{}`", name.escape_debug())).chain(inner.path).collect();
                return Lack { path, ..inner };
            }
            _ => {}
        }
        lack
    }

    /// The scopes that this asks for, which is met. What isn't met says so in its [`Lack`].
    fn scopes_met(&self, context: &Context<'_>) -> Vec<String> {
        match &self.node {
            Node::Scope(scope) => vec![scope.clone()],
            Node::AllOf(all) => union(all.iter().flat_map(|one| one.scopes_met(context))),
            Node::AnyOf(any) => {
                let met = any.iter().find(|one| one.truth(context) == Truth::Met);
                met.map(|met| met.scopes_met(context)).unwrap_or_default()
            }
            Node::Named { requirement, .. } => requirement.scopes_met(context),
            _ => Vec::new(),
        }
    }
}

fn explain_all(all: &[Requirement], context: &Context<'_>) -> Option<Lack> {
    // Each is explained once: twice on every level would be a thousandfold on the tenth.
    let (mut failed, mut asked) = (Vec::new(), Vec::new());
    for one in all {
        if one.truth(context) == Truth::Met {
            asked.extend(one.scopes_met(context));
        } else {
            let mut lack = one.explain(context);
            asked.append(&mut lack.asked);
            failed.push(lack);
        }
    }
    let asked = union(asked.into_iter());
    let all_are = |cure| failed.iter().all(|lack| lack.cure == cure);
    let cure = [Cure::Authentication, Cure::Scope].into_iter().find(|cure| all_are(*cure));
    let lacks_scope = failed.iter().any(|lack| !lack.scopes.is_empty());
    let scopes = if lacks_scope { asked.clone() } else { Vec::new() };
    let acr_values = failed.iter().find(|lack| !lack.acr_values.is_empty());
    let acr_values = acr_values.map(|lack| lack.acr_values.clone()).unwrap_or_default();
    let max_age = failed.iter().filter_map(|lack| lack.max_age).min();
    let path = std::mem::take(&mut failed.first_mut()?.path);
    let path = std::iter::once(String::from("all of")).chain(path).collect();
    Some(Lack { path, scopes, asked, acr_values, max_age, cure: cure.unwrap_or(Cure::Other) })
}

/// Of alternatives that all fail, the lack that is the easiest to cure; of equal ones the first.
fn best(any: &[Requirement], context: &Context<'_>) -> Option<Lack> {
    let effort = |lack: &Lack| match lack.cure {
        Cure::Scope => 0,
        Cure::Authentication => 1,
        Cure::Other => 2,
    };
    any.iter().map(|one| one.explain(context)).min_by_key(effort)
}

/// Each once, in the order of their first mention.
fn union(scopes: impl Iterator<Item = String>) -> Vec<String> {
    let mut once = Vec::new();
    for scope in scopes {
        if !once.contains(&scope) {
            once.push(scope);
        }
    }
    once
}
