//! The scanner's promises, case by case.
//!
//! Texts go in that are JSON, nearly JSON, or JSON beyond what is taken here; the members with their kinds come out,
//! or the one defect that each has (RFC 8259 §2 to §7, RFC 7515 §4 on names that stand once).

use super::*;

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
