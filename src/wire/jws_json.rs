//! The JSON serializations of a JWS, read and written: RFC 7515 §7.2.
//!
//! Text goes in; out come the payload's text and one to a few signatures, each with its protected header
//! still in base64url and its unprotected header as JSON. The general form is taken apart before the
//! flattened one is: a text is one of the two, or it is refused. Members that nobody defined are passed
//! over, as §7.2.1 asks; those that belong to the other form or to a JWE are not, since two readers could
//! then take one text for two things (RFC 7516 §9).

use std::borrow::Cow;

use crate::error::{Defect, Error, Limit, Part};
use crate::limits::Limits;
use crate::wire::json::{Kind, Value, scan_object, write_string};
use crate::wire::over_limit;

/// A JWS in one of its JSON forms, taken apart and nothing believed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JwsJson<'a> {
    /// The payload's text, base64url or, under `b64: false`, as it is. `None` where it is detached.
    pub(crate) payload: Option<Cow<'a, str>>,
    /// One signature or more, in their order.
    pub(crate) signatures: Vec<SignatureText<'a>>,
}

/// One signature with its header's parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SignatureText<'a> {
    /// The protected header in base64url, as the signing input begins with it.
    pub(crate) protected: Option<Cow<'a, str>>,
    /// The unprotected header, a JSON object.
    pub(crate) unprotected: Option<Cow<'a, str>>,
    /// The signature in base64url.
    pub(crate) signature: Cow<'a, str>,
}

impl<'a> JwsJson<'a> {
    /// Takes the flattened or the general form apart. The caller has checked the text's size.
    pub(crate) fn read(text: &'a str, limits: &Limits) -> Result<Self, Error> {
        let mut found = Members::default();
        scan_object(text, Part::Token, limits, |name, value| found.take(name, value))?;
        let payload = found.payload.map(|payload| string("payload", payload)).transpose()?;
        let Some(signatures) = found.signatures else {
            return Ok(Self { payload, signatures: vec![found.signature()?] });
        };
        found.refuse_any_of_a_signature()?;
        let elements = signatures.elements().ok_or(not_a_list())?;
        // Counted before any of them is looked into, and no further than to the limit.
        match elements.clone().take(limits.recipients.saturating_add(1)).count() {
            // A reader that asks whether all of none hold would accept anything.
            0 => return Err(not_a_list()),
            count if count > limits.recipients => {
                return Err(over_limit(Limit::Recipients, limits.recipients));
            }
            _ => {}
        }
        let mut read = Vec::new();
        for element in elements {
            if element.kind() != Kind::Object {
                return Err(not_a_list());
            }
            let mut found = Members::default();
            scan_object(element.text(), Part::Token, limits, |name, value| found.take(name, value))?;
            found.refuse_any_of_the_whole()?;
            read.push(found.signature()?);
        }
        Ok(Self { payload, signatures: read })
    }

    /// Writes the flattened form.
    pub(crate) fn write_flattened(payload: Option<&str>, signature: &SignatureText<'_>) -> String {
        let mut json = opened(payload, signature.len());
        signature.write_members(&mut json);
        json.push('}');
        json
    }

    /// Writes the general form.
    pub(crate) fn write_general(payload: Option<&str>, signatures: &[SignatureText<'_>]) -> String {
        let mut json = opened(payload, signatures.iter().map(SignatureText::len).sum());
        json.push_str("\"signatures\":[");
        for (index, signature) in signatures.iter().enumerate() {
            json.push_str(if index == 0 { "{" } else { ",{" });
            signature.write_members(&mut json);
            json.push('}');
        }
        json.push_str("]}");
        json
    }
}

impl SignatureText<'_> {
    fn write_members(&self, json: &mut String) {
        let Self { protected, unprotected, signature } = self;
        if let Some(protected) = protected {
            json.push_str("\"protected\":");
            write_string(protected, json);
            json.push(',');
        }
        if let Some(unprotected) = unprotected {
            json.push_str("\"header\":");
            json.push_str(unprotected);
            json.push(',');
        }
        json.push_str("\"signature\":");
        write_string(signature, json);
    }

    /// About how many bytes the members take.
    fn len(&self) -> usize {
        let Self { protected, unprotected, signature } = self;
        let headers = [protected, unprotected].into_iter().flatten().map(|text| text.len()).sum::<usize>();
        headers + signature.len() + 48
    }
}

/// Returns whether the text of a scanned object has no member.
pub(crate) fn is_empty_object(object: &str) -> bool {
    let inside = object.trim().strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    inside.is_some_and(|inside| inside.trim().is_empty())
}

/// The error for a header that is there and empty. RFC 7515 §7.2.1 on both members: "MUST be present and
/// contain" it when it isn't empty; "otherwise, it MUST be absent".
pub(crate) const fn empty_header(name: &'static str) -> Error {
    malformed(Defect::MemberType { name, expected: "a header that has parameters, or absent" })
}

