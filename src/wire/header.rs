//! The protected header, read and held to its own rules: RFC 7515 §4, RFC 7516 §4.
//!
//! The segment goes in; a [`Header`] comes out whose `alg` is there, whose parameters have
//! their types, and whose `crit` is obeyed. `jku`, `x5u`, `jwk` and `x5c` are never read: a
//! key that comes with the token proves nothing about who made it (RFC 8725 §3.10).

pub(crate) use super::header_writer::HeaderWriter;

use std::borrow::Cow;
use std::collections::HashSet;

use crate::error::{Defect, Error, Limit, Part, Unsupported};
use crate::limits::Limits;
use crate::wire::json::{Kind, Value, scan_object};
use crate::wire::{base64url, over_limit};

/// A protected header in order. What it says is the sender's word, no more.
#[derive(Debug, Clone)]
pub(crate) struct Header<'a> {
    /// The algorithm, any string.
    pub(crate) alg: Cow<'a, str>,
    /// The content encryption, any string: always there in a JWE, never in a JWS.
    pub(crate) enc: Option<Cow<'a, str>>,
    /// The key's id, any string.
    pub(crate) kid: Option<Cow<'a, str>>,
    /// The token's media type; compare it with [`media_type_eq`].
    pub(crate) typ: Option<Cow<'a, str>>,
    /// The content's media type; compare it with [`media_type_eq`].
    pub(crate) cty: Option<Cow<'a, str>>,
    /// The sender's ephemeral public key, an object; `None` in a JWS.
    pub(crate) epk: Option<Value<'a>>,
    /// Agreement PartyUInfo, still base64url; `None` in a JWS.
    pub(crate) apu: Option<Cow<'a, str>>,
    /// Agreement PartyVInfo, still base64url; `None` in a JWS.
    pub(crate) apv: Option<Cow<'a, str>>,
    /// The key wrap's initialization vector, still base64url; `None` in a JWS.
    pub(crate) iv: Option<Cow<'a, str>>,
    /// The key wrap's authentication tag, still base64url; `None` in a JWS.
    pub(crate) tag: Option<Cow<'a, str>>,
}

/// Refuses a header segment that would decode to more bytes than the limit.
pub(crate) fn check_size(segment: &str, limits: &Limits) -> Result<(), Error> {
    if base64url::decoded_len(segment.len()) > limits.header_bytes {
        return Err(over_limit(Limit::HeaderBytes, limits.header_bytes));
    }
    Ok(())
}

/// Returns a decoded header's text.
pub(crate) fn text(decoded: &[u8]) -> Result<&str, Error> {
    std::str::from_utf8(decoded).map_err(|_| malformed(Defect::Utf8))
}

/// Decodes a header segment into `buffer`, whose content is replaced, and returns its text.
pub(crate) fn decode_header<'b>(
    segment: &str,
    limits: &Limits,
    buffer: &'b mut Vec<u8>,
) -> Result<&'b str, Error> {
    check_size(segment, limits)?;
    buffer.clear();
    base64url::decode_to(segment, Part::Header, buffer)?;
    text(buffer)
}

impl<'a> Header<'a> {
    /// Reads a JWS header's JSON text. `understood` are the names that its `crit` may hold.
    pub(crate) fn parse_jws(
        json: &'a str,
        limits: &Limits,
        understood: &[impl AsRef<str>],
    ) -> Result<Self, Error> {
        let read = Parameters::scan(json, limits)?;
        if read.enc.is_some() {
            // RFC 7516 §9: `enc` is what tells a JWE from a JWS.
            return Err(malformed(Defect::UnexpectedMember("enc")));
        }
        let b64 = read.b64.map(|b64| b64.as_bool().ok_or(wrong_type("b64", "a boolean"))).transpose()?;
        let critical = Critical::read(&read, json, limits)?;
        if b64 == Some(false) {
            // RFC 7797 §6: a reader that doesn't know `b64` must not take the payload for
            // base64url, so `crit` has to name it.
            if !critical.contains("b64") {
                return Err(malformed(Defect::Crit("must name `b64` when that is false")));
            }
            return Err(Error::Unsupported(Unsupported::Critical));
        }
        critical.check(understood)?;
        Ok(Self {
            alg: required_string("alg", read.alg)?,
            enc: None,
            kid: optional_string("kid", read.kid)?,
            typ: optional_string("typ", read.typ)?,
            cty: optional_string("cty", read.cty)?,
            epk: None,
            apu: None,
            apv: None,
            iv: None,
            tag: None,
        })
    }

