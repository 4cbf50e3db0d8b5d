//! Protected resource metadata (RFC 9728): the document, where it is published, and which URIs an API may go by.

#![cfg(feature = "gateway")]
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::net::Ipv6Addr;

use countersign::gateway::{BearerChallenge, ProtectedResourceMetadata, ProtectedResourceMetadataBuilder};
use proptest::prelude::*;
use serde_json::{Value, json};

const ISSUER: &str = "https://id.example.com";

fn of(resource: &str) -> ProtectedResourceMetadataBuilder {
    ProtectedResourceMetadata::builder(resource).authorization_server(ISSUER)
}

fn read(metadata: &ProtectedResourceMetadata) -> Value {
    serde_json::from_str(metadata.json()).unwrap()
}

/// The message, without "misuse: ".
#[track_caller]
fn refused(builder: ProtectedResourceMetadataBuilder) -> String {
    let error = builder.build().unwrap_err();
    assert_eq!(error.code(), "misuse");
    error.to_string()
}

#[test]
fn the_document_says_what_was_said() {
    let plain = of("https://mcp.example.com/mcp").build().unwrap();
    assert_eq!(
        plain.json(),
        r#"{"resource":"https://mcp.example.com/mcp","authorization_servers":["https://id.example.com"],"bearer_methods_supported":["header"]}"#
    );
    let full = of("https://mcp.example.com/mcp")
        .authorization_server("https://id.example.org/")
        .scopes(["files:read", "files:write"])
        .name("Files \"R\" Us\n")
        .documentation("https://example.com/docs?v=2")
        .policy("https://example.com/policy")
        .terms_of_service("https://example.com/terms")
        .certificate_bound()
        .build()
        .unwrap();
    assert_eq!(
        read(&full),
        json!({
            "resource": "https://mcp.example.com/mcp",
            "authorization_servers": ["https://id.example.com", "https://id.example.org/"],
            "scopes_supported": ["files:read", "files:write"],
            "bearer_methods_supported": ["header"],
            "resource_name": "Files \"R\" Us\n",
            "resource_documentation": "https://example.com/docs?v=2",
            "resource_policy_uri": "https://example.com/policy",
            "resource_tos_uri": "https://example.com/terms",
            "tls_client_certificate_bound_access_tokens": true,
        })
    );
}

/// RFC 9728 §3.1.
#[test]
fn the_well_known_path_goes_between_host_and_path() {
    let well_known = "/.well-known/oauth-protected-resource";
    for (resource, origin, path) in [
        ("https://resource.example.com", "https://resource.example.com", ""),
        ("https://resource.example.com/", "https://resource.example.com", ""),
        ("https://resource.example.com/resource1", "https://resource.example.com", "/resource1"),
        ("https://resource.example.com/a/b/", "https://resource.example.com", "/a/b/"),
        ("https://mcp.example.com:8443", "https://mcp.example.com:8443", ""),
        ("https://[2001:db8::1]:8443/mcp", "https://[2001:db8::1]:8443", "/mcp"),
        ("http://127.0.0.1:8080/mcp", "http://127.0.0.1:8080", "/mcp"),
        ("http://[::1]/mcp", "http://[::1]", "/mcp"),
        (
            "https://mcp.example.com/caf%C3%A9/a:b@c;d=(e)",
            "https://mcp.example.com",
            "/caf%C3%A9/a:b@c;d=(e)",
        ),
    ] {
        let metadata = of(resource).build().unwrap();
        assert_eq!(metadata.path(), format!("{well_known}{path}"), "{resource}");
        assert_eq!(metadata.url(), format!("{origin}{well_known}{path}"), "{resource}");
        // Audiences are compared as they were written.
        assert_eq!((metadata.resource(), read(&metadata)["resource"].as_str()), (resource, Some(resource)));
    }
}

/// RFC 9728 §1.2, RFC 8707 §2.
#[test]
fn an_api_goes_by_an_https_url() {
    assert!(of("https://mcp.example.com/mcp").build().is_ok());
    for resource in [
        "",
        "mcp.example.com",
        "//mcp.example.com",
        "https://",
        "https:///mcp",
        "http://mcp.example.com/mcp",
        "http://0.0.0.0/mcp",
        "urn:example:mcp",
        "HTTPS://mcp.example.com/mcp",
        "https://mcp.example.com/mcp#tools",
        "https://mcp.example.com/mcp#",
        "https://mcp.example.com/mcp?tenant=4",
        "https://mcp.example.com?",
        "https://user@mcp.example.com/mcp",
        "https://mcp.example.com/a b",
        "https://mcp.example.com/a\r\nb",
        "https://mcp.example.com/\u{e9}",
        "https://mcp.example.com/a\\b",
        "https://mcp.example.com/a\"b",
    ] {
        assert!(refused(of(resource)).contains("expected the API's URI to be an https URL"), "{resource}");
    }
}