/// The members of either form, as they were found, their types not judged yet.
#[derive(Default)]
struct Members<'a> {
    payload: Option<Value<'a>>,
    signatures: Option<Value<'a>>,
    protected: Option<Value<'a>>,
    header: Option<Value<'a>>,
    signature: Option<Value<'a>>,
}

impl<'a> Members<'a> {
    fn take(&mut self, name: &str, value: Value<'a>) -> Result<(), Error> {
        let member = match name {
            "payload" => &mut self.payload,
            "signatures" => &mut self.signatures,
            "protected" => &mut self.protected,
            "header" => &mut self.header,
            "signature" => &mut self.signature,
            _ => {
                let foreign = OF_A_JWE.into_iter().find(|&foreign| foreign == name);
                return foreign.map_or(Ok(()), |name| Err(malformed(Defect::UnexpectedMember(name))));
            }
        };
        *member = Some(value);
        Ok(())
    }

    /// In the general form, the whole has none of a signature's members.
    fn refuse_any_of_a_signature(&self) -> Result<(), Error> {
        let Self { protected, header, signature, payload: _, signatures: _ } = self;
        refuse_any([("protected", protected), ("header", header), ("signature", signature)])
    }

    /// A signature in the general form has none of the whole's members.
    fn refuse_any_of_the_whole(&self) -> Result<(), Error> {
        let Self { payload, signatures, protected: _, header: _, signature: _ } = self;
        refuse_any([("payload", payload), ("signatures", signatures)])
    }

    fn signature(&self) -> Result<SignatureText<'a>, Error> {
        let signature = self.signature.ok_or(malformed(Defect::MissingMember("signature")))?;
        let protected = self.protected.map(|protected| string("protected", protected)).transpose()?;
        if protected.as_deref() == Some("") {
            return Err(empty_header("protected"));
        }
        let unprotected = self.header.map(|header| match header.kind() {
            Kind::Object if is_empty_object(header.text()) => Err(empty_header("header")),
            Kind::Object => Ok(Cow::Borrowed(header.text())),
            _ => Err(malformed(Defect::MemberType { name: "header", expected: "an object" })),
        });
        Ok(SignatureText {
            protected,
            unprotected: unprotected.transpose()?,
            signature: string("signature", signature)?,
        })
    }
}

/// What RFC 7516 §7.2.1 defines beside what a JWS has too.
const OF_A_JWE: [&str; 7] = ["unprotected", "encrypted_key", "recipients", "aad", "iv", "ciphertext", "tag"];

fn refuse_any<const N: usize>(members: [(&'static str, &Option<Value<'_>>); N]) -> Result<(), Error> {
    let there = members.into_iter().find(|(_, member)| member.is_some());
    there.map_or(Ok(()), |(name, _)| Err(malformed(Defect::UnexpectedMember(name))))
}

fn string<'a>(name: &'static str, value: Value<'a>) -> Result<Cow<'a, str>, Error> {
    value.as_str().ok_or(malformed(Defect::MemberType { name, expected: "a string" }))
}

/// Starts an object with its payload, with room for what is to come.
fn opened(payload: Option<&str>, room: usize) -> String {
    let mut json = String::with_capacity(payload.map_or(0, str::len) + room + 48);
    json.push('{');
    if let Some(payload) = payload {
        json.push_str("\"payload\":");
        write_string(payload, &mut json);
        json.push(',');
    }
    json
}

const fn not_a_list() -> Error {
    malformed(Defect::MemberType { name: "signatures", expected: "an array of objects, one at least" })
}

