//! The JSON serializations of a JWE, general and flattened (RFC 7516 §7.2): text goes in, its members come
//! out, each still base64url; and back.
//!
//! Both forms come out alike, the flattened one as one recipient. A text that could be read as the other
//! form, or as a JWS, is refused: two readers that look for different members must not see two messages in
//! it. Members that no RFC knows are ignored, as §7.2.1 asks.

use std::borrow::Cow;

use crate::error::{Defect, Error, Limit, Part};
use crate::limits::Limits;
use crate::wire::json::{Kind, Value, scan_object, write_string};
use crate::wire::jws_json::{empty_header, is_empty_object};
use crate::wire::{base64url, compact, over_limit};

/// The members of a JWE. What RFC 7516 §7.2.1 wants absent when it is empty, is empty here when absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JsonJwe<'a> {
    /// The protected header.
    pub(crate) protected: Cow<'a, str>,
    /// The shared unprotected header, a JSON object.
    pub(crate) shared: Option<&'a str>,
    /// The recipients, at least one and no more than the limit.
    pub(crate) recipients: Vec<JsonRecipient<'a>>,
    /// The additional authenticated data.
    pub(crate) aad: Cow<'a, str>,
    /// The initialization vector.
    pub(crate) initialization_vector: Cow<'a, str>,
    /// The ciphertext, which may be empty.
    pub(crate) ciphertext: Cow<'a, str>,
    /// The authentication tag.
    pub(crate) authentication_tag: Cow<'a, str>,
}

/// What a JWE says to one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JsonRecipient<'a> {
    /// The recipient's unprotected header, a JSON object.
    pub(crate) header: Option<&'a str>,
    /// The JWE encrypted key.
    pub(crate) encrypted_key: Cow<'a, str>,
}

impl<'a> JsonJwe<'a> {
    /// Reads either form.
    ///
    /// # Errors
    ///
    /// [`Error::LimitExceeded`] for too large a text or too many recipients, [`Error::Malformed`] for
    /// everything else.
    pub(crate) fn parse(json: &'a str, limits: &Limits) -> Result<Self, Error> {
        compact::check_size(json, limits)?;
        let mut members = Members::default();
        scan_object(json, Part::Token, limits, |name, value| members.take(name, value))?;
        let Members { protected, unprotected, header, encrypted_key, recipients, aad, iv, ciphertext, tag } =
            members;

        let recipients = match recipients {
            None => vec![JsonRecipient::new(header, encrypted_key)?],
            Some(list) => {
                // RFC 7516 §7.2.2: "The "recipients" member MUST NOT be present when using this syntax."
                for (name, of_flattened) in [("header", header), ("encrypted_key", encrypted_key)] {
                    if of_flattened.is_some() {
                        return Err(malformed(Defect::UnexpectedMember(name)));
                    }
                }
                JsonRecipient::list(list, limits)?
            }
        };
        let ciphertext = ciphertext.ok_or(malformed(Defect::MissingMember("ciphertext")))?;
        Ok(Self {
            protected: octets("protected", protected)?,
            shared: object("unprotected", unprotected)?,
            recipients,
            aad: octets("aad", aad)?,
            initialization_vector: octets("iv", iv)?,
            // Of an empty plaintext AES-GCM leaves nothing.
            ciphertext: ciphertext.as_str().ok_or(wrong_type("ciphertext", "a string"))?,
            authentication_tag: octets("tag", tag)?,
        })
    }
}

impl<'a> JsonRecipient<'a> {
    fn new(header: Option<Value<'a>>, encrypted_key: Option<Value<'a>>) -> Result<Self, Error> {
        Ok(Self { header: object("header", header)?, encrypted_key: octets("encrypted_key", encrypted_key)? })
    }

    fn list(list: Value<'a>, limits: &Limits) -> Result<Vec<Self>, Error> {
        let wrong = wrong_type("recipients", "an array of at least one object");
        let elements = list.elements().ok_or(wrong.clone())?;
        // Counted before any of them is looked into.
        match elements.clone().take(limits.recipients.saturating_add(1)).count() {
            0 => return Err(wrong),
            count if count > limits.recipients => {
                return Err(over_limit(Limit::Recipients, limits.recipients));
            }
            _ => {}
        }
        let recipient = |element: Value<'a>| {
            if element.kind() != Kind::Object {
                return Err(wrong.clone());
            }
            let mut members = Members::default();
            scan_object(element.text(), Part::Token, limits, |name, value| members.take(name, value))?;
            let Members {
                header,
                encrypted_key,
                protected,
                unprotected,
                recipients,
                aad,
                iv,
                ciphertext,
                tag,
            } = members;
            // They are the message's, once for all recipients.
            for (name, misplaced) in [
                ("protected", protected),
                ("unprotected", unprotected),
                ("recipients", recipients),
                ("aad", aad),
                ("iv", iv),
                ("ciphertext", ciphertext),
                ("tag", tag),
            ] {
                if misplaced.is_some() {
                    return Err(malformed(Defect::UnexpectedMember(name)));
                }
            }
            Self::new(header, encrypted_key)
        };
        elements.map(recipient).collect()
    }
}

/// The members as they were found, of the message or of one recipient.
#[derive(Default)]
struct Members<'a> {
    protected: Option<Value<'a>>,
    unprotected: Option<Value<'a>>,
    header: Option<Value<'a>>,
    encrypted_key: Option<Value<'a>>,
    recipients: Option<Value<'a>>,
    aad: Option<Value<'a>>,
    iv: Option<Value<'a>>,
    ciphertext: Option<Value<'a>>,
    tag: Option<Value<'a>>,
}

