//! The scanner's promises, case by case, and its agreement with serde_json.

use std::fmt;

use proptest::prelude::*;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::*;

fn scan(text: &str) -> Result<Vec<(String, Value<'_>)>, Error> {
    scan_within(text, &Limits::default())
}

fn scan_within<'a>(text: &'a str, limits: &Limits) -> Result<Vec<(String, Value<'a>)>, Error> {
    let mut members = Vec::new();
    scan_object(text, Part::Claims, limits, |name, value| {
        members.push((name.to_owned(), value));
        Ok(())
    })?;
    Ok(members)
}

fn refusal(text: &str) -> Defect {
    match scan(text) {
        Err(Error::Malformed { part: Part::Claims, defect }) => defect,
        other => panic!("{text:?} gave {other:?}"),
    }
}

#[test]
fn members_arrive_in_order_with_their_kind_and_text() {
    let text = " {\"s\" : \"a\\n\", \"n\":-1.5e+3 ,\t\"t\":true,\"f\":false,\r\n\"z\":null,\"a\":[1, 2],\"o\":{ \"x\":{} },\"\":0} ";
    let members = scan(text).unwrap();
    let seen: Vec<_> = members.iter().map(|(name, value)| (&**name, value.kind(), value.text())).collect();
    let expected = [
        ("s", Kind::String, r#""a\n""#),
        ("n", Kind::Number, "-1.5e+3"),
        ("t", Kind::Bool, "true"),
        ("f", Kind::Bool, "false"),
        ("z", Kind::Null, "null"),
        ("a", Kind::Array, "[1, 2]"),
        ("o", Kind::Object, "{ \"x\":{} }"),
        ("", Kind::Number, "0"),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn a_value_answers_only_for_its_own_kind() {
    let members = scan(r#"{"s":"true","b":true,"a":["x"],"n":1,"z":null,"o":{}}"#).unwrap();
    for (name, value) in members {
        assert_eq!(value.as_str().is_some(), name == "s");
        assert_eq!(value.as_bool(), (name == "b").then_some(true));
        assert_eq!(value.elements().is_some(), name == "a");
    }
}

#[test]
fn kinds_have_names() {
    let members = scan(r#"{"s":"","b":true,"a":[],"n":1,"z":null,"o":{}}"#).unwrap();
    let names: Vec<_> = members.iter().map(|(_, value)| value.kind_name()).collect();
    assert_eq!(names, ["a string", "a boolean", "an array", "a number", "null", "an object"]);
}

#[test]
fn elements_are_split_at_their_own_commas() {
    let text = r#"{"a":[ "x,\"]," , [1,[2]] ,{"k":"}"},true , -0.5,null , "\\"]}"#;
    let elements: Vec<_> = scan(text).unwrap()[0].1.elements().unwrap().map(Value::text).collect();
    assert_eq!(elements, [r#""x,\"],""#, "[1,[2]]", r#"{"k":"}"}"#, "true", "-0.5", "null", r#""\\""#]);
    for empty in ["{\"a\":[]}", "{\"a\":[ \n]}"] {
        assert_eq!(scan(empty).unwrap()[0].1.elements().unwrap().count(), 0);
    }
}

#[test]
fn rows_062_and_119_another_kind_is_not_an_object() {
    for text in ["[]", "[1,{\"alg\":1}]", "\"x\"", "\"\"", "0", "-1.5", "null", "true", " false\n"] {
        assert_eq!(refusal(text), Defect::NotAnObject, "{text:?}");
    }
    assert!(scan("{}").unwrap().is_empty());
}

#[test]
fn rows_062_063_and_119_what_is_not_json_is_refused() {
    let wrong = [
        "",
        " ",
        "{",
        "}",
        "{}x",
        "{}{}",
        "{},",
        "{} 1",
        "[]]",
        "[1]x",
        "\"",
        "\"x",
        "nul",
        "truex",
        "NaN",
        "Infinity",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\" 1}",
        "{\"a\":1,}",
        "{,}",
        "{,\"a\":1}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":1;}",
        "{a:1}",
        "{'a':1}",
        "{1:1}",
        "{null:1}",
        "{\"a\":NaN}",
        "{\"a\":-Infinity}",
        "{\"a\":True}",
        "{\"a\":nil}",
        "{\"a\":undefined}",
        "{\"a\":[1,]}",
        "{\"a\":[,1]}",
        "{\"a\":[1 2]}",
        "{\"a\":[1}",
        "{\"a\":[1}]",
        "{\"a\":{]}",
        "{\"a\":1]",
        "{]",
        "{} // x",
        "{/**/}",
        "{\"a\":/**/1}",
        "# x\n{}",
        "\u{feff}{}",
        "{}\u{feff}",
        "{}\0",
        "\0{}",
        "{\u{a0}}",
        "{\u{b}}",
        "{\u{c}}",
        "{\u{2028}}",
        "{\"a\n\":1}",
        "{\"a\":\"\n\"}",
        "{\"a\":\"\t\"}",
        "{\"a\":\"\0\"}",
        "{\"a\":\"\u{1f}\"}",
        "{\"a\":\"\\\"}",
        "{\"a\":\"\\",
        "{\"a\":\"\\x41\"}",
        "{\"a\":\"\\u12\"}",
        "{\"a\":\"\\ud800\"}",
        "{\"\\udc00\":1}",
        "{\"a\":\"\\ud800\\u0041\"}",
        "{\"a\":'x'}",
        "{\"a\":`x`}",
    ];
    for text in wrong {
        assert_eq!(refusal(text), Defect::Json, "{text:?}");
    }
}

#[test]
fn row_096_numbers_are_those_of_rfc_8259_that_fit_a_double() {
    let long = format!("0.{}1", "0".repeat(400));
    let right = [
        "0",
        "-0",
        "10",
        "-1",
        "1.0",
        "0.5",
        "1E+2",
        "1e-2",
        "1e308",
        "-1.7e308",
        "9007199254740993",
        "18446744073709551616",
        "1e-999",
        "0e999",
        "0.0e99999999999999999999",
        "1e-99999999999999999999",
        "4102444800.5",
        &long,
    ];
    for number in right {
        let text = format!("{{\"exp\":{number}}}");
        assert_eq!(scan(&text).unwrap()[0].1.text(), number);
        assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{number}");
    }
    let huge = "9".repeat(400);
    let wrong = [
        "01",
        "-01",
        "00",
        "+1",
        "-",
        "--1",
        ".5",
        "5.",
        "-.5",
        "1.e1",
        "1e",
        "1e+",
        "1e+-1",
        "1.5.5",
        "1e1.5",
        "0x10",
        "1_0",
        "1 0",
        "1f",
        "１",
        "1e999",
        "-1e999",
        "1.8e308",
        "-1.7976931348623157e308",
        "1e99999999999999999999",
        &huge,
    ];
    for number in wrong {
        assert_eq!(refusal(&format!("{{\"exp\":{number}}}")), Defect::Json, "{number}");
    }
}

#[test]
fn rows_055_to_058_a_name_stands_once_in_an_object() {
    let wrong = [
        r#"{"alg":"none","alg":"HS256"}"#,
        r#"{"alg":"HS256","\u0061lg":"none"}"#,
        r#"{"\u0061lg":"HS256","alg":"none"}"#,
        r#"{"\u0061lg":"HS256","a\u006cg":"none"}"#,
        r#"{"aud":"a","b":1,"aud":"b"}"#,
        r#"{"a":{"b":1,"c":2,"b":1}}"#,
        r#"{"a":[[{"b":1,"\u0062":1}]]}"#,
        r#"{"":1,"":1}"#,
    ];
    for text in wrong {
        assert_eq!(refusal(text), Defect::DuplicateMember, "{text}");
    }
    // Row 150: values may repeat, and so may names in different objects. Row 057: case counts.
    let right =
        r#"{"Alg":1,"ALG":1,"alg":{"alg":{"alg":1}},"aud":["a","a",{"alg":1},{"alg":1}],"é":1,"e\u0301":1}"#;
    assert_eq!(scan(right).unwrap().len(), 6);
}

#[test]
fn a_duplicate_is_found_among_many_names() {
    let members: Vec<_> = (0..200).map(|number| format!("\"m{number}\":{number}")).collect();
    assert_eq!(scan(&format!("{{{}}}", members.join(","))).unwrap().len(), 200);
    for duplicate in [0, 15, 16, 17, 199] {
        let text = format!("{{{},\"m{duplicate}\":0}}", members.join(","));
        assert_eq!(refusal(&text), Defect::DuplicateMember);
    }
}

#[test]
fn row_095_members_are_counted_in_each_object() {
    let limits = Limits::default().json_members(2);
    let over = Error::LimitExceeded { limit: Limit::JsonMembers, max: 2 };
    assert_eq!(scan_within(r#"{"a":{"x":1,"y":2},"b":[{"x":1,"y":2}]}"#, &limits).unwrap().len(), 2);
    assert_eq!(scan_within(r#"{"a":1,"b":2,"c":3}"#, &limits).err(), Some(over.clone()));
    assert_eq!(scan_within(r#"{"a":[{"x":1,"y":2,"z":3}]}"#, &limits).err(), Some(over));
    let many: Vec<_> = (0..100_000).map(|number| format!("\"{number}\":0")).collect();
    let refused = scan(&format!("{{{}}}", many.join(","))).err();
    assert_eq!(refused, Some(Error::LimitExceeded { limit: Limit::JsonMembers, max: 256 }));
}

#[test]
fn row_093_depth_is_limited_before_it_costs_stack() {
    let nested = |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1));
    let objects = |levels: usize| format!("{}{{}}{}", "{\"a\":".repeat(levels - 1), "}".repeat(levels - 1));
    let over = |max| Some(Error::LimitExceeded { limit: Limit::JsonDepth, max });
    for text in [nested, objects].map(|text| move |levels| text(levels)) {
        assert!(scan(&text(32)).is_ok());
        assert_eq!(scan(&text(33)).err(), over(32));
        assert_eq!(scan(&text(10_000)).err(), over(32));
        let deepest = Limits::default().json_depth(usize::MAX);
        assert!(scan_within(&text(127), &deepest).is_ok());
        assert!(serde_json::from_str::<serde_json::Value>(&text(127)).is_ok());
        assert_eq!(scan_within(&text(128), &deepest).err(), over(127));
        assert!(serde_json::from_str::<serde_json::Value>(&text(128)).is_err());
    }
    assert_eq!(scan(&"[".repeat(1_000_000)).err(), over(32));
    assert_eq!(scan_within("{}", &Limits::default().json_depth(0)).err(), over(0));
}

#[test]
fn an_error_of_the_callback_ends_the_scan() {
    let mut seen = 0;
    let result = scan_object("{\"a\":1,\"b\":2,!", Part::Claims, &Limits::default(), |name, _| {
        seen += 1;
        if name == "b" { Err(Error::NoMatchingKey) } else { Ok(()) }
    });
    assert_eq!((result, seen), (Err(Error::NoMatchingKey), 2));
}

#[test]
fn row_094_an_error_says_nothing_of_the_text() {
    let text = format!("{{\"password\":\"{}\u{1}\"}}", "hunter2".repeat(100_000));
    let message = scan(&text).unwrap_err().to_string();
    assert_eq!(message, "malformed claims: expected JSON, found something else");
}

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
    let name = prop_oneof![3 => "\"[a-x]{1,2}\"", 1 => literal.clone()];
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