    /// Reads a JWE header's JSON text. `understood` are the names that its `crit` may hold.
    pub(crate) fn parse_jwe(
        json: &'a str,
        limits: &Limits,
        understood: &[impl AsRef<str>],
    ) -> Result<Self, Error> {
        let read = Parameters::scan(json, limits)?;
        let header = Self {
            alg: required_string("alg", read.alg)?,
            enc: Some(required_string("enc", read.enc)?),
            kid: optional_string("kid", read.kid)?,
            typ: optional_string("typ", read.typ)?,
            cty: optional_string("cty", read.cty)?,
            epk: read.epk.map(epk).transpose()?,
            apu: optional_string("apu", read.apu)?,
            apv: optional_string("apv", read.apv)?,
            iv: optional_string("iv", read.iv)?,
            tag: optional_string("tag", read.tag)?,
        };
        let critical = Critical::read(&read, json, limits)?;
        if critical.contains("b64") {
            // RFC 7797 §3 defines it for a JWS, so nobody can understand it here.
            return Err(Error::Unsupported(Unsupported::Critical));
        }
        critical.check(understood)?;
        if read.zip.is_some() {
            return Err(Error::Unsupported(Unsupported::Compression));
        }
        Ok(header)
    }
}

/// Compares two media types of `typ` or `cty` as RFC 7515 §4.1.9 reads them: without a slash,
/// "application/" is put in front; letters' case doesn't matter, but in a parameter it does.
pub(crate) fn media_type_eq(one: &str, other: &str) -> bool {
    let split = |value| {
        let short = shortened(value);
        short.split_once(';').map_or((short, None), |(name, parameters)| (name, Some(parameters)))
    };
    let ((name, parameters), (other_name, other_parameters)) = (split(one), split(other));
    name.eq_ignore_ascii_case(other_name) && parameters == other_parameters
}

/// Drops the "application/" that a value may go without.
fn shortened(value: &str) -> &str {
    const PREFIX: &str = "application/";
    match value.split_at_checked(PREFIX.len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) && !rest.contains('/') => rest,
        _ => value,
    }
}

/// The header's parameters as they were found, their types not judged yet.
#[derive(Default)]
struct Parameters<'a> {
    alg: Option<Value<'a>>,
    enc: Option<Value<'a>>,
    kid: Option<Value<'a>>,
    typ: Option<Value<'a>>,
    cty: Option<Value<'a>>,
    epk: Option<Value<'a>>,
    apu: Option<Value<'a>>,
    apv: Option<Value<'a>>,
    iv: Option<Value<'a>>,
    tag: Option<Value<'a>>,
    zip: Option<Value<'a>>,
    b64: Option<Value<'a>>,
    crit: Option<Value<'a>>,
}

impl<'a> Parameters<'a> {
    fn scan(json: &'a str, limits: &Limits) -> Result<Self, Error> {
        let mut read = Self::default();
        scan_object(json, Part::Header, limits, |name, value| {
            let parameter = match name {
                "alg" => &mut read.alg,
                "enc" => &mut read.enc,
                "kid" => &mut read.kid,
                "typ" => &mut read.typ,
                "cty" => &mut read.cty,
                "epk" => &mut read.epk,
                "apu" => &mut read.apu,
                "apv" => &mut read.apv,
                "iv" => &mut read.iv,
                "tag" => &mut read.tag,
                "zip" => &mut read.zip,
                "b64" => &mut read.b64,
                "crit" => &mut read.crit,
                _ => return Ok(()),
            };
            *parameter = Some(value);
            Ok(())
        })?;
        Ok(read)
    }
}

/// The names in `crit`, which obey RFC 7515 §4.1.11; whether they are understood is open.
struct Critical<'a>(HashSet<Cow<'a, str>>);

