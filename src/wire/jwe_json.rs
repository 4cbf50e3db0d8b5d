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

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<JsonJwe<'_>, Error> {
        JsonJwe::parse(json, &Limits::default())
    }

    #[track_caller]
    fn defect(json: &str) -> Defect {
        match parse(json) {
            Err(Error::Malformed { part: Part::Token, defect }) => defect,
            other => panic!("{json} gave {other:?}"),
        }
    }

    #[track_caller]
    fn unexpected(json: &str) -> &'static str {
        match defect(json) {
            Defect::UnexpectedMember(name) => name,
            other => panic!("{json} gave {other:?}"),
        }
    }

    #[track_caller]
    fn wrong(json: &str) -> &'static str {
        match defect(json) {
            Defect::MemberType { name, .. } => name,
            other => panic!("{json} gave {other:?}"),
        }
    }

    #[test]
    fn both_forms_come_out_alike() {
        let flattened = parse(
            r#"{"protected":"p\u0031","unprotected":{"u":1},"header":{"h":2},"encrypted_key":"k","aad":"a",
                "iv":"i","ciphertext":"c","tag":"t"}"#,
        )
        .unwrap();
        assert_eq!(
            flattened,
            JsonJwe {
                protected: "p1".into(),
                shared: Some(r#"{"u":1}"#),
                recipients: vec![JsonRecipient { header: Some(r#"{"h":2}"#), encrypted_key: "k".into() }],
                aad: "a".into(),
                initialization_vector: "i".into(),
                ciphertext: "c".into(),
                authentication_tag: "t".into(),
            }
        );
        let general = parse(
            r#"{"tag":"t","ciphertext":"c","iv":"i","aad":"a","unprotected":{"u":1},"protected":"p1",
                "recipients":[{"encrypted_key":"k","header":{"h":2}}]}"#,
        );
        assert_eq!(general, Ok(flattened));
        // The least that there can be.
        let least = parse(r#"{"ciphertext":""}"#).unwrap();
        assert_eq!(parse(r#"{"recipients":[{}],"ciphertext":""}"#), Ok(least.clone()));
        assert_eq!((least.shared, &*least.protected, &*least.ciphertext), (None, "", ""));
    }

    #[test]
    fn what_nobody_knows_is_ignored() {
        let json = r#"{"ciphertext":"c","Payload":1,"x":{"payload":1},"recipients":[{"y":[{"tag":1}]}]}"#;
        assert_eq!(parse(json).unwrap().recipients.len(), 1);
    }

    #[test]
    fn row_028_what_belongs_to_the_other_form_or_to_a_jws_is_not() {
        for name in ["header", "encrypted_key"] {
            let value = if name == "header" { r#"{"h":2}"# } else { r#""k""# };
            assert!(parse(&format!(r#"{{"ciphertext":"c","{name}":{value}}}"#)).is_ok());
            assert!(parse(&format!(r#"{{"ciphertext":"c","recipients":[{{"{name}":{value}}}]}}"#)).is_ok());
            for value in [value, "null", "1"] {
                let mixed = format!(r#"{{"recipients":[{{}}],"ciphertext":"c","{name}":{value}}}"#);
                assert_eq!(unexpected(&mixed), name);
            }
        }
        for name in OF_A_JWS {
            for value in ["\"\"", "null", "[]"] {
                assert_eq!(unexpected(&format!(r#"{{"ciphertext":"c","{name}":{value}}}"#)), name);
                let inside = format!(r#"{{"ciphertext":"c","recipients":[{{"{name}":{value}}}]}}"#);
                assert_eq!(unexpected(&inside), name);
            }
        }
        for name in ["protected", "unprotected", "recipients", "aad", "iv", "ciphertext", "tag"] {
            let inside = format!(r#"{{"ciphertext":"c","recipients":[{{}},{{"{name}":"x"}}]}}"#);
            assert_eq!(unexpected(&inside), name);
        }
        // An escape doesn't hide a name.
        assert_eq!(unexpected(r#"{"ciphertext":"c","p\u0061yload":""}"#), "payload");
    }

    #[test]
    fn a_member_has_its_type() {
        for name in ["protected", "encrypted_key", "aad", "iv", "tag"] {
            assert!(parse(&format!(r#"{{"ciphertext":"c","{name}":"x"}}"#)).is_ok());
            for value in ["\"\"", "null", "1", "true", "[\"x\"]", "{\"x\":1}"] {
                assert_eq!(wrong(&format!(r#"{{"ciphertext":"c","{name}":{value}}}"#)), name, "{value}");
            }
        }
        for name in ["header", "unprotected"] {
            assert!(parse(&format!(r#"{{"ciphertext":"c","{name}":{{"x":1}}}}"#)).is_ok());
            for value in ["{}", "{ }", "null", "1", "\"\"", "\"eyJ4IjoxfQ\"", "[{\"x\":1}]"] {
                assert_eq!(wrong(&format!(r#"{{"ciphertext":"c","{name}":{value}}}"#)), name, "{value}");
            }
        }
        for value in ["null", "1", "[\"c\"]", "{}"] {
            assert_eq!(wrong(&format!(r#"{{"ciphertext":{value}}}"#)), "ciphertext", "{value}");
        }
        assert_eq!(defect(r#"{"iv":"i","tag":"t"}"#), Defect::MissingMember("ciphertext"));
    }

    #[test]
    fn row_033_recipients_are_one_to_the_limit() {
        let of =
            |count: usize| format!(r#"{{"ciphertext":"c","recipients":[{}]}}"#, vec!["{}"; count].join(","));
        for count in [1, 2, 16] {
            assert_eq!(parse(&of(count)).unwrap().recipients.len(), count);
        }
        let over = |max| Err(Error::LimitExceeded { limit: Limit::Recipients, max });
        assert_eq!(parse(&of(17)), over(16));
        assert_eq!(parse(&of(5_000)), over(16));
        let limits = Limits::default().recipients(2);
        assert!(JsonJwe::parse(&of(2), &limits).is_ok());
        assert_eq!(JsonJwe::parse(&of(3), &limits), over(2));
        // They are counted before any of them is looked into.
        let limits = Limits::default().recipients(0);
        assert_eq!(JsonJwe::parse(r#"{"ciphertext":"c","recipients":[1]}"#, &limits), over(0));
        assert_eq!(wrong(&of(0)), "recipients");
        for value in ["null", "1", "\"\"", "{}", "{\"0\":{}}", "[1]", "[{},null]", "[[]]", "[{},\"\"]"] {
            assert_eq!(
                wrong(&format!(r#"{{"ciphertext":"c","recipients":{value}}}"#)),
                "recipients",
                "{value}"
            );
        }
    }

    #[test]
    fn no_name_stands_twice_at_any_depth() {
        for json in [
            r#"{"ciphertext":"c","ciphertext":"c"}"#,
            r#"{"ciphertext":"c","cipher\u0074ext":"d"}"#,
            r#"{"ciphertext":"c","recipients":[{}],"recipients":[{}]}"#,
            r#"{"ciphertext":"c","recipients":[{"encrypted_key":"a","encrypted_key":"b"}]}"#,
            r#"{"ciphertext":"c","header":{"alg":"a","alg":"b"}}"#,
            r#"{"ciphertext":"c","unprotected":{"a":{"b":1,"b":2}}}"#,
            r#"{"ciphertext":"c","x":[{"y":1,"y":1}]}"#,
        ] {
            assert_eq!(defect(json), Defect::DuplicateMember, "{json}");
        }
    }

    #[test]
    fn the_text_is_one_json_object_within_the_limits() {
        for json in ["[]", "\"\"", "null", "1"] {
            assert_eq!(defect(json), Defect::NotAnObject);
        }
        let least = r#"{"ciphertext":""}"#;
        for json in [
            format!("{least}{least}"),
            format!("{least},"),
            format!("\u{feff}{least}"),
            least.replace('"', "'"),
        ] {
            assert_eq!(defect(&json), Defect::Json);
        }
        let limits = Limits::default().token_bytes(least.len());
        assert!(JsonJwe::parse(least, &limits).is_ok());
        let max = u64::try_from(least.len()).unwrap();
        let over = Err(Error::LimitExceeded { limit: Limit::TokenBytes, max });
        assert_eq!(JsonJwe::parse(&format!("{least} "), &limits), over);
        let deep = format!(r#"{{"ciphertext":"","x":{}{}}}"#, "[".repeat(32), "]".repeat(32));
        assert!(matches!(parse(&deep), Err(Error::LimitExceeded { limit: Limit::JsonDepth, .. })));
    }

    #[test]
    fn what_is_written_reads_back() {
        let message = JweMembers {
            protected: "eyJ9",
            shared: Some(r#"{"s":1}"#),
            aad: b"a",
            initialization_vector: b"i",
            ciphertext: b"c",
            authentication_tag: b"t",
        };
        let one = RecipientMembers { header: Some(r#"{"h":1}"#), encrypted_key: b"k" };
        let none = RecipientMembers { header: None, encrypted_key: b"" };
        let flattened = message.write_flattened(one);
        assert_eq!(
            flattened,
            r#"{"protected":"eyJ9","unprotected":{"s":1},"header":{"h":1},"encrypted_key":"aw","aad":"YQ","iv":"aQ","ciphertext":"Yw","tag":"dA"}"#
        );
        assert_eq!(parse(&message.write_general(&[one])), parse(&flattened));
        assert_eq!(
            message.write_general(&[none, one, none]),
            r#"{"protected":"eyJ9","unprotected":{"s":1},"recipients":[{},{"header":{"h":1},"encrypted_key":"aw"},{}],"aad":"YQ","iv":"aQ","ciphertext":"Yw","tag":"dA"}"#
        );
        let least = JweMembers {
            protected: "",
            shared: None,
            aad: b"",
            initialization_vector: b"",
            ciphertext: b"",
            authentication_tag: b"",
        };
        assert_eq!(least.write_flattened(none), r#"{"ciphertext":""}"#);
        assert_eq!(least.write_general(&[none]), r#"{"recipients":[{}],"ciphertext":""}"#);
    }
}