const fn malformed(defect: Defect) -> Error {
    Error::malformed(Part::Token, defect)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<JwsJson<'_>, Error> {
        JwsJson::read(text, &Limits::default())
    }

    fn defect(text: &str) -> Defect {
        match read(text) {
            Err(Error::Malformed { part: Part::Token, defect }) => defect,
            other => panic!("{text} gave {other:?}"),
        }
    }

    fn signature(
        protected: Option<&'static str>,
        unprotected: Option<&'static str>,
        signature: &'static str,
    ) -> SignatureText<'static> {
        SignatureText {
            protected: protected.map(Cow::from),
            unprotected: unprotected.map(Cow::from),
            signature: signature.into(),
        }
    }

    #[test]
    fn both_forms_are_written_and_read() {
        let one = signature(Some("cA"), Some(r#"{"kid":"a"}"#), "cw");
        let other = signature(None, Some(r#"{"alg":"x"}"#), "");
        let bare = signature(Some("cA"), None, "cw");
        for payload in [None, Some(""), Some("eA"), Some("a\"\\\n\u{e9}")] {
            for signature in [&one, &other, &bare] {
                let text = JwsJson::write_flattened(payload, signature);
                let expected =
                    JwsJson { payload: payload.map(Cow::from), signatures: vec![signature.clone()] };
                assert_eq!(read(&text), Ok(expected));
            }
            let all = [one.clone(), other.clone(), bare.clone()];
            for count in 1..=3 {
                let text = JwsJson::write_general(payload, &all[..count]);
                let expected = JwsJson { payload: payload.map(Cow::from), signatures: all[..count].to_vec() };
                assert_eq!(read(&text), Ok(expected));
            }
        }
        assert_eq!(
            JwsJson::write_flattened(Some("eA"), &one),
            r#"{"payload":"eA","protected":"cA","header":{"kid":"a"},"signature":"cw"}"#
        );
        assert_eq!(
            JwsJson::write_general(None, &[bare, other]),
            r#"{"signatures":[{"protected":"cA","signature":"cw"},{"header":{"alg":"x"},"signature":""}]}"#
        );
    }

    /// The room that is taken at the start is enough, so that a large payload isn't moved.
    #[test]
    fn writing_takes_its_room_once() {
        let one = signature(Some("cA"), Some(r#"{"kid":"a"}"#), "cw");
        let payload = "A".repeat(1000);
        for text in [
            JwsJson::write_flattened(Some(&payload), &one),
            JwsJson::write_general(Some(&payload), &vec![one.clone(); 16]),
        ] {
            assert!(text.capacity() < 2100, "{}", text.capacity());
        }
    }

    #[test]
    fn row_029_what_belongs_to_the_other_form_is_refused() {
        let cases = [
            (r#"{"signatures":[{"signature":""}],"signature":""}"#, "signature"),
            (r#"{"protected":"","signatures":[{"signature":""}]}"#, "protected"),
            (r#"{"signatures":[{"signature":""}],"header":null}"#, "header"),
            (r#"{"signatures":[{"signature":"","payload":""}]}"#, "payload"),
            (r#"{"signatures":[{"signature":"","signatures":[]}]}"#, "signatures"),
            (r#"{"signature":"","tag":""}"#, "tag"),
            (r#"{"signatures":[{"signature":"","iv":""}]}"#, "iv"),
        ];
        for (text, name) in cases {
            assert_eq!(defect(text), Defect::UnexpectedMember(name), "{text}");
        }
        assert!(read(r#"{"signatures":[{"signature":"","x":{"tag":1}}],"x":{"signature":1}}"#).is_ok());
    }

    #[test]
    fn row_030_the_list_holds_objects_and_one_at_least() {
        for text in [
            r#"{"signatures":[]}"#,
            r#"{"signatures":[ ]}"#,
            r#"{"signatures":null}"#,
            r#"{"signatures":{"signature":""}}"#,
            r#"{"signatures":[[]]}"#,
            r#"{"signatures":[{"signature":""},"{"]}"#,
            r#"{"signatures":["}{\"signature\":\"\"}"]}"#,
        ] {
            assert!(matches!(defect(text), Defect::MemberType { name: "signatures", .. }), "{text}");
        }
        assert_eq!(
            read(r#"{"signatures":[{"signature":""},{"signature":"a"}]}"#).unwrap().signatures.len(),
            2
        );
    }

    #[test]
    fn row_061_headers_are_there_with_content_or_absent() {
        let json = |members: &str| format!(r#"{{{members}"signature":""}}"#);
        for name in ["protected", "header"] {
            let empty = if name == "header" { "{ \n}" } else { r#""""# };
            for value in [empty, "null", "[]", "1", "true"] {
                let found = defect(&json(&format!(r#""{name}":{value},"#)));
                assert!(
                    matches!(found, Defect::MemberType { name: of, .. } if of == name),
                    "{name}: {value}"
                );
            }
        }
        let text = json(r#""protected":"e\u003330","header":{"a":{}},"#);
        let read = read(&text).unwrap();
        assert_eq!(read.signatures, [signature(Some("e330"), Some(r#"{"a":{}}"#), "")]);
        assert!(is_empty_object("{}") && is_empty_object(" { \r\n\t} "));
        assert!(!is_empty_object(r#"{"":0}"#) && !is_empty_object("[]") && !is_empty_object(""));
    }

    #[test]
    fn row_033_signatures_are_counted_before_one_is_looked_into() {
        let limits = Limits::default().recipients(2);
        let text =
            |count: usize| format!(r#"{{"signatures":[{}]}}"#, vec![r#"{"signature":""}"#; count].join(","));
        assert!(JwsJson::read(&text(2), &limits).is_ok());
        let refused = Err(Error::LimitExceeded { limit: Limit::Recipients, max: 2 });
        assert_eq!(JwsJson::read(&text(3), &limits), refused);
        assert_eq!(JwsJson::read(&text(10_000), &limits), refused);
        // Whatever they are.
        for element in ["null", "[]", "{}", r#"{"payload":""}"#] {
            let text = |count: usize| format!(r#"{{"signatures":[{}]}}"#, vec![element; count].join(","));
            assert_eq!(JwsJson::read(&text(3), &limits), refused, "{element}");
            assert!(matches!(JwsJson::read(&text(2), &limits), Err(Error::Malformed { .. })), "{element}");
        }
    }
}
