use crate::testing::{Bench, text};

const MADE: [(&str, &str); 3] = [("Name", "app/run-1"), ("Type", "String"), ("Value", "a")];

#[test]
fn a_create_is_atomic_and_an_update_is_not_conditional() {
    let mut bench = Bench::new();
    let made = bench.ok("oos.CreateParameter", &MADE)["Parameter"].clone();
    assert_eq!(
        (&made["ParameterVersion"], &made["Value"]),
        (&1.into(), &serde_json::Value::Null)
    );
    bench.refused(
        "oos.CreateParameter",
        &MADE,
        "409 EntityAlreadyExists.Parameter",
    );
    bench.wait(1_000);
    let updated = bench.ok(
        "oos.UpdateParameter",
        &[MADE[0], ("Value", "b"), ("Tags", "{\"k\":\"v\"}")],
    )["Parameter"]
        .clone();
    assert_eq!(
        (&updated["ParameterVersion"], text(&updated, "Tags")),
        (&2.into(), "{\"k\":\"v\"}".to_owned())
    );
    let got = bench.ok("oos.GetParameter", &MADE[..1])["Parameter"].clone();
    assert_eq!(got["Value"], "b");
    assert!(text(&got, "CreatedDate") < text(&got, "UpdatedDate"));
    let first =
        bench.ok("oos.GetParameter", &[MADE[0], ("ParameterVersion", "1")])["Parameter"].clone();
    assert_eq!(first["Value"], "a");
    bench.refused(
        "oos.GetParameter",
        &[MADE[0], ("ParameterVersion", "3")],
        "404 EntityNotExists.ParameterVersion",
    );
    let versions = bench.ok("oos.ListParameterVersions", &MADE[..1]);
    assert_eq!(
        (
            &versions["TotalCount"],
            &versions["ParameterVersions"][0]["Value"]
        ),
        (&2.into(), &"b".into())
    );
    bench.ok("oos.DeleteParameter", &MADE[..1]);
    for action in [
        "oos.GetParameter",
        "oos.DeleteParameter",
        "oos.ListParameterVersions",
    ] {
        bench.refused(action, &MADE[..1], "404 EntityNotExists.Parameter");
    }
    bench.refused(
        "oos.UpdateParameter",
        &[MADE[0], MADE[2]],
        "404 EntityNotExists.Parameter",
    );
    bench.ok("oos.CreateParameter", &MADE);
}

#[test]
fn what_a_create_refuses() {
    let mut bench = Bench::new();
    let long = "x".repeat(4097);
    for (name, value, expected) in [
        ("Name", "OOS-mine", "400 InvalidParameter.Name"),
        ("Name", "acs_x", "400 InvalidParameter.Name"),
        ("Name", "with space", "400 InvalidParameter.Name"),
        ("Type", "Secret", "400 InvalidParameter.Type"),
        ("Value", long.as_str(), "400 InvalidParameter.Value"),
        ("Tags", "k=v", "400 InvalidParameter.Tags"),
        (
            "Constraints",
            "{\"MaxLength\":0}",
            "400 InvalidParameter.Value",
        ),
        (
            "Constraints",
            "{\"AllowedValues\":[\"x\"]}",
            "400 InvalidParameter.Value",
        ),
        (
            "Constraints",
            "{\"AllowedPattern\":\"x\"}",
            "400 Simulator.NotModelled",
        ),
        ("Constraints", "none", "400 InvalidParameter.Constraints"),
    ] {
        let mut pairs: Vec<(&str, &str)> = MADE
            .iter()
            .filter(|(known, _)| *known != name)
            .copied()
            .collect();
        pairs.push((name, value));
        bench.refused("oos.CreateParameter", &pairs, expected);
    }
}

#[test]
fn listings_go_by_path_and_page_by_token() {
    let mut bench = Bench::new();
    for name in ["app/a", "app/b", "app/deep/c", "other"] {
        bench.ok("oos.CreateParameter", &[("Name", name), MADE[1], MADE[2]]);
        bench.wait(1_000);
    }
    let names = |bench: &mut Bench, action: &str, pairs: &[(&str, &str)]| -> Vec<String> {
        let rows = bench.ok(action, pairs)["Parameters"]
            .as_array()
            .expect("a list")
            .clone();
        rows.iter().map(|row| text(row, "Name")).collect()
    };
    assert_eq!(
        names(&mut bench, "oos.GetParametersByPath", &[("Path", "app/")]),
        ["app/a", "app/b"]
    );
    let deep = [("Path", "app"), ("Recursive", "true")];
    assert_eq!(
        names(&mut bench, "oos.GetParametersByPath", &deep),
        ["app/a", "app/b", "app/deep/c"]
    );
    assert_eq!(
        names(&mut bench, "oos.ListParameters", &[]),
        ["other", "app/deep/c", "app/b", "app/a"]
    );
    let by_name = [("SortField", "Name"), ("SortOrder", "Ascending")];
    assert_eq!(
        names(&mut bench, "oos.ListParameters", &by_name),
        ["app/a", "app/b", "app/deep/c", "other"]
    );
    let first = bench.ok("oos.ListParameters", &[("MaxResults", "3")]);
    assert_eq!(
        (
            &first["TotalCount"],
            &first["Parameters"][0]["ParameterVersion"]
        ),
        (&4.into(), &"1".into())
    );
    let rest = [
        ("MaxResults", "3"),
        ("NextToken", &text(&first, "NextToken")),
    ];
    assert_eq!(names(&mut bench, "oos.ListParameters", &rest), ["app/a"]);
}
