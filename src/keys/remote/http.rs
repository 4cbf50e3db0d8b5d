//! The HTTP client, a trait: a URL goes in, the answer comes out, whole and bounded (RFC 9110 §9.3.1).
//!
//! What is asked of an implementation stands at the trait; what can be checked of an answer, the caller
//! checks again.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

/// What an [`HttpClient`] answers in: a future that any executor can drive.
pub type HttpFuture<'a> = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpFailure>> + Send + 'a>>;

/// Fetches documents. The application brings it, over whatever HTTP library it has, or takes the feature
/// `jwks-http`'s.
///
/// An implementation verifies the server's certificate, follows no redirect, reads no more than
/// `max_bytes` of the body and gives up connecting and reading after a while. The future may be dropped
/// before it is done.
pub trait HttpClient: Send + Sync {
    /// Gets the document at this URL.
    fn get<'a>(&'a self, url: &'a str, max_bytes: usize) -> HttpFuture<'a>;
}

impl<C: HttpClient + ?Sized> HttpClient for Arc<C> {
    fn get<'a>(&'a self, url: &'a str, max_bytes: usize) -> HttpFuture<'a> {
        (**self).get(url, max_bytes)
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum HttpFailure {
    /// The server couldn't be reached, or the connection broke.
    Unreachable,
    /// The server's certificate isn't trusted, or isn't for that name.
    Untrusted,
    /// It took too long.
    TimedOut,
    /// The body is larger than it may be.
    TooLarge,
}

/// An answer: status, body, and the fields that say how long it may be kept.
#[derive(Clone)]
pub struct HttpResponse {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
    pub(super) cache_control: Option<String>,
    pub(super) expires: Option<String>,
    pub(super) date: Option<String>,
    pub(super) age: Option<String>,
}

impl HttpResponse {
    /// Makes an answer of this status and body.
    #[must_use]
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        Self { status, body, cache_control: None, expires: None, date: None, age: None }
    }

    /// Adds a header field. Those that say nothing about keeping are left out. Of a `Cache-Control` field that
    /// comes more than once, all count; of another, the first does.
    #[must_use]
    pub fn with_field(mut self, name: &str, value: &str) -> Self {
        if name.eq_ignore_ascii_case("cache-control") {
            self.cache_control = Some(match self.cache_control {
                Some(before) => format!("{before}, {value}"),
                None => value.to_owned(),
            });
            return self;
        }
        let fields = [("expires", &mut self.expires), ("date", &mut self.date), ("age", &mut self.age)];
        for (_, field) in fields.into_iter().filter(|(known, _)| name.eq_ignore_ascii_case(known)) {
            // RFC 9111 §4.2.1, §5.1: of `Expires` and `Age` the first counts.
            field.get_or_insert_with(|| value.to_owned());
        }
        self
    }
}

impl fmt::Debug for HttpResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpResponse")
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
