//! The caller's type out of members that were scanned: what serde asks for is looked up, and the text isn't
//! taken apart a second time.
//!
//! It says what `serde_json` would say of the same text, or nothing at all: whatever is asked for in a way
//! that isn't the usual one, and every refusal, is `serde_json`'s to answer (`typed.rs`). So it has no
//! error but one without words.

use std::cell::Cell;
use std::fmt;

use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde::forward_to_deserialize_any;

use crate::wire::json::{Kind, Member, Members, Value, whole_number};

/// Reads a value out of the members of an object, if it is read in the usual way and fits.
pub(super) fn read<'de, T: Deserialize<'de>>(members: &Members<'de>) -> Option<T> {
    let whole = Cell::new(false);
    T::deserialize(Object(members.all()?, &whole)).ok().filter(|_| whole.get())
}

/// Notes that something was read to its end. A type that goes on after an error, or reads nothing, leaves
/// `serde_json` in the midst of the text, which is refused then: here it has to be noticed.
fn noted<T>(whole: &Cell<bool>, read: Result<T, NotHere>) -> Result<T, NotHere> {
    whole.set(read.is_ok());
    read
}

/// It is for `serde_json` to answer.
#[derive(Debug)]
struct NotHere;

impl fmt::Display for NotHere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not read here")
    }
}

impl std::error::Error for NotHere {}

impl de::Error for NotHere {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

/// What isn't asked for in the usual way.
macro_rules! not_here {
    ($($method:ident($($argument:ty),*))*) => {
        $(fn $method<V: Visitor<'de>>(self, $(_: $argument,)* _: V) -> Result<V::Value, NotHere> {
            Err(NotHere)
        })*
    };
}

/// Hands what is asked for to `serde_json`, with the value's own text.
macro_rules! by_serde_json {
    ($($method:ident($($name:ident: $argument:ty),*))*) => {
        $(fn $method<V: Visitor<'de>>(self, $($name: $argument,)* visitor: V) -> Result<V::Value, NotHere> {
            self.hand_on(|text| text.$method($($name,)* visitor))
        })*
    };
}

/// Names by which `serde_json` tells its own types apart from others begin like this.
fn is_magic(name: &str) -> bool {
    name.starts_with("$serde_json")
}

/// The outermost object, and whether it was read.
struct Object<'w, I>(I, &'w Cell<bool>);

