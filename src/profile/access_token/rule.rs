//! What a provider's access tokens have in common beyond their form: a claim of one value, a tenant that
//! is the issuer's, an audience that isn't the client.
//!
//! These tell a provider's access token from its other tokens where the header's type doesn't. Claims go
//! in, a refusal for one of them comes out.

use super::facts::Watched;
use crate::error::{ClaimProblem, Error};
use crate::keys::tenants::TENANT;

/// What must hold of an authentic token's claims.
pub(super) enum Rule {
    /// The claim is a string, and one of these.
    OneOf(&'static str, Vec<String>),
    /// One of these claims is there.
    AnyPresent(&'static [&'static str]),
    /// `tid` is the tenant that the issuer's name has in the place of `{tenantid}`.
    TenantOfIssuer(String),
    /// The client isn't among the audiences, as it is in an ID token.
    ClientIsNoAudience(&'static [&'static str]),
    /// There is no `aud`: the token is for everyone, as nobody chose an audience.
    NoAudience,
    /// A token of the type DPoP (the claim's) is bound to a key.
    BoundIfDpop,
}

impl Rule {
    pub(super) fn judge(&self, members: &Watched<'_>) -> Result<(), Error> {
        match self {
            Self::OneOf(claim, expected) => {
                let found = members.text(claim)?.ok_or_else(|| missing(claim, ""))?;
                if expected.iter().any(|expected| *expected == found) {
                    return Ok(());
                }
                let expected = expected.iter().map(|value| format!("{value:?}")).collect::<Vec<_>>();
                Err(unexpected(claim, expected.join(" or ")))
            }
            Self::AnyPresent(claims) => {
                let found = claims.iter().any(|claim| members.find(claim).is_some());
                let first = claims.first().copied().unwrap_or_default();
                if found { Ok(()) } else { Err(missing(first, "or roles, in an application's own token")) }
            }
            Self::TenantOfIssuer(template) => {
                let tenant = members.text("tid")?.ok_or_else(|| missing("tid", ""))?;
                let issuer = members.text("iss")?.unwrap_or_default();
                // The issuer is one of those listed, each made from a tenant's ID.
                if template.replace(TENANT, &tenant) == issuer {
                    return Ok(());
                }
                Err(unexpected("tid", String::from("the tenant in `iss`")))
            }
            Self::ClientIsNoAudience(claims) => {
                let client = members.first_text(claims)?;
                let audience = members.find("aud");
                let holds = |client: &str| {
                    audience.is_some_and(|audience| {
                        let listed = audience.elements().into_iter().flatten();
                        audience.as_str().is_some_and(|audience| audience == client)
                            || listed.filter_map(|value| value.as_str()).any(|audience| audience == client)
                    })
                };
                match client {
                    Some((_, client)) if holds(&client) => Err(Error::for_claim(
                        "aud",
                        ClaimProblem::Contradiction { rule: "an audience other than the client itself" },
                    )),
                    _ => Ok(()),
                }
            }
            Self::NoAudience => match members.find("aud") {
                None => Ok(()),
                Some(_) => Err(unexpected("aud", String::from("an audience that `audience` names"))),
            },
            Self::BoundIfDpop => match (members.text("typ")?, members.find("cnf")) {
                (Some(typ), None) if typ == "DPoP" => Err(missing("cnf", "")),
                _ => Ok(()),
            },
        }
    }
}

fn missing(claim: &'static str, hint: &'static str) -> Error {
    Error::for_claim(claim, ClaimProblem::Missing { hint })
}

fn unexpected(claim: &'static str, expected: String) -> Error {
    Error::for_claim(claim, ClaimProblem::Unexpected { expected })
}
