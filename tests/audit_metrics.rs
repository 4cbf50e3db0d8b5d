//! Audit events and events of key sources as metrics: names, labels, and that no label's value comes from a
//! request.

#![cfg(feature = "metrics")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

#[path = "support/remote.rs"]
mod remote;
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use countersign::gateway::audit::{Audit, KeySourceMetrics, MetricsSink};
use countersign::gateway::authorization::Requirement;
use countersign::keys::remote::{HttpFailure, HttpResponse, KeySource, RemoteJwks};
use countersign::{AccessToken, AccessTokenVerifier, JwkSet, JwsAlgorithm, NoClaims, SigningKey};
use metrics::{
    Counter, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit,
    with_local_recorder,
};
use remote::{Answer, Server, Virtual};
use serde_json::json;
use support::{NOW, hmac_key, signed, stopped_at, with_flipped_bit};

const ISSUER: &str = "https://id.example.com";
const AUDIENCE: &str = "https://orders.example.com";

/// Counts, by name and labels; of a histogram, how many values, and their sum in nanoseconds.
#[derive(Default)]
struct Numbers {
    counters: Mutex<BTreeMap<String, Arc<AtomicU64>>>,
    histograms: Mutex<BTreeMap<String, Arc<Values>>>,
    described: Mutex<BTreeMap<String, Option<Unit>>>,
    /// Of each metric: its kind, and its labels with the values that they had.
    recorded: Mutex<BTreeMap<String, (&'static str, Labels)>>,
}

type Labels = BTreeMap<String, BTreeSet<String>>;

#[derive(Default)]
struct Values(AtomicU64, Mutex<f64>);

impl HistogramFn for Values {
    fn record(&self, value: f64) {
        self.0.fetch_add(1, Ordering::SeqCst);
        *self.1.lock().unwrap() += value;
    }
}

fn series(key: &Key) -> String {
    let labels: BTreeSet<_> =
        key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
    format!("{}{{{}}}", key.name(), labels.into_iter().collect::<Vec<_>>().join(","))
}

impl Recorder for Numbers {
    fn describe_counter(&self, key: KeyName, unit: Option<Unit>, _: SharedString) {
        self.described.lock().unwrap().insert(key.as_str().to_owned(), unit);
    }

    fn describe_gauge(&self, key: KeyName, _: Option<Unit>, _: SharedString) {
        panic!("no gauge is expected, found {}", key.as_str());
    }

    fn describe_histogram(&self, key: KeyName, unit: Option<Unit>, _: SharedString) {
        self.described.lock().unwrap().insert(key.as_str().to_owned(), unit);
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        self.see("counter", key);
        let mut counters = self.counters.lock().unwrap();
        let counter: Arc<AtomicU64> = Arc::clone(counters.entry(series(key)).or_default());
        Counter::from_arc(counter)
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        panic!("no gauge is expected, found {}", key.name());
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        self.see("histogram", key);
        let mut histograms = self.histograms.lock().unwrap();
        Histogram::from_arc(Arc::clone(histograms.entry(series(key)).or_default()))
    }
}

impl Numbers {
    fn see(&self, kind: &'static str, key: &Key) {
        let mut recorded = self.recorded.lock().unwrap();
        let (before, labels) =
            recorded.entry(key.name().to_owned()).or_insert_with(|| (kind, Labels::default()));
        assert_eq!(*before, kind);
        for label in key.labels() {
            labels.entry(label.key().to_owned()).or_default().insert(label.value().to_owned());
        }
    }

    /// Asserts that what was recorded is what the documentation's table says of the metrics of this prefix: all
    /// of them, their kinds, units and labels, and all values of those labels that have a list of them.
    #[track_caller]
    fn assert_documented(&self, prefix: impl Fn(&str) -> bool) {
        let (recorded, described) = (self.recorded.lock().unwrap(), self.described.lock().unwrap());
        let mut rows = documented();
        rows.retain(|name, _| prefix(name));
        assert!(rows.keys().eq(recorded.keys()) && rows.keys().eq(described.keys()), "{:?}", rows.keys());
        for (name, row) in &rows {
            let (kind, labels) = &recorded[name];
            let unit = described[name].unwrap();
            assert_eq!((row.kind.as_str(), row.unit.as_str()), (*kind, unit.as_str()), "{name}");
            assert!(row.labels.keys().eq(labels.keys()), "{name}: {labels:?}");
            for (label, values) in row.labels.iter().filter(|(_, values)| !values.is_empty()) {
                assert_eq!(values, &labels[label], "{name}: {label}");
            }
        }
    }

