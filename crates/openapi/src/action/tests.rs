use std::collections::BTreeMap;

use serde_json::Value;

use super::*;

#[test]
fn tables_are_sorted_and_found() {
    for product in Product::ALL {
        let table = table(product);
        assert!(
            table.windows(2).all(|pair| pair[0].name < pair[1].name),
            "{product}"
        );
        for action in table {
            assert_eq!(find(product, action.name), Some(*action));
            assert_eq!(action.product, product);
            assert!(
                action
                    .params
                    .windows(2)
                    .all(|pair| pair[0].name < pair[1].name),
                "{}",
                action.name
            );
        }
    }
    assert_eq!(find(Product::Vpc, "NoSuchAction"), None);
}

#[test]
fn flattened_names_find_their_parameter() {
    let check = |name: &str, expected: Option<&str>| {
        assert_eq!(
            ecs::RUN_INSTANCES.param_of(name).map(|p| p.name),
            expected,
            "{name}"
        )
    };
    check("Amount", Some("Amount"));
    check("SecurityGroupIds.1", Some("SecurityGroupIds"));
    check("SecurityGroupIds", None);
    check("SecurityGroupIds.0", None);
    check("SecurityGroupIds.x", None);
    check("SecurityGroupIds.1.Key", None);
    check("Tag.20.Key", Some("Key"));
    check("Tag.1", None);
    check("Tag.1.Kee", None);
    check("SystemDisk.Size", Some("SystemDisk.Size"));
    check("SystemDisk.Anything", Some("SystemDisk"));
    check(
        "NetworkInterface.1.SecurityGroupIds.2",
        Some("SecurityGroupIds"),
    );
    check("DataDisk.1.Size", Some("Size"));
    check("Amount.1", None);
    check("", None);
    assert!(
        ecs::AUTHORIZE_SECURITY_GROUP
            .param_of("Permissions.1.IpProtocol")
            .is_some()
    );
}

#[test]
fn questions_about_an_action() {
    assert!(
        vpc::CREATE_VPC.takes_token()
            && vpc::CREATE_VPC.takes_region()
            && vpc::CREATE_VPC.takes_dry_run()
    );
    assert!(!ecs::START_INSTANCE.takes_region() && !ecs::START_INSTANCE.takes_token());
    assert!(
        cms::DESCRIBE_METRIC_LIST.is_read()
            && oos::GET_PARAMETER.is_read()
            && !ecs::RUN_INSTANCES.is_read()
    );
}

/// The tables against the descriptions they are made from, read here in another way than the
/// generator does.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the descriptions lie outside the tree"
)]
fn tables_match_the_descriptions() {
    let Ok(folder) = std::env::var("SETPOINT_REFERENCE") else {
        eprintln!("skipped: SETPOINT_REFERENCE does not name a folder that holds openapi/*.json");
        return;
    };
    // The location service publishes no description.
    for product in Product::ALL
        .into_iter()
        .filter(|product| *product != Product::Location)
    {
        let text = std::fs::read_to_string(format!("{folder}/openapi/{product}.json")).unwrap();
        let description: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(description["version"], product.version());
        let described: BTreeMap<&str, String> = description["actions"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, action)| {
                (
                    name.as_str(),
                    described(action["parameters"].as_array().unwrap()),
                )
            })
            .collect();
        let tabled: BTreeMap<&str, String> = table(product)
            .iter()
            .map(|action| (action.name, tabled(action.params)))
            .collect();
        assert_eq!(tabled, described);
    }
}

fn described(params: &[Value]) -> String {
    let mut lines: Vec<String> = params
        .iter()
        .map(|param| {
            let items = param["items"].as_array().map(|items| described(items));
            let ty = match (param["type"].as_str().unwrap(), items) {
                ("RepeatList", Some(items)) => format!("[{items}]"),
                ("RepeatList", None) => "[]".to_owned(),
                ("Array" | "Struct" | "Json", None) => "open".to_owned(),
                (ty, None) => ty.to_owned(),
                (ty, Some(_)) => panic!("{ty} with items"),
            };
            format!(
                "{} {ty} {}",
                param["name"].as_str().unwrap(),
                param["required"].as_bool().unwrap_or(false)
            )
        })
        .collect();
    lines.sort();
    lines.join(",")
}

fn tabled(params: &[Param]) -> String {
    let mut lines: Vec<String> = params
        .iter()
        .map(|param| {
            let ty = match param.ty {
                ParamType::Rows(items) => format!("[{}]", tabled(items)),
                ParamType::List => "[]".to_owned(),
                ParamType::Open => "open".to_owned(),
                scalar => format!("{scalar:?}"),
            };
            format!("{} {ty} {}", param.name, param.required)
        })
        .collect();
    lines.sort();
    lines.join(",")
}
