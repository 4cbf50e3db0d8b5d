//! Issuing and verifying with keys that aren't in the process and answer later: the same steps as in
//! `issuer` and `verifier`, with a wait where the key is asked (RFC 7519 §7.1, §7.2).
//!
//! All that can be judged without the key is judged before it is asked, and nothing is counted or kept
//! before it has answered: a future that is dropped midway leaves nothing half done, and what it held is
//! wiped.

use serde::Serialize;
use serde::de::{Deserialize, DeserializeOwned};
use zeroize::Zeroizing;

use super::issuer::{JwtIssuer, written};
use super::nested::{Decryption, encrypt_signed};
use super::verified::{BorrowedJwt, TokenBuffer, VerifiedJwt};
use super::verifier::JwtVerifier;
use crate::error::Error;
use crate::jwe::EncryptionKey;
use crate::jws::{unsigned_token, with_signature};
use crate::secret::WipedRoom;
use crate::wire::json::Members;
use crate::wire::typed;

impl JwtIssuer {
    /// Issues a token like [`issue`](Self::issue), and waits for the signature of an external key.
    ///
    /// For keys of [`SigningKey::external_async`](crate::SigningKey::external_async); with any other, the
    /// future is done at its first poll. The claims are written, and `iat` and `exp` set, when this is
    /// called: the future borrows the issuer only and is [`Send`] whatever the claims are. It keeps the
    /// signing input until the signature is there, and wipes it.
    ///
    /// Dropped before it is done, it leaves no token behind, and a recipient's key has counted no
    /// message. The external key may have signed all the same.
    ///
    /// ```
    /// use countersign::{Error, JwtIssuer, NoClaims};
    ///
    /// async fn token(issuer: &JwtIssuer) -> Result<String, Error> {
    ///     issuer.issue_async("user-17", &NoClaims).await
    /// }
    /// # use std::{pin::pin, task::{Context, Poll, Waker}};
    /// # let key = countersign::SigningKey::generate(countersign::JwsAlgorithm::Es256)?;
    /// # let issuer = JwtIssuer::builder(key).without_issuer().without_audience().without_expiry().build()?;
    /// # let mut context = Context::from_waker(Waker::noop());
    /// # let Poll::Ready(token) = pin!(token(&issuer)).poll(&mut context) else { panic!("it waits") };
    /// # assert_eq!(token?.split('.').count(), 3);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`issue`](Self::issue); [`Error::Unavailable`] also if the external key can't be reached, and
    /// [`Error::InvalidKey`] if it refuses, or returns anything but its signature.
    pub fn issue_async<T: Serialize + ?Sized>(
        &self,
        subject: &str,
        claims: &T,
    ) -> impl Future<Output = Result<String, Error>> + Send + use<'_, T> {
        let signing_input = self.signing_input(Some(subject), claims);
        async move { self.sign_and_finish(self.recipient.as_ref(), signing_input?).await }
    }

    /// Issues a token that names no subject. Otherwise as [`issue_async`](Self::issue_async).
    ///
    /// # Errors
    ///
    /// As [`issue_async`](Self::issue_async).
    pub fn issue_without_subject_async<T: Serialize + ?Sized>(
        &self,
        claims: &T,
    ) -> impl Future<Output = Result<String, Error>> + Send + use<'_, T> {
        let signing_input = self.signing_input(None, claims);
        async move { self.sign_and_finish(self.recipient.as_ref(), signing_input?).await }
    }

    fn signing_input<T: Serialize + ?Sized>(
        &self,
        subject: Option<&str>,
        claims: &T,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        self.signing_input_writing(subject, |set| typed::write_json(claims, set))
    }

    /// Issues a token with these claims, which are JSON text already.
    pub(crate) fn issue_text_async(
        &self,
        subject: Option<&str>,
        own: &str,
    ) -> impl Future<Output = Result<String, Error>> + Send + use<'_> {
        self.issue_text_to_async(self.recipient.as_ref(), subject, own)
    }

    /// Issues a token with these claims to this recipient, whoever the issuer's own is.
    pub(crate) fn issue_text_to_async<'a>(
        &'a self,
        recipient: Option<&'a EncryptionKey>,
        subject: Option<&str>,
        own: &str,
    ) -> impl Future<Output = Result<String, Error>> + Send + use<'a> {
        let signing_input = self.signing_input_writing(subject, written(own));
        async move { self.sign_and_finish(recipient, signing_input?).await }
    }

    fn signing_input_writing(
        &self,
        subject: Option<&str>,
        write_own: impl FnOnce(&mut WipedRoom) -> Result<(), Error>,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let mut set = WipedRoom::new();
        self.write_claims(&mut set, subject, write_own)?;
        Ok(Zeroizing::new(unsigned_token(self.signing_key.algorithm(), &self.header, &set)))
    }

    async fn sign_and_finish(
        &self,
        recipient: Option<&EncryptionKey>,
        mut signing_input: Zeroizing<Vec<u8>>,
    ) -> Result<String, Error> {
        let signature = self.signing_key.sign_async(&signing_input).await?;
        let signed = with_signature(std::mem::take(&mut *signing_input), &signature);
        match recipient {
            None => Ok(signed),
            Some(recipient) => encrypt_signed(recipient, Zeroizing::new(signed).as_bytes()),
        }
    }
}

