//! The HTTP client over real sockets: what it asks, how much it reads, how long it waits, whom it trusts, and what of
//! the environment it leaves alone.

#![cfg(feature = "jwks-http")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

#[path = "support/http.rs"]
mod http;

use std::env;
use std::net::TcpListener;
use std::process::{Command, Output};
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::Duration;

use countersign::Error;
use countersign::keys::remote::{
    HttpClient, HttpFailure, RemoteJwks, ReqwestClient, ReqwestClientBuilder, TokioRuntime,
};
use http::{CA, LOOPBACK, NAMED, OTHER_CA, Server, Wire, answer, tunnel, until_closed};
use rustls::crypto::CryptoProvider;

const ISSUER: &str = "https://id.example.com";
const MAX: usize = 256 << 10;

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Also on a machine without root certificates.
fn trusting() -> ReqwestClientBuilder {
    ReqwestClient::builder().root_pem(CA)
}

fn client() -> ReqwestClient {
    trusting().build().unwrap()
}

/// A client that gives up soon, whoever keeps it waiting.
fn hasty() -> ReqwestClient {
    let timeout = millis(300);
    trusting().connect_timeout(timeout).read_timeout(timeout).timeout(timeout).build().unwrap()
}

async fn get(client: &ReqwestClient, url: &str) -> Result<String, HttpFailure> {
    client.get(url, MAX).await.map(|response| format!("{response:?}"))
}

fn bytes(status: u16, bytes: usize) -> String {
    format!("HttpResponse {{ status: {status}, bytes: {bytes}, .. }}")
}

/// Runs a test of this file in a process of its own, with this environment. In that process, returns `None`.
fn apart(test: &str, environment: &[(&str, &str)]) -> Option<Output> {
    const MARK: &str = "COUNTERSIGN_APART";
    if env::var_os(MARK).is_some() {
        return None;
    }
    let mut child = Command::new(env::current_exe().unwrap());
    child.args(["--exact", test, "--nocapture"]).env(MARK, "1").envs(environment.iter().copied());
    let output = child.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{output:?}");
    Some(output)
}

// ---- the client

#[tokio::test]
async fn a_request_says_what_is_asked_for_and_no_more() {
    let server = Server::plain(|_, wire| {
        wire.write_all(&answer("200 OK", "Set-Cookie: a=b\r\nContent-Encoding: gzip\r\n", "whole"))?;
        Ok(true)
    });
    let client = client();
    for _ in 0..2 {
        // Nothing undoes a compression that nobody asked for.
        assert_eq!(get(&client, &server.url("/jwks?a=b%20c")).await, Ok(bytes(200, 5)));
    }
    let requests = server.requests();
    // Each by itself, though the server would have kept the connection.
    assert_eq!((requests.len(), server.connections()), (2, 2));
    for request in requests {
        let mut lines: Vec<_> = request.trim_end().split("\r\n").map(str::to_ascii_lowercase).collect();
        assert_eq!(lines.remove(0), "get /jwks?a=b%20c http/1.1");
        lines.sort();
        let expected = [
            "accept: application/jwk-set+json, application/json;q=0.9, */*;q=0.1".to_owned(),
            "connection: close".to_owned(),
            format!("host: {}", server.address()),
            format!("user-agent: countersign/{}", env!("CARGO_PKG_VERSION")),
        ];
        assert_eq!(lines, expected);
    }
    let named = trusting().user_agent("gateway/7").build().unwrap();
    get(&named, &server.url("/")).await.unwrap();
    assert!(server.requests()[2].to_ascii_lowercase().contains("user-agent: gateway/7\r\n"));
}

#[tokio::test]
async fn localhost_is_this_machine() {
    let server = Server::plain(|_, wire| wire.write_all(&answer("200 OK", "", "")).map(|()| true));
    let url = format!("http://localhost:{}/", server.address().port());
    assert_eq!(get(&client(), &url).await, Ok(bytes(200, 0)));
}