impl<'a> Members<'a> {
    fn take(&mut self, name: &str, value: Value<'a>) -> Result<(), Error> {
        let member = match name {
            "protected" => &mut self.protected,
            "unprotected" => &mut self.unprotected,
            "header" => &mut self.header,
            "encrypted_key" => &mut self.encrypted_key,
            "recipients" => &mut self.recipients,
            "aad" => &mut self.aad,
            "iv" => &mut self.iv,
            "ciphertext" => &mut self.ciphertext,
            "tag" => &mut self.tag,
            _ => {
                // RFC 7516 §9 tells the two apart by `payload` and `ciphertext`: with both, it depends on
                // who reads.
                return match OF_A_JWS.into_iter().find(|&of_a_jws| of_a_jws == name) {
                    Some(of_a_jws) => Err(malformed(Defect::UnexpectedMember(of_a_jws))),
                    None => Ok(()),
                };
            }
        };
        *member = Some(value);
        Ok(())
    }
}

/// What RFC 7515 §7.2 has and RFC 7516 §7.2 doesn't.
const OF_A_JWS: [&str; 3] = ["payload", "signature", "signatures"];

/// Returns a member's base64url, or the empty text if it is absent. RFC 7516 §7.2.1 says of each that it
/// "MUST be present … when the … value is non-empty; otherwise, it MUST be absent".
fn octets<'a>(name: &'static str, value: Option<Value<'a>>) -> Result<Cow<'a, str>, Error> {
    let Some(value) = value else { return Ok(Cow::Borrowed("")) };
    value.as_str().filter(|text| !text.is_empty()).ok_or(wrong_type(name, "base64url of at least one octet"))
}

/// Returns a member's JSON object, which isn't empty either.
fn object<'a>(name: &'static str, value: Option<Value<'a>>) -> Result<Option<&'a str>, Error> {
    match value {
        Some(value) if value.kind() != Kind::Object => Err(wrong_type(name, "an object")),
        Some(value) if is_empty_object(value.text()) => Err(empty_header(name)),
        value => Ok(value.map(Value::text)),
    }
}

const fn wrong_type(name: &'static str, expected: &'static str) -> Error {
    malformed(Defect::MemberType { name, expected })
}

const fn malformed(defect: Defect) -> Error {
    Error::malformed(Part::Token, defect)
}

/// A JWE to be written. What is empty, or `None`, isn't.
#[derive(Debug, Clone, Copy)]
pub(crate) struct JweMembers<'a> {
    /// The protected header, base64url.
    pub(crate) protected: &'a str,
    /// The shared unprotected header, a JSON object.
    pub(crate) shared: Option<&'a str>,
    /// The additional authenticated data.
    pub(crate) aad: &'a [u8],
    /// The initialization vector.
    pub(crate) initialization_vector: &'a [u8],
    /// The ciphertext.
    pub(crate) ciphertext: &'a [u8],
    /// The authentication tag.
    pub(crate) authentication_tag: &'a [u8],
}

/// What a JWE to be written says to one recipient.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RecipientMembers<'a> {
    /// The recipient's unprotected header, a JSON object.
    pub(crate) header: Option<&'a str>,
    /// The JWE encrypted key.
    pub(crate) encrypted_key: &'a [u8],
}

impl JweMembers<'_> {
    /// Writes the flattened form (RFC 7516 §7.2.2).
    pub(crate) fn write_flattened(&self, recipient: RecipientMembers<'_>) -> String {
        self.write(|object| recipient.write(object))
    }

    /// Writes the general form (RFC 7516 §7.2.1).
    pub(crate) fn write_general(&self, recipients: &[RecipientMembers<'_>]) -> String {
        self.write(|object| {
            object.name("recipients");
            for (index, recipient) in recipients.iter().enumerate() {
                object.json.push(if index == 0 { '[' } else { ',' });
                object.json.push('{');
                recipient.write(object);
                object.json.push('}');
            }
            object.json.push(']');
        })
    }

    fn write(&self, recipients: impl FnOnce(&mut ObjectText)) -> String {
        let Self { protected, shared, aad, initialization_vector, ciphertext, authentication_tag } = self;
        let mut object = ObjectText { json: String::with_capacity(512 + ciphertext.len() / 3 * 4) };
        object.json.push('{');
        if !protected.is_empty() {
            object.name("protected");
            write_string(protected, &mut object.json);
        }
        object.object("unprotected", *shared);
        recipients(&mut object);
        object.octets("aad", aad);
        object.octets("iv", initialization_vector);
        // The one member that is there even if it is empty.
        object.name("ciphertext");
        object.base64url(ciphertext);
        object.octets("tag", authentication_tag);
        object.json.push('}');
        object.json
    }
}

impl RecipientMembers<'_> {
    fn write(&self, object: &mut ObjectText) {
        let Self { header, encrypted_key } = self;
        object.object("header", *header);
        object.octets("encrypted_key", encrypted_key);
    }
}

/// JSON in the making: names get their comma where one is due.
struct ObjectText {
    json: String,
}

impl ObjectText {
    fn name(&mut self, name: &str) {
        if !self.json.ends_with('{') {
            self.json.push(',');
        }
        write_string(name, &mut self.json);
        self.json.push(':');
    }

    fn octets(&mut self, name: &str, octets: &[u8]) {
        if !octets.is_empty() {
            self.name(name);
            self.base64url(octets);
        }
    }

    fn object(&mut self, name: &str, json: Option<&str>) {
        if let Some(json) = json {
            self.name(name);
            self.json.push_str(json);
        }
    }

    fn base64url(&mut self, octets: &[u8]) {
        self.json.push('"');
        base64url::encode_to(octets, &mut self.json);
        self.json.push('"');
    }
}
