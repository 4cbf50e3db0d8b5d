//! Known answers and refusals on each stack that is compiled in, and each stack against the other.

use std::sync::LazyLock;

use super::RsaPrivateComponents;
use crate::secret::SecretBytes;

#[cfg(all(feature = "ring", feature = "aws-lc-rs"))]
mod crossing;
mod rsa_keys;
mod shared;
mod wycheproof;

#[cfg(feature = "ring")]
mod on_ring {
    use crate::crypto::ring as stack;

    include!("known_answers.rs");
    include!("refusals.rs");
    include!("rsa_tests.rs");
}

#[cfg(feature = "aws-lc-rs")]
mod on_aws_lc {
    use crate::crypto::aws_lc as stack;

    include!("known_answers.rs");
    include!("refusals.rs");
    include!("rsa_tests.rs");
}

/// The key that most RSA tests use, read once.
static RSA_2048: LazyLock<RsaPrivateComponents> = LazyLock::new(|| components(&rsa_keys::RSA_2048));

fn unhex(text: &str) -> Vec<u8> {
    assert!(text.len().is_multiple_of(2));
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn unhex_array<const N: usize>(text: &str) -> [u8; N] {
    unhex(text).try_into().unwrap()
}

fn secret(text: &str) -> SecretBytes {
    unhex(text).into()
}

fn components(key: &rsa_keys::RsaHex) -> RsaPrivateComponents {
    let rsa_keys::RsaHex { n, e, d, p, q, dp, dq, qi } = *key;
    RsaPrivateComponents {
        n: unhex(n),
        e: unhex(e),
        d: secret(d),
        p: secret(p),
        q: secret(q),
        dp: secret(dp),
        dq: secret(dq),
        qi: secret(qi),
    }
}

/// Private keys that every stack accepts, with what is unusual about them.
fn good_rsa_keys() -> Vec<(&'static str, RsaPrivateComponents)> {
    let base = &rsa_keys::RSA_2048;
    let swapped = rsa_keys::RsaHex {
        p: base.q,
        q: base.p,
        dp: base.dq,
        dq: base.dp,
        qi: rsa_keys::RSA_2048_QI_SWAPPED,
        ..*base
    };
    let unreduced = rsa_keys::RsaHex { d: rsa_keys::RSA_2048_D_UNREDUCED, ..*base };
    [
        ("2048 bits", *base),
        ("3072 bits", rsa_keys::RSA_3072),
        ("4096 bits", rsa_keys::RSA_4096),
        ("p and q the other way round", swapped),
        ("another d", unreduced),
        ("e of 33 bits", rsa_keys::RSA_E_33),
    ]
    .map(|(what, key)| (what, components(&key)))
    .into()
}

/// Private keys that every stack refuses, with what is wrong.
fn bad_rsa_keys() -> Vec<(String, RsaPrivateComponents)> {
    type Change = fn(&[u8]) -> Vec<u8>;
    type Set = fn(&mut RsaPrivateComponents, Change);
    let numbers: [(&str, Set); 8] = [
        ("n", |key, change| key.n = change(&key.n)),
        ("e", |key, change| key.e = change(&key.e)),
        ("d", |key, change| key.d = change(key.d.expose_secret()).into()),
        ("p", |key, change| key.p = change(key.p.expose_secret()).into()),
        ("q", |key, change| key.q = change(key.q.expose_secret()).into()),
        ("dp", |key, change| key.dp = change(key.dp.expose_secret()).into()),
        ("dq", |key, change| key.dq = change(key.dq.expose_secret()).into()),
        ("qi", |key, change| key.qi = change(key.qi.expose_secret()).into()),
    ];
    let changes: [(&str, Change); 8] = [
        ("one bit other", |number| {
            let mut number = number.to_vec();
            number[1] ^= 0x04;
            number
        }),
        ("its lowest bit other", |number| {
            let mut number = number.to_vec();
            *number.last_mut().unwrap() ^= 0x01;
            number
        }),
        ("plus two", |number| {
            let mut number = number.to_vec();
            *number.last_mut().unwrap() ^= 0x02;
            number
        }),
        ("empty", |_| Vec::new()),
        ("zero", |_| vec![0]),
        ("one", |_| vec![1]),
        ("led by a zero", |number| [&[0], number].concat()),
        ("a thousand octets", |_| vec![0xff; 1000]),
    ];
    let mut keys = Vec::new();
    for (name, set) in numbers {
        for (how, change) in changes {
            let mut key = components(&rsa_keys::RSA_2048);
            set(&mut key, change);
            keys.push((format!("{name} {how}"), key));
        }
    }
    let base = rsa_keys::RSA_2048;
    let whole = [
        ("d not below n", rsa_keys::RsaHex { d: rsa_keys::RSA_2048_D_TOO_LARGE, ..base }),
        ("p composite", rsa_keys::RSA_COMPOSITE),
        ("e = 17", rsa_keys::RSA_E_17),
        ("primes of two lengths", rsa_keys::RSA_UNEVEN),
        ("2304 bits", rsa_keys::RSA_2304),
        ("another key's primes", rsa_keys::RsaHex { p: rsa_keys::RSA_E_33.p, ..base }),
        (
            "p and q swapped, qi not",
            rsa_keys::RsaHex { p: base.q, q: base.p, dp: base.dq, dq: base.dp, ..base },
        ),
        ("dp and dq swapped", rsa_keys::RsaHex { dp: base.dq, dq: base.dp, ..base }),
        ("1 times n", rsa_keys::RsaHex { p: "01", q: base.n, ..base }),
    ];
    keys.extend(whole.map(|(what, key)| (what.to_owned(), components(&key))));
    keys
}