#[tokio::test]
async fn a_body_is_read_up_to_the_bound_and_no_further() {
    let at = "a".repeat(MAX);
    let past = "a".repeat(MAX + 1);
    let chunked = |body: &str| {
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        let (first, second) = body.split_at(body.len() / 2);
        let chunk = |part: &str| format!("{:x}\r\n{part}\r\n", part.len());
        format!("{head}{}{}0\r\n\r\n", chunk(first), chunk(second)).into_bytes()
    };
    let unsaid = |body: &str| format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{body}").into_bytes();
    let announced = |length: usize, body: &str| {
        format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}").into_bytes()
    };
    for (what, written, expected) in [
        ("empty", answer("200 OK", "", ""), Ok(bytes(200, 0))),
        ("a length, at the bound", answer("200 OK", "", &at), Ok(bytes(200, MAX))),
        ("a length, past it", answer("200 OK", "", &past), Err(HttpFailure::TooLarge)),
        ("chunks, at the bound", chunked(&at), Ok(bytes(200, MAX))),
        ("chunks, past it", chunked(&past), Err(HttpFailure::TooLarge)),
        ("no length, at the bound", unsaid(&at), Ok(bytes(200, MAX))),
        ("no length, past it", unsaid(&past), Err(HttpFailure::TooLarge)),
        // The length is what tells: nothing of such a body comes.
        ("a huge length", announced(1 << 60, ""), Err(HttpFailure::TooLarge)),
        ("more than announced", announced(3, &past), Ok(bytes(200, 3))),
        ("less than announced", announced(9, "cut"), Err(HttpFailure::Unreachable)),
        ("an end within a chunk", chunked(&at)[..1000].to_vec(), Err(HttpFailure::Unreachable)),
        ("an end within the head", b"HTTP/1.1 200 OK\r\nCache-".to_vec(), Err(HttpFailure::Unreachable)),
        ("nothing", Vec::new(), Err(HttpFailure::Unreachable)),
        ("another protocol", b"SSH-2.0-OpenSSH_9.9\r\n".to_vec(), Err(HttpFailure::Unreachable)),
        ("two lengths", answer("200 OK", "Content-Length: 1\r\n", "ab"), Err(HttpFailure::Unreachable)),
    ] {
        let server = Server::plain(move |_, wire| wire.write_all(&written).map(|()| false));
        let found = get(&client(), &server.url("/jwks")).await;
        // A server that closes on unread bytes may break what was under way; that is no answer either.
        assert_eq!(found, expected, "{what}");
    }
}

#[tokio::test]
async fn an_endless_body_is_stopped_early() {
    const WHOLE: usize = 256 << 20;
    let (sent, told) = mpsc::channel();
    let sent = Mutex::new(sent);
    let server = Server::plain(move |_, wire| {
        wire.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
        let block = vec![b' '; 64 << 10];
        let mut written = 0;
        while written < WHOLE && wire.write_all(&block).is_ok() {
            written += block.len();
        }
        sent.lock().unwrap().send(written).unwrap();
        Ok(false)
    });
    assert_eq!(get(&client(), &server.url("/jwks")).await, Err(HttpFailure::TooLarge));
    let written = told.recv_timeout(Duration::from_secs(60)).unwrap();
    // What the two sockets buffer comes on top of the bound.
    assert!(written < WHOLE / 2, "{written}");
}

#[tokio::test]
async fn an_endless_head_is_stopped_early() {
    let server = Server::plain(|_, wire| {
        wire.write_all(b"HTTP/1.1 200 OK\r\n")?;
        for number in 0..1_000_000 {
            wire.write_all(format!("X-{number}: {}\r\n", "a".repeat(100)).as_bytes())?;
        }
        panic!("the client read a hundred megabytes");
    });
    assert_eq!(get(&client(), &server.url("/jwks")).await, Err(HttpFailure::Unreachable));
}

