use super::{Json, parse};

fn sample() -> Json {
    let body =
        br#"{"Off":false,"Nothing":null,"Vpcs":{"Vpc":[{"VpcId":"vpc-1"},{"VpcId":"vpc-2"}]}}"#;
    parse(body.to_vec()).unwrap()
}

#[test]
fn escaped_names_and_texts_are_read_in_full() {
    let body = br#"{"a\u0062":"x\ty","Plain":"p","Deep":{"\"":["\u00e9","z"]},"Last":"l"}"#;
    let json = parse(body.to_vec()).unwrap();
    let text = |path| json.need_text(path).unwrap();
    assert_eq!(
        (text("ab"), text("Plain"), text("Last")),
        ("x\ty".into(), "p".into(), "l".into())
    );
    assert_eq!(json.need_texts("Deep.\"").unwrap(), ["é", "z"]);
    assert!(parse(br#"{"ab":1,"a\u0062":2}"#.to_vec()).is_err());
}

#[test]
fn null_counts_as_absent_only_where_presence_is_asked() {
    let json = sample();
    assert_eq!(
        ["Off", "Vpcs.Vpc", "Nothing", "Missing", "Off.Deep"].map(|path| json.root().has(path)),
        [true, true, false, false, false]
    );
}

#[test]
fn bodies_that_are_no_object_are_odd() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for body in [
        "",
        "<html></html>",
        "[]",
        "null",
        "{\"a\":1",
        "{\"a\":1,\"a\":1}",
        "{\"a\":{\"b\":1,\"b\":2}}",
        "{\"a\":NaN}",
        &deep,
    ] {
        assert!(parse(body.as_bytes().to_vec()).is_err(), "{body:.40}");
    }
    assert!(parse(b"{\"a\":\"\xff\"}".to_vec()).is_err());
}

/// What a strict accessor says: the value, nothing, or why not.
fn shown<T: std::fmt::Debug>(read: Result<T, super::Odd>) -> String {
    read.map_or_else(|odd| odd.what, |value| format!("{value:?}"))
}

#[test]
fn a_needed_field_is_there_and_of_its_type() {
    let body = br#"{"Rows":{"Row":[{"Id":"i-1","Cpu":2,"Half":2.5,"On":false,"Gone":null,
        "Count":"12","Deep":{"Name":""},"Ids":["a","b"],"Mixed":["a",1]}]}}"#;
    let json = parse(body.to_vec()).unwrap();
    let row = json.need_list("Rows.Row").unwrap()[0];
    let cases = [
        (shown(row.need_text("Id")), "\"i-1\""),
        (shown(row.need_int("Cpu")), "2"),
        (shown(row.need_float("Half")), "2.5"),
        (shown(row.need_bool("On")), "false"),
        (shown(row.need_texts("Ids")), "[\"a\", \"b\"]"),
        (shown(row.need_int_text("Count")), "12"),
        (shown(row.need_text("Deep.Name")), "\"\""),
        (
            shown(row.need_text("Gone")),
            "`Rows.Row[0].Gone` is null, not a text",
        ),
        (
            shown(row.need_text("Cpu")),
            "`Rows.Row[0].Cpu` is a number, not a text",
        ),
        (
            shown(row.need_int("Half")),
            "`Rows.Row[0].Half` is a number, not a whole number",
        ),
        (
            shown(row.need_int("Count")),
            "`Rows.Row[0].Count` is a text, not a whole number",
        ),
        (
            shown(row.need_bool("Id")),
            "`Rows.Row[0].Id` is a text, not a boolean",
        ),
        (
            shown(row.need_float("Id")),
            "`Rows.Row[0].Id` is a text, not a number",
        ),
        (
            shown(row.need_list("Deep")),
            "`Rows.Row[0].Deep` is an object, not a list",
        ),
        (
            shown(row.need_texts("Mixed")),
            "`Rows.Row[0].Mixed` is a list, not a list of texts",
        ),
        (
            shown(row.need_int_text("Cpu")),
            "`Rows.Row[0].Cpu` is a number, not a whole number written as a text",
        ),
        (
            shown(row.need_text("Deep.Other")),
            "`Rows.Row[0].Deep.Other` is missing",
        ),
        (
            shown(row.need_text("Id.Deep")),
            "`Rows.Row[0].Id` is a text, not an object",
        ),
        (
            shown(json.need_list("Others.Other")),
            "`Others.Other` is missing",
        ),
    ];
    for (found, expected) in cases {
        assert_eq!(found, expected);
    }
}

#[test]
fn an_optional_field_is_absent_or_of_its_type() {
    let json = parse(
        br#"{"Gone":null,"Tags":{},"Name":"n","Size":1,"Big":18446744073709551615}"#.to_vec(),
    )
    .unwrap();
    let cases = [
        (shown(json.may_text("Name")), "Some(\"n\")"),
        (shown(json.may_text("Missing.Deep")), "None"),
        (
            shown(
                json.may_list("Tags.Tag")
                    .map(|rows| rows.map(|rows| rows.len())),
            ),
            "None",
        ),
        (
            shown(json.may_list("Gone.Tag").map(|_| ())),
            "`Gone` is null, not an object",
        ),
        (shown(json.may_text("Gone")), "`Gone` is null, not a text"),
        (
            shown(json.may_bool("Size")),
            "`Size` is a number, not a boolean",
        ),
        (
            shown(json.may_int("Big")),
            "`Big` is a number, not a whole number",
        ),
        (shown(json.may_int("Size")), "Some(1)"),
    ];
    for (found, expected) in cases {
        assert_eq!(found, expected);
    }
}
