//! Header parameters of the application's own (RFC 7515 §4.2, §4.3): names and serializable values go in,
//! JSON text comes out, to be written beside the parameters that this library sets.
//!
//! A builder's setters can't fail, so a value that doesn't serialize is kept as such until the token is
//! made. A name of the JOSE specifications is refused where a key or a setting decides what it says.

use std::collections::HashSet;

use serde::Serialize;

use super::{B64, HeaderWriter, REGISTERED};
use crate::error::{Error, Part};
use crate::limits::Limits;
use crate::wire::json::scan_object;
use crate::wire::typed;

/// Further parameters of one part of a header, in the order in which they were added.
#[derive(Debug, Clone, Default)]
pub(crate) struct FurtherParameters {
    parameters: Vec<FurtherParameter>,
}

#[derive(Debug, Clone)]
struct FurtherParameter {
    name: String,
    /// The value's JSON text, if it has one.
    json: Option<String>,
    is_critical: bool,
}

impl FurtherParameters {
    pub(crate) const fn new() -> Self {
        Self { parameters: Vec::new() }
    }

    /// Adds a parameter.
    pub(crate) fn add<T: Serialize + ?Sized>(&mut self, name: impl Into<String>, value: &T) {
        self.push(name.into(), value, false);
    }

    /// Adds a parameter that goes into `crit` as well.
    pub(crate) fn add_critical<T: Serialize + ?Sized>(&mut self, name: impl Into<String>, value: &T) {
        self.push(name.into(), value, true);
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.parameters.is_empty()
    }

    /// Returns the JSON text of a parameter's value.
    pub(crate) fn find(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|parameter| parameter.name == name)?.json.as_deref()
    }

    /// Judges the further parameters of one header, over all its parts. `judged` is a name of the JOSE
    /// specifications whose value the caller judges.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] for a name of the JOSE specifications, a name that stands twice, a value that
    /// doesn't serialize to JSON that a reader would take, or more parameters than that.
    pub(crate) fn check(parts: &[&Self], judged: Option<&str>) -> Result<(), Error> {
        let mut names = HashSet::new();
        for FurtherParameter { name, json, is_critical } in parts.iter().flat_map(|part| &part.parameters) {
            let is_registered = REGISTERED.contains(&&**name) || name == B64;
            let is_open = OF_KEYS.contains(&&**name) || judged == Some(name);
            if is_registered && (*is_critical || !is_open) {
                return Err(Error::misuse(format!(
                    "expected a parameter of the application's own, found `{name}`, which the specifications define"
                )));
            }
            if !names.insert(name) {
                return Err(Error::misuse(format!(
                    "expected header parameter `{name}` once, found it twice"
                )));
            }
            if json.is_none() {
                return Err(Error::misuse(
                    "expected header parameters that serialize to JSON of distinct names within the default limits, \
                     found another value",
                ));
            }
        }
        // The rest is room for what this library writes.
        if names.len() + REGISTERED.len() > Limits::default().json_members {
            return Err(Error::misuse(
                "expected header parameters within the default limits, found too many",
            ));
        }
        Ok(())
    }

    /// Writes the parameters, then `crit` with the names given and those that are critical, if there are any.
    pub(crate) fn write(&self, critical: &[&str], header: &mut HeaderWriter) {
        for FurtherParameter { name, json, .. } in &self.parameters {
            if let Some(json) = json {
                header.raw(name, json);
            }
        }
        let own = self.parameters.iter().filter(|parameter| parameter.is_critical);
        let critical: Vec<_> =
            critical.iter().copied().chain(own.map(|parameter| &*parameter.name)).collect();
        if !critical.is_empty() {
            header.strings("crit", &critical);
        }
    }

    fn push<T: Serialize + ?Sized>(&mut self, name: String, value: &T, is_critical: bool) {
        self.parameters.push(FurtherParameter { name, json: json(value), is_critical });
    }
}

/// What tells the reader which key is meant (RFC 7515 §4.1.2 to §4.1.8, RFC 7516 §4.1.4 to §4.1.10). This library
/// doesn't read them, so the application may write them. Not `jwk`, which could be a private key, but where
/// the caller looks at it.
const OF_KEYS: [&str; 5] = ["jku", "x5u", "x5c", "x5t", "x5t#S256"];