/// The time-outs that aren't meant are a minute, of which half is more than any of these takes.
#[tokio::test]
async fn whoever_keeps_it_waiting_is_left() {
    let soon = async |client: &ReqwestClient, url: &str| {
        let half_a_minute = Duration::from_secs(30);
        tokio::time::timeout(half_a_minute, get(client, url)).await.expect("the time-out that is meant")
    };
    // Connections are made by the system, and nobody ever takes them.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    for url in [format!("http://{address}/"), format!("https://{address}/")] {
        assert_eq!(soon(&hasty(), &url).await, Err(HttpFailure::TimedOut), "{url}");
    }
    let minute = Duration::from_secs(60);
    // Each of the three by itself.
    let connecting = trusting().connect_timeout(millis(200)).read_timeout(minute).timeout(minute);
    let connecting = connecting.build().unwrap();
    assert_eq!(soon(&connecting, &format!("https://{address}/")).await, Err(HttpFailure::TimedOut));
    let reading = trusting().connect_timeout(millis(200)).read_timeout(millis(200)).timeout(minute);
    let reading = reading.build().unwrap();
    assert_eq!(soon(&reading, &format!("http://{address}/")).await, Err(HttpFailure::TimedOut));
    let halfway = Server::plain(|_, wire| {
        wire.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")?;
        until_closed(wire)
    });
    assert_eq!(soon(&reading, &halfway.url("/")).await, Err(HttpFailure::TimedOut));
    // A byte now and then satisfies every wait but the whole.
    for start in ["HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n", "HTTP/1.1 200 OK\r\nX: "] {
        let trickle = Server::plain(move |_, wire| {
            wire.write_all(start.as_bytes())?;
            for _ in 0..5000 {
                thread::sleep(millis(20));
                wire.write_all(b" ")?;
            }
            Ok(false)
        });
        assert_eq!(soon(&hasty(), &trickle.url("/")).await, Err(HttpFailure::TimedOut), "{start}");
    }
}

#[tokio::test]
async fn a_port_without_server_is_unreachable() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for scheme in ["http", "https"] {
        let url = format!("{scheme}://{gone}/jwks");
        assert_eq!(get(&client(), &url).await, Err(HttpFailure::Unreachable), "{url}");
    }
    assert_eq!(get(&client(), "no URL").await, Err(HttpFailure::Unreachable));
}

#[tokio::test]
async fn of_a_refusal_the_status_counts_whatever_comes_with_it() {
    for status in ["404 Not Found", "500 Internal Server Error", "503 Busy", "304 Not Modified"] {
        let server = Server::plain(move |_, wire| {
            wire.write_all(&answer(status, "", &"x".repeat(MAX * 2))).map(|()| false)
        });
        let expected = bytes(status[..3].parse().unwrap(), 0);
        assert_eq!(get(&client(), &server.url("/jwks")).await, Ok(expected));
    }
}

/// RFC 9112 §9.3: connections persist unless either end says otherwise, and old servers think otherwise.
#[tokio::test]
async fn it_doesnt_matter_whether_the_server_keeps_or_closes_connections() {
    for (fields, keeps) in [
        ("", true),
        ("", false),
        ("Connection: keep-alive\r\nKeep-Alive: timeout=600\r\n", true),
        ("Connection: close\r\n", false),
    ] {
        let server =
            Server::plain(move |_, wire| wire.write_all(&answer("200 OK", fields, "ab")).map(|()| keeps));
        let client = client();
        for _ in 0..20 {
            assert_eq!(get(&client, &server.url("/")).await, Ok(bytes(200, 2)), "{fields} {keeps}");
        }
        assert_eq!((server.count(), server.connections()), (20, 20));
    }
    let old = Server::plain(|_, wire| wire.write_all(b"HTTP/1.0 200 OK\r\n\r\nab").map(|()| false));
    assert_eq!(get(&client(), &old.url("/")).await, Ok(bytes(200, 2)));
}

// ---- TLS