    /// The counters, each with its value.
    fn counted(&self) -> Vec<(String, u64)> {
        let counters = self.counters.lock().unwrap();
        counters.iter().map(|(name, value)| (name.clone(), value.load(Ordering::SeqCst))).collect()
    }
}

/// A row of the documentation's table.
struct Row {
    kind: String,
    unit: String,
    /// None of a label's values if they aren't a list.
    labels: Labels,
}

/// The table of all metrics, as it stands in the documentation of `MetricsSink`.
fn documented() -> BTreeMap<String, Row> {
    let source = include_str!("../src/gateway/audit/metrics_sink.rs");
    let mut rows = BTreeMap::new();
    let mut outcomes = BTreeSet::new();
    for line in source.lines().filter_map(|line| line.strip_prefix("/// | `")) {
        let [name, kind, unit, labels] = line.trim_end_matches(" |").split(" | ").collect::<Vec<_>>()[..]
        else {
            panic!("expected four columns, found {line}");
        };
        let quoted = |text: &str| text.split('`').skip(1).step_by(2).map(String::from).collect::<Vec<_>>();
        let labels = labels.split("; ").map(|label| {
            let (name, values) = label.split_once(": ").unwrap_or((label, ""));
            let values = match values {
                "as above" => outcomes.clone(),
                values => BTreeSet::from_iter(quoted(values)),
            };
            (quoted(name).remove(0), values)
        });
        let labels: Labels = labels.collect();
        outcomes = labels.get("outcome").cloned().unwrap_or_default();
        let row = Row { kind: kind.to_owned(), unit: unit.to_owned(), labels };
        assert!(rows.insert(name.trim_end_matches('`').to_owned(), row).is_none(), "{name} is there twice");
    }
    rows
}

#[test]
fn the_documented_metrics_are_those_that_have_constants() {
    let constants = [
        MetricsSink::DECISIONS,
        MetricsSink::CACHE_LOOKUPS,
        MetricsSink::DURATION,
        KeySourceMetrics::FETCHES,
        KeySourceMetrics::DURATION,
        KeySourceMetrics::LIMITED,
        KeySourceMetrics::STALE,
        KeySourceMetrics::UNAVAILABLE,
    ];
    let constants = BTreeSet::from(constants.map(String::from));
    assert_eq!(documented().into_keys().collect::<BTreeSet<_>>(), constants);
}

/// Asserts the counters, in order.
#[track_caller]
fn assert_counted(numbers: &Numbers, expected: &[(&str, u64)]) {
    let expected: Vec<_> = expected.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
    assert_eq!(numbers.counted(), expected);
}

fn verifier() -> AccessTokenVerifier {
    let builder = AccessTokenVerifier::builder(hmac_key()).issuer(ISSUER).audience(AUDIENCE);
    builder.clock(stopped_at(NOW)).build().unwrap()
}

fn token(number: u64) -> String {
    let claims = json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": format!("user-{number}"), "client_id": format!("client-{number}"),
        "jti": number.to_string(), "iat": NOW, "exp": NOW + 300,
    });
    let header = json!({ "alg": "HS256", "typ": "at+jwt", "kid": format!("key-{number}") });
    signed(header.to_string(), claims.to_string())
}

#[test]
fn decisions_are_counted_by_code_and_nothing_of_a_request() {
    let numbers = Numbers::default();
    with_local_recorder(&numbers, || {
        let audit = Audit::builder(MetricsSink::new()).build().unwrap();
        for number in 0..20 {
            let id = number.to_string();
            let good = token(number);
            let verified: AccessToken<NoClaims> = verifier().verify(&good).unwrap();
            let mut decision = audit.begin();
            decision.request_id(&id);
            decision.cache_hit(number % 4 == 0);
            decision.accepted(&verified);

            let forged = with_flipped_bit(&good, 2, 0);
            let mut decision = audit.begin();
            decision.token(&forged);
            decision.refused(&verifier().verify::<NoClaims>(&forged).unwrap_err());

            let mut decision = audit.begin();
            decision.verified(&verified);
            decision.denied(&Requirement::scope("orders:write").check(&verified).unwrap_err());
        }
        drop(audit.begin());
    });
    assert_counted(
        &numbers,
        &[
            ("countersign_cache_lookups_total{result=hit}", 5),
            ("countersign_cache_lookups_total{result=miss}", 15),
            ("countersign_decisions_total{code=insufficient_scope,decision=refused}", 20),
            ("countersign_decisions_total{code=invalid_signature,decision=refused}", 20),
            ("countersign_decisions_total{code=none,decision=abandoned}", 1),
            ("countersign_decisions_total{code=none,decision=accepted}", 20),
        ],
    );
    let histograms = numbers.histograms.lock().unwrap();
    let taken: Vec<_> =
        histograms.iter().map(|(name, values)| (name.as_str(), values.0.load(Ordering::SeqCst))).collect();
    assert_eq!(
        taken,
        [
            ("countersign_decision_duration_seconds{decision=abandoned}", 1),
            ("countersign_decision_duration_seconds{decision=accepted}", 20),
            ("countersign_decision_duration_seconds{decision=refused}", 40),
        ]
    );
    // Seconds: a nanosecond's number would be above any of these.
    assert!(histograms.values().all(|values| *values.1.lock().unwrap() < 60.0));
    drop(histograms);
    numbers.assert_documented(|name| !name.starts_with("countersign_key"));
}

