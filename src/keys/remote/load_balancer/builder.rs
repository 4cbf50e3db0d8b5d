//! The choices of a source of load balancers' keys: a region and setters go in, a [`LoadBalancerKeys`] comes out,
//! or an error that says which of them contradict each other.
//!
//! Each default stands at its setter. What would turn a protection off has no setter.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::source::LoadBalancerKeys;
use crate::error::Error;
use crate::keys::back_off::by_chance;
#[cfg(feature = "jwks-http")]
use crate::keys::remote::client::ReqwestClient;
use crate::keys::remote::event::KeySourceEvent;
use crate::keys::remote::http::HttpClient;
use crate::keys::remote::runtime::Runtime;
use crate::keys::remote::settings::Listener;
#[cfg(feature = "jwks-http")]
use crate::keys::remote::tokio_runtime::TokioRuntime;
use crate::keys::remote::url::{Transport, for_logs, transport};
use crate::keys::remote::waits::{Waits, first_misuse};

/// Where the keys are, each under its ID.
#[derive(Clone)]
pub(super) enum Place {
    Region(String),
    Url(String),
}

/// Shows where that is, without what may be secret in a URL.
impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Region(region) => f.debug_tuple("Region").field(region).finish(),
            Self::Url(url) => f.debug_tuple("Url").field(&for_logs(url)).finish(),
        }
    }
}

impl Place {
    /// The URL that a slash and a key ID are put behind.
    fn url(self) -> Result<String, Error> {
        match self {
            Self::Region(region) => match partition(&region) {
                Some(Partition::Commercial) => {
                    Ok(format!("https://public-keys.auth.elb.{region}.amazonaws.com"))
                }
                Some(Partition::GovCloud) => {
                    Ok(format!("https://s3-{region}.amazonaws.com/aws-elb-public-keys-prod-{region}"))
                }
                None => Err(Error::misuse(
                    "expected a region such as `eu-west-1` or `us-gov-west-1`, found another; `at` takes a URL",
                )),
            },
            Self::Url(url) => match transport(&url) {
                Some(Transport::Https | Transport::Loopback) if !url.contains('?') => {
                    Ok(url.strip_suffix('/').unwrap_or(&url).to_owned())
                }
                _ => Err(Error::misuse(
                    "expected an https URL without user information, query or fragment, found another",
                )),
            },
        }
    }
}

/// Those parts of AWS whose keys' place is documented.
enum Partition {
    Commercial,
    GovCloud,
}