#[tokio::test]
async fn a_server_is_who_a_root_says_it_is() {
    let ok = |_: &str, wire: &mut dyn Wire| wire.write_all(&answer("200 OK", "", "{}")).map(|()| false);
    let (loopback, named) = (Server::tls(LOOPBACK, ok), Server::tls(NAMED, ok));
    let by_name = |server: &Server| format!("https://localhost:{}/", server.address().port());
    let der = {
        use rustls::pki_types::{CertificateDer, pem::PemObject};
        CertificateDer::from_pem_slice(CA.as_bytes()).unwrap().to_vec()
    };
    let both = format!("{OTHER_CA}\nNot a certificate.\n{CA}");
    let (given, accepted) = (ReqwestClient::builder, Ok(bytes(200, 2)));
    for (what, builder, expected) in [
        ("further, in PEM", given().root_pem(CA), &accepted),
        ("further, in DER", given().root_der(&der), &accepted),
        ("the only one", given().root_pem(CA).only_given_roots(), &accepted),
        ("one of two", given().root_pem(&both).only_given_roots(), &accepted),
        ("one of two that are given", given().root_pem(OTHER_CA).root_der(&der), &accepted),
        ("another's, further", given().root_pem(OTHER_CA), &Err(HttpFailure::Untrusted)),
        ("another's only", given().root_pem(OTHER_CA).only_given_roots(), &Err(HttpFailure::Untrusted)),
    ] {
        let client = builder.build().unwrap();
        for url in [loopback.url("/"), by_name(&loopback)] {
            assert_eq!(&get(&client, &url).await, expected, "{what}");
        }
        let before = named.count();
        for url in [named.url("/"), by_name(&named)] {
            assert_eq!(get(&client, &url).await, Err(HttpFailure::Untrusted), "{what}");
        }
        assert_eq!(named.count(), before, "asked before its certificate was judged");
    }
    // Five clients, two URLs each; none was asked by the others.
    assert_eq!(loopback.count(), 10);
    // None of this needed, or left behind, a choice for the whole process.
    assert!(CryptoProvider::get_default().is_none());
}

#[tokio::test]
async fn both_versions_of_tls_are_spoken() {
    for version in rustls::ALL_VERSIONS {
        let server = Server::of_version(version, |_, wire| {
            wire.write_all(&answer("200 OK", "", "{}")).map(|()| false)
        });
        assert_eq!(get(&client(), &server.url("/")).await, Ok(bytes(200, 2)), "{version:?}");
    }
}

#[tokio::test]
async fn clear_text_is_no_tls() {
    let plain = Server::plain(|_, wire| wire.write_all(&answer("200 OK", "", "{}")).map(|()| false));
    let url = format!("https://{}/", plain.address());
    // What a TLS client says first isn't the head of a request: the server here waits for the rest.
    assert_ne!(get(&hasty(), &url).await, Ok(bytes(200, 2)));
    assert_eq!(plain.count(), 0);
    // Its twin: asked in clear, the same server answers.
    assert_eq!(get(&hasty(), &plain.url("/")).await, Ok(bytes(200, 2)));
    assert_eq!(plain.count(), 1);
}

/// The default of this process has no cipher suites: whoever used it couldn't speak TLS.
#[test]
fn another_default_provider_changes_nothing() {
    if apart("another_default_provider_changes_nothing", &[]).is_some() {
        return;
    }
    let mut crippled = http::provider();
    crippled.cipher_suites.clear();
    crippled.kx_groups.clear();
    crippled.install_default().unwrap();
    let server = Server::tls(LOOPBACK, |_, wire| wire.write_all(&answer("200 OK", "", "{}")).map(|()| false));
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        for builder in [trusting(), trusting().only_given_roots()] {
            let client = builder.build().unwrap();
            assert_eq!(get(&client, &server.url("/")).await, Ok(bytes(200, 2)));
        }
    });
    assert!(CryptoProvider::get_default().unwrap().cipher_suites.is_empty());
}