/// Two ways to write one URI are two audiences, and whoever wrote the other is told what is wrong with it.
#[test]
fn an_api_goes_by_one_way_to_write_its_url() {
    let (capital, dot) = ("expected the host in lower case", "expected a host without a dot at its end");
    let (own_port, zero) =
        ("expected no port where it is the scheme's own", "expected a port that doesn't begin");
    let (ipv6, dots) = ("expected an IPv6 address as RFC 5952 §4", "expected a path without `.` and `..`");
    let (digits, needless) = ("expected two digits of 0-9 and A-F", "expected letters, digits,");
    let plain = "expected a path whose other characters are percent-encoded";
    for (resource, normal, rule) in [
        ("https://MCP.example.com/mcp", "https://mcp.example.com/mcp", capital),
        ("https://mcp.example.com./mcp", "https://mcp.example.com/mcp", dot),
        ("https://mcp.example.com:443/mcp", "https://mcp.example.com/mcp", own_port),
        ("https://mcp.example.com:08443/mcp", "https://mcp.example.com:8443/mcp", zero),
        ("http://127.0.0.1:80/mcp", "http://127.0.0.1/mcp", own_port),
        ("https://[2001:DB8::1]/mcp", "https://[2001:db8::1]/mcp", ipv6),
        ("https://[2001:db8:0::1]/mcp", "https://[2001:db8::1]/mcp", ipv6),
        ("https://[::1]:443/mcp", "https://[::1]/mcp", own_port),
        ("https://mcp.example.com/a/../mcp", "https://mcp.example.com/mcp", dots),
        ("https://mcp.example.com/./mcp", "https://mcp.example.com/mcp", dots),
        ("https://mcp.example.com/mcp/.", "https://mcp.example.com/mcp/", dots),
        ("https://mcp.example.com/%6Dcp", "https://mcp.example.com/mcp", needless),
        ("https://mcp.example.com/%2E%2E/mcp", "https://mcp.example.com/mcp", needless),
        ("https://mcp.example.com/%2e%2E/mcp", "https://mcp.example.com/mcp", digits),
        ("https://mcp.example.com/a%2fb", "https://mcp.example.com/a%2Fb", digits),
        ("https://mcp.example.com/a%2", "https://mcp.example.com/a", digits),
        ("https://mcp.example.com/a%zz", "https://mcp.example.com/a", digits),
        ("https://mcp.example.com/{id}", "https://mcp.example.com/%7Bid%7D", plain),
    ] {
        let expected = format!("misuse: expected the API's URI in its normal form (RFC 3986 §6.2): {rule}");
        assert!(refused(of(resource)).starts_with(&expected), "{resource}");
        assert!(of(normal).build().is_ok(), "{normal}");
    }
    // The other scheme's port says something.
    assert!(of("https://mcp.example.com:80/mcp").build().is_ok());
    assert!(of("http://127.0.0.1:443/mcp").build().is_ok());
}

#[test]
fn what_makes_no_document_is_refused() {
    let resource = "https://mcp.example.com/mcp";
    let servers = |issuers: &[&str]| {
        let builder = ProtectedResourceMetadata::builder(resource);
        issuers.iter().fold(builder, |builder, issuer| builder.authorization_server(*issuer))
    };
    assert!(refused(servers(&[])).contains("expected `authorization_server`"));
    for issuer in [
        "",
        "id.example.com",
        "http://id.example.com",
        "https://id.example.com/?a",
        "https://id.example.com/#a",
    ] {
        assert!(refused(servers(&[issuer])).contains("expected authorization servers by"), "{issuer}");
    }
    // As their own metadata has them, which is compared with it.
    for issuer in ["https://tenant.example.com/", "https://id.example.com/realms/a", "http://127.0.0.1:9000"]
    {
        let metadata = servers(&[issuer]).build().unwrap();
        assert_eq!(read(&metadata)["authorization_servers"], json!([issuer]));
    }
    assert!(refused(servers(&[ISSUER, ISSUER])).contains("found one twice"));
    for scopes in [&["a b"] as &[&str], &[""], &["a\""], &["a\n"]] {
        assert!(refused(of(resource).scopes(scopes.iter().copied())).contains("scopes of one word each"));
    }
    assert!(refused(of(resource).scopes(["a", "a"])).contains("found one twice"));
    assert!(refused(of(resource).name("")).contains("a name that isn't empty"));
    assert!(of(resource).scopes(["a", "b"]).name("a").build().is_ok());
    let urls: [fn(ProtectedResourceMetadataBuilder, &str) -> ProtectedResourceMetadataBuilder; 3] = [
        |builder, url| builder.documentation(url),
        |builder, url| builder.policy(url),
        |builder, url| builder.terms_of_service(url),
    ];
    for set in urls {
        assert!(set(of(resource), "https://example.com/a?b").build().is_ok());
        for url in ["", "javascript:alert(1)", "http://example.com/", "https://example.com/#a"] {
            assert!(
                refused(set(of(resource), url)).contains("of documentation, policy and terms of service"),
                "{url}"
            );
        }
    }
}