/// Which part of AWS the region is in. China's and the isolated ones have domains of their own.
fn partition(region: &str) -> Option<Partition> {
    let (rest, number) = region.rsplit_once('-')?;
    let mut words = rest.split('-');
    let area = words.next()?;
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    let has_form = area.len() == 2
        && is_word(area)
        && words.clone().count() > 0
        && words.clone().all(is_word)
        && matches!(number.as_bytes(), [b'0'..=b'9']);
    if !has_form || region.len() > 32 {
        return None;
    }
    match (area, words.next()) {
        ("cn", _) => None,
        (_, Some("gov")) => Some(Partition::GovCloud),
        (_, Some(word)) if word.starts_with("iso") => None,
        _ => Some(Partition::Commercial),
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    pub(super) lifetime: Duration,
    /// How long before a key's time is over it is fetched again, once it is asked for.
    pub(super) ahead: Duration,
    pub(super) waits: Waits,
}

impl Settings {
    fn check(self) -> Result<(), Error> {
        let Self { lifetime, waits, .. } = self;
        first_misuse([
            (
                lifetime < Duration::from_secs(60),
                "expected keys that are kept for at least a minute, found less",
            ),
            (lifetime > Waits::DAY, "expected keys that are kept for at most a day, found more"),
        ])?;
        waits.check()
    }
}

/// The choices of [`LoadBalancerKeys`] in the making. Each has a default.
#[must_use = "`build` makes the source"]
pub struct LoadBalancerKeysBuilder {
    place: Place,
    settings: Settings,
    listener: Listener,
}

impl LoadBalancerKeysBuilder {
    pub(super) fn new(place: Place) -> Self {
        let settings = Settings {
            lifetime: Duration::from_secs(3600),
            ahead: by_chance(Duration::from_secs(30)),
            waits: Waits::DEFAULT,
        };
        Self { place, settings, listener: Box::new(|_| ()) }
    }

    /// Sets for how long a key is kept before it is asked for again. A withdrawn key is trusted for that long,
    /// in the worst case. From a minute to a day. Default: an hour.
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.settings.lifetime = lifetime;
        self
    }

    /// Sets how long a caller waits for a fetch, its own or another's: more than zero, and at most
    /// [`fetch_timeout`](Self::fetch_timeout). Default: 5 seconds.
    pub fn max_wait(mut self, wait: Duration) -> Self {
        self.settings.waits.caller = wait;
        self
    }

    /// Sets after how long a fetch is given up: from [`max_wait`](Self::max_wait) to 30 seconds. Default:
    /// 15 seconds.
    pub fn fetch_timeout(mut self, timeout: Duration) -> Self {
        self.settings.waits.fetch = timeout;
        self
    }

    /// Sets for how long a key is given out after its time, while it can't be asked for again: at most a day.
    /// Default: 50 minutes; zero gives out none.
    pub fn max_outage(mut self, outage: Duration) -> Self {
        self.settings.waits.outage = outage;
        self
    }

    /// Has this function told what happens. It is called in between and must not wait.
    pub fn on_event(mut self, listener: impl Fn(&KeySourceEvent) + Send + Sync + 'static) -> Self {
        self.listener = Box::new(listener);
        self
    }

    /// Makes the source, with this client and runtime. Nothing is fetched yet.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] if the region isn't one whose keys' place is known, the URL is neither https nor http to
    /// this machine's loopback or has more than a path, settings contradict each other, or a setting is out of its
    /// bounds.
    pub fn build(
        self,
        http: impl HttpClient + 'static,
        runtime: impl Runtime + 'static,
    ) -> Result<LoadBalancerKeys, Error> {
        let Self { place, settings, listener } = self;
        settings.check()?;
        Ok(LoadBalancerKeys::new(place.url()?, settings, listener, Arc::new(http), Arc::new(runtime)))
    }

    /// Makes the source, with a [`ReqwestClient`] that trusts whom the system trusts, on the
    /// [`TokioRuntime`] that this is called in, one with timers and I/O (`enable_all`). Nothing is fetched yet.
    ///
    /// ```
    /// # fn source() -> Result<(), countersign::Error> {
    /// use countersign::keys::remote::LoadBalancerKeys;
    ///
    /// let keys = LoadBalancerKeys::in_region("eu-west-1").build_http()?;
    /// # let _ = keys;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build), [`ReqwestClient::new`] and [`TokioRuntime::current`].
    #[cfg(feature = "jwks-http")]
    pub fn build_http(self) -> Result<LoadBalancerKeys, Error> {
        self.build(ReqwestClient::new()?, TokioRuntime::current()?)
    }
}

impl fmt::Debug for LoadBalancerKeysBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadBalancerKeysBuilder").field("place", &self.place).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(region: &str) -> Option<String> {
        Place::Region(region.to_owned()).url().ok()
    }

    #[test]
    fn each_region_has_its_place() {
        for region in ["eu-west-1", "us-east-2", "ap-southeast-7", "ca-west-1", "il-central-1", "me-south-1"]
        {
            assert_eq!(url(region).unwrap(), format!("https://public-keys.auth.elb.{region}.amazonaws.com"));
        }
        assert_eq!(
            url("us-gov-east-1").unwrap(),
            "https://s3-us-gov-east-1.amazonaws.com/aws-elb-public-keys-prod-us-gov-east-1"
        );
    }

    #[test]
    fn what_is_no_region_or_has_a_place_of_its_own_is_refused() {
        for region in [
            "",
            "eu",
            "eu-1",
            "eu-west",
            "eu-west-",
            "eu-west-12",
            "EU-west-1",
            "eu--west-1",
            "-west-1",
            "eu-west-1.evil.example/",
            "evil.example/-a-1",
            "eu-west-1/..",
            "cn-north-1",
            "us-iso-east-1",
            "us-isob-east-1",
            "eusc-de-east-1",
            "eu-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-1",
        ] {
            assert_eq!(url(region), None, "{region:?}");
        }
    }
}
