//! HTTP/1.1 servers on loopback whose every byte the test writes, with TLS or without, and a runtime whose time the
//! test moves on.

#![allow(dead_code, reason = "each test file is a crate of its own and uses a part of this")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use countersign::keys::remote::{Runtime, RuntimeFuture, TokioRuntime};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

pub(crate) const CA: &str = include_str!("../fixtures/issuer.certificate.pem");
/// Another root, which has vouched for nobody.
pub(crate) const OTHER_CA: &str = include_str!("../fixtures/p256.certificate.pem");
/// The certificate of `localhost` and `127.0.0.1`.
pub(crate) const LOOPBACK: &str = include_str!("../fixtures/p256.server-loopback.pem");
/// The certificate of `id.example.com`.
pub(crate) const NAMED: &str = include_str!("../fixtures/p256.server-named.pem");
const KEY: &str = include_str!("../fixtures/p256.pkcs8.pem");

/// What a server writes to and reads from.
pub(crate) trait Wire: Read + Write {
    /// The socket below.
    fn socket(&self) -> &TcpStream;
}

impl Wire for TcpStream {
    fn socket(&self) -> &TcpStream {
        self
    }
}

impl Wire for StreamOwned<ServerConnection, TcpStream> {
    fn socket(&self) -> &TcpStream {
        &self.sock
    }
}

/// Writes an answer; `true` keeps the connection for another.
type Handler = dyn Fn(&str, &mut dyn Wire) -> io::Result<bool> + Send + Sync;

pub(crate) struct Server {
    address: SocketAddr,
    tls: bool,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

struct Shared {
    handler: Box<Handler>,
    tls: Option<Arc<ServerConfig>>,
    stopped: AtomicBool,
    accepted: AtomicUsize,
    /// Heads of requests, as they came.
    requests: Mutex<Vec<String>>,
    open: Mutex<Vec<(TcpStream, JoinHandle<()>)>>,
}

impl Server {
    /// A server in clear. The handler is told the head of each request.
    pub(crate) fn plain(
        handler: impl Fn(&str, &mut dyn Wire) -> io::Result<bool> + Send + Sync + 'static,
    ) -> Self {
        Self::start(None, Box::new(handler))
    }

    /// A server with TLS under this certificate.
    pub(crate) fn tls(
        certificate: &str,
        handler: impl Fn(&str, &mut dyn Wire) -> io::Result<bool> + Send + Sync + 'static,
    ) -> Self {
        Self::start(Some(Arc::new(tls(certificate, rustls::ALL_VERSIONS))), Box::new(handler))
    }

    /// A server of one version of TLS, under the certificate of this machine.
    pub(crate) fn of_version(
        version: &'static rustls::SupportedProtocolVersion,
        handler: impl Fn(&str, &mut dyn Wire) -> io::Result<bool> + Send + Sync + 'static,
    ) -> Self {
        Self::start(Some(Arc::new(tls(LOOPBACK, &[version]))), Box::new(handler))
    }

    fn start(tls: Option<Arc<ServerConfig>>, handler: Box<Handler>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let is_tls = tls.is_some();
        let shared = Arc::new(Shared {
            handler,
            tls,
            stopped: AtomicBool::new(false),
            accepted: AtomicUsize::new(0),
            requests: Mutex::default(),
            open: Mutex::default(),
        });
        let serving = Arc::clone(&shared);
        let acceptor = thread::spawn(move || {
            for stream in listener.incoming() {
                if serving.stopped.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                serving.accepted.fetch_add(1, Ordering::SeqCst);
                let (handle, served) = (stream.try_clone().unwrap(), Arc::clone(&serving));
                let thread = thread::spawn(move || {
                    // A connection that breaks is the client's choice, or the test's.
                    let _ = served.serve(stream);
                });
                serving.open.lock().unwrap().push((handle, thread));
            }
        });
        Self { address, tls: is_tls, shared, acceptor: Some(acceptor) }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", if self.tls { "https" } else { "http" }, self.address)
    }

