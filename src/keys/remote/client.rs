//! The HTTP client that this crate brings, on reqwest and rustls: a URL goes in, a bounded answer comes out
//! (RFC 9110 §9.3.1).
//!
//! Whatever features of reqwest others in the process turn on, here are no redirects, cookies, proxies of
//! the environment, repetitions or compressed bodies.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use reqwest::header::{ACCEPT, CONNECTION, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, NoProxy, Proxy, RequestBuilder};
use tokio::runtime::Handle;

use super::http::{HttpClient, HttpFailure, HttpFuture, HttpResponse};
use super::tls::{self, Root, Roots};
use super::tokio_runtime::{Task, current};
use crate::error::Error;

/// An [`HttpClient`] over HTTP/1.1 and, for `https` URLs, TLS 1.2 or 1.3 on this crate's own crypto stack.
///
/// It runs on the tokio runtime that it is made in, with timers and I/O (`enable_all`), whoever asks it and wherever
/// from. Each fetch has a connection of its own. Clones are cheap.
///
/// - A server's certificate is for the system to judge: its root certificates, and on Windows, macOS, iOS and
///   Android its policies. Further roots can be added, or be the only ones.
/// - On Linux and other Unix systems, `SSL_CERT_FILE` and `SSL_CERT_DIR` in the environment decide which roots those of
///   the system are: if one of them is set, only what it names is trusted. Whoever sets them decides whose keys pass.
/// - Connecting takes 3 s at most, TLS included; the answer begins after 5 s at most, and goes on after as long
///   a pause at most; all of it takes 10 s.
/// - A body is read up to the bound and no further, whatever its length is said to be. Of an answer that isn't
///   a success, none is read.
/// - No redirect is followed. No proxy is used that isn't [given](ReqwestClientBuilder::proxy): one in
///   `HTTPS_PROXY` isn't.
/// - `localhost` is this machine, whatever a name server says.
///
/// ```no_run
/// use std::time::Duration;
///
/// use countersign::Error;
/// use countersign::keys::remote::{RemoteJwks, ReqwestClient, TokioRuntime};
///
/// # async fn source(ca: &str) -> Result<RemoteJwks, Error> {
/// let client = ReqwestClient::builder().root_pem(ca).connect_timeout(Duration::from_secs(1)).build()?;
/// let keys = RemoteJwks::from_url("https://id.example.com/jwks").build(client, TokioRuntime::current()?)?;
/// # Ok(keys)
/// # }
/// ```
#[derive(Clone)]
pub struct ReqwestClient {
    client: Client,
    runtime: Handle,
}

impl ReqwestClient {
    /// Makes a client that trusts whom the system trusts, with the default time-outs.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] outside a tokio runtime with timers and I/O (`enable_all`), or on a machine without root
    /// certificates, as some containers are.
    pub fn new() -> Result<Self, Error> {
        Self::builder().build()
    }