/// Where the system's roots are files, the environment says which.
#[cfg(all(unix, not(target_vendor = "apple"), not(target_os = "android")))]
#[test]
fn by_default_the_system_judges() {
    const TEST: &str = "by_default_the_system_judges";
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/");
    for (file, expected) in
        [("issuer.certificate.pem", "accepted"), ("p256.certificate.pem", "refused"), ("none", "no roots")]
    {
        let file = format!("{folder}{file}");
        let environment =
            [("SSL_CERT_FILE", &*file), ("SSL_CERT_DIR", "/nonexistent"), ("COUNTERSIGN_EXPECTED", expected)];
        if apart(TEST, &environment).is_none() {
            break;
        }
    }
    let Ok(expected) = env::var("COUNTERSIGN_EXPECTED") else { return };
    let server = Server::tls(LOOPBACK, |_, wire| wire.write_all(&answer("200 OK", "", "{}")).map(|()| false));
    #[cfg(feature = "pem")]
    load_balancers_keys(&expected);
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let found = match ReqwestClient::new() {
            Ok(client) => match get(&client, &server.url("/")).await {
                Ok(_) => "accepted".to_owned(),
                Err(HttpFailure::Untrusted) => "refused".to_owned(),
                Err(other) => format!("{other:?}"),
            },
            Err(Error::Misuse { reason, .. }) => {
                assert!(
                    reason.starts_with("expected the system's root certificates, found none"),
                    "{reason}"
                );
                let paved = RemoteJwks::from_url(ISSUER).build_http();
                assert_eq!(paved.unwrap_err().code(), "misuse");
                "no roots".to_owned()
            }
            Err(other) => other.to_string(),
        };
        assert_eq!(found, expected);
        // These do without.
        for builder in [trusting(), trusting().only_given_roots()] {
            assert!(get(&builder.build().unwrap(), &server.url("/")).await.is_ok());
        }
    });
}

/// The same source in one step, over TLS: it has the key, or doesn't trust the server, or isn't made.
#[cfg(all(feature = "pem", unix, not(target_vendor = "apple"), not(target_os = "android")))]
fn load_balancers_keys(expected: &str) {
    use countersign::keys::remote::{KeySource as _, LoadBalancerKeys};

    const KID: &str = "abb8289f-e3a4-4a34-9472-c2105e2b2482";
    let key = countersign::SigningKey::generate(countersign::JwsAlgorithm::Es256).unwrap();
    let pem = key.to_public_jwk().unwrap().to_spki_pem().unwrap();
    let server = Server::tls(LOOPBACK, move |head, wire| {
        let found = head.starts_with(&format!("GET /{KID} "));
        let (status, body) = if found { ("200 OK", &*pem) } else { ("404 Not Found", "") };
        wire.write_all(&answer(status, "", body)).map(|()| false)
    });
    assert!(LoadBalancerKeys::at(server.url("/")).build_http().is_err(), "outside a runtime");
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let ask = async |key_id: &str| {
            let keys = LoadBalancerKeys::at(server.url("/")).build_http()?;
            keys.keys(Some(key_id), None).await.map(|snapshot| snapshot.keys().len())
        };
        let absent = ask("0c1d2e3f-0000-4000-8000-00000000000b").await.unwrap_err().code();
        let found = match ask(KID).await {
            Ok(1) => "accepted",
            Ok(_) => "other keys",
            Err(Error::KeySourceUnavailable) => "refused",
            Err(Error::Misuse { .. }) => "no roots",
            Err(other) => other.code(),
        };
        assert_eq!(found, expected);
        let others = [("accepted", "no_matching_key"), ("refused", "key_source_unavailable")];
        let other = others.into_iter().find(|(known, _)| *known == expected);
        assert_eq!(absent, other.map_or("misuse", |(_, code)| code));
    });
    assert_eq!(server.count(), if expected == "accepted" { 2 } else { 0 });
}

// ---- proxies

