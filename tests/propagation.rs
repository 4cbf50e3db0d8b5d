//! Propagation: what the services behind a gateway are told, and what they aren't; for each token that is minted,
//! the one beside it that isn't.

#![cfg(feature = "gateway")]
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use countersign::gateway::propagation::{
    Outbound, Propagation, PropagationBuilder, Service, ServiceCall, ServiceToken,
};
use countersign::jws::AsyncExternalSigner;
use countersign::profile::access_token::{ClientCertificate, Provider};
use countersign::{
    AccessToken, AccessTokenVerifier, DecryptionKey, Error, ExternalFuture, ExternalKeyError, JweAlgorithm,
    Jwk, JwsAlgorithm, Limits, NoClaims, SecretBytes, SigningKey, jws,
};
use p256::ecdsa::signature::Signer as _;
use serde_json::{Value, json};
use support::{ManualClock, NOW, block_on, from_base64url, hmac_key, signed, signing_key, stopped_at};

const ISSUER: &str = "https://id.example.com";
const PARTNER: &str = "https://id.example.org";
const API: &str = "https://api.example.com";
const GATEWAY: &str = "https://gateway.example.com";
const INVENTORY: &str = "https://inventory.internal";
const ORDERS: &str = "https://orders.internal";

fn claims(more: &Value) -> Value {
    let mut claims = json!({
        "iss": ISSUER, "aud": API, "sub": "user-17", "client_id": "web", "jti": "1", "iat": NOW - 10,
        "exp": NOW + 300, "scope": "stock:read stock:write orders:read",
    });
    claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    claims
}