impl<'de, I: Iterator<Item = Member<'de>>> Deserializer<'de> for Object<'_, I> {
    type Error = NotHere;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotHere> {
        let Self(members, whole) = self;
        let mut walk = Walk { members, value: None, is_broken: false };
        let read = visitor.visit_map(&mut walk)?;
        // A visitor that leaves members unread is refused by `serde_json`.
        if walk.is_broken || walk.value.is_some() || walk.members.next().is_some() {
            return Err(NotHere);
        }
        noted(whole, Ok(read))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, NotHere> {
        if is_magic(name) { Err(NotHere) } else { self.deserialize_any(visitor) }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotHere> {
        self.deserialize_any(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotHere> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, NotHere> {
        if is_magic(name) { Err(NotHere) } else { visitor.visit_newtype_struct(self) }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotHere> {
        noted(self.1, visitor.visit_unit())
    }

    not_here! {
        deserialize_bool() deserialize_i8() deserialize_i16() deserialize_i32() deserialize_i64()
        deserialize_i128() deserialize_u8() deserialize_u16() deserialize_u32() deserialize_u64()
        deserialize_u128() deserialize_f32() deserialize_f64() deserialize_char() deserialize_str()
        deserialize_string() deserialize_bytes() deserialize_byte_buf() deserialize_unit()
        deserialize_unit_struct(&'static str) deserialize_seq() deserialize_tuple(usize)
        deserialize_tuple_struct(&'static str, usize)
        deserialize_enum(&'static str, &'static [&'static str]) deserialize_identifier()
    }
}

/// A walk over the members of the object. It is broken once something wasn't read to its end, whatever the type
/// makes of that.
struct Walk<'de, I> {
    members: I,
    value: Option<Value<'de>>,
    is_broken: bool,
}

impl<'de, I: Iterator<Item = Member<'de>>> MapAccess<'de> for &mut Walk<'de, I> {
    type Error = NotHere;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, NotHere> {
        if self.value.is_some() {
            self.is_broken = true;
            return Err(NotHere);
        }
        let Some(Member { name, value }) = self.members.next() else { return Ok(None) };
        self.value = Some(value);
        let whole = Cell::new(false);
        let read = seed.deserialize(Name(name, &whole)).map(Some);
        self.is_broken |= !whole.get() || read.is_err();
        read
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, NotHere> {
        let Some(value) = self.value.take() else {
            self.is_broken = true;
            return Err(NotHere);
        };
        let whole = Cell::new(false);
        let read = seed.deserialize(Field(value, &whole));
        self.is_broken |= !whole.get() || read.is_err();
        read
    }
}

/// A member's name, which is a string and may stand for something else, and whether it was read.
struct Name<'w, 'de>(&'de str, &'w Cell<bool>);

impl<'de> Deserializer<'de> for Name<'_, 'de> {
    type Error = NotHere;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotHere> {
        noted(self.1, visitor.visit_borrowed_str(self.0))
    }

    forward_to_deserialize_any! { str string identifier ignored_any }

    not_here! {
        deserialize_bool() deserialize_i8() deserialize_i16() deserialize_i32() deserialize_i64()
        deserialize_i128() deserialize_u8() deserialize_u16() deserialize_u32() deserialize_u64()
        deserialize_u128() deserialize_f32() deserialize_f64() deserialize_char() deserialize_bytes()
        deserialize_byte_buf() deserialize_option() deserialize_unit() deserialize_unit_struct(&'static str)
        deserialize_newtype_struct(&'static str) deserialize_seq() deserialize_tuple(usize)
        deserialize_tuple_struct(&'static str, usize) deserialize_map()
        deserialize_struct(&'static str, &'static [&'static str])
        deserialize_enum(&'static str, &'static [&'static str])
    }
}

/// A member's value, and whether it was read. Plain strings and whole numbers are read here, as they are most of
/// what tokens hold.
struct Field<'w, 'de>(Value<'de>, &'w Cell<bool>);

/// `serde_json`, over the text of one value.
type Text<'de> = serde_json::Deserializer<serde_json::de::StrRead<'de>>;

impl<'de> Field<'_, 'de> {
    /// Has `serde_json` read the value, all of its text.
    fn hand_on<T>(&self, read: impl FnOnce(&mut Text<'de>) -> serde_json::Result<T>) -> Result<T, NotHere> {
        let mut text = serde_json::Deserializer::from_str(self.0.text());
        let value = read(&mut text).map_err(|_| NotHere)?;
        text.end().map_err(|_| NotHere)?;
        noted(self.1, Ok(value))
    }

    fn whole_number(&self) -> Option<u64> {
        (self.0.kind() == Kind::Number).then(|| whole_number(self.0.text()))?
    }
}

/// Strings that are asked for as such.
macro_rules! plain_string {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotHere> {
            match self.0.as_plain_str() {
                Some(text) => noted(self.1, visitor.visit_borrowed_str(text)),
                None => self.hand_on(|text| text.$method(visitor)),
            }
        })*
    };
}

/// Numbers of a type with no more than 64 bits.
macro_rules! number {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotHere> {
            match self.whole_number() {
                Some(number) => noted(self.1, visitor.visit_u64(number)),
                None => self.hand_on(|text| text.$method(visitor)),
            }
        })*
    };
}

impl<'de> Deserializer<'de> for Field<'_, 'de> {
    type Error = NotHere;

    plain_string! { deserialize_any deserialize_str deserialize_string deserialize_identifier }

    number! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    }

    by_serde_json! {
        deserialize_bool() deserialize_i128() deserialize_u128() deserialize_f32() deserialize_f64()
        deserialize_char() deserialize_bytes() deserialize_byte_buf() deserialize_unit()
        deserialize_unit_struct(name: &'static str) deserialize_seq() deserialize_tuple(len: usize)
        deserialize_tuple_struct(name: &'static str, len: usize) deserialize_map()
        deserialize_struct(name: &'static str, fields: &'static [&'static str])
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotHere> {
        if self.0.kind() == Kind::Null {
            noted(self.1, visitor.visit_none())
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, NotHere> {
        if is_magic(name) {
            return self.hand_on(|text| text.deserialize_newtype_struct(name, visitor));
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotHere> {
        noted(self.1, visitor.visit_unit())
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::collections::{BTreeMap, HashMap};

    use proptest::prelude::*;

    use super::*;
    use crate::error::Part;
    use crate::limits::Limits;

    /// What is read here, if anything, and what `serde_json` reads.
    fn both<'de, T: Deserialize<'de>>(text: &'de str) -> (Option<T>, Option<T>) {
        let mut members = Members::new();
        members.scan(text, Part::Claims, &Limits::default(), |_, _| Ok(())).unwrap();
        (read(&members), serde_json::from_str(text).ok())
    }

    #[track_caller]
    fn agree<'de, T: Deserialize<'de> + PartialEq + fmt::Debug>(text: &'de str) -> bool {
        let (here, there) = both::<T>(text);
        if here.is_some() {
            assert_eq!(here, there, "{text}");
        }
        here.is_some()
    }

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Usual<'a> {
        sub: &'a str,
        #[serde(borrow)]
        scope: Option<Cow<'a, str>>,
        tenant: u8,
        offset: Option<i64>,
        #[serde(default)]
        admin: bool,
        ratio: Option<f64>,
        #[serde(default)]
        roles: Vec<String>,
        address: Option<Address>,
        level: Option<Level>,
        id: Option<Id>,
    }

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Address {
        country: String,
    }

    #[derive(Debug, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Level {
        Low,
        High { by: u8 },
    }

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Id(String);

    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Strict {
        sub: Option<String>,
        tenant: Option<u8>,
    }

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Flat {
        tenant: Option<u64>,
        #[serde(flatten)]
        rest: BTreeMap<String, serde_json::Value>,
    }

    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(tag = "level")]
    enum Tagged {
        #[serde(rename = "low")]
        Low { sub: Option<String> },
        #[serde(rename = "high")]
        High(BTreeMap<String, serde_json::Value>),
    }

    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(untagged)]
    enum Either {
        Strict(Strict),
        Numbers(BTreeMap<String, u64>),
        Any(serde_json::Value),
    }

    #[test]
    fn what_tokens_hold_is_read_here() {
        let full = r#"{"sub":"a","scope":"r w","tenant":4,"offset":-3,"admin":true,"ratio":1.5,"roles":["x"],
            "address":{"country":"é"},"level":{"high":{"by":1}},"id":"i","other":[{}]}"#;
        assert!(agree::<Usual<'_>>(full));
        assert!(agree::<Usual<'_>>(r#"{"sub":"a","tenant":255,"scope":"\u0041","level":"low"}"#));
        assert!(agree::<Option<Strict>>(r#"{"sub":null,"tenant":0}"#));
        assert!(agree::<HashMap<&str, u32>>(r#"{"a":1,"b":2}"#));
        assert!(agree::<serde_json::Value>(full));
        assert!(agree::<Flat>(full));
        assert!(agree::<Tagged>(r#"{"level":"low","sub":"a"}"#));
        assert!(agree::<Either>(r#"{"x":[1]}"#));
        assert!(agree::<()>("{}") == serde_json::from_str::<()>("{}").is_ok());
    }

    #[test]
    fn what_does_not_fit_is_left_to_serde_json() {
        let refused = [
            "{}",
            r#"{"sub":1,"tenant":4}"#,
            r#"{"sub":"a\n","tenant":4}"#,
            r#"{"sub":"a","tenant":256}"#,
            r#"{"sub":"a","tenant":-1}"#,
            r#"{"sub":"a","tenant":1.0}"#,
            r#"{"sub":"a","tenant":"1"}"#,
            r#"{"sub":"a","tenant":null}"#,
            r#"{"sub":"a","tenant":4,"admin":null}"#,
            r#"{"sub":"a","tenant":4,"level":"none"}"#,
        ];
        for text in refused {
            let (here, there) = both::<Usual<'_>>(text);
            assert_eq!((here, there), (None, None), "{text}");
        }
        assert_eq!(both::<Strict>(r#"{"subject":"a"}"#), (None, None));
        assert_eq!(both::<Vec<u8>>("{}"), (None, None));
        assert_eq!(both::<String>("{}"), (None, None));
    }

    #[test]
    fn what_is_asked_for_otherwise_is_left_to_serde_json() {
        // Names that stand for numbers, an enum's variant as the only member, a type of `serde_json`'s own.
        let (here, there) = both::<HashMap<u8, u8>>(r#"{"1":2}"#);
        assert_eq!((here, there), (None, Some(HashMap::from([(1, 2)]))));
        let (here, there) = both::<Level>(r#"{"high":{"by":1}}"#);
        assert_eq!((here, there), (None, Some(Level::High { by: 1 })));
        let (here, there) = both::<BTreeMap<Level, u8>>(r#"{"low":1}"#);
        assert_eq!((here, there), (None, Some(BTreeMap::from([(Level::Low, 1)]))));
        let (here, there) = both::<&serde_json::value::RawValue>(r#"{"a": 1}"#);
        assert_eq!(
            (here.is_none(), there.map(serde_json::value::RawValue::get)),
            (true, Some(r#"{"a": 1}"#))
        );
        let (here, _) = both::<BTreeMap<String, &serde_json::value::RawValue>>(r#"{"a": [1 ]}"#);
        assert_eq!(here.unwrap()["a"].get(), "[1 ]");
    }

    /// Reads one member of the object and leaves the rest.
    #[derive(Debug, PartialEq)]
    struct First(String);

    impl<'de> Deserialize<'de> for First {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct One;
            impl<'de> Visitor<'de> for One {
                type Value = First;
                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("an object")
                }
                fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<First, A::Error> {
                    let first = members.next_entry::<String, de::IgnoredAny>()?;
                    Ok(First(first.map(|(name, _)| name).unwrap_or_default()))
                }
            }
            deserializer.deserialize_map(One)
        }
    }

    #[test]
    fn members_that_nobody_reads_are_refused_as_serde_json_does() {
        assert!(agree::<First>(r#"{"a":1}"#));
        assert_eq!(both::<First>(r#"{"a":1,"b":2}"#), (None, None));
    }

    /// Reads `n` as a `T`, or as nothing when that fails.
    #[derive(Debug, PartialEq)]
    struct Lenient<T> {
        n: Option<T>,
    }

    impl<'de, T: Deserialize<'de>> Deserialize<'de> for Lenient<T> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Value<T>(Option<T>);
            impl<'de, T: Deserialize<'de>> Deserialize<'de> for Value<T> {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    Ok(Self(T::deserialize(deserializer).ok()))
                }
            }
            #[derive(serde::Deserialize)]
            #[serde(bound(deserialize = "T: Deserialize<'de>"))]
            struct Fields<T> {
                n: Value<T>,
            }
            Fields::deserialize(deserializer).map(|fields| Self { n: fields.n.0 })
        }
    }

    /// Reads nothing at all.
    #[derive(Debug, PartialEq)]
    struct Blind;

    impl<'de> Deserialize<'de> for Blind {
        fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
            Ok(Self)
        }
    }

    /// Reads names, and values only where told to.
    #[derive(Debug, PartialEq)]
    struct Names<const VALUES: bool>(Vec<String>);

    impl<'de, const VALUES: bool> Deserialize<'de> for Names<VALUES> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct All<const VALUES: bool>;
            impl<'de, const VALUES: bool> Visitor<'de> for All<VALUES> {
                type Value = Names<VALUES>;
                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("an object")
                }
                fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
                    let mut names = Vec::new();
                    while let Ok(Some(name)) = members.next_key() {
                        names.push(name);
                        if VALUES {
                            members.next_value::<de::IgnoredAny>()?;
                        }
                    }
                    Ok(Names(names))
                }
            }
            deserializer.deserialize_map(All)
        }
    }

    /// `serde_json` stands in the midst of the text then, and refuses it.
    #[test]
    fn a_type_that_goes_on_after_an_error_or_reads_nothing_is_left_to_serde_json() {
        for text in [r#"{"n":[1]}"#, r#"{"n":{"x":{}}}"#, r#"{"n":"a"}"#, r#"{"n":-1}"#, r#"{"n":1.5}"#] {
            assert!(!agree::<Lenient<u8>>(text), "{text}");
        }
        assert!(!agree::<Lenient<Level>>(r#"{"n":{"high":{"by":"x"}}}"#));
        assert!(!agree::<Lenient<String>>(r#"{"n":{"x":1}}"#));
        assert!(!agree::<Lenient<Blind>>(r#"{"n":1}"#));
        assert!(!agree::<BTreeMap<String, Blind>>(r#"{"n":1}"#));
        assert!(!agree::<Blind>(r#"{"n":1}"#));
        assert!(!agree::<Names<false>>(r#"{"n":1,"m":2}"#));
        // What is in order is read here all the same.
        assert!(agree::<Lenient<u8>>(r#"{"n":1}"#));
        assert!(agree::<Lenient<String>>(r#"{"n":"a"}"#));
        assert!(agree::<Names<true>>(r#"{"n":1,"m":2}"#));
    }

    fn value() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            "(null|true|false|0|-0|1|255|256|-1|1\\.0|1e2|1E400|18446744073709551615|18446744073709551616)",
            "(9223372036854775807|-9223372036854775808|0\\.1|-2\\.5e-3|100000000000000000000000)",
            "\"([a-z é]|\\\\n|\\\\u0041|\\\\ud834\\\\udd1e){0,6}\"",
            Just("\"low\"".to_owned()),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4)
                    .prop_map(|items| format!("[{}]", items.join(" ,"))),
                proptest::collection::btree_map("(country|by|high|x)", inner, 0..3).prop_map(|members| {
                    let members: Vec<_> =
                        members.iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
                    format!("{{{}}}", members.join(","))
                }),
            ]
        })
    }

    const NAMES: &str = "(n|sub|scope|tenant|offset|admin|ratio|roles|address|level|id|x|y|1|low|é)";

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        /// Whatever is read here, `serde_json` reads too, and the same.
        #[test]
        fn nothing_is_read_that_serde_json_reads_otherwise(
            members in proptest::collection::btree_map(NAMES, value(), 0..10),
        ) {
            let members: Vec<_> = members.iter().map(|(name, value)| format!("\"{name}\" :{value}")).collect();
            let text = format!("{{{}}}", members.join(", "));
            let mut scanned = Members::new();
            if scanned.scan(&text, Part::Claims, &Limits::default(), |_, _| Ok(())).is_err() {
                return Ok(());
            }
            agree::<Usual<'_>>(&text);
            agree::<Strict>(&text);
            agree::<Flat>(&text);
            agree::<Tagged>(&text);
            agree::<Either>(&text);
            agree::<BTreeMap<String, u64>>(&text);
            agree::<BTreeMap<String, Option<i32>>>(&text);
            agree::<BTreeMap<Cow<'_, str>, f32>>(&text);
            agree::<BTreeMap<String, (u8, String)>>(&text);
            agree::<BTreeMap<String, char>>(&text);
            agree::<BTreeMap<String, i128>>(&text);
            agree::<BTreeMap<String, ()>>(&text);
            agree::<BTreeMap<String, Level>>(&text);
            agree::<BTreeMap<String, Id>>(&text);
            agree::<Lenient<u8>>(&text);
            agree::<BTreeMap<String, Lenient<Level>>>(&text);
            prop_assert!(agree::<serde_json::Value>(&text));
        }
    }
}
