//! Class Propagate: the token that came in, on its way to a service behind the gateway (Model Context Protocol,
//! Authorization, "Token Passthrough"; RFC 8693 §1.1, RFC 8725 §3.9).
//!
//! That no type for outbound calls is made of an inbound token is held by `ui.rs`, `what_goes_out_isnt_made_of_what_came_in`.

use std::time::Duration;

use countersign::gateway::propagation::{Outbound, Propagation, PropagationBuilder, Service, ServiceToken};
use countersign::profile::access_token::Grant;
use countersign::{
    AccessToken, AccessTokenIssuer, AccessTokenVerifier, Error, JwsAlgorithm, NoClaims, SigningKey,
};

use crate::support::*;

const GATEWAY: &str = "https://gateway.example";
const INVENTORY: &str = "https://inventory.internal";

struct Parties {
    issuer: AccessTokenIssuer,
    gateway: AccessTokenVerifier,
    propagation: Propagation,
    inventory: AccessTokenVerifier,
}

fn parties(settings: impl FnOnce(PropagationBuilder) -> PropagationBuilder) -> Parties {
    let verifier = |key: &SigningKey, issuer: &str, audience: &str| {
        let verifier = AccessTokenVerifier::builder(key.verifying_key().unwrap()).issuer(issuer);
        verifier.audience(audience).clock(at(NOW)).build().unwrap()
    };
    let key = SigningKey::generate(JwsAlgorithm::Es256).unwrap();
    let gateway = verifier(&key, ISSUER, AUDIENCE);
    let issuer = AccessTokenIssuer::builder(key).issuer(ISSUER).audience(AUDIENCE).clock(at(NOW));
    let key = SigningKey::generate(JwsAlgorithm::Es256).unwrap();
    let inventory = verifier(&key, GATEWAY, INVENTORY);
    let service = Service::new(INVENTORY).scopes(["stock:read"]);
    let propagation =
        Propagation::builder(key).issuer(GATEWAY).subjects_of(ISSUER).service("inventory", service);
    Parties {
        issuer: issuer.lifetime(Duration::from_secs(60)).build().unwrap(),
        gateway,
        propagation: settings(propagation.clock(at(NOW))).build().unwrap(),
        inventory,
    }
}

impl Parties {
    fn came_in(&self) -> String {
        self.issuer.issue(&Grant::to("u", "c").scopes(["stock:read", "orders:write"])).unwrap()
    }

    fn mint(&self, text: &str) -> Result<ServiceToken, Error> {
        let token: AccessToken<NoClaims> = self.gateway.verify(text)?;
        self.propagation.mint(&token, "inventory")
    }
}

#[test]
fn row_146_the_token_that_came_in_isnt_passed_on() {
    let parties = parties(|propagation| propagation);
    let came_in = parties.came_in();
    let minted = parties.mint(&came_in).unwrap();
    // Neither its claims nor its signature go out, and the service wouldn't take it.
    for part in came_in.split('.').skip(1) {
        assert!(!minted.expose_secret().contains(part));
    }
    assert_eq!(parties.inventory.verify::<NoClaims>(&came_in).unwrap_err().code(), "invalid_signature");
    let lax = AccessTokenVerifier::builder(parties.issuer.signing_key().verifying_key().unwrap());
    let lax = lax.issuer(ISSUER).audience(INVENTORY).clock(at(NOW)).build().unwrap();
    assert_eq!(lax.verify::<NoClaims>(&came_in).unwrap_err().code(), "claim_unexpected");
    // Nor does the gateway take back what it minted.
    let taken_back = parties.gateway.verify::<NoClaims>(minted.expose_secret());
    assert_eq!(taken_back.unwrap_err().code(), "invalid_signature");
    let received = parties.inventory.verify::<NoClaims>(minted.expose_secret()).unwrap();
    assert!(received.has_scope("stock:read") && !received.has_scope("orders:write"));
    assert_eq!(received.audience().collect::<Vec<_>>(), [INVENTORY]);
    // What isn't verified mints nothing.
    let (rest, _) = came_in.rsplit_once('.').unwrap();
    let forged = format!("{rest}.{}", encode([1; 64]));
    assert_eq!(parties.mint(&forged).unwrap_err().code(), "invalid_signature");
}

#[test]
fn row_146_nothing_is_forwarded_where_nothing_was_minted() {
    let parties = parties(|propagation| propagation.strip("X-Forwarded-Access-Token"));
    let came_in = parties.came_in();
    let bearer = format!("Bearer {came_in}");
    let fields = [
        ("Authorization", &bearer),
        ("authorization", &bearer),
        ("AUTHORIZATION", &came_in),
        ("Proxy-Authorization", &bearer),
        ("X-Forwarded-Access-Token", &came_in),
    ];
    for outbound in [parties.propagation.nothing(), Outbound::from(parties.mint(&came_in).unwrap())] {
        assert!(fields.iter().all(|(name, _)| outbound.strips(name)));
    }
    assert!(parties.propagation.nothing().token().is_none());
}

/// Another subject, another issuer, more scopes, another actor: what a token that came in might try to have said
/// in the gateway's name.
#[test]
fn row_146_the_gateway_says_nothing_that_it_doesnt_know() {
    let parties = parties(|propagation| propagation);
    let say = |claims: &str| {
        let own: serde_json::Value = serde_json::from_str(claims).unwrap();
        let came_in = parties.issuer.issue_with(&Grant::to("u", "c").scopes(["stock:read"]), &own).unwrap();
        parties.mint(&came_in).map_err(|error| error.code())
    };
    let said = |claims: &str| {
        let minted = say(claims).unwrap();
        parties.inventory.verify::<serde_json::Value>(minted.expose_secret()).unwrap().into_claims()
    };
    let victim = said(r#"{"sub_id":{"format":"iss_sub","iss":"https://other.example","sub":"admin"}}"#);
    assert_eq!(victim["sub_id"]["iss"], ISSUER);
    assert_eq!((&victim["sub"], &victim["sub_id"]["sub"]), (&"u".into(), &"u".into()));
    let more = said(r#"{"scp":"admin","permissions":["admin"],"azp":"other","email":"a@example.com"}"#);
    for name in ["scp", "permissions", "azp", "email"] {
        assert!(more.get(name).is_none(), "{name}");
    }
    assert_eq!(said(r#"{"act":{"sub":"admin"}}"#)["act"]["sub"], GATEWAY);
    assert_eq!(say(r#"{"act":"admin"}"#).unwrap_err(), "claim_malformed");
    // The gateway's own `act` around it would be a level too much for every service.
    let nested = |levels: usize| {
        format!(r#"{{"act":{{"sub":"a","x":{}{}}}}}"#, "[".repeat(levels), "]".repeat(levels))
    };
    assert!(say(&nested(29)).is_ok());
    assert_eq!(say(&nested(30)).unwrap_err(), "claim_malformed");
    assert_eq!(say(r#"{"txn":"a\r\nset-cookie: b"}"#).unwrap_err(), "claim_malformed");
    assert_eq!(say(r#"{"may_act":{"sub":"another"}}"#).unwrap_err(), "actor_not_allowed");
}