impl<'a> Critical<'a> {
    fn read(read: &Parameters<'a>, json: &'a str, limits: &Limits) -> Result<Self, Error> {
        let defect = |rule| malformed(Defect::Crit(rule));
        let mut names = HashSet::new();
        let Some(crit) = read.crit else { return Ok(Self(names)) };
        for element in crit.elements().ok_or(defect("must be an array of strings"))? {
            let name = element.as_str().ok_or(defect("must be an array of strings"))?;
            if REGISTERED.contains(&&*name) {
                return Err(defect("must not name a parameter of the JOSE specifications"));
            }
            if !names.insert(name) {
                return Err(defect("must not name a parameter twice"));
            }
        }
        if names.is_empty() {
            return Err(defect("must not be empty"));
        }
        let mut present = 0;
        scan_object(json, Part::Header, limits, |name, _| {
            present += usize::from(names.contains(name));
            Ok(())
        })?;
        if present < names.len() {
            return Err(defect("must name parameters that are in the header"));
        }
        Ok(Self(names))
    }

    fn contains(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    fn check(&self, understood: &[impl AsRef<str>]) -> Result<(), Error> {
        if self.0.iter().all(|name| understood.iter().any(|known| known.as_ref() == name)) {
            Ok(())
        } else {
            Err(Error::Unsupported(Unsupported::Critical))
        }
    }
}

fn required_string<'a>(name: &'static str, value: Option<Value<'a>>) -> Result<Cow<'a, str>, Error> {
    optional_string(name, value)?.ok_or(malformed(Defect::MissingMember(name)))
}

fn optional_string<'a>(name: &'static str, value: Option<Value<'a>>) -> Result<Option<Cow<'a, str>>, Error> {
    value.map(|value| value.as_str().ok_or(wrong_type(name, "a string"))).transpose()
}

fn epk(value: Value<'_>) -> Result<Value<'_>, Error> {
    if value.kind() == Kind::Object { Ok(value) } else { Err(wrong_type("epk", "an object")) }
}

const fn wrong_type(name: &'static str, expected: &'static str) -> Error {
    malformed(Defect::MemberType { name, expected })
}

const fn malformed(defect: Defect) -> Error {
    Error::malformed(Part::Header, defect)
}

/// What RFC 7515 §4.1, RFC 7516 §4.1 and RFC 7518 §4 define. RFC 7515 §4.1.11: "Producers MUST
/// NOT include Header Parameter names defined by this specification or \[JWA\] for use with
/// JWS, duplicate names, or names that do not occur as Header Parameter names within the JOSE
/// Header in the "crit" list."
const REGISTERED: [&str; 20] = [
    "alg", "enc", "zip", "jku", "jwk", "kid", "x5u", "x5c", "x5t", "x5t#S256", "typ", "cty", "crit", "epk",
    "apu", "apv", "iv", "tag", "p2s", "p2c",
];

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: &[&str] = &[];

    fn jws(json: &str) -> Result<Header<'_>, Error> {
        Header::parse_jws(json, &Limits::default(), NOTHING)
    }

