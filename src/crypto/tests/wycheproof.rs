//! Wycheproof's files for PBKDF2, whose passwords and salts no token has.

use std::num::NonZeroU32;

use wycheproof_ng_core::TestResult;
use wycheproof_ng_kdf_jose::pbkdf2::{TestName, TestSet};

use crate::crypto::{Hash, pbkdf2};
use crate::evidence::{Expected, Tally};

#[test]
fn evidence_pbkdf2() {
    let mut tally = Tally::new("Wycheproof PBKDF2, 3 files", &[]);
    let mut cases = 0;
    for (file, name, hash) in [
        ("SHA-256", TestName::Pbkdf2HmacSha256, Hash::Sha256),
        ("SHA-384", TestName::Pbkdf2HmacSha384, Hash::Sha384),
        ("SHA-512", TestName::Pbkdf2HmacSha512, Hash::Sha512),
    ] {
        let set = TestSet::load(name).unwrap();
        tally.file(file);
        cases += set.number_of_tests;
        for test in set.test_groups.iter().flat_map(|group| &group.tests) {
            let iterations = NonZeroU32::new(test.iteration_count.try_into().unwrap()).unwrap();
            let mut key = vec![0; test.dk_len];
            pbkdf2(hash, &test.password, &test.salt, iterations, &mut key);
            let expected = match test.result {
                TestResult::Invalid => Expected::Refused,
                TestResult::Valid | TestResult::Acceptable => Expected::Accepted,
            };
            let found = if key == test.dk[..] { "accepted" } else { "another key" };
            tally.judge(test.tc_id, expected, found, &test.comment);
        }
    }
    tally.finish(cases);
}
