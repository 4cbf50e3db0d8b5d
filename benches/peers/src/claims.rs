//! The claims that everyone issues and verifies: 235 bytes of JSON as an access token of today has them, and the
//! larger ones of the rows by size.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

pub const ISSUER: &str = "https://id.example.com";
pub const AUDIENCE: &str = "https://orders.example.com";
pub const SUBJECT: &str = "user-17";
pub const JWT_ID: &str = "0192f0c1-7b2e-7d34-9c6b-5f0e1a2b3c4d";
pub const SCOPE: &str = "orders:read orders:write invoices:read customers:read reports";
pub const LIFETIME: Duration = Duration::from_secs(300);

/// The seconds of now, which every issuer reads for each token.
#[must_use]
pub fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

/// All of the claims, typed and borrowed: for libraries whose issuing takes any type.
#[derive(Serialize)]
pub struct Issued {
    pub iss: &'static str,
    pub sub: &'static str,
    pub aud: &'static str,
    pub exp: u64,
    pub iat: u64,
    pub jti: &'static str,
    pub scope: &'static str,
}

impl Issued {
    #[must_use]
    pub fn now() -> Self {
        let iat = now();
        let exp = iat + LIFETIME.as_secs();
        Self { iss: ISSUER, sub: SUBJECT, aud: AUDIENCE, exp, iat, jti: JWT_ID, scope: SCOPE }
    }
}

/// All of the claims, typed and owned: for libraries that read the whole set into one type.
#[derive(Clone, Deserialize)]
pub struct Verified {
    pub iss: String,
    pub sub: String,
    pub aud: String,
    pub exp: u64,
    pub iat: u64,
    pub jti: String,
    pub scope: String,
}

/// What is beside the registered claims: for libraries that keep those in a type of theirs.
#[derive(Clone, Serialize, Deserialize)]
pub struct Custom {
    pub scope: String,
}

/// The same with the ID, for libraries that let the caller write it.
#[derive(Serialize)]
pub struct CustomIssued {
    pub jti: &'static str,
    pub scope: &'static str,
}

/// A set that grows by its list of groups, as the sets of large organisations do: the rows by size.
#[derive(Clone, Serialize, Deserialize)]
pub struct Groups {
    pub groups: Vec<String>,
}

/// All of the claims of the rows by size.
#[derive(Clone, Deserialize)]
pub struct VerifiedGroups {
    pub iss: String,
    pub sub: String,
    pub aud: String,
    pub exp: u64,
    pub iat: u64,
    pub groups: Vec<String>,
}

impl Groups {
    /// So many that the claims set is about this long.
    #[must_use]
    pub fn of(bytes: usize) -> Self {
        // 36 characters, two quotes, a comma; the registered claims are 121 bytes.
        let count = bytes.saturating_sub(121) / 39;
        Self { groups: (0..count).map(|index| format!("{index:08x}-7b2e-4d34-9c6b-5f0e1a2b3c4d")).collect() }
    }
}

/// Bytes to encrypt.
#[must_use]
pub fn plaintext(len: usize) -> Vec<u8> {
    (0..=u8::MAX).cycle().take(len).collect()
}