#[test]
fn no_proxy_of_the_environment_is_used() {
    const TEST: &str = "no_proxy_of_the_environment_is_used";
    let proxy = Server::plain(|_, wire| wire.write_all(&answer("200 OK", "", "[]")).map(|()| false));
    let url = proxy.url("");
    let names = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    let environment: Vec<_> =
        names.iter().map(|name| (*name, &*url)).chain([("NO_PROXY", ""), ("no_proxy", "")]).collect();
    if apart(TEST, &environment).is_some() {
        assert_eq!(proxy.connections(), 0);
        return;
    }
    let ok = |_: &str, wire: &mut dyn Wire| wire.write_all(&answer("200 OK", "", "{}")).map(|()| false);
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        for server in [Server::plain(ok), Server::tls(LOOPBACK, ok)] {
            assert_eq!(get(&client(), &server.url("/")).await, Ok(bytes(200, 2)));
            assert_eq!(server.count(), 1);
        }
    });
}

#[tokio::test]
async fn a_given_proxy_sees_the_name_and_nothing_else() {
    let server = Server::tls(NAMED, |_, wire| wire.write_all(&answer("200 OK", "", "{}")).map(|()| false));
    let target = server.address();
    let proxy = Server::plain(move |head, wire| {
        wire.write_all(b"HTTP/1.1 200 Connected\r\n\r\n")?;
        assert!(head.starts_with("CONNECT id.example.com:443 HTTP/1.1\r\n"), "{head}");
        tunnel(wire, target)
    });
    let proxied =
        || trusting().proxy(proxy.url("").replace("http://", "http://gateway:secret@")).build().unwrap();
    assert_eq!(get(&proxied(), "https://id.example.com/jwks").await, Ok(bytes(200, 2)));
    let [connect] = &*proxy.requests() else { panic!("one connection is asked for") };
    // RFC 7617 §2, for whoever has to name himself.
    assert!(connect.contains("Basic Z2F0ZXdheTpzZWNyZXQ="), "{connect}");
    assert!(!connect.contains("/jwks"), "{connect}");
    assert!(server.requests()[0].starts_with("GET /jwks "));
    assert!(!server.requests()[0].contains("secret") && !server.requests()[0].contains("Basic"));
    // The proxy can't pass for the server.
    let other = trusting().proxy(proxy.url("")).build().unwrap();
    let wrong = Server::tls(LOOPBACK, |_, wire| wire.write_all(&answer("200 OK", "", "{}")).map(|()| false));
    let elsewhere = wrong.address();
    let liar = Server::plain(move |_, wire| {
        wire.write_all(b"HTTP/1.1 200 Connected\r\n\r\n")?;
        tunnel(wire, elsewhere)
    });
    let lied_to = trusting().proxy(liar.url("")).build().unwrap();
    assert_eq!(get(&lied_to, "https://id.example.com/jwks").await, Err(HttpFailure::Untrusted));
    // What is in clear, and what is on this machine, doesn't go through it.
    let near = Server::tls(LOOPBACK, |_, wire| wire.write_all(&answer("200 OK", "", "{}")).map(|()| false));
    let clear = Server::plain(|_, wire| wire.write_all(&answer("200 OK", "", "{}")).map(|()| false));
    let before = proxy.connections();
    let local = format!("https://localhost:{}/", near.address().port());
    for url in [near.url("/"), local, clear.url("/")] {
        assert_eq!(get(&other, &url).await, Ok(bytes(200, 2)), "{url}");
    }
    assert_eq!(proxy.connections(), before);
}

// ---- what can't be built

