//! What is fetched: a JWK set by its URL, or by the `jwks_uri` of an issuer's metadata (RFC 8414 §2, §3.3;
//! OpenID Connect Discovery 1.0 §4.3).
//!
//! Metadata are held to the issuer that was expected, character by character, before anything in them is
//! used. Microsoft's for all tenants name a template; they are taken only for tenants that are listed.

use std::time::Duration;

use super::event::FetchProblem;
use super::freshness;
use super::http::{HttpClient, HttpFailure, HttpResponse};
use super::settings::Settings;
use super::source::KeySnapshot;
use super::url::transport;
use crate::error::{Defect, Error, Part};
use crate::keys::tenants;
use crate::limits::Limits;
use crate::wire::json::scan_object;

/// Where the keys are.
#[derive(Debug, Clone)]
pub(super) enum Location {
    Keys { url: String },
    Metadata { url: String, issuer: String },
    Tenants { url: String, template: String, tenants: Vec<String> },
}

impl Location {
    pub(super) fn url(&self) -> &str {
        match self {
            Self::Keys { url } | Self::Metadata { url, .. } | Self::Tenants { url, .. } => url,
        }
    }

    /// The issuer that the metadata must name.
    fn issuer(&self) -> Option<&str> {
        match self {
            Self::Keys { .. } => None,
            Self::Metadata { issuer, .. } => Some(issuer),
            Self::Tenants { template, .. } => Some(template),
        }
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        match self {
            Self::Keys { .. } => Ok(()),
            Self::Metadata { issuer, .. } if issuer.is_empty() => {
                Err(Error::misuse("expected an issuer that isn't empty"))
            }
            Self::Metadata { issuer, .. } if issuer.contains(['{', '}']) => Err(Error::misuse(
                "expected one issuer, found a template: `for_tenants` takes it with a list of tenants",
            )),
            Self::Metadata { .. } => Ok(()),
            Self::Tenants { template, tenants, .. } => match tenants::misuse_of(template, tenants) {
                Some(reason) => Err(Error::misuse(reason)),
                None => Ok(()),
            },
        }
    }

    /// Fetches the set. `known` is the keys' URL from the last metadata.
    pub(super) async fn fetch(
        &self,
        http: &dyn HttpClient,
        known: Option<String>,
        settings: &Settings,
    ) -> Result<Fetched, FetchProblem> {
        let max_bytes = Limits::default().jwk_set_bytes;
        let read = match (self.issuer(), &known) {
            (Some(issuer), None) => {
                let response = get(http, self.url(), max_bytes).await?;
                Some(keys_url(&text(response.body, Part::Metadata)?, issuer, settings)?)
            }
            _ => None,
        };
        let url = read.as_deref().or(known.as_deref()).unwrap_or(self.url());
        let response = get(http, url, max_bytes).await?;
        let lifetime = freshness::lifetime(&response).unwrap_or(settings.lifetime);
        let json = text(response.body, Part::JwkSet)?;
        // The numbers are the holder's to give.
        let snapshot = match self {
            Self::Tenants { template, tenants, .. } => KeySnapshot::of_tenants(json, template, tenants),
            Self::Keys { .. } | Self::Metadata { .. } => KeySnapshot::new(json, 0),
        };
        let snapshot = snapshot.map_err(|error| match error {
            Error::InvalidKey(_) => FetchProblem::Empty,
            other => FetchProblem::Unreadable(other),
        })?;
        Ok(Fetched { snapshot, keys_url: read, lifetime: lifetime.clamp(settings.least, settings.most) })
    }
}

/// A set, its URL if metadata were read for it, and for how long it is good.
pub(super) struct Fetched {
    pub(super) snapshot: KeySnapshot,
    pub(super) keys_url: Option<String>,
    pub(super) lifetime: Duration,
}

/// Gets a document of at most so many bytes; another status than 200 is a problem.
pub(super) async fn get(
    http: &dyn HttpClient,
    url: &str,
    max_bytes: usize,
) -> Result<HttpResponse, FetchProblem> {
    let response = http.get(url, max_bytes).await.map_err(|failure| match failure {
        HttpFailure::Unreachable => FetchProblem::Unreachable,
        HttpFailure::Untrusted => FetchProblem::Untrusted,
        HttpFailure::TimedOut => FetchProblem::TimedOut,
        HttpFailure::TooLarge => FetchProblem::TooLarge,
    })?;
    if response.status != 200 {
        return Err(FetchProblem::Status(response.status));
    }
    if response.body.len() > max_bytes {
        return Err(FetchProblem::TooLarge);
    }
    Ok(response)
}

pub(super) fn text(body: Vec<u8>, part: Part) -> Result<String, FetchProblem> {
    String::from_utf8(body).map_err(|_| FetchProblem::Unreadable(Error::malformed(part, Defect::Utf8)))
}

fn keys_url(json: &str, issuer: &str, settings: &Settings) -> Result<String, FetchProblem> {
    let (mut named, mut url) = (None, None);
    scan_object(json, Part::Metadata, &Limits::default(), |name, value| {
        match name {
            "issuer" => named = value.as_str(),
            "jwks_uri" => url = value.as_str(),
            _ => {}
        }
        Ok(())
    })
    .map_err(FetchProblem::Unreadable)?;
    // RFC 8414 §3.3: "The "issuer" value returned MUST be identical to the authorization server's issuer
    // identifier value [...]. If these values are not identical, the data contained in the response MUST
    // NOT be used."
    if named.as_deref() != Some(issuer) {
        return Err(FetchProblem::Issuer);
    }
    let url = url.ok_or(FetchProblem::KeysUrl)?;
    match transport(&url) {
        Some(leads) if leads <= settings.transport => Ok(url.into_owned()),
        _ => Err(FetchProblem::KeysUrl),
    }
}