fn try_inbound(more: &Value) -> Result<AccessToken<NoClaims>, Error> {
    let verifier = AccessTokenVerifier::for_issuers([ISSUER, PARTNER].map(|issuer| (issuer, hmac_key())));
    let verifier =
        verifier.audience(API).leeway(Duration::from_secs(60)).clock(stopped_at(NOW)).build().unwrap();
    verifier.verify(&signed(br#"{"alg":"HS256","typ":"at+jwt"}"#, claims(more).to_string()))
}

/// A token that came in and says this beside, or in the place of, what every one says.
fn inbound(more: &Value) -> AccessToken<NoClaims> {
    try_inbound(more).unwrap()
}

fn key() -> SigningKey {
    signing_key(JwsAlgorithm::Es256)
}

fn inventory() -> Service {
    Service::new(INVENTORY).scopes(["stock:read", "stock:write", "stock:count"])
}

fn begun() -> PropagationBuilder {
    Propagation::builder(key()).issuer(GATEWAY).clock(stopped_at(NOW))
}

fn builder() -> PropagationBuilder {
    begun().subjects_of(ISSUER).service("inventory", inventory())
}

fn propagation() -> Propagation {
    builder().build().unwrap()
}

fn service(audience: &str) -> AccessTokenVerifier {
    let verifier = AccessTokenVerifier::builder(key().verifying_key().unwrap());
    verifier.issuer(GATEWAY).audience(audience).clock(stopped_at(NOW)).build().unwrap()
}

/// What the service makes of a token.
#[track_caller]
fn received(token: &ServiceToken) -> AccessToken<Value> {
    service(INVENTORY).verify(token.expose_secret()).unwrap()
}

#[track_caller]
fn minted(more: &Value) -> AccessToken<Value> {
    received(&propagation().mint(&inbound(more), "inventory").unwrap())
}

fn code<T>(result: Result<T, Error>) -> Option<(&'static str, u16)> {
    result.err().map(|error| (error.code(), error.http_status()))
}

#[track_caller]
fn assert_misuse<T>(result: Result<T, Error>, expected: &str) {
    match result {
        Err(Error::Misuse { reason, .. }) => assert_eq!(reason, expected),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("accepted, not refused for: {expected}"),
    }
}

const MALFORMED: Option<(&str, u16)> = Some(("claim_malformed", 401));
const NO_SCOPE: Option<(&str, u16)> = Some(("insufficient_scope", 403));
const OTHER_ACTOR: Option<(&str, u16)> = Some(("actor_not_allowed", 403));
const MISUSE: Option<(&str, u16)> = Some(("misuse", 500));

#[test]
fn a_token_says_exactly_this() {
    let token = inbound(&json!({
        "txn": "t-1", "roles": ["admin"], "groups": ["staff"], "entitlements": ["x"], "acr": "loa2",
        "auth_time": NOW - 100, "amr": ["pwd", "otp"], "sid": "s", "email": "someone@example.com",
    }));
    let token = propagation().mint(&token, "inventory").unwrap();
    let said = received(&token);
    assert_eq!(said.token_id().unwrap().len(), 22);
    let mut said = said.into_claims();
    said.as_object_mut().unwrap().remove("jti");
    assert_eq!(
        said,
        json!({
            "iss": GATEWAY, "aud": INVENTORY, "sub": "user-17", "client_id": "web", "iat": NOW, "exp": NOW + 60,
            "scope": "stock:read stock:write", "act": {"sub": GATEWAY}, "txn": "t-1",
            "sub_id": {"format": "iss_sub", "iss": ISSUER, "sub": "user-17"},
            "acr": "loa2", "auth_time": NOW - 100, "amr": ["pwd", "otp"],
        })
    );
    assert_eq!((token.service(), token.transaction_id()), ("inventory", "t-1"));
    assert_eq!(token.expires_at().seconds(), i64::try_from(NOW).unwrap() + 60);
}

#[test]
fn a_token_is_for_one_service_and_for_no_other() {
    let propagation =
        builder().service("orders", Service::new(ORDERS).scopes(["orders:read"])).build().unwrap();
    let token = inbound(&json!({}));
    let (for_inventory, for_orders) =
        (propagation.mint(&token, "inventory").unwrap(), propagation.mint(&token, "orders").unwrap());
    let verify = |audience, token: &ServiceToken| service(audience).verify::<NoClaims>(token.expose_secret());
    assert!(verify(INVENTORY, &for_inventory).is_ok() && verify(ORDERS, &for_orders).is_ok());
    assert_eq!(code(verify(ORDERS, &for_inventory)), Some(("claim_unexpected", 401)));
    assert_eq!(code(verify(INVENTORY, &for_orders)), Some(("claim_unexpected", 401)));
    assert_eq!(code(verify(API, &for_orders)), Some(("claim_unexpected", 401)));
    assert!(verify(ORDERS, &for_orders).unwrap().scopes().eq(["orders:read"]));
    assert_misuse(
        propagation.mint(&token, "billing"),
        "expected a call to a service that is declared, found another name",
    );
}

#[test]
fn a_token_may_be_encrypted_to_its_service() {
    let key_pair = DecryptionKey::generate(JweAlgorithm::EcdhEsA256Kw).unwrap();
    let recipient = key_pair.encryption_key().unwrap();
    let propagation =
        begun().subjects_of(ISSUER).service("inventory", inventory().encrypt_for(recipient)).build().unwrap();
    let token = propagation.mint(&inbound(&json!({})), "inventory").unwrap();
    assert_eq!(token.expose_secret().split('.').count(), 5);
    let verifier = || {
        let verifier = AccessTokenVerifier::builder(key().verifying_key().unwrap());
        verifier.issuer(GATEWAY).audience(INVENTORY).clock(stopped_at(NOW))
    };
    let other = DecryptionKey::generate(JweAlgorithm::EcdhEsA256Kw).unwrap();
    let by_another = verifier().decrypt_with(other).build().unwrap();
    assert_eq!(code(by_another.verify::<NoClaims>(token.expose_secret())), Some(("decryption_failed", 401)));
    let by_it = verifier().decrypt_with(key_pair).build().unwrap();
    assert_eq!(by_it.verify::<NoClaims>(token.expose_secret()).unwrap().subject(), "user-17");
}

#[test]
fn scopes_are_those_of_token_service_and_call() {
    let scopes = |granted: &str, call: ServiceCall| {
        let token = propagation().mint(&inbound(&json!({"scope": granted})), call)?;
        Ok::<_, Error>(received(&token).scopes().map(String::from).collect::<Vec<_>>())
    };
    let all = || ServiceCall::to("inventory");
    assert_eq!(scopes("stock:read orders:read", all()).unwrap(), ["stock:read"]);
    assert_eq!(scopes("stock:write stock:read stock:read", all()).unwrap(), ["stock:read", "stock:write"]);
    // A name that contains one isn't it.
    assert_eq!(code(scopes("stock:readonly stock STOCK:READ", all())), NO_SCOPE);
    assert_eq!(code(scopes("orders:read", all())), NO_SCOPE);
    assert_eq!(code(scopes("", all())), NO_SCOPE);
    // Narrowed by the call, and never widened by it.
    let both = "stock:read stock:write orders:read";
    assert_eq!(scopes(both, all().scopes(["stock:write"])).unwrap(), ["stock:write"]);
    assert_eq!(scopes(both, all().scopes(["orders:read", "stock:read"])).unwrap(), ["stock:read"]);
    assert_eq!(scopes("stock:read", all().scopes(["stock:read", "stock:count"])).unwrap(), ["stock:read"]);
    assert_eq!(code(scopes(both, all().scopes(["stock:count"]))), NO_SCOPE);
    assert_eq!(code(scopes(both, all().scopes(["orders:read"]))), NO_SCOPE);
    // None is what it takes to ask for none.
    assert_eq!(scopes(both, all().scopes([""; 0])).unwrap(), [""; 0]);
    let identity = begun().subjects_of(ISSUER).service("inventory", Service::new(INVENTORY)).build().unwrap();
    let token = inbound(&json!({}));
    assert!(received(&identity.mint(&token, "inventory").unwrap()).claim(["scope"]).is_none());
    assert_eq!(code(identity.mint(&token, all().scopes(["stock:read"]))), NO_SCOPE);
}

#[test]
fn roles_groups_and_entitlements_go_to_services_that_are_declared_with_them() {
    let all = json!({"roles": ["admin", ""], "groups": ["staff"], "entitlements": ["gold"]});
    type Told = (Vec<String>, Vec<String>, Vec<String>);
    let told = |service: Service| -> Told {
        let propagation = begun().subjects_of(ISSUER).service("inventory", service).build().unwrap();
        let token = received(&propagation.mint(&inbound(&all), "inventory").unwrap());
        let owned = |names: Vec<&str>| names.into_iter().map(String::from).collect();
        (
            owned(token.roles().collect()),
            owned(token.groups().collect()),
            owned(token.entitlements().collect()),
        )
    };
    let one = |name: &str| vec![String::from(name)];
    assert_eq!(told(inventory()), (vec![], vec![], vec![]));
    assert_eq!(told(inventory().with_roles()), (one("admin"), vec![], vec![]));
    assert_eq!(told(inventory().with_groups()), (vec![], one("staff"), vec![]));
    assert_eq!(told(inventory().with_entitlements()), (vec![], vec![], one("gold")));

    // Some groups, passed on, would pass for all.
    let some = inbound(&json!({"groups": ["staff"], "_claim_names": {"groups": "src1"}}));
    let propagation = |service| begun().subjects_of(ISSUER).service("inventory", service).build().unwrap();
    assert!(propagation(inventory()).mint(&some, "inventory").is_ok());
    let refused = propagation(inventory().with_groups()).mint(&some, "inventory").unwrap_err();
    assert_eq!((refused.code(), refused.claim()), ("claim_missing", Some("groups")));
}

#[test]
fn a_token_ends_with_the_one_that_came_in() {
    let minted = |lifetime: u64, exp: f64| {
        let propagation = builder().lifetime(Duration::from_secs(lifetime)).build().unwrap();
        let token = propagation.mint(&inbound(&json!({"exp": exp})), "inventory");
        token.map(|token| {
            assert_eq!(Some(token.expires_at()), received(&token).expires_at());
            token.expires_at().seconds() - i64::try_from(NOW).unwrap()
        })
    };
    let now = f64::from(u32::try_from(NOW).unwrap());
    assert_eq!(minted(60, now + 300.0).unwrap(), 60);
    assert_eq!(minted(60, now + 20.0).unwrap(), 20);
    assert_eq!(minted(300, now + 299.9).unwrap(), 299);
    assert_eq!(minted(1, now + 300.0).unwrap(), 1);
    assert_eq!(minted(60, now + 1.0).unwrap(), 1);
    // Less than a second is left, or the verifier was lenient.
    for exp in [now + 0.9, now, now - 30.0] {
        assert_eq!(code(minted(60, exp)), Some(("expired", 401)), "{exp}");
    }
}

#[test]
fn a_token_that_expired_since_it_was_verified_mints_nothing() {
    let clock = ManualClock::at(NOW);
    let propagation = builder().clock(clock.clone()).build().unwrap();
    let token = inbound(&json!({}));
    assert!(propagation.mint(&token, "inventory").is_ok());
    clock.set(NOW + 299);
    let last = propagation.mint(&token, "inventory").unwrap();
    assert_eq!(last.expires_at().seconds(), i64::try_from(NOW).unwrap() + 300);
    clock.set(NOW + 300);
    let error = propagation.mint(&token, "inventory").unwrap_err();
    assert!(error.is_expired() && error.is_invalid_token());
}

#[test]
fn the_gateway_acts_and_those_before_it_are_named() {
    let token = minted(&json!({}));
    let actor = token.actor().unwrap();
    assert_eq!(actor.subject().as_deref(), Some(GATEWAY));
    assert!(actor.issuer().is_none() && actor.prior().is_none() && actor.client_id().is_none());

    let before = json!({"sub": "assistant", "iss": ISSUER, "act": {"client_id": "scheduler", "x": [1, "y"]}});
    let propagation = builder().actor("gw-1").actor_issuer(ISSUER).build().unwrap();
    let token = propagation.mint(&inbound(&json!({"act": before})), "inventory").unwrap();
    let token = received(&token);
    assert_eq!(token.claims()["act"], json!({"sub": "gw-1", "iss": ISSUER, "act": before}));
    let chain: Vec<_> = token.actor().unwrap().chain().map(|actor| actor.subject()).collect();
    assert_eq!(
        chain.iter().map(Option::as_deref).collect::<Vec<_>>(),
        [Some("gw-1"), Some("assistant"), None]
    );
    let first = token.actor().unwrap().chain().last().unwrap();
    assert_eq!(first.client_id().as_deref(), Some("scheduler"));
    assert!(first.claim(["x"]).is_some() && first.claim(["y"]).is_none());
    assert!(!format!("{first:?} {:?}", token.actor().unwrap().chain()).contains("scheduler"));
}

#[test]
fn a_chain_of_actors_has_an_end() {
    let chain =
        |actors: usize| (1..actors).fold(json!({"sub": "a"}), |prior, _| json!({"sub": "a", "act": prior}));
    let mint = |actors| propagation().mint(&inbound(&json!({"act": chain(actors)})), "inventory");
    let token = received(&mint(7).unwrap());
    assert_eq!(token.actor().unwrap().chain().count(), 8);
    assert_eq!(code(mint(8)), MALFORMED);
    assert_eq!(code(mint(9)), MALFORMED);
    assert_eq!(code(mint(20)), MALFORMED);
}

/// What a token says is never the gateway's misuse: the claims of the minted one, and the gateway's own `act`, are two
/// levels more, and the services' limits are the default ones whatever this gateway's are.
#[test]
fn actors_leave_room_for_the_gateway() {
    let wide = Limits::default().json_depth(127).json_members(1000);
    let verifier = AccessTokenVerifier::for_issuers([(ISSUER, hmac_key())]).audience(API).limits(wide);
    let verifier = verifier.clock(stopped_at(NOW)).build().unwrap();
    let mint = |actor: Value| {
        let claims = claims(&json!({"act": actor})).to_string();
        let token =
            verifier.verify::<NoClaims>(&signed(br#"{"alg":"HS256","typ":"at+jwt"}"#, claims)).unwrap();
        propagation().mint(&token, "inventory")
    };
    let nested =
        |levels: usize| (1..levels).fold(json!({"sub": "a"}), |inner, _| json!({"sub": "a", "x": inner}));
    let members = |count: usize| (0..count).map(|index| (index.to_string(), json!(1))).collect::<Value>();
    for accepted in [nested(30), members(256)] {
        let said = received(&mint(accepted.clone()).unwrap()).into_claims();
        assert_eq!(said["act"], json!({"sub": GATEWAY, "act": accepted}));
    }
    for refused in [nested(31), nested(32), nested(100), members(257), json!({"sub": "a", "x": members(257)})]
    {
        assert_eq!(code(mint(refused)), MALFORMED);
    }
    // A verifier of the default limits lets one level too much pass.
    assert!(propagation().mint(&inbound(&json!({"act": nested(30)})), "inventory").is_ok());
    assert_eq!(code(propagation().mint(&inbound(&json!({"act": nested(31)})), "inventory")), MALFORMED);
}

#[test]
fn a_malformed_actor_is_no_absent_one() {
    for act in [
        json!("gateway"),
        json!(null),
        json!([{"sub": "a"}]),
        json!({}),
        json!({"sub": 1}),
        json!({"sub": ""}),
        json!({"sub": null}),
        json!({"sub": "a", "iss": {}}),
        json!({"client_id": []}),
        json!({"act": {"sub": "a"}}),
        json!({"sub": "a", "act": "b"}),
        json!({"sub": "a", "act": {}}),
        json!({"sub": "a", "act": {"sub": "b", "act": 1}}),
    ] {
        let error = try_inbound(&json!({"act": act})).unwrap_err();
        assert_eq!((error.code(), error.claim()), ("claim_malformed", Some("act")), "{act}");
    }
    for act in
        [json!({"sub": "a"}), json!({"email": "a@example.com"}), json!({"sub": "a", "act": {"iss": "b"}})]
    {
        assert!(try_inbound(&json!({"act": act})).unwrap().actor().is_some(), "{act}");
    }
    assert!(try_inbound(&json!({})).unwrap().actor().is_none());
}

#[test]
fn may_act_means_this_actor_or_nothing_is_minted() {
    let as_itself = propagation();
    let as_client = builder().actor("gw-1").actor_issuer(ISSUER).build().unwrap();
    let mint = |propagation: &Propagation, may_act: &Value| {
        code(propagation.mint(&inbound(&json!({"may_act": may_act})), "inventory"))
    };
    assert_eq!(mint(&as_itself, &json!({"sub": GATEWAY})), None);
    assert_eq!(mint(&as_client, &json!({"sub": "gw-1"})), None);
    assert_eq!(mint(&as_client, &json!({"client_id": "gw-1"})), None);
    assert_eq!(mint(&as_client, &json!({"sub": "gw-1", "iss": ISSUER, "client_id": "gw-1"})), None);
    for other in [
        json!({}),
        json!({"iss": ISSUER}),
        json!({"sub": "gw-2"}),
        json!({"sub": GATEWAY}),
        json!({"sub": ["gw-1"]}),
        json!({"sub": "gw-1", "iss": PARTNER}),
        json!({"sub": "gw-1", "client_id": "gw-2"}),
        json!({"sub": "gw-1", "email": "a@example.com"}),
        json!({"sub": "gw-1", "iss": null}),
        json!({"sub": "gw-1", "act": {"sub": "x"}}),
        json!({"may_act": {"sub": "gw-1"}}),
        json!({"sub": "GW-1"}),
    ] {
        assert_eq!(mint(&as_client, &other), OTHER_ACTOR, "{other}");
    }
    // In whose words the name is, isn't known.
    assert_eq!(mint(&as_itself, &json!({"sub": GATEWAY, "iss": ISSUER})), OTHER_ACTOR);
    for malformed in [json!(GATEWAY), json!([GATEWAY]), json!(null), json!(true)] {
        assert_eq!(mint(&as_itself, &malformed), MALFORMED, "{malformed}");
    }
}

#[test]
fn the_transaction_is_kept_or_begun() {
    let mint = |more: &Value, call| propagation().mint(&inbound(more), call);
    let all = || ServiceCall::to("inventory");
    let kept = mint(&json!({"txn": "97053963-771d"}), all()).unwrap();
    assert_eq!(
        (kept.transaction_id(), received(&kept).transaction_id()),
        ("97053963-771d", Some("97053963-771d"))
    );
    // The call's own is for tokens without.
    let both = mint(&json!({"txn": "a"}), all().transaction_id("b")).unwrap();
    assert_eq!(both.transaction_id(), "a");
    assert_eq!(mint(&json!({}), all().transaction_id("b")).unwrap().transaction_id(), "b");
    let (one, other) = (mint(&json!({}), all()).unwrap(), mint(&json!({}), all()).unwrap());
    assert_eq!((one.transaction_id().len(), other.transaction_id().len()), (22, 22));
    assert_ne!(one.transaction_id(), other.transaction_id());
    assert_eq!(received(&one).transaction_id(), Some(one.transaction_id()));

    assert!(mint(&json!({"txn": "x".repeat(256)}), all()).is_ok());
    for malformed in ["x".repeat(257), "a\nb".into(), "a b".into(), "ä".into(), "\u{1b}[2J".into()] {
        assert_eq!(code(mint(&json!({"txn": malformed}), all())), MALFORMED, "{malformed:?}");
    }
    for malformed in [json!(1), json!(""), json!(null), json!(["t"])] {
        assert_eq!(code(try_inbound(&json!({"txn": malformed}))), MALFORMED, "{malformed}");
    }
}

/// A gateway may hand on what a client wrote: that makes no error, and none of it goes out.
#[test]
fn an_id_that_is_none_begins_a_transaction() {
    let mint = |id: &str| {
        let token = propagation().mint(&inbound(&json!({})), ServiceCall::to("inventory").transaction_id(id));
        token.unwrap().transaction_id().to_owned()
    };
    for id in ["r", "!~", &"x".repeat(256)] {
        assert_eq!(mint(id), id);
    }
    for id in ["", "a b", "a\nb", "a\0", "\u{7f}", "\u{e4}", "\u{1b}[2J", &"x".repeat(257)] {
        let new = mint(id);
        assert_eq!(new.len(), 22, "{id:?}");
        assert_ne!(new, mint(id));
    }
    // What an issuer signed is held to its form, whatever the call says.
    let call = ServiceCall::to("inventory").transaction_id("r");
    assert_eq!(code(propagation().mint(&inbound(&json!({"txn": "a b"})), call)), MALFORMED);
}

#[test]
fn subjects_of_two_issuers_stay_two() {
    let mint = |builder: PropagationBuilder, more: &Value| {
        let token = builder.service("inventory", inventory()).build()?.mint(&inbound(more), "inventory")?;
        Ok::<_, Error>(received(&token))
    };
    // Unqualified, there is one issuer, and no token of another.
    let one = || begun().subjects_of(ISSUER);
    assert_eq!(mint(one(), &json!({})).unwrap().subject(), "user-17");
    assert_misuse(
        mint(one(), &json!({"iss": PARTNER})),
        "expected a token of an issuer that `subjects_of` names, found another's",
    );
    assert_misuse(
        mint(one().subjects_of(PARTNER), &json!({})),
        "expected `qualified_subjects` with several issuers, whose subjects may be named alike",
    );
    let both = || one().subjects_of(PARTNER).qualified_subjects();
    let (here, there) = (mint(both(), &json!({})).unwrap(), mint(both(), &json!({"iss": PARTNER})).unwrap());
    assert_eq!(here.subject(), "https://id.example.com#user-17");
    assert_eq!(there.subject(), "https://id.example.org#user-17");
    assert_eq!(
        (here.client_id(), there.client_id()),
        ("https://id.example.com#web", "https://id.example.org#web")
    );
    // A subject can't name itself into another issuer's.
    let forged = mint(both(), &json!({"sub": "https://id.example.org#user-17"})).unwrap();
    assert_eq!(forged.subject(), "https://id.example.com#https://id.example.org#user-17");
    // A client that is the subject stays the subject.
    let client = mint(both(), &json!({"sub": "web"})).unwrap();
    assert_eq!(client.subject(), client.client_id());
}

#[test]
fn only_a_relay_is_believed_on_whose_a_subject_is() {
    let other = json!({"format": "iss_sub", "iss": PARTNER, "sub": "user-4"});
    let own = json!({"format": "iss_sub", "iss": ISSUER, "sub": "user-17"});
    let mint = |builder: PropagationBuilder, id: &Value| {
        let propagation = builder.service("inventory", inventory()).build().unwrap();
        let token = propagation.mint(&inbound(&json!({"sub_id": id})), "inventory")?;
        Ok::<_, Error>(received(&token).into_claims()["sub_id"].clone())
    };
    let (issuer, relay) = (|| begun().subjects_of(ISSUER), || begun().subjects_relayed_by(ISSUER));
    assert_eq!(mint(relay(), &other).unwrap(), other);
    assert_eq!(mint(issuer(), &other).unwrap(), own);
    assert_eq!(mint(issuer(), &json!(7)).unwrap(), own);
    // Of other formats, some are addresses.
    assert_eq!(mint(relay(), &json!({"format": "email", "email": "a@example.com"})).unwrap(), own);
    for malformed in [
        json!(7),
        json!(null),
        json!({}),
        json!({"format": 1}),
        json!({"format": "iss_sub"}),
        json!({"format": "iss_sub", "iss": PARTNER}),
        json!({"format": "iss_sub", "iss": PARTNER, "sub": ""}),
        json!({"format": "iss_sub", "iss": [PARTNER], "sub": "user-4"}),
    ] {
        assert_eq!(code(mint(relay(), &malformed)), MALFORMED, "{malformed}");
    }
}

#[test]
fn a_second_gateway_passes_on_what_the_first_did() {
    let first = propagation().mint(&inbound(&json!({"txn": "t-1"})), "inventory").unwrap();
    let token: AccessToken<NoClaims> = service(INVENTORY).verify(first.expose_secret()).unwrap();
    let key = || signing_key(JwsAlgorithm::Ed25519);
    let second = Propagation::builder(key())
        .issuer(INVENTORY)
        .subjects_relayed_by(GATEWAY)
        .service("shelves", Service::new("https://shelves.internal").scopes(["stock:read"]))
        .lifetime(Duration::from_secs(300))
        .clock(stopped_at(NOW + 10))
        .build()
        .unwrap();
    let minted = second.mint(&token, "shelves").unwrap();
    // No later than the first hop's.
    assert_eq!(minted.expires_at(), first.expires_at());
    let verifier = AccessTokenVerifier::builder(key().verifying_key().unwrap()).issuer(INVENTORY);
    let verifier = verifier.audience("https://shelves.internal").clock(stopped_at(NOW + 10)).build().unwrap();
    let token = verifier.verify::<Value>(minted.expose_secret()).unwrap();
    assert_eq!(token.claims()["act"], json!({"sub": INVENTORY, "act": {"sub": GATEWAY}}));
    assert_eq!(token.claims()["sub_id"], json!({"format": "iss_sub", "iss": ISSUER, "sub": "user-17"}));
    assert_eq!((token.subject(), token.client_id(), token.transaction_id()), ("user-17", "web", Some("t-1")));
    assert!(token.scopes().eq(["stock:read"]));
}

#[test]
fn a_binding_is_the_gateways_own_or_none() {
    let (clients, own) =
        (ClientCertificate::from_der(b"the client's"), ClientCertificate::from_der(b"the gateway's"));
    let bound = json!({"cnf": {"x5t#S256": clients.thumbprint()}});
    let verifier =
        AccessTokenVerifier::builder(hmac_key()).issuer(ISSUER).audience(API).clock(stopped_at(NOW));
    let text = signed(br#"{"alg":"HS256","typ":"at+jwt"}"#, claims(&bound).to_string());
    let token = verifier.build().unwrap().verify_with_proof::<NoClaims>(&text, &clients).unwrap();

    let unbound = propagation().mint(&token, "inventory").unwrap();
    assert!(received(&unbound).confirmation().is_none());
    let minted = builder().bound_to_certificate(&own).build().unwrap().mint(&token, "inventory").unwrap();
    let verifier = service(INVENTORY);
    let text = minted.expose_secret();
    assert_eq!(code(verifier.verify::<NoClaims>(text)), Some(("proof_required", 401)));
    assert_eq!(code(verifier.verify_with_proof::<NoClaims>(text, &clients)), Some(("proof_failed", 401)));
    assert!(verifier.verify_with_proof::<NoClaims>(text, &own).is_ok());
}

#[test]
fn own_claims_add_and_never_replace() {
    let token = inbound(&json!({}));
    let mint = |claims: &Value| propagation().mint_with(&token, "inventory", claims);
    let said = received(&mint(&json!({"purpose": "restock", "nbf": NOW})).unwrap()).into_claims();
    assert_eq!((&said["purpose"], &said["sub"]), (&json!("restock"), &json!("user-17")));
    for name in [
        "iss",
        "sub",
        "aud",
        "exp",
        "iat",
        "jti",
        "act",
        "txn",
        "sub_id",
        "client_id",
        "scope",
        "roles",
        "groups",
        "entitlements",
        "auth_time",
        "acr",
        "amr",
        "cnf",
    ] {
        assert_eq!(code(mint(&json!({name: "x"}))), MISUSE, "{name}");
    }
    for no_object in [json!([]), json!("{}"), json!(null)] {
        assert_misuse(
            mint(&no_object),
            "expected claims that serialize to a JSON object of distinct names, found something else",
        );
    }
    assert_misuse(
        mint(&json!({"aud": "x"})),
        "expected no claim `aud`, which the propagation writes, found one",
    );
}

#[test]
fn text_stays_text() {
    // What is written as JSON here can't end a string of it.
    let odd = "q\"},\"scope\":\"admin\\ \u{1}ä\u{2028}";
    let more = json!({"sub": odd, "client_id": odd, "acr": odd, "amr": [odd], "act": {"sub": odd}});
    let said = minted(&more).into_claims();
    for name in ["sub", "client_id", "acr"] {
        assert_eq!(said[name], odd);
    }
    assert_eq!(
        (&said["act"]["act"]["sub"], &said["sub_id"]["sub"], &said["amr"][0]),
        (&json!(odd), &json!(odd), &json!(odd))
    );
    assert_eq!(said["scope"], "stock:read stock:write");
}

#[test]
fn a_providers_token_is_passed_on_as_any_other() {
    const OKTA: &str = "https://example.okta.com/oauth2/default";
    let verifier = AccessTokenVerifier::for_provider(Provider::okta(OKTA), hmac_key());
    let verifier = verifier.audience(API).clock(stopped_at(NOW)).build().unwrap();
    let claims = json!({
        "ver": 1, "jti": "AT.1", "iss": OKTA, "aud": API, "iat": NOW, "exp": NOW + 60, "cid": "0oa1", "uid": "00u1",
        "scp": ["stock:read", "openid"], "sub": "someone@example.com",
    });
    let token = verifier.verify::<NoClaims>(&signed(br#"{"alg":"HS256"}"#, claims.to_string())).unwrap();
    let propagation = begun().subjects_of(OKTA).service("inventory", inventory()).build().unwrap();
    let said = received(&propagation.mint(&token, "inventory").unwrap());
    assert_eq!((said.subject(), said.client_id()), ("someone@example.com", "0oa1"));
    assert!(said.scopes().eq(["stock:read"]));
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    let build = |builder: PropagationBuilder, expected: &str| assert_misuse(builder.build(), expected);
    let incomplete = "expected `issuer`, whose subjects come in, and a service";
    build(begun().subjects_of(ISSUER), incomplete);
    build(begun().service("inventory", inventory()), incomplete);
    build(builder().issuer(""), incomplete);
    let empty = "expected names of issuers, services and the actor that aren't empty";
    build(begun().subjects_of("").service("inventory", inventory()), empty);
    build(begun().subjects_of(ISSUER).service("", inventory()), empty);
    build(builder().actor(""), empty);
    build(builder().actor("gw-1").actor_issuer(""), empty);
    build(builder().actor_issuer(ISSUER), "expected `actor`, whose issuer `actor_issuer` is, found none");
    let twice = "expected each issuer, service and audience once, found one twice";
    build(builder().subjects_relayed_by(ISSUER), twice);
    build(builder().service("inventory", Service::new(ORDERS)), twice);
    build(builder().service("stock", Service::new(INVENTORY)), twice);
    let own = "expected other issuers and audiences than the gateway's own issuer, found that one";
    build(begun().subjects_of(GATEWAY).service("inventory", inventory()), own);
    build(builder().service("itself", Service::new(GATEWAY)), own);
    build(
        begun()
            .subjects_of("https://id.example.com#a")
            .qualified_subjects()
            .service("inventory", inventory()),
        "expected issuers without `#` where subjects are qualified, found one with it",
    );
    let lifetime = "expected a lifetime from a second to five minutes, found another";
    for wrong in [Duration::ZERO, Duration::from_millis(999), Duration::from_secs(301), Duration::MAX] {
        build(builder().lifetime(wrong), lifetime);
    }
    build(builder().service("orders", Service::new("")), "expected a service whose audience isn't empty");
    build(
        builder().service("orders", Service::new(ORDERS).scopes(["orders:read orders:write"])),
        "expected scopes of one word each, without quotes and backslashes (RFC 6749 §3.3)",
    );
    build(builder().strip("x token"), "expected a header field's name to strip (RFC 9110 §5.1)");
    let secret = SigningKey::hmac(JwsAlgorithm::Hs256, SecretBytes::from(vec![7; 32])).unwrap();
    build(
        Propagation::builder(secret).issuer(GATEWAY).subjects_of(ISSUER).service("inventory", inventory()),
        "expected a key pair to sign for services with, found a shared secret",
    );
    // What lies at the bounds, and what is said twice without harm.
    for right in [Duration::from_secs(1), Duration::from_secs(300)] {
        assert!(builder().lifetime(right).build().is_ok());
    }
    assert!(builder().actor("gw-1").actor_issuer(ISSUER).strip("DPoP").build().is_ok());
}

struct Remote {
    key: p256::ecdsa::SigningKey,
    answers: bool,
}

impl AsyncExternalSigner for Remote {
    fn sign<'a>(&'a self, signing_input: &'a [u8]) -> ExternalFuture<'a, Vec<u8>> {
        let signature: p256::ecdsa::Signature = self.key.sign(signing_input);
        let answer = if self.answers { Ok(signature.to_vec()) } else { Err(ExternalKeyError::Unavailable) };
        Box::pin(async move { answer })
    }
}

#[test]
fn a_key_outside_the_process_signs_too() {
    let expose = key().expose_jwk().unwrap().expose_json();
    let private: Value = serde_json::from_str(expose.expose_secret()).unwrap();
    let d = from_base64url(private["d"].as_str().unwrap());
    let public: Jwk = key().to_public_jwk().unwrap();
    let propagation = |answers: bool, recipient: Option<&DecryptionKey>| {
        let remote = Remote { key: p256::ecdsa::SigningKey::from_slice(&d).unwrap(), answers };
        let signing = SigningKey::external_async(JwsAlgorithm::Es256, &public, Arc::new(remote)).unwrap();
        let service = match recipient {
            Some(key) => inventory().encrypt_for(key.encryption_key().unwrap()),
            None => inventory(),
        };
        let builder =
            Propagation::builder(signing).issuer(GATEWAY).subjects_of(ISSUER).clock(stopped_at(NOW));
        builder.service("inventory", service).build().unwrap()
    };
    fn is_send<F: Future + Send>(future: F) -> F {
        future
    }
    let token = inbound(&json!({}));
    let signer = propagation(true, None);
    let minted =
        block_on(is_send(signer.mint_async(&token, "inventory", &json!({"purpose": "restock"})))).unwrap();
    assert_eq!(received(&minted).claims()["purpose"], "restock");
    let opener = DecryptionKey::generate(JweAlgorithm::EcdhEsA256Kw).unwrap();
    let nested =
        block_on(propagation(true, Some(&opener)).mint_async(&token, "inventory", &NoClaims)).unwrap();
    assert_eq!(nested.expose_secret().split('.').count(), 5);
    // One to wait for isn't asked without waiting, and one that doesn't answer leaves no token.
    assert_eq!(code(signer.mint(&token, "inventory")), MISUSE);
    let silent = propagation(false, None);
    assert_eq!(code(block_on(silent.mint_async(&token, "inventory", &NoClaims))), Some(("unavailable", 503)));
    let narrowed = ServiceCall::to("inventory").scopes(["orders:read"]);
    assert_eq!(code(block_on(signer.mint_async(&token, narrowed, &NoClaims))), NO_SCOPE);
    // A key in the process is done at once.
    let at_once = propagation_in_process(&token);
    assert_eq!(at_once, "user-17");
}

fn propagation_in_process(token: &AccessToken<NoClaims>) -> String {
    let propagation = propagation();
    let minted = block_on(propagation.mint_async(token, "inventory", &NoClaims)).unwrap();
    received(&minted).subject().to_owned()
}

#[test]
fn what_is_minted_isnt_shown() {
    let propagation = propagation();
    let token = propagation.mint(&inbound(&json!({})), "inventory").unwrap();
    let value = token.authorization_value();
    assert_eq!(value.expose_secret(), format!("Bearer {}", token.expose_secret()));
    assert!(jws::verify(&key().verifying_key().unwrap(), token.expose_secret()).is_ok());
    let (text, transaction) = (token.expose_secret().to_owned(), token.transaction_id().to_owned());
    let shown = format!("{token:?} {propagation:?} {:?}", builder());
    let shown = format!("{shown} {:?}", Outbound::from(token));
    for part in text.split('.').chain([&*transaction, "user-17"]) {
        assert!(!shown.contains(part), "{shown}");
    }
}

#[test]
fn what_carried_a_token_is_stripped() {
    let fields = |outbound: &Outbound| outbound.stripped_fields().map(String::from).collect::<Vec<_>>();
    let always = ["authorization", "proxy-authorization", "dpop"];
    assert_eq!(fields(&Outbound::nothing()), always);
    let propagation = builder().strip("X-Forwarded-Access-Token").build().unwrap();
    let with_more = [&always[..], &["x-forwarded-access-token"]].concat();
    assert_eq!(fields(&propagation.nothing()), with_more);
    let outbound = Outbound::from(propagation.mint(&inbound(&json!({})), "inventory").unwrap());
    assert_eq!(fields(&outbound), with_more);
    assert!(outbound.token().is_some() && propagation.nothing().token().is_none());
    assert!(outbound.strips("AUTHORIZATION") && outbound.strips("x-forwarded-ACCESS-token"));
    assert!(!outbound.strips("accept") && !outbound.strips("authorization-x"));
    let more = Outbound::nothing().strip("cookie").unwrap().strip("Cookie").unwrap();
    assert_eq!(fields(&more), [&always[..], &["cookie"]].concat());
    for no_name in ["", "a b", "a:", "a\r\n", "ä"] {
        assert_eq!(code(Outbound::nothing().strip(no_name)), MISUSE, "{no_name:?}");
    }
}

#[cfg(feature = "tower")]
#[test]
fn header_fields_of_a_call_have_the_minted_token_or_none() {
    use http::{HeaderMap, HeaderValue, header};

    const INBOUND: &str = "eyJhbGciOiJIUzI1NiJ9.inbound.token";
    let came_in = || {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("authorization", format!("Bearer {INBOUND}")),
            ("authorization", format!("DPoP {INBOUND}")),
            ("proxy-authorization", format!("Basic {INBOUND}")),
            ("dpop", INBOUND.to_owned()),
            ("x-access-token", INBOUND.to_owned()),
            ("accept", String::from("*/*")),
        ] {
            headers.append(name, HeaderValue::from_str(&value).unwrap());
        }
        headers
    };
    let propagation = builder().strip("X-Access-Token").build().unwrap();
    let outbound = Outbound::from(propagation.mint(&inbound(&json!({})), "inventory").unwrap());
    let mut headers = came_in();
    outbound.apply(&mut headers);
    let value: Vec<_> = headers.get_all(header::AUTHORIZATION).iter().collect();
    assert_eq!(value, [outbound.token().unwrap().authorization_value().expose_secret()]);
    assert!(value[0].is_sensitive());
    assert_eq!(headers.len(), 2);
    // Applied twice, or to none, it is the same.
    outbound.apply(&mut headers);
    assert_eq!(headers.len(), 2);

    let mut headers = came_in();
    propagation.nothing().apply(&mut headers);
    assert_eq!(headers.len(), 1);
    assert!(headers.contains_key(header::ACCEPT));
    // What nobody named stays: the twin of the field that was.
    let mut headers = came_in();
    Outbound::nothing().apply(&mut headers);
    assert_eq!(headers.len(), 2);
    assert!(headers.contains_key("x-access-token") && headers.contains_key(header::ACCEPT));
}
