//! Keys of a published set that are marked with the issuer they sign for: the set's JSON goes in, a set of
//! keys for each issuer comes out.
//!
//! Microsoft publishes the keys of all tenants in one document, most for any tenant and some for one; taken
//! together, the key of one tenant would speak for every other (Microsoft identity platform, "Access
//! tokens: Validate the issuer").

use super::KeySet;
use crate::error::{Error, Part};
use crate::jwk::JwkSet;
use crate::limits::Limits;
use crate::wire::json::{Kind, Value, scan_object, scan_object_with_list};

/// The keys that may sign for this issuer: those that name it, name the template that it was made from, or
/// name none. What else is wrong with a key or the document, [`JwkSet`] says.
pub(crate) fn keys_of(json: &str, issuer: &str, template: Option<&str>) -> Result<KeySet, Error> {
    match template {
        Some(template) => keys_marked(json, |marked| marked == issuer || marked == template),
        None => Ok(KeySet::verification(&JwkSet::from_json(json)?)),
    }
}

/// The keys that are marked with an issuer that is taken, or with none.
pub(crate) fn keys_marked(json: &str, takes: impl Fn(&str) -> bool) -> Result<KeySet, Error> {
    let limits = Limits::default();
    // Sizes are judged and odd documents refused here, before anything else is made of them.
    JwkSet::from_json(json)?;
    let mut own = String::with_capacity(json.len());
    own.push_str("{\"keys\":[");
    scan_object_with_list(json, "keys", Part::JwkSet, &limits, |name, value| {
        if name == "keys" {
            let keys = value.elements().into_iter().flatten();
            for key in keys.filter(|key| serves(*key, &takes, &limits)) {
                own.push_str(if own.ends_with('[') { "" } else { "," });
                own.push_str(key.text());
            }
        }
        Ok(())
    })?;
    own.push_str("]}");
    Ok(KeySet::verification(&JwkSet::from_json(&own)?))
}

/// Whether a key's mark is taken. One whose mark can't be read isn't.
fn serves(key: Value<'_>, takes: &impl Fn(&str) -> bool, limits: &Limits) -> bool {
    if key.kind() != Kind::Object {
        return false;
    }
    let mut serves = true;
    let scanned = scan_object(key.text(), Part::Jwk, limits, |name, value| {
        if name == "issuer" {
            serves = value.as_str().is_some_and(|marked| takes(&marked));
        }
        Ok(())
    });
    scanned.is_ok() && serves
}
