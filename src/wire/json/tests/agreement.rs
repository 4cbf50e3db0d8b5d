//! The scanner's agreement with serde_json, as properties.
//!
//! Any text, pieces of JSON, JSON, and JSON with one change go in: both take the same texts and read the same out of
//! them, but for what serde_json forgives and the scanner doesn't (names that stand twice, huge numbers, limits).

use std::fmt;

use proptest::prelude::*;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::*;

/// What serde_json sees in a text, and forgives.
#[derive(Debug, Default)]
struct Shape {
    has_duplicate: bool,
    has_huge_number: bool,
    depth: usize,
    members: usize,
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self::default())
    }
}

impl Shape {
    fn include(&mut self, inner: &Self) {
        self.has_duplicate |= inner.has_duplicate;
        self.has_huge_number |= inner.has_huge_number;
        self.depth = self.depth.max(inner.depth + 1);
        self.members = self.members.max(inner.members);
    }
}

impl<'de> Visitor<'de> for Shape {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self, E> {
        Ok(Self { has_huge_number: number.abs() >= 1.797_693_134_862_31e308, ..self })
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut elements: A) -> Result<Self, A::Error> {
        self.depth = 1;
        while let Some(inner) = elements.next_element::<Self>()? {
            self.include(&inner);
        }
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<Self, A::Error> {
        self.depth = 1;
        let mut names = Vec::new();
        while let Some((name, inner)) = members.next_entry::<String, Self>()? {
            self.has_duplicate |= names.contains(&name);
            names.push(name);
            self.include(&inner);
        }
        self.members = self.members.max(names.len());
        Ok(self)
    }
}

/// The one property: accepted here exactly if serde_json accepts the text as an object and
/// nothing in it is doubled, huge or beyond the limits; and then read the same.
fn check_against_serde_json(text: &str) -> Result<(), TestCaseError> {
    let limits = Limits::default().json_depth(4).json_members(18);
    let scanned = scan_within(text, &limits);
    let shape = serde_json::from_str::<Shape>(text);
    let fits = shape.is_ok_and(|shape| {
        !shape.has_duplicate && !shape.has_huge_number && shape.depth <= 4 && shape.members <= 18
    });
    let value = serde_json::from_str::<serde_json::Value>(text).ok().filter(|value| value.is_object());
    prop_assert_eq!(scanned.is_ok(), fits && value.is_some(), "{:?}: {:?}", text, scanned);
    let (Ok(members), Some(serde_json::Value::Object(object))) = (scanned, value) else { return Ok(()) };
    prop_assert_eq!(members.len(), object.len());
    for (name, value) in members {
        check_value(value, &object[&name])?;
    }
    Ok(())
}

fn check_value(value: Value<'_>, expected: &serde_json::Value) -> Result<(), TestCaseError> {
    prop_assert_eq!(&serde_json::from_str::<serde_json::Value>(value.text()).unwrap(), expected);
    prop_assert_eq!(value.text().trim(), value.text());
    let string = value.as_str();
    prop_assert_eq!(string.as_deref(), expected.as_str());
    prop_assert_eq!(value.as_bool(), expected.as_bool());
    let elements = value.elements().map(Iterator::collect::<Vec<_>>);
    prop_assert_eq!(elements.as_ref().map(Vec::len), expected.as_array().map(Vec::len));
    for (element, expected) in elements.iter().flatten().zip(expected.as_array().into_iter().flatten()) {
        check_value(*element, expected)?;
    }
    Ok(())
}

/// Pieces of JSON and of what is nearly JSON.
fn piece() -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\",
        " ",
        "\n",
        "\"a\"",
        "\"a\":",
        "\"b\":",
        "\"\\u0061\":",
        "1",
        "-",
        "0",
        ".",
        "e",
        "E+",
        "e308",
        "e-400",
        "1.797693134862309e308",
        "1.7976931348623158e308",
        "true",
        "false",
        "null",
        "\\u",
        "d83d",
        "\\ud83d\\ude00",
        "\\n",
        "{}",
        "[]",
        "\"\\\\\"",
        "é",
        "\u{7f}",
        "\u{1f}",
        "\0",
        "😀",
    ];
    proptest::sample::select(PIECES).prop_map(str::to_owned)
}

/// JSON text with whitespace and escapes where they may stand.
fn json_text() -> impl Strategy<Value = String> {
    let space = || proptest::sample::select(&["", "", "", " ", "\n\t\r "][..]);
    let literal = proptest::collection::vec(
        prop_oneof![
            6 => "[ !#-\\[\\]-~é€😀\u{7f}]{1,3}",
            2 => proptest::sample::select(&["\\n", "\\/", "\\\"", "\\\\", "\\u0000", "\\u0061", "\\uD83D\\udE00"][..])
                .prop_map(str::to_owned),
        ],
        0..4,
    )
    .prop_map(|parts| format!("\"{}\"", parts.concat()));
    // Around eight bytes names are scanned differently; the same name comes with an escape and without.
    let name = prop_oneof![
        3 => "\"[a-x]{1,2}\"",
        1 => "\"claim_n[ab]{0,3}\"",
        1 => "\"claim(_|\\\\u005f)n[ab]{0,2}\"",
        1 => literal.clone(),
    ];
    let leaf = prop_oneof![
        literal,
        "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?",
        proptest::sample::select(&["true", "false", "null"][..]).prop_map(str::to_owned),
    ];
    let array = |items: Vec<String>| format!("[{}]", items.join(","));
    let any_value = leaf.prop_recursive(5, 60, 22, move |inner| {
        let item = (space(), inner, space()).prop_map(|(before, value, after)| format!("{before}{value}{after}"));
        let member = (space(), name.clone(), space(), item.clone())
            .prop_map(|(before, name, after, value)| format!("{before}{name}{after}:{value}"));
        prop_oneof![
            1 => proptest::collection::vec(item, 0..5).prop_map(array),
            2 => proptest::collection::vec(member, 0..22).prop_map(|members| format!("{{{}}}", members.join(","))),
        ]
    });
    prop_oneof![
        1 => any_value.clone(),
        2 => any_value.clone().prop_map(|value| format!("{{\"top\":{value},\"last\":0}}")),
        1 => any_value.prop_map(|value| format!("{{\"top\":[{{\"a\":[{value}]}}]}}")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn any_text_is_judged_as_serde_json_judges_it(text in any::<String>()) {
        check_against_serde_json(&text)?;
        check_against_serde_json(&format!("{{\"a\":\"{text}\"}}"))?;
    }

    #[test]
    fn pieces_of_json_are_judged_as_serde_json_judges_them(
        pieces in proptest::collection::vec(piece(), 0..12),
    ) {
        let text = pieces.concat();
        check_against_serde_json(&text)?;
        check_against_serde_json(&format!("{{\"a\":{text}}}"))?;
        check_against_serde_json(&format!("{{\"a\":1,{text}}}"))?;
        check_against_serde_json(&format!("{{\"a\":\"{text}\"}}"))?;
    }

    #[test]
    fn json_is_judged_as_serde_json_judges_it(text in json_text()) {
        check_against_serde_json(&text)?;
    }

    #[test]
    fn json_with_one_change_is_judged_as_serde_json_judges_it(
        text in json_text(),
        at in any::<proptest::sample::Index>(),
        removed in 0..2_usize,
        inserted in prop_oneof![piece(), Just(String::new()), any::<char>().prop_map(String::from)],
    ) {
        let mut characters: Vec<char> = text.chars().collect();
        let at = at.index(characters.len());
        characters.splice(at..at + removed, inserted.chars());
        check_against_serde_json(&characters.into_iter().collect::<String>())?;
    }
}