impl JwtVerifier {
    /// Verifies a token like [`verify`](Self::verify), and waits for an external key to decrypt.
    ///
    /// For keys of [`DecryptionKey::external_unwrapper_async`](crate::DecryptionKey::external_unwrapper_async)
    /// and [`external_agreement_async`](crate::DecryptionKey::external_agreement_async); with any others,
    /// the future is done at its first poll. Whoever sends a token that looks right has the key asked, so
    /// it costs a request: at most one for each key that fits ([`Limits`](crate::Limits)).
    ///
    /// The future is [`Send`] and may be dropped at any time. Nothing is left half done, and what was
    /// decrypted until then is wiped.
    ///
    /// ```
    /// use countersign::{Error, JwtVerifier, NoClaims};
    ///
    /// async fn subject(verifier: &JwtVerifier, token: &str) -> Result<Option<String>, Error> {
    ///     let jwt = verifier.verify_async::<NoClaims>(token).await?;
    ///     Ok(jwt.subject().map(String::from))
    /// }
    /// # use std::{pin::pin, task::{Context, Poll, Waker}};
    /// # let key = countersign::SigningKey::generate(countersign::JwsAlgorithm::Es256)?;
    /// # let verifier = JwtVerifier::builder(key.verifying_key()?).any_issuer().any_audience()
    /// #     .allow_missing_expiry().build()?;
    /// # let issuer = countersign::JwtIssuer::builder(key).without_issuer().without_audience()
    /// #     .without_expiry().build()?;
    /// # let token = issuer.issue("user-17", &NoClaims)?;
    /// # let mut context = Context::from_waker(Waker::noop());
    /// # let Poll::Ready(found) = pin!(subject(&verifier, &token)).poll(&mut context) else { panic!("it waits") };
    /// # assert_eq!(found?.as_deref(), Some("user-17"));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`verify`](Self::verify); [`Error::Unavailable`] also if an external key can't be reached and no
    /// other opens the token.
    pub async fn verify_async<T: DeserializeOwned>(&self, token: &str) -> Result<VerifiedJwt<T>, Error> {
        let mut buffer = TokenBuffer::new();
        Ok(VerifiedJwt::new(self.verify_reading_async(token, &mut buffer, typed::from_members).await?))
    }

    /// Verifies a token like [`verify_async`](Self::verify_async); the claims borrow their text from the
    /// buffer, as in [`verify_borrowed`](Self::verify_borrowed).
    ///
    /// # Errors
    ///
    /// As [`verify_async`](Self::verify_async).
    pub async fn verify_borrowed_async<'b, T: Deserialize<'b>>(
        &'b self,
        token: &str,
        buffer: &'b mut TokenBuffer,
    ) -> Result<BorrowedJwt<'b, T>, Error> {
        self.verify_reading_async(token, buffer, typed::from_members).await
    }

    /// Verifies a token, and has the text of its claims read once all else holds.
    pub(crate) async fn verify_reading_async<'b, T>(
        &'b self,
        token: &str,
        buffer: &'b mut TokenBuffer,
        read: impl FnOnce(&Members<'b>) -> Result<T, Error>,
    ) -> Result<BorrowedJwt<'b, T>, Error> {
        let Some(decryption) = self.decryption_of(token)? else {
            return self.accept_signed(token, buffer, read);
        };
        let inner = decryption.open_async(token, &self.limits).await?;
        self.accept_signed(Decryption::signed_token(&inner, &self.limits)?, buffer, read)
    }
}
