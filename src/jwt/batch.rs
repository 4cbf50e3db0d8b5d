//! Many tokens at once: each is split and judged as alone, then the signatures that gain by it are checked
//! together, then each token gets its own verdict.
//!
//! One sequence of tokens after the other, so that what is decoded at a time stays bounded; with the feature
//! `rayon`, on several threads.

use std::marker::PhantomData;

#[cfg(feature = "rayon")]
use rayon::prelude::*;
use serde::de::DeserializeOwned;

use super::nested::Decryption;
use super::verified::{TokenBuffer, VerifiedJwt};
use super::verifier::{JudgedToken, JwtVerifier};
use crate::crypto::ed25519_verify_each;
use crate::error::Error;
use crate::jws::VerifyingKey;
use crate::secret::SecretBytes;
use crate::wire::typed;

/// How many tokens are decoded at once: as many signatures as are checked together.
const AT_ONCE: usize = 128;

impl JwtVerifier {
    /// Verifies many tokens, each with its own verdict, in the order of the tokens.
    ///
    /// The verdicts are those of [`verify`](Self::verify). Ed25519 signatures are checked together, up to 128
    /// at once, which for 64 tokens of a few keys takes about two thirds of the time. One that is forged
    /// spoils no other's verdict, but costs what its company gained: they are then verified one by one. So
    /// are fewer than 32, tokens that several keys may have signed, and all other algorithms. A key in its
    /// first batch is looked at once more, which takes about as long as verifying a signature. With the
    /// feature `rayon`, tokens of any algorithm are shared out evenly to the threads of rayon's current pool,
    /// and what is decoded at a time is 128 tokens for each. A thread whose share is fewer than 32 verifies
    /// them one by one: 64 tokens gain by being checked together on one or two threads, and on four by the
    /// threads alone.
    ///
    /// There is a difference that the owner of a private key can cause, and nobody else. An Ed25519 signature made
    /// for the purpose, out of a point that [RFC 8032 §5.1.6](https://www.rfc-editor.org/rfc/rfc8032#section-5.1.6) has no signer use, is refused by
    /// [`verify`](Self::verify), and accepted here with a chance of at most 1 in 2 million. Its claims could have
    /// been signed properly. SECURITY.md has the proof.
    ///
    /// ```
    /// use countersign::{JwsAlgorithm, JwtIssuer, JwtVerifier, NoClaims, SigningKey};
    ///
    /// # fn main() -> Result<(), countersign::Error> {
    /// # let key = SigningKey::generate(JwsAlgorithm::Ed25519)?;
    /// # let verifier = JwtVerifier::builder(key.verifying_key()?).any_issuer().any_audience().build()?;
    /// # let issuer = JwtIssuer::builder(key).without_issuer().without_audience()
    /// #     .lifetime(std::time::Duration::from_secs(300)).build()?;
    /// let tokens = [issuer.issue("user-17", &NoClaims)?, issuer.issue("user-4", &NoClaims)?, "forged".into()];
    /// let verdicts = verifier.verify_batch::<NoClaims>(&tokens);
    /// let accepted: Vec<_> = verdicts.iter().map(Result::is_ok).collect();
    /// assert_eq!(accepted, [true, true, false]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// None of its own; each verdict's are those of [`verify`](Self::verify).
    pub fn verify_batch<T: DeserializeOwned + Send>(
        &self,
        tokens: &[impl AsRef<str> + Sync],
    ) -> Vec<Result<VerifiedJwt<T>, Error>> {
        verify_batch(&Plain { verifier: self, claims: PhantomData }, tokens)
    }
}

/// A verifier whose tokens can be verified many at once.
pub(crate) trait BatchVerifier: Sync {
    type Verified: Send;

    /// The verifier that judges form, header, signature and registered claims.
    fn jwt(&self) -> &JwtVerifier;

    /// Accepts a token whose header is judged, if its signature holds.
    fn accept<'b>(
        &'b self,
        token: &JudgedToken<'_, 'b>,
        holds: impl Fn(&VerifyingKey) -> bool,
    ) -> Result<Self::Verified, Error>;
}

struct Plain<'v, T> {
    verifier: &'v JwtVerifier,
    claims: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned + Send> BatchVerifier for Plain<'_, T> {
    type Verified = VerifiedJwt<T>;

    fn jwt(&self) -> &JwtVerifier {
        self.verifier
    }

    fn accept<'b>(
        &'b self,
        token: &JudgedToken<'_, 'b>,
        holds: impl Fn(&VerifyingKey) -> bool,
    ) -> Result<VerifiedJwt<T>, Error> {
        Ok(VerifiedJwt::new(self.verifier.accept_judged(token, holds, typed::from_members)?))
    }
}

#[cfg(not(feature = "rayon"))]
pub(crate) fn verify_batch<V: BatchVerifier>(
    verifier: &V,
    tokens: &[impl AsRef<str>],
) -> Vec<Result<V::Verified, Error>> {
    tokens.chunks(AT_ONCE).flat_map(|tokens| verify_at_once(verifier, tokens)).collect()
}

#[cfg(feature = "rayon")]
pub(crate) fn verify_batch<V: BatchVerifier>(
    verifier: &V,
    tokens: &[impl AsRef<str> + Sync],
) -> Vec<Result<V::Verified, Error>> {
    // Something for each thread to do, even if then fewer signatures are checked together.
    let share = tokens.len().div_ceil(rayon::current_num_threads().max(1)).clamp(1, AT_ONCE);
    tokens.par_chunks(share).flat_map_iter(|tokens| verify_at_once(verifier, tokens)).collect()
}