/// Returns the value's JSON, unless it has none that a reader would take: a flattened map's duplicate name.
fn json<T: Serialize + ?Sized>(value: &T) -> Option<String> {
    let text = typed::to_json(value).ok()?;
    let text = std::str::from_utf8(&text).ok()?;
    // The scanner takes objects, as a header is one.
    let header = format!("{{\"\":{text}}}");
    scan_object(&header, Part::Header, &Limits::default(), |_, _| Ok(())).ok()?;
    Some(text.to_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::wire::base64url;

    #[derive(Serialize)]
    struct Twice {
        a: u8,
        #[serde(flatten)]
        rest: BTreeMap<&'static str, u8>,
    }

    fn written(further: &FurtherParameters) -> String {
        let mut header = HeaderWriter::empty();
        further.write(&[], &mut header);
        let protected = header.finish();
        String::from_utf8(base64url::decode(&protected, Part::Header).unwrap()).unwrap()
    }

    #[track_caller]
    fn refused(parts: &[&FurtherParameters], word: &str) {
        match FurtherParameters::check(parts, None) {
            Err(Error::Misuse { reason }) => assert!(reason.contains(word), "{reason}"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn parameters_keep_their_order_and_their_kind() {
        let mut further = FurtherParameters::new();
        assert!(further.is_empty());
        assert_eq!(written(&further), "{}");
        further.add("é\"", "x\n");
        further.add("n", &[1, 2]);
        assert_eq!(FurtherParameters::check(&[&further], None), Ok(()));
        assert_eq!(written(&further), r#"{"é\"":"x\n","n":[1,2]}"#);
        further.add_critical("exp", &Some(4));
        further.add_critical("none", &None::<u8>);
        assert_eq!(FurtherParameters::check(&[&further], None), Ok(()));
        assert_eq!(written(&further), r#"{"é\"":"x\n","n":[1,2],"exp":4,"none":null,"crit":["exp","none"]}"#);
    }

    #[test]
    fn a_registered_name_is_refused_in_every_part() {
        let own = FurtherParameters::new();
        for name in REGISTERED.into_iter().chain([B64]) {
            let (mut further, mut critical) = (FurtherParameters::new(), FurtherParameters::new());
            further.add(name, "x");
            critical.add_critical(name, "x");
            refused(&[&own, &critical], name);
            match name {
                "jku" | "x5u" | "x5c" | "x5t" | "x5t#S256" => {
                    assert_eq!(FurtherParameters::check(&[&own, &further], None), Ok(()));
                }
                _ => refused(&[&own, &further], name),
            }
        }
        let mut further = FurtherParameters::new();
        further.add("ALG", "x");
        assert_eq!(FurtherParameters::check(&[&own, &further], None), Ok(()));
    }

    #[test]
    fn a_name_that_the_caller_judges_is_taken_and_never_critical() {
        let (mut further, mut critical) = (FurtherParameters::new(), FurtherParameters::new());
        further.add("jwk", &1);
        critical.add_critical("jwk", &1);
        assert_eq!(FurtherParameters::check(&[&further], Some("jwk")), Ok(()));
        assert_eq!((further.find("jwk"), further.find("jku")), (Some("1"), None));
        assert!(FurtherParameters::check(&[&further], Some("jku")).is_err());
        assert!(FurtherParameters::check(&[&critical], Some("jwk")).is_err());
    }

    #[test]
    fn crit_begins_with_the_names_given() {
        let mut header = HeaderWriter::empty();
        FurtherParameters::new().write(&["b64"], &mut header);
        assert_eq!(header.json(), r#"{"crit":["b64"]}"#);
        let mut further = FurtherParameters::new();
        further.add_critical("exp", &4);
        let mut header = HeaderWriter::empty();
        further.write(&["b64"], &mut header);
        assert_eq!(header.json(), r#"{"exp":4,"crit":["b64","exp"]}"#);
    }

    #[test]
    fn there_are_no_more_than_a_reader_takes() {
        let mut further = FurtherParameters::new();
        (0..236).for_each(|number| further.add(number.to_string(), &number));
        assert_eq!(FurtherParameters::check(&[&further], None), Ok(()));
        further.add("one more", &1);
        refused(&[&further], "too many");
    }

    #[test]
    fn a_name_stands_once_over_all_parts() {
        let (mut one, mut other) = (FurtherParameters::new(), FurtherParameters::new());
        one.add("a", &1);
        other.add("b", &1);
        assert_eq!(FurtherParameters::check(&[&one, &other], None), Ok(()));
        other.add("a", &1);
        refused(&[&one, &other], "twice");
        one.add_critical("a", &2);
        refused(&[&one], "twice");
    }

    #[test]
    fn a_value_serializes_to_what_a_reader_takes() {
        let mut further = FurtherParameters::new();
        further.add("a", &Twice { a: 1, rest: [("b", 2)].into() });
        assert_eq!(FurtherParameters::check(&[&further], None), Ok(()));
        for add in [
            |further: &mut FurtherParameters| further.add("x", &Twice { a: 1, rest: [("a", 2)].into() }),
            |further: &mut FurtherParameters| further.add("x", &BTreeMap::from([(vec![1], 1)])),
            |further: &mut FurtherParameters| {
                let members: BTreeMap<_, _> = (0..300).map(|member| (member.to_string(), 0)).collect();
                further.add("x", &members);
            },
        ] {
            let mut further = FurtherParameters::new();
            add(&mut further);
            refused(&[&further], "serialize");
        }
    }
}