#[test]
fn challenges_name_where_it_is() {
    let metadata = of("https://mcp.example.com/mcp").build().unwrap();
    let by_hand = BearerChallenge::new().resource_metadata(metadata.url()).unwrap();
    let challenge = BearerChallenge::new().resource(&metadata);
    assert_eq!(challenge.for_no_token(), by_hand.for_no_token());
    assert_eq!(
        challenge.for_no_token(),
        r#"Bearer resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource/mcp""#
    );
}

/// URLs, and what is nearly one.
const URL: &str = r"(https|http|HTTPS)://(h|127\.0\.0\.1|\[::1\])[a-zA-Z0-9:@.%/?#{}~\[\]]{0,12}";

/// A segment of a path, neither `.` nor `..`, in which what is percent-encoded has to be.
fn segment() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        10 => "[a-zA-Z0-9._~!$&'()*+,;=:@-]",
        1 => any::<u8>().prop_filter_map("unreserved", |byte| {
            let is_unreserved = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
            (!is_unreserved).then(|| format!("%{byte:02X}"))
        }),
    ];
    let segment = prop::collection::vec(character, 0..8).prop_map(|characters| characters.concat());
    segment.prop_filter("dots", |segment| !matches!(segment.as_str(), "." | ".."))
}

/// Scheme, host, port and path of a URI in its normal form.
fn good() -> impl Strategy<Value = (&'static str, String, Option<u16>, String)> {
    let port =
        |implied: u16| prop::option::of((1..=u16::MAX).prop_filter("implied", move |port| *port != implied));
    let name = "[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?(\\.[a-z0-9]{1,6}){0,3}";
    let host = prop_oneof![name, any::<Ipv6Addr>().prop_map(|address| format!("[{address}]"))];
    let loopback = prop_oneof![Just("localhost"), Just("127.0.0.1"), Just("[::1]")].prop_map(String::from);
    let origin = prop_oneof![(Just("https"), host, port(443)), (Just("http"), loopback, port(80)),];
    let path = prop::collection::vec(segment(), 0..4);
    (origin, path).prop_map(|((scheme, host, port), path)| {
        let path = path.iter().fold(String::new(), |path, segment| path + "/" + segment);
        (scheme, host, port, path)
    })
}

proptest! {
    /// What is in its normal form is accepted, and the same URI written otherwise isn't.
    #[test]
    fn any_uri_in_its_normal_form_is_accepted((scheme, host, port, path) in good(), byte in b'a'..=b'z') {
        let own = if scheme == "https" { 443 } else { 80 };
        let uri = |host: &str, port: Option<&str>, path: &str| {
            let port = port.map(|port| format!(":{port}")).unwrap_or_default();
            format!("{scheme}://{host}{port}{path}")
        };
        let port = port.map(|port| port.to_string());
        let port = port.as_deref();
        let resource = uri(&host, port, &path);
        let built = of(&resource).build();
        prop_assert!(built.is_ok(), "{} {:?}", resource, built);
        let built = built.unwrap();
        prop_assert_eq!(built.resource(), resource);

        let mut others = vec![
            uri(&host, Some(&own.to_string()), &path),
            uri(&host, port, &format!("/.{path}/a")),
            uri(&host, port, &format!("{path}/a/..")),
            uri(&host, port, &format!("{path}/%{byte:02X}")),
            uri(&host, port, &format!("{path}/%2f")),
            uri(&host, port, &format!("{path}/{{")),
        ];
        others.extend(port.map(|port| uri(&host, Some(&format!("0{port}")), &path)));
        if host.bytes().any(|byte| byte.is_ascii_lowercase()) {
            others.push(uri(&host.to_ascii_uppercase(), port, &path));
        }
        for other in others {
            prop_assert!(of(&other).build().is_err(), "{}", other);
        }
    }

    /// Whatever an API is said to go by: it is refused, or stands in the document and its URL as it was written.
    #[test]
    fn any_uri_is_refused_or_kept(resource in URL) {
        let Ok(metadata) = of(&resource).build() else { return Ok(()) };
        prop_assert_eq!(&read(&metadata)["resource"], &json!(resource));
        let (origin, path) = metadata.url().split_once("/.well-known/oauth-protected-resource").unwrap();
        let without_root = resource.strip_suffix('/').filter(|rest| *rest == origin);
        prop_assert_eq!(format!("{origin}{path}"), without_root.unwrap_or(&resource));
        prop_assert_eq!(format!("{origin}{}", metadata.path()), metadata.url());
        prop_assert_eq!(origin, origin.to_ascii_lowercase());
        let is_plain = !path.contains(['?', '#', '{', '}', '[', ']']) && !origin.contains('@');
        prop_assert!(is_plain);
    }
}