fn verify_at_once<V: BatchVerifier>(
    verifier: &V,
    tokens: &[impl AsRef<str>],
) -> Vec<Result<V::Verified, Error>> {
    let jwt = verifier.jwt();
    let mut rooms: Vec<_> = tokens.iter().map(|_| TokenBuffer::new()).collect();
    let opened: Vec<_> = tokens.iter().map(|token| open(jwt, token.as_ref())).collect();
    let judged = tokens.iter().zip(&opened).zip(&mut rooms);
    let judged: Vec<_> = judged
        .map(|((token, opened), room)| match opened {
            Err(refusal) => Err(refusal.clone()),
            Ok(None) => jwt.judge_signed(token.as_ref(), room),
            Ok(Some(inner)) => jwt.judge_signed(Decryption::signed_token(inner, jwt.limits())?, room),
        })
        .collect();
    let verdicts = check_together(jwt, &judged);
    let accept = |(token, verdict): (Result<JudgedToken<'_, '_>, Error>, Option<bool>)| {
        let token = token?;
        verifier.accept(&token, |key| verdict.unwrap_or_else(|| token.parts.verified_by(key)))
    };
    judged.into_iter().zip(verdicts).map(accept).collect()
}

/// Decrypts a token, if this verifier's are encrypted.
fn open(jwt: &JwtVerifier, token: &str) -> Result<Option<SecretBytes>, Error> {
    let decryption = jwt.decryption_of(token)?;
    decryption.map(|decryption| decryption.open(token, jwt.limits())).transpose()
}

/// Checks together the signatures that can be, and says of each whether it holds.
fn check_together(jwt: &JwtVerifier, judged: &[Result<JudgedToken<'_, '_>, Error>]) -> Vec<Option<bool>> {
    let signed = judged.iter().map(|token| {
        let token = token.as_ref().ok()?;
        // Of several keys, which one is to be asked isn't known.
        token.parts.together(jwt.sole_candidate(token)?)
    });
    let signed: Vec<_> = signed.collect();
    let together: Vec<_> = signed.iter().copied().flatten().collect();
    let mut verdicts = ed25519_verify_each(&together).into_iter();
    signed.iter().map(|signed| signed.and_then(|_| verdicts.next())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jws::{JwsAlgorithm, JwsBuilder, SigningKey};
    use crate::keys::KeySet;

    fn key(algorithm: JwsAlgorithm, id: Option<&str>) -> SigningKey {
        let key = SigningKey::generate(algorithm).unwrap();
        id.map_or_else(|| key.clone_key(), |id| key.clone_key().with_key_id(id))
    }

    /// What is said of these tokens before any is accepted.
    fn said(keys: &[&SigningKey], tokens: &[String]) -> Vec<Option<bool>> {
        let keys: KeySet = keys.iter().map(|key| key.verifying_key().unwrap()).collect();
        let verifier = JwtVerifier::builder(keys).any_issuer().any_audience().build().unwrap();
        let mut rooms: Vec<_> = tokens.iter().map(|_| TokenBuffer::new()).collect();
        let judged = tokens.iter().zip(&mut rooms).map(|(token, room)| verifier.judge_signed(token, room));
        let judged: Vec<_> = judged.collect();
        check_together(&verifier, &judged)
    }

    fn tokens(key: &SigningKey, count: usize) -> Vec<String> {
        let token = |number: usize| JwsBuilder::new(key).sign(format!(r#"{{"jti":"{number}"}}"#).as_bytes());
        (0..count).map(|number| token(number).unwrap()).collect()
    }

    /// Without this, nothing would fail if no batch were checked together, but for time.
    #[test]
    fn signatures_of_one_possible_key_are_checked_together() {
        let (one, other) = (key(JwsAlgorithm::Ed25519, Some("1")), key(JwsAlgorithm::Ed25519, Some("2")));
        // Of neither are there enough alone.
        let mut batch = tokens(&one, 31);
        batch.extend(tokens(&other, 31));
        assert_eq!(said(&[&one, &other], &batch), vec![Some(true); 62]);
        // A forgery, and what isn't a token: each has its own word or none, in its place.
        let end = batch[1].rfind('.').unwrap();
        let forged = format!("{}{}", &batch[0][..=batch[0].rfind('.').unwrap()], &batch[1][end + 1..]);
        batch[3] = forged;
        batch[40] = "not a token".into();
        let said = said(&[&one, &other], &batch);
        for (index, said) in said.into_iter().enumerate() {
            let expected = match index {
                3 => Some(false),
                40 => None,
                _ => Some(true),
            };
            assert_eq!(said, expected, "{index}");
        }
    }

    #[test]
    fn other_algorithms_and_tokens_of_several_possible_keys_are_not() {
        let ecdsa = key(JwsAlgorithm::Es256, Some("1"));
        assert_eq!(said(&[&ecdsa], &tokens(&ecdsa, 32)), vec![None; 32]);
        let (one, other) = (key(JwsAlgorithm::Ed25519, None), key(JwsAlgorithm::Ed25519, None));
        assert_eq!(said(&[&one, &other], &tokens(&one, 32)), vec![None; 32]);
        assert_eq!(said(&[&one], &tokens(&one, 32)), vec![Some(true); 32]);
    }
}
