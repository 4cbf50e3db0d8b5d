//! Judging a token again that a verifier has accepted: what was read of it goes in, a verdict on the present
//! comes out, without its signature.
//!
//! Form, signature, issuer, audience and subject can't have changed; the time and what the application's
//! rules say can.

use std::time::SystemTime;

use super::claims::{Claims, Registered};
use super::verified::VerifiedJwt;
use super::verifier::JwtVerifier;
use super::{NoClaims, NumericDate};
use crate::error::Error;

impl JwtVerifier {
    /// Judges a token that this very verifier accepted before, under the same keys. The text is that of its
    /// claims.
    pub(crate) fn judge_again(&self, jwt: &VerifiedJwt<NoClaims>, text: &str) -> Result<(), Error> {
        let times = Registered {
            expires_at: jwt.expires_at(),
            not_before: jwt.not_before(),
            issued_at: jwt.issued_at(),
            ..Registered::default()
        };
        self.policy.judge_again(&times, Claims::new(text, &self.limits), self.now())
    }

    /// The present by this verifier's clock.
    pub(crate) fn now(&self) -> NumericDate {
        self.system_time().into()
    }

    /// The same, as clocks tell it.
    pub(crate) fn system_time(&self) -> SystemTime {
        self.clock.now()
    }

    /// From when on a token of this `exp` is expired, leeway included.
    pub(crate) fn expired_from(&self, expires_at: NumericDate) -> NumericDate {
        expires_at.saturating_add(self.policy.leeway)
    }
}