    fn jwe(json: &str) -> Result<Header<'_>, Error> {
        Header::parse_jwe(json, &Limits::default(), NOTHING)
    }

    fn defect<T: std::fmt::Debug>(result: Result<T, Error>) -> Defect {
        match result {
            Err(Error::Malformed { part: Part::Header, defect }) => defect,
            other => panic!("{other:?}"),
        }
    }

    fn unsupported<T: std::fmt::Debug>(result: Result<T, Error>) -> Unsupported {
        match result {
            Err(Error::Unsupported(what)) => what,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_jws_header_is_read() {
        let header = jws(r#"{"typ":"JWT","alg":"ES\u0032\u00356","kid":"k/1","cty":"x"}"#).unwrap();
        assert_eq!(header.alg, "ES256");
        assert_eq!(header.typ.as_deref(), Some("JWT"));
        assert_eq!(header.kid.as_deref(), Some("k/1"));
        assert_eq!(header.cty.as_deref(), Some("x"));
        assert!(header.enc.is_none());
    }

    #[test]
    fn a_jwe_header_is_read() {
        let json = r#"{"alg":"ECDH-ES+A128KW","enc":"A128GCM","epk":{"kty":"EC"},"apu":"QQ","apv":"Qg","iv":"i","tag":"t"}"#;
        let header = jwe(json).unwrap();
        assert_eq!(header.enc.as_deref(), Some("A128GCM"));
        assert_eq!(header.epk.map(Value::text), Some(r#"{"kty":"EC"}"#));
        let agreed = [header.apu, header.apv, header.iv, header.tag].map(Option::unwrap);
        assert_eq!(agreed, ["QQ", "Qg", "i", "t"]);
    }

    #[test]
    fn rows_149_and_150_whitespace_and_unknown_parameters_are_accepted() {
        let json = "{ \"alg\" : \"HS256\" ,\r\n\t\"\u{1f600}\":[{\"x\":\"\\ud83d\\ude00\"}],\"exp\":\"x\",\"ALG\":1 }";
        assert_eq!(jws(json).unwrap().alg, "HS256");
    }

    #[test]
    fn parameters_that_come_with_keys_are_never_looked_at() {
        for name in ["jku", "x5u", "jwk", "x5c", "x5t", "x5t#S256", "p2s", "p2c"] {
            assert!(jws(&format!(r#"{{"alg":"HS256","{name}":[{{"kty":1}}]}}"#)).is_ok());
            assert!(jwe(&format!(r#"{{"alg":"dir","enc":"A128GCM","{name}":false}}"#)).is_ok());
        }
        // Parameters of a JWE mean nothing in a JWS.
        let header = jws(r#"{"alg":"HS256","epk":1,"apu":1,"apv":1,"iv":1,"tag":1}"#).unwrap();
        assert!(header.epk.is_none() && header.iv.is_none());
    }

    #[test]
    fn row_005_alg_is_a_string_and_is_there() {
        for alg in ["null", "0", "true", "[\"HS256\"]", "{\"a\":1}"] {
            let expected = Defect::MemberType { name: "alg", expected: "a string" };
            assert_eq!(defect(jws(&format!("{{\"alg\":{alg}}}"))), expected);
            assert_eq!(defect(jwe(&format!("{{\"enc\":\"A128GCM\",\"alg\":{alg}}}"))), expected);
        }
        for absent in ["{}", "{\"Alg\":\"HS256\"}", "{\"ALG\":\"HS256\",\"alg \":\"HS256\"}"] {
            assert_eq!(defect(jws(absent)), Defect::MissingMember("alg"));
        }
        // Which strings name an algorithm is for the algorithms' registry to say.
        for alg in ["", "none", "hs256", "HS256\\u0000"] {
            assert!(jws(&format!("{{\"alg\":\"{alg}\"}}")).is_ok());
        }
    }

    #[test]
    fn row_039_strings_must_be_strings() {
        for name in ["kid", "typ", "cty"] {
            let expected = Defect::MemberType { name, expected: "a string" };
            for value in ["5", "null", "[\"a\"]", "{}"] {
                assert_eq!(defect(jws(&format!(r#"{{"alg":"HS256","{name}":{value}}}"#))), expected);
                assert_eq!(defect(jwe(&format!(r#"{{"alg":"dir","enc":"x","{name}":{value}}}"#))), expected);
            }
            assert!(jws(&format!(r#"{{"alg":"HS256","{name}":"' OR 1=1--"}}"#)).is_ok());
        }
        for name in ["apu", "apv", "iv", "tag"] {
            let expected = Defect::MemberType { name, expected: "a string" };
            assert_eq!(defect(jwe(&format!(r#"{{"alg":"dir","enc":"x","{name}":1}}"#))), expected);
        }
        let expected = Defect::MemberType { name: "epk", expected: "an object" };
        assert_eq!(defect(jwe(r#"{"alg":"dir","enc":"x","epk":"EC"}"#)), expected);
    }

    #[test]
    fn rows_025_and_026_enc_tells_a_jwe_from_a_jws() {
        assert_eq!(defect(jws(r#"{"alg":"HS256","enc":"A128GCM"}"#)), Defect::UnexpectedMember("enc"));
        assert_eq!(defect(jws(r#"{"alg":"HS256","enc":null}"#)), Defect::UnexpectedMember("enc"));
        assert_eq!(defect(jwe(r#"{"alg":"RS256"}"#)), Defect::MissingMember("enc"));
        let expected = Defect::MemberType { name: "enc", expected: "a string" };
        assert_eq!(defect(jwe(r#"{"alg":"dir","enc":1}"#)), expected);
    }

    #[test]
    fn rows_088_and_090_zip_is_unsupported_in_a_jwe_and_nothing_in_a_jws() {
        for zip in ["\"DEF\"", "\"def\"", "\"GZIP\"", "null", "1"] {
            let json = format!(r#"{{"alg":"dir","enc":"A128GCM","zip":{zip}}}"#);
            assert_eq!(unsupported(jwe(&json)), Unsupported::Compression);
            assert!(jws(&format!(r#"{{"alg":"HS256","zip":{zip}}}"#)).is_ok());
        }
        assert!(matches!(defect(jws(r#"{"alg":"HS256","zip":"DEF","crit":["zip"]}"#)), Defect::Crit(_)));
    }

    #[test]
    fn row_044_a_critical_parameter_must_be_understood() {
        let json = r#"{"alg":"HS256","enc":"A128GCM","crit":["bork"],"bork":1}"#;
        assert_eq!(unsupported(jwe(json)), Unsupported::Critical);
        assert_eq!(unsupported(jws(&json.replace("enc", "x"))), Unsupported::Critical);
        assert_eq!(unsupported(jws(r#"{"alg":"HS256","crit":["Exp"],"Exp":1}"#)), Unsupported::Critical);
    }

    #[test]
    fn row_045_crit_has_its_own_rules() {
        let wrong = [
            "[]",
            "\"exp\"",
            "null",
            "{}",
            "true",
            "[1]",
            "[\"exp\",1]",
            "[null]",
            "[[\"exp\"]]",
            "[\"exp\",\"exp\"]",
            "[\"exp\",\"\\u0065xp\"]",
            "[\"absent\"]",
            "[\"exp\",\"absent\"]",
            "[\"\"]",
            "[\"crit\"]",
        ];
        let registered = REGISTERED.map(|name| format!("[\"{name}\"]"));
        let understood = ["exp", "absent", "", "alg", "crit", "b64"];
        for crit in wrong.into_iter().chain(registered.iter().map(String::as_str)) {
            for json in [
                format!(r#"{{"alg":"HS256","exp":1,"crit":{crit},"epk":{{}}}}"#),
                format!(r#"{{"crit":{crit},"exp":1,"alg":"HS256"}}"#),
            ] {
                let refused = Header::parse_jws(&json, &Limits::default(), &understood);
                assert!(matches!(defect(refused), Defect::Crit(_)), "{crit}");
                let json = json.replace("\"exp\":1", "\"enc\":\"x\",\"exp\":1");
                let refused = Header::parse_jwe(&json, &Limits::default(), &understood);
                assert!(matches!(defect(refused), Defect::Crit(_)), "{crit}");
            }
        }
        let repeated = r#"{"alg":"HS256","crit":["b64","b64"],"b64":true}"#;
        assert!(matches!(defect(jws(repeated)), Defect::Crit(_)));
    }

    #[test]
    fn row_047_an_understood_critical_parameter_is_accepted() {
        for json in [
            r#"{"alg":"HS256","crit":["exp"],"exp":1}"#,
            r#"{"\u0065xp":1,"alg":"HS256","crit":["\u0065xp"]}"#,
        ] {
            let understood = [String::from("nbf"), String::from("exp")];
            assert!(Header::parse_jws(json, &Limits::default(), &understood).is_ok());
            assert_eq!(unsupported(jws(json)), Unsupported::Critical);
        }
    }

    #[test]
    fn rows_048_to_050_b64_is_true_or_refused() {
        assert!(jws(r#"{"alg":"HS256","b64":true}"#).is_ok());
        assert!(matches!(defect(jws(r#"{"alg":"HS256","b64":false}"#)), Defect::Crit(_)));
        let other = Header::parse_jws(
            r#"{"alg":"HS256","b64":false,"crit":["exp"],"exp":1}"#,
            &Limits::default(),
            &["exp"],
        );
        assert!(matches!(defect(other), Defect::Crit(_)));
        let named = r#"{"alg":"HS256","b64":false,"crit":["b64"]}"#;
        assert_eq!(unsupported(jws(named)), Unsupported::Critical);
        assert_eq!(
            unsupported(Header::parse_jws(named, &Limits::default(), &["b64"])),
            Unsupported::Critical
        );
        for b64 in ["\"false\"", "0", "null", "\"true\"", "[]"] {
            let expected = Defect::MemberType { name: "b64", expected: "a boolean" };
            assert_eq!(defect(jws(&format!(r#"{{"alg":"HS256","b64":{b64}}}"#))), expected);
            assert_eq!(defect(jws(&format!(r#"{{"alg":"HS256","crit":["b64"],"b64":{b64}}}"#))), expected);
        }
        // RFC 7797 defines it for JWS alone.
        assert!(jwe(r#"{"alg":"dir","enc":"A128GCM","b64":0}"#).is_ok());
        let critical = r#"{"alg":"dir","enc":"A128GCM","b64":true,"crit":["b64"]}"#;
        assert_eq!(unsupported(jwe(critical)), Unsupported::Critical);
    }

    #[test]
    fn rows_055_and_062_the_header_is_one_object_without_duplicates() {
        assert_eq!(defect(jws(r#"{"alg":"none","alg":"HS256"}"#)), Defect::DuplicateMember);
        assert_eq!(defect(jws(r#"{"alg":"HS256","\u0061lg":"none"}"#)), Defect::DuplicateMember);
        assert_eq!(defect(jws("[\"alg\"]")), Defect::NotAnObject);
        assert_eq!(defect(jws("{\"alg\":\"HS256\"}x")), Defect::Json);
        assert_eq!(defect(jws("")), Defect::Json);
    }

    #[test]
    fn a_header_segment_is_decoded_within_the_limit() {
        let mut buffer = b"old".to_vec();
        let limits = Limits::default().header_bytes(15);
        assert_eq!(decode_header("eyJhbGciOiJIUzI1NiJ9", &limits, &mut buffer), Ok(r#"{"alg":"HS256"}"#));
        let over = Err(Error::LimitExceeded { limit: Limit::HeaderBytes, max: 14 });
        assert_eq!(
            decode_header("eyJhbGciOiJIUzI1NiJ9", &limits.clone().header_bytes(14), &mut buffer),
            over
        );
        // Too large is found before it is decoded.
        assert_eq!(
            decode_header(&"!".repeat(1_000_000), &limits.clone().header_bytes(14), &mut buffer),
            over
        );
        assert_eq!(defect(decode_header("eyJhbGciOiJIUzI1NiJ9=", &limits, &mut buffer)), Defect::Base64url);
        assert_eq!(defect(decode_header("Bearer eyJ9", &limits, &mut buffer)), Defect::Base64url);
    }

    #[test]
    fn row_063_a_header_is_utf_8() {
        let mut buffer = Vec::new();
        let segment = base64url::encode(b"{\"alg\":\"\xff\"}");
        assert_eq!(defect(decode_header(&segment, &Limits::default(), &mut buffer)), Defect::Utf8);
        let segment = base64url::encode("\u{feff}{\"alg\":\"HS256\"}".as_bytes());
        let json = decode_header(&segment, &Limits::default(), &mut buffer).unwrap();
        assert_eq!(defect(jws(json)), Defect::Json);
    }

    #[test]
    fn row_121_media_types_are_equal_under_rfc_7515_section_4_1_9() {
        for same in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"] {
            assert!(media_type_eq(same, "at+jwt"), "{same}");
            assert!(media_type_eq("application/at+jwt", same), "{same}");
        }
        for other in [
            "",
            "JWT",
            "dpop+jwt",
            "at+JWT ",
            " at+jwt",
            "at+jwt;",
            "at+jwt; x=1",
            "text/at+jwt",
            "x/at+jwt",
            "/at+jwt",
            "application/",
            "application/application/at+jwt",
            "applicatioN at+jwt",
            "at\u{212a}jwt",
        ] {
            assert!(!media_type_eq(other, "at+jwt"), "{other}");
            assert!(!media_type_eq("application/at+jwt", other), "{other}");
        }
        assert!(media_type_eq("EXAMPLE;a=B", "application/example;a=B"));
        assert!(!media_type_eq("example;a=B", "example;a=b"));
        // RFC 7515 §4.1.9's own example of what can't be shortened.
        assert!(!media_type_eq("application/example;part=\"1/2\"", "example;part=\"1/2\""));
        assert!(media_type_eq("application/example;part=\"1/2\"", "Application/Example;part=\"1/2\""));
    }
}
