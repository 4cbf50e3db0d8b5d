//! Class F beside keys that are fetched: what a token's header holds is no key of the source and no place to look for one.

use std::time::Duration;

use countersign::jwt::SourcedVerifier;
use countersign::keys::remote::RemoteJwks;
use countersign::{JwtVerifier, NoClaims};

use crate::header_keys::{OURS, THEIRS, ed25519, ed25519_public_json};
use crate::remote::{Answer, Server, Virtual};
use crate::support::*;

/// A verifier whose keys are fetched, and the server, which answers under each URL with our key.
struct Fetching {
    time: Virtual,
    server: Server,
    verifier: SourcedVerifier,
}

impl Fetching {
    const URL: &str = "https://as.example/keys";

    fn new() -> Self {
        let time = Virtual::new();
        let key = ed25519_public_json(OURS).replace("\"kty\"", "\"kid\":\"1\",\"kty\"");
        let server = Server::new(&time, Answer::ok(format!(r#"{{"keys":[{key}]}}"#)));
        let source = server.source(RemoteJwks::from_url(Self::URL));
        let verifier = SourcedVerifier::new(source, |keys| {
            let builder = JwtVerifier::builder(keys.keys().clone()).issuer(ISSUER).audience(AUDIENCE);
            builder.clock(at(NOW)).build()
        });
        Self { time, server, verifier }
    }

    fn verify(&self, token: &str) -> &'static str {
        // Long enough for the next fetch to be allowed: what is refused isn't refused for lack of one.
        self.time.pass(Duration::from_secs(60));
        let verified = self.time.block_on(self.verifier.verify::<NoClaims>(token));
        verified.map_or_else(|error| error.code(), |_| "accepted")
    }

    /// Sends forgeries with this member in their header, and their twins, which our key signed.
    #[track_caller]
    fn assert_only_asks_where_it_was_told(&self, member: &str) {
        for (kid, expected) in [
            ("", "invalid_signature"),
            (r#","kid":"1""#, "invalid_signature"),
            // This one has the keys fetched again, from where they always are.
            (r#","kid":"2""#, "no_matching_key"),
        ] {
            let header = format!(r#"{{"alg":"Ed25519",{member}{kid}}}"#);
            let before = self.server.requests();
            assert_eq!(self.verify(&ed25519(THEIRS, &header)), expected, "{header}");
            if expected == "no_matching_key" {
                assert!(self.server.requests() > before, "{header}");
            } else {
                assert_eq!(self.verify(&ed25519(OURS, &header)), "accepted", "{header}");
            }
        }
        let urls = self.server.urls();
        assert!(!urls.is_empty() && urls.iter().all(|url| url == Self::URL), "{urls:?}");
    }
}

#[test]
fn row_036_key_in_the_header_beside_keys_that_are_fetched() {
    let fetching = Fetching::new();
    let theirs = ed25519_public_json(THEIRS);
    let named = theirs.replace("\"kty\"", "\"kid\":\"2\",\"kty\"");
    for jwk in [theirs, named.clone(), format!(r#"{{"keys":[{named}]}}"#)] {
        for member in ["jwk", "jwks"] {
            fetching.assert_only_asks_where_it_was_told(&format!(r#""{member}":{jwk}"#));
        }
    }
}

#[test]
fn row_037_address_of_keys_in_the_header_is_not_where_keys_are_fetched() {
    let fetching = Fetching::new();
    for url in [
        "https://attacker.example/keys",
        "https://as.example/keys?tenant=attacker",
        "http://127.0.0.1:8080/keys",
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
    ] {
        for member in ["jku", "x5u", "jwks_uri"] {
            fetching.assert_only_asks_where_it_was_told(&format!(r#""{member}":"{url}""#));
        }
    }
}
