//! JWE in JSON serialization, flattened and general: what is made is opened by each recipient.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use countersign::jwe::{JweBuilder, JweDecrypter};
use countersign::{DecryptionKey, JweAlgorithm};

#[test]
fn each_recipient_opens_the_message() {
    let alice = DecryptionKey::generate(JweAlgorithm::EcdhEsA256Kw).unwrap().with_key_id("a");
    let bob = DecryptionKey::generate(JweAlgorithm::A256Gcmkw).unwrap();
    let (to_alice, to_bob) = (alice.encryption_key().unwrap(), bob.encryption_key().unwrap());
    let json = JweBuilder::new(&to_alice)
        .agreement_info(b"Alice", b"Bob")
        .recipient_parameter("note", "first")
        .add_recipient(&to_bob)
        .token_type("t")
        .content_type("c")
        .parameter("p", &[1])
        .critical_parameter("q", &2)
        .shared_unprotected_parameter("s", "x")
        .additional_authenticated_data("aad")
        .encrypt_general(b"card 4242")
        .unwrap();
    println!("{json}");
    for (index, key) in [&alice, &bob].into_iter().enumerate() {
        let decrypted = JweDecrypter::new([key]).understood_critical(["q"]).decrypt_json(&json).unwrap();
        assert_eq!(decrypted.plaintext().expose_secret(), b"card 4242");
        assert_eq!(decrypted.recipient(), index);
        println!("{decrypted:?} {:?}", decrypted.agreement_info());
    }
}
