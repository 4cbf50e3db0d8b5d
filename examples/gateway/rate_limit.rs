//! A limit on each client's rate. It stands behind the guard, so a client is whose token was verified: nobody uses
//! up another's share by claiming its name, and nobody fills the table with names that are made up.
//!
//! Each gateway counts by itself. The table grows with the clients that there are: a gateway that runs for long has a
//! task call the limiter's `retain_recent` every few minutes.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use countersign::{AccessToken, NoClaims};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

pub struct RateLimit {
    limiter: DefaultKeyedRateLimiter<Client>,
    clock: DefaultClock,
}

/// A client is one of an issuer's: another issuer may have given the same name.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Client {
    issuer: String,
    id: String,
}

impl RateLimit {
    /// So many requests a minute, all of them at once if need be.
    pub fn per_minute(requests: u32) -> Self {
        let requests = NonZeroU32::new(requests).unwrap_or(NonZeroU32::MIN);
        Self { limiter: RateLimiter::keyed(Quota::per_minute(requests)), clock: DefaultClock::default() }
    }

    /// Lets a request pass, or says when to come back.
    pub async fn apply(
        State(limit): State<Arc<Self>>,
        Extension(token): Extension<AccessToken<NoClaims>>,
        request: Request,
        next: Next,
    ) -> Response {
        match limit.check(&token) {
            Ok(()) => next.run(request).await,
            Err(wait) => {
                // In whole seconds, and not too early.
                let seconds = wait.as_secs() + 1;
                (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, seconds.to_string())]).into_response()
            }
        }
    }

    fn check(&self, token: &AccessToken<NoClaims>) -> Result<(), Duration> {
        let client = Client { issuer: token.issuer().to_owned(), id: token.client_id().to_owned() };
        self.limiter.check_key(&client).map_err(|until| until.wait_time_from(self.clock.now()))
    }
}