#[tokio::test]
async fn choices_that_contradict_each_other_are_refused() {
    let zero = Duration::ZERO;
    let given = ReqwestClient::builder;
    let timeouts = |connect, read, whole| {
        trusting().connect_timeout(millis(connect)).read_timeout(millis(read)).timeout(millis(whole))
    };
    for (builder, expected) in [
        (trusting().connect_timeout(zero), "expected time-outs of more than zero"),
        (trusting().read_timeout(zero), "expected time-outs of more than zero"),
        (trusting().timeout(zero), "expected time-outs of more than zero"),
        (timeouts(2, 1, 2), "expected `connect_timeout` <= `read_timeout` <= `timeout`"),
        (timeouts(1, 3, 2), "expected `connect_timeout` <= `read_timeout` <= `timeout`"),
        (trusting().timeout(millis(4999)), "expected `connect_timeout` <= `read_timeout` <= `timeout`"),
        (given().only_given_roots(), "expected root certificates along with `only_given_roots`"),
        (given().root_pem(""), "expected root certificates in PEM"),
        (given().root_pem("a certificate"), "expected root certificates in PEM"),
        (given().root_pem(&CA[..CA.len() / 2]), "expected root certificates in PEM"),
        (given().root_pem(&CA.replace('M', "!")), "expected root certificates in PEM"),
        (given().root_pem(CA).root_pem(""), "expected root certificates in PEM"),
        (given().root_der(CA.as_bytes()), "expected root certificates, found one that can't be read"),
        (given().root_der(b""), "expected root certificates, found one that can't be read"),
        (trusting().proxy(""), "expected the http or https URL of a proxy"),
        (trusting().proxy("proxy.example.com:3128"), "expected the http or https URL of a proxy"),
        (trusting().proxy("socks5://proxy.example.com"), "expected the http or https URL of a proxy"),
        (trusting().proxy("http://"), "expected the http or https URL of a proxy"),
        (trusting().user_agent("a\r\nX: b"), "expected a user agent of printable characters"),
    ] {
        let said = format!("{builder:?}");
        let Err(Error::Misuse { reason, .. }) = builder.build() else { panic!("built: {expected}") };
        assert!(reason.starts_with(expected), "{reason}");
        assert!(!said.contains("proxy.example.com") && !said.contains("CERTIFICATE"), "{said}");
    }
    for builder in [timeouts(1, 1, 1), timeouts(1, 2, 3), trusting().proxy("https://a:b@proxy.example.com/")]
    {
        builder.build().unwrap();
    }
    trusting()
        .timeout(Duration::MAX)
        .read_timeout(Duration::MAX)
        .connect_timeout(Duration::MAX)
        .build()
        .unwrap();
}

#[test]
fn outside_a_runtime_there_is_an_error_and_no_panic() {
    let expected = "misuse: expected to be called in a tokio runtime, found none";
    assert_eq!(TokioRuntime::current().unwrap_err().to_string(), expected);
    assert_eq!(trusting().build().unwrap_err().to_string(), expected);
    assert!(RemoteJwks::from_url(ISSUER).build_http().is_err());
}

/// What a runtime lacks would show with each fetch, as a server that can't be reached.
#[test]
fn a_runtime_without_timers_or_without_sockets_is_refused() {
    use tokio::runtime::Builder;
    let both = |builder: &mut Builder| {
        builder.build().unwrap().block_on(async {
            let client = trusting().build().map(drop);
            assert_eq!(client, TokioRuntime::current().map(drop));
            client
        })
    };
    let current_thread = Builder::new_current_thread;
    for (builder, lacks) in [
        (current_thread().enable_io(), "timers"),
        (current_thread().enable_time(), "I/O"),
        (&mut current_thread(), "timers"),
        (Builder::new_multi_thread().worker_threads(1).enable_time(), "I/O"),
    ] {
        let error = both(builder).unwrap_err().to_string();
        assert!(error.starts_with(&format!("misuse: expected a tokio runtime with {lacks}, ")), "{error}");
        assert!(error.ends_with("`enable_all` of its builder"), "{error}");
    }
    for builder in [
        current_thread().enable_all(),
        current_thread().enable_time().enable_io(),
        Builder::new_multi_thread().worker_threads(1).enable_all(),
    ] {
        both(builder).unwrap();
    }
}