    pub(crate) fn connections(&self) -> usize {
        self.shared.accepted.load(Ordering::SeqCst)
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.shared.requests.lock().unwrap().clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.shared.requests.lock().unwrap().len()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts.
        drop(TcpStream::connect(self.address));
        if let Some(acceptor) = self.acceptor.take() {
            acceptor.join().unwrap();
        }
        for (stream, thread) in std::mem::take(&mut *self.shared.open.lock().unwrap()) {
            // It may be closed already.
            let _ = stream.shutdown(Shutdown::Both);
            let ended = thread.join();
            assert!(ended.is_ok() || thread::panicking(), "a handler panicked");
        }
    }
}

impl Shared {
    fn serve(&self, stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut wire: Box<dyn Wire> = match &self.tls {
            Some(config) => {
                let connection = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
                Box::new(StreamOwned::new(connection, stream.try_clone()?))
            }
            None => Box::new(stream.try_clone()?),
        };
        let mut again = true;
        while again {
            let Some(head) = head(&mut *wire)? else { break };
            self.requests.lock().unwrap().push(head.clone());
            again = (self.handler)(&head, &mut *wire)?;
        }
        wire.flush()?;
        stream.shutdown(Shutdown::Both)
    }
}

/// Reads up to the empty line, or `None` if the connection ends before the first byte.
pub(crate) fn head(wire: &mut dyn Wire) -> io::Result<Option<String>> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        if wire.read(&mut byte)? == 0 {
            return if head.is_empty() { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
        }
        head.extend_from_slice(&byte);
        assert!(head.len() <= 16 << 10, "a request of this size");
    }
    Ok(Some(String::from_utf8(head).unwrap()))
}

/// Reads until the client closes: how a server waits that never answers.
pub(crate) fn until_closed(wire: &mut dyn Wire) -> io::Result<bool> {
    io::copy(wire, &mut io::sink())?;
    Ok(false)
}

/// Carries bytes both ways between the client and another server until either closes.
pub(crate) fn tunnel(wire: &mut dyn Wire, target: SocketAddr) -> io::Result<bool> {
    let server = TcpStream::connect(target)?;
    let (mut client_reads, mut client_writes) = (wire.socket().try_clone()?, wire.socket().try_clone()?);
    let (mut server_reads, mut server_writes) = (server.try_clone()?, server.try_clone()?);
    let back = thread::spawn(move || {
        let copied = io::copy(&mut server_reads, &mut client_writes);
        // The client may be the one who closed.
        let _ = client_writes.shutdown(Shutdown::Both);
        copied
    });
    // Either end may break off; both are closed then.
    let _ = io::copy(&mut client_reads, &mut server_writes);
    let _ = server.shutdown(Shutdown::Both);
    let _ = back.join().unwrap();
    Ok(false)
}

/// An answer with a length.
pub(crate) fn answer(status: &str, fields: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\n{fields}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

fn tls(certificate: &str, versions: &[&'static rustls::SupportedProtocolVersion]) -> ServerConfig {
    let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
    ServerConfig::builder_with_provider(Arc::new(provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], PrivateKeyDer::from_pem_slice(KEY.as_bytes()).unwrap())
        .unwrap()
}

pub(crate) fn provider() -> CryptoProvider {
    #[cfg(feature = "aws-lc-rs")]
    return rustls::crypto::aws_lc_rs::default_provider();
    #[cfg(not(feature = "aws-lc-rs"))]
    return rustls::crypto::ring::default_provider();
}

/// Tokio's runtime with a clock that can be put on.
#[derive(Clone)]
pub(crate) struct Shifted {
    runtime: TokioRuntime,
    by: Arc<Mutex<Duration>>,
}

impl Shifted {
    pub(crate) fn new() -> Self {
        Self { runtime: TokioRuntime::current().unwrap(), by: Arc::default() }
    }

    pub(crate) fn pass(&self, seconds: u64) {
        *self.by.lock().unwrap() += Duration::from_secs(seconds);
    }
}

impl Runtime for Shifted {
    fn now(&self) -> Instant {
        self.runtime.now() + *self.by.lock().unwrap()
    }

    fn sleep(&self, duration: Duration) -> RuntimeFuture {
        self.runtime.sleep(duration)
    }

    fn spawn(&self, task: RuntimeFuture) {
        self.runtime.spawn(task);
    }
}