/// A source as its server is up, lies, is down and is back, each fetch counted by what became of it.
#[test]
fn fetches_are_counted_by_what_became_of_them() {
    let key = SigningKey::generate(JwsAlgorithm::Ed25519).unwrap().with_key_id("a");
    let set: JwkSet = [key.to_public_jwk().unwrap()].into_iter().collect();
    let good = Answer::ok(set.to_public_json().unwrap());
    let (time, numbers) = (Virtual::new(), Numbers::default());
    let server = Server::new(&time, good.clone());
    with_local_recorder(&numbers, || {
        let metrics = KeySourceMetrics::new("id.example.com");
        let builder = RemoteJwks::from_url("https://id.example.com/jwks").refresh_ahead(Duration::ZERO);
        let source = builder.on_event(move |event| metrics.record(event));
        let source = source.build(server.clone(), time.clone()).unwrap();
        let mut seen = Vec::new();
        for answer in [
            good.clone(),
            good.clone().after(2),
            Answer::ok("<html>"),
            Answer::ok(r#"{"keys":[]}"#),
            Answer::Is(HttpResponse::new(418, "")),
            Answer::Fails(HttpFailure::Unreachable),
            Answer::Fails(HttpFailure::TimedOut),
            Answer::Fails(HttpFailure::TooLarge),
            Answer::Fails(HttpFailure::Untrusted),
        ] {
            server.always(answer);
            seen.extend(time.block_on(source.keys(None, None)));
            time.pass(Duration::from_secs(301));
        }
        // More at once than may be.
        for _ in 0..3 {
            drop(time.block_on(source.keys(Some("unknown"), seen.first())));
        }
        time.pass(Duration::from_secs(2 * 3600));
        time.block_on(source.keys(None, None)).unwrap_err();
        // Metadata of another issuer, without a URL, and in order; and an answer that a later one overtakes.
        let metrics = KeySourceMetrics::new("id.example.com");
        let builder = RemoteJwks::from_metadata("https://id.example.com/metadata", ISSUER);
        let source = builder.on_event(move |event| metrics.record(event));
        let source = source.build(server.clone(), time.clone()).unwrap();
        for metadata in [json!({ "issuer": AUDIENCE }), json!({ "issuer": ISSUER })] {
            server.always(Answer::ok(metadata.to_string()));
            time.block_on(source.keys(None, None)).unwrap_err();
            time.pass(Duration::from_secs(60));
        }
        let metadata = json!({ "issuer": ISSUER, "jwks_uri": "https://id.example.com/jwks" }).to_string();
        server.always(good);
        server.then(Answer::ok(metadata.clone()).after(10));
        server.then(Answer::ok(metadata));
        time.block_on(source.keys(None, None)).unwrap_err();
        time.block_on(source.keys(None, None)).unwrap();
        time.pass(Duration::from_secs(10));
    });
    let counted: BTreeMap<_, _> = numbers.counted().into_iter().collect();
    // All that there are, as they are documented.
    let outcomes = [
        "changed",
        "empty",
        "issuer",
        "keys_url",
        "status",
        "superseded",
        "timed_out",
        "too_large",
        "unchanged",
        "unreachable",
        "unreadable",
        "untrusted",
    ];
    let of = |name: &str| {
        let series = |outcome| format!("{name}{{outcome={outcome},source=id.example.com}}");
        outcomes.map(series)
    };
    let fetches: Vec<_> =
        counted.iter().filter(|(name, _)| name.starts_with(KeySourceMetrics::FETCHES)).collect();
    assert!(fetches.iter().map(|(name, _)| *name).eq(&of("countersign_key_fetches_total")), "{counted:#?}");
    // Each has its duration: in virtual time, none but of those that the script lets wait.
    let durations = numbers.histograms.lock().unwrap();
    assert!(durations.keys().eq(&of("countersign_key_fetch_duration_seconds")), "{:?}", durations.keys());
    for ((name, count), (series, values)) in fetches.into_iter().zip(&*durations) {
        assert_eq!(values.0.load(Ordering::SeqCst), *count, "{name} {series}");
        let expected = match series.split('=').nth(1).unwrap() {
            "unchanged,source" => 2.0,
            "superseded,source" => 10.0,
            _ => 0.0,
        };
        assert_eq!(*values.1.lock().unwrap(), expected, "{series}");
    }
    for name in [KeySourceMetrics::STALE, KeySourceMetrics::LIMITED, KeySourceMetrics::UNAVAILABLE] {
        let series = format!("{name}{{source=id.example.com}}");
        assert!(counted.get(&series).is_some_and(|count| *count > 0), "{name}: {counted:#?}");
    }
    numbers.assert_documented(|name| name.starts_with("countersign_key"));
}
