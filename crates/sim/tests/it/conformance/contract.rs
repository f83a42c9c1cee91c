//! Requests: an unknown parameter is refused, a missing mandatory one is reported, a described one
//! is accepted in every form.

use serde_json::Value;
use setpoint_openapi::action::Action;
use setpoint_sim::coverage::{self, Depth};

use super::{Caller, PRODUCTS, performed};

/// A parameter as described.
struct Described<'a> {
    name: &'a str,
    kind: &'a str,
    required: bool,
    members: &'a [Value],
}

fn parameters(list: &[Value]) -> Vec<Described<'_>> {
    list.iter()
        .map(|one| Described {
            name: one["name"].as_str().expect("a name"),
            kind: one["type"].as_str().expect("a type"),
            required: one["required"] == true,
            members: one["items"].as_array().map_or(&[], Vec::as_slice),
        })
        .collect()
}

fn list(description: &Value) -> &[Value] {
    description["parameters"]
        .as_array()
        .map_or(&[], Vec::as_slice)
}

/// Every form in which a parameter can be sent.
fn forms(parameter: &Described<'_>) -> Vec<(String, String)> {
    let name = parameter.name;
    let plain = |values: &[&str]| {
        values
            .iter()
            .map(|value| (name.to_owned(), (*value).to_owned()))
            .collect()
    };
    match parameter.kind {
        "Integer" => plain(&["1", "0", " 2 "]),
        "Long" => plain(&["1", "1234567890123"]),
        "Float" => plain(&["1", "0.5"]),
        "Boolean" => plain(&["true", "false", "True"]),
        "RepeatList" if parameter.members.is_empty() => ["1", "2", "10"]
            .map(|n| (format!("{name}.{n}"), "x".to_owned()))
            .into(),
        "RepeatList" => {
            let below = parameters(parameter.members);
            let rows = ["1", "3"]
                .into_iter()
                .flat_map(|n| below.iter().map(move |member| (n, member)));
            rows.flat_map(|(n, member)| {
                forms(member)
                    .into_iter()
                    .map(move |(inner, value)| (format!("{name}.{n}.{inner}"), value))
            })
            .collect()
        }
        "Array" | "Struct" | "Json" => plain(&["[]"]),
        _ => plain(&["x", ""]),
    }
}

/// One form of each mandatory parameter but one.
fn mandatory(parameters: &[Described<'_>], but: &str) -> Vec<(String, String)> {
    let needed = parameters.iter().filter(|parameter| {
        parameter.required && parameter.name != but && !is_region(parameter.name)
    });
    needed
        .filter_map(|parameter| forms(parameter).into_iter().next())
        .collect()
}

fn is_region(name: &str) -> bool {
    name.eq_ignore_ascii_case("RegionId")
}

/// Each performed action of each product.
fn each(mut check: impl FnMut(&mut Caller, &'static Action, &[Described<'_>])) -> usize {
    let (mut caller, mut count) = (Caller::new(), 0);
    for (action, description) in PRODUCTS.into_iter().flat_map(performed) {
        check(&mut caller, action, &parameters(list(&description)));
        count += 1;
    }
    count
}

#[test]
fn an_unknown_parameter_is_refused() {
    each(|caller, action, parameters| {
        let mut pairs = mandatory(parameters, "");
        pairs.push(("NoSuchParameter".to_owned(), "x".to_owned()));
        assert_eq!(
            caller.code(action, "cn-beijing", &pairs),
            "UnsupportedParameter",
            "{} {}",
            action.product,
            action.name
        );
    });
}

#[test]
fn a_missing_mandatory_parameter_is_named() {
    each(|caller, action, parameters| {
        for missing in parameters.iter().filter(|parameter| parameter.required) {
            let region = if is_region(missing.name) {
                ""
            } else {
                "cn-beijing"
            };
            let (_, body) = caller.send(action, region, &mandatory(parameters, missing.name));
            let message = body["Message"].as_str().unwrap_or_default();
            let named = body["Code"] == "MissingParameter" && message.contains(missing.name);
            assert!(
                named,
                "{} {} without {}: {body}",
                action.product, action.name, missing.name
            );
        }
    });
}

/// Without a mandatory parameter, an accepted name shows by the report of the missing one.
#[test]
fn every_described_parameter_is_accepted_in_every_form() {
    let mut accepted = 0;
    let actions = each(|caller, action, parameters| {
        for parameter in parameters
            .iter()
            .filter(|parameter| !is_region(parameter.name))
        {
            let other = parameters.iter().find(|other| {
                other.required && other.name != parameter.name && !is_region(other.name)
            });
            for form in forms(parameter) {
                let at = format!("{} {} {}={}", action.product, action.name, form.0, form.1);
                let code = caller.code(action, "cn-beijing", std::slice::from_ref(&form));
                assert_ne!(code, "UnsupportedParameter", "{at}");
                if other.is_some() {
                    assert_eq!(code, "MissingParameter", "{at}");
                }
                accepted += 1;
            }
        }
    });
    assert!(
        actions == 0 || (actions > 200 && accepted > 2_000),
        "{actions} actions, {accepted} forms"
    );
}

#[test]
fn what_is_left_out_is_refused_as_such() {
    let mut caller = Caller::new();
    for (action, _) in coverage::all().filter(|(_, depth)| *depth == Depth::Refused) {
        assert_eq!(
            caller.code(action, "cn-beijing", &[]),
            "Simulator.NotModelled",
            "{} {}",
            action.product,
            action.name
        );
    }
}
