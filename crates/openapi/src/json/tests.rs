use super::{Json, parse};

fn sample() -> Json {
    parse(
        br#"{"RequestId":"R","Total":"12","Size":40.0,"Big":1e300,"On":"True","Off":false,"Nothing":null,
            "Vpcs":{"Vpc":[{"VpcId":"vpc-1"},{"VpcId":"vpc-2"}]},"Empty":{},"Odd":"text","OddToo":{"Vpc":{}},
            "Ids":{"Id":["a",2]}}"#,
    )
    .unwrap()
}

#[test]
fn scalars_are_read_leniently() {
    let json = sample();
    assert_eq!(json.text("RequestId"), "R");
    assert_eq!(json.text("Size"), "40.0");
    assert_eq!(json.text("Off"), "false");
    assert_eq!(
        (json.text("Missing.Deep"), json.text("Vpcs")),
        (String::new(), String::new())
    );
    assert_eq!(
        (
            json.int("Total"),
            json.int("Size"),
            json.int("Big"),
            json.int("On")
        ),
        (Some(12), Some(40), None, None)
    );
    assert_eq!(
        (json.bool("On"), json.bool("Off"), json.bool("Total")),
        (Some(true), Some(false), None)
    );
    assert_eq!(
        (json.has("Off"), json.has("Nothing"), json.has("Missing")),
        (true, false, false)
    );
    assert_eq!(json.float("Total"), Some(12.0));
    assert_eq!(json.strings("Ids.Id"), ["a", "2"]);
}

#[test]
fn lists_tell_absent_from_empty_from_odd() {
    let json = sample();
    let count = |path| {
        json.try_list(path)
            .map(|rows| rows.map(|rows| rows.len()))
            .map_err(|odd| odd.what)
    };
    assert_eq!(count("Vpcs.Vpc"), Ok(Some(2)));
    assert_eq!(count("Missing.Vpc"), Ok(None));
    assert_eq!(count("Nothing.Vpc"), Ok(None));
    assert_eq!(count("Empty.Vpc"), Ok(Some(0)));
    assert_eq!(
        count("Odd.Vpc"),
        Err("`Vpc` in `Odd.Vpc` is a text, not within an object".to_owned())
    );
    assert_eq!(
        count("OddToo.Vpc"),
        Err("`Vpc` in `OddToo.Vpc` is an object, not a list".to_owned())
    );
    assert_eq!(json.list("Vpcs.Vpc")[1].text("VpcId"), "vpc-2");
    assert!(json.list("Odd.Vpc").is_empty());
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
        assert!(parse(body.as_bytes()).is_err(), "{body:.40}");
    }
    assert!(parse(b"{\"a\":\"\xff\"}").is_err());
}

/// What a strict accessor says: the value, nothing, or why not.
fn shown<T: std::fmt::Debug>(read: Result<T, super::Odd>) -> String {
    read.map_or_else(|odd| odd.what, |value| format!("{value:?}"))
}

#[test]
fn a_needed_field_is_there_and_of_its_type() {
    let body = br#"{"Rows":{"Row":[{"Id":"i-1","Cpu":2,"Half":2.5,"On":false,"Gone":null,
        "Count":"12","Deep":{"Name":""},"Ids":["a","b"],"Mixed":["a",1]}]}}"#;
    let json = parse(body).unwrap();
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
    let json = parse(br#"{"Gone":null,"Tags":{},"Name":"n","Size":1,"Big":18446744073709551615}"#)
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
