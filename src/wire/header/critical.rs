//! `crit`, the names that a reader has to understand or refuse the token: RFC 7515 §4.1.11.
//!
//! The list's own rules hold before anyone asks whether a name is understood. It stands in the protected
//! header, and so do the parameters that it names: what nobody signed can't be critical.

use std::borrow::Cow;
use std::collections::HashSet;

use super::parameters::{Parameters, REGISTERED};
use super::{HeaderText, malformed};
use crate::error::{Defect, Error, Part, Unsupported};
use crate::limits::Limits;
use crate::wire::json::scan_object;

/// The names in `crit`, which obey the list's rules; whether they are understood is open.
pub(super) struct Critical<'a>(HashSet<Cow<'a, str>>);

impl<'a> Critical<'a> {
    pub(super) fn read(read: &Parameters<'a>, text: HeaderText<'a>, limits: &Limits) -> Result<Self, Error> {
        let defect = |rule| malformed(Defect::Crit(rule));
        let mut names = HashSet::new();
        let Some(crit) = read.crit else { return Ok(Self(names)) };
        let crit = crit.protected("crit")?;
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
        scan_object(text.protected.unwrap_or("{}"), Part::Header, limits, |name, _| {
            present += usize::from(names.contains(name));
            Ok(())
        })?;
        if present < names.len() {
            return Err(defect("must name parameters that are in the header"));
        }
        Ok(Self(names))
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// Holds the names against those that the application understands, and the one that this library does.
    pub(super) fn check(&self, understood: &[String], own: Option<&str>) -> Result<(), Error> {
        let is_understood = |name: &str| understood.iter().any(|known| known == name);
        if self.0.iter().all(|name| own == Some(&**name) || is_understood(name)) {
            Ok(())
        } else {
            Err(Error::Unsupported(Unsupported::Critical))
        }
    }
}