    /// Begins a client.
    pub fn builder() -> ReqwestClientBuilder {
        ReqwestClientBuilder {
            roots: Roots::default(),
            connect: Duration::from_secs(3),
            read: Duration::from_secs(5),
            whole: Duration::from_secs(10),
            proxy: None,
            user_agent: concat!("countersign/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

impl HttpClient for ReqwestClient {
    fn get<'a>(&'a self, url: &'a str, max_bytes: usize) -> HttpFuture<'a> {
        Box::pin(async move {
            // In a task of its own runtime, so that any executor may drive this. When that runtime has ended,
            // nothing can be reached.
            let fetch = Task::spawn(&self.runtime, fetch(self.client.get(url), max_bytes));
            fetch.await.unwrap_or(Err(HttpFailure::Unreachable))
        })
    }
}

impl fmt::Debug for ReqwestClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReqwestClient").finish_non_exhaustive()
    }
}

async fn fetch(request: RequestBuilder, max_bytes: usize) -> Result<HttpResponse, HttpFailure> {
    let mut response = request.send().await.map_err(|error| failure_of(&error))?;
    let mut body = Vec::new();
    if response.status().is_success() {
        let announced = response.content_length().unwrap_or(0);
        if usize::try_from(announced).map_or(true, |announced| announced > max_bytes) {
            return Err(HttpFailure::TooLarge);
        }
        while let Some(chunk) = response.chunk().await.map_err(|error| failure_of(&error))? {
            if chunk.len() > max_bytes - body.len() {
                return Err(HttpFailure::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
    }
    let answer = HttpResponse::new(response.status().as_u16(), body);
    Ok(response.headers().iter().fold(answer, |answer, (name, value)| {
        answer.with_field(name.as_str(), &String::from_utf8_lossy(value.as_bytes()))
    }))
}

fn failure_of(error: &reqwest::Error) -> HttpFailure {
    if error.is_timeout() {
        return HttpFailure::TimedOut;
    }
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(current) = cause {
        if let Some(rustls::Error::InvalidCertificate(_)) = current.downcast_ref() {
            return HttpFailure::Untrusted;
        }
        // The source of an I/O error that wraps another error isn't that one, but what is below it.
        cause = match current.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => current.source(),
        };
    }
    HttpFailure::Unreachable
}

/// The choices of a [`ReqwestClient`] in the making. Each has a default.
#[must_use = "`build` makes the client"]
pub struct ReqwestClientBuilder {
    roots: Roots,
    connect: Duration,
    read: Duration,
    whole: Duration,
    proxy: Option<String>,
    user_agent: String,
}

impl ReqwestClientBuilder {
    /// Adds the root certificates in this PEM text to those that are trusted. Other blocks are passed over.
    pub fn root_pem(mut self, pem: &str) -> Self {
        self.roots.given.push(Root::Pem(pem.to_owned()));
        self
    }

    /// Adds this root certificate, in DER, to those that are trusted.
    pub fn root_der(mut self, der: &[u8]) -> Self {
        self.roots.given.push(Root::Der(der.to_owned()));
        self
    }

    /// Trusts the root certificates that are given and not the system's. For an issuer with a certificate
    /// authority of its own: nobody else's can vouch for it then.
    pub fn only_given_roots(mut self) -> Self {
        self.roots.only_given = true;
        self
    }

    /// Sets for how long connecting may take, TLS included. Default: 3 seconds.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect = timeout;
        self
    }

    /// Sets how long the answer may take to begin, connecting included, and then each pause in it. Default:
    /// 5 seconds.
    pub fn read_timeout(mut self, timeout: Duration) -> Self {
        self.read = timeout;
        self
    }

    /// Sets for how long all of it may take, from connecting to the body's last byte. Default: 10 seconds.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.whole = timeout;
        self
    }

    /// Has `https` URLs asked through the proxy at this `http` or `https` URL, which may name a user and a
    /// password. It sees the server's name and nothing else. Default: none; the environment's is used by
    /// `proxy(std::env::var("HTTPS_PROXY")?)`. URLs of this machine's loopback and `http` ones never go through
    /// it.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Some(url.into());
        self
    }

    /// Sets the `User-Agent`. Default: this crate's name and version.
    pub fn user_agent(mut self, agent: impl Into<String>) -> Self {
        self.user_agent = agent.into();
        self
    }

    /// Makes the client. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] outside a tokio runtime with timers and I/O (`enable_all`); if a time-out is zero or longer
    /// than one that includes it; if a root certificate can't be read; if only the given ones are to be trusted and
    /// none is given, or the system has none; if the proxy's URL or the user agent isn't one.
    pub fn build(self) -> Result<ReqwestClient, Error> {
        let Self { roots, connect, read, whole, proxy, user_agent } = self;
        if connect.is_zero() || read.is_zero() || whole.is_zero() {
            return Err(Error::misuse("expected time-outs of more than zero, found zero"));
        }
        if connect > read || read > whole {
            return Err(Error::misuse(
                "expected `connect_timeout` <= `read_timeout` <= `timeout`, as the later include the earlier",
            ));
        }
        let runtime = current()?;
        let agent = HeaderValue::from_str(&user_agent)
            .map_err(|_| Error::misuse("expected a user agent of printable characters, found others"))?;
        let loopback =
            [SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), SocketAddr::from((Ipv6Addr::LOCALHOST, 0))];
        // Fetches are minutes apart: a connection that is kept for the next one is one that the server has
        // closed by then, which may be noticed too late.
        let fields = [(ACCEPT, ACCEPTED), (CONNECTION, "close")];
        let fields = fields.map(|(name, value)| (name, HeaderValue::from_static(value)));
        let builder = Client::builder()
            .tls_backend_preconfigured(tls::configuration(roots)?)
            .default_headers(HeaderMap::from_iter(fields))
            .user_agent(agent)
            .connect_timeout(connect)
            .read_timeout(read)
            .timeout(whole)
            .pool_max_idle_per_host(0)
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate()
            .referer(false)
            .http1_only()
            .resolve_to_addrs("localhost", &loopback);
        let builder = match proxy {
            Some(url) => builder.proxy(through(&url)?),
            None => builder,
        };
        let client =
            builder.build().map_err(|_| Error::misuse("expected choices that the HTTP client takes"))?;
        Ok(ReqwestClient { client, runtime })
    }
}

/// RFC 7517 §8.5.1 names the first; metadata are the second; AWS's load balancers publish PEM.
const ACCEPTED: &str = "application/jwk-set+json, application/json;q=0.9, */*;q=0.1";

fn through(url: &str) -> Result<Proxy, Error> {
    let misuse = || Error::misuse("expected the http or https URL of a proxy, found another");
    if !url.starts_with("http://") && !url.starts_with("https://") {
        return Err(misuse());
    }
    let loopback = NoProxy::from_string("localhost,127.0.0.0/8,::1");
    Proxy::https(url).map(|proxy| proxy.no_proxy(loopback)).map_err(|_| misuse())
}

impl fmt::Debug for ReqwestClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReqwestClientBuilder")
            .field("connect", &self.connect)
            .field("read", &self.read)
            .field("whole", &self.whole)
            .finish_non_exhaustive()
    }
}
