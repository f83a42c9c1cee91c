//! Calls without knowledge of the actions: any action of the tables with any of its parameters, and
//! values of their type or of another one.

use setpoint_openapi::action::{self, Action, Param, ParamType};
use setpoint_openapi::product::Product;

use super::draw::{Dice, Sent, Spoil, Step, hostile};
use super::rows::Rows;

/// The call of a step.
pub(crate) fn call(step: &Step, rows: &Rows) -> Sent {
    let all: Vec<&'static Action> = Product::ALL
        .into_iter()
        .flat_map(action::table)
        .copied()
        .collect();
    let action = all[step.line % all.len()];
    let mut dice = Dice::new(step.dice);
    let mut params = Vec::new();
    for param in action.params {
        // Mandatory parameters are sometimes left out, optional ones sometimes sent.
        let comes = if param.required {
            dice.below(12) > 0
        } else {
            dice.below(6) == 0
        };
        if comes
            && !param.name.eq_ignore_ascii_case("RegionId")
            && param.name != "DryRun"
            && param.name != "ClientToken"
        {
            put(param, param.name, &mut dice, rows, &mut params);
        }
    }
    if step.spoil == Spoil::DryRun && action.param("DryRun").is_some() {
        params.push(("DryRun".to_owned(), "true".to_owned()));
    }
    if step.spoil == Spoil::Token && action.param("ClientToken").is_some() {
        params.push(("ClientToken".to_owned(), format!("t-{}", dice.below(3))));
    }
    params.retain(|(_, value)| value.len() < 4_000);
    Sent {
        wait_ms: step.wait_ms,
        name: format!("{}.{}", action.product.code(), action.name),
        params,
    }
}

fn put(
    param: &Param,
    name: &str,
    dice: &mut Dice,
    rows: &Rows,
    params: &mut Vec<(String, String)>,
) {
    match param.ty {
        ParamType::List => {
            for n in 1..=1 + dice.below(2) {
                params.push((format!("{name}.{n}"), value(param, dice, rows)));
            }
        }
        ParamType::Rows(members) => {
            for member in members
                .iter()
                .filter(|member| member.required || dice.below(3) == 0)
                .collect::<Vec<_>>()
            {
                put(
                    member,
                    &format!("{name}.1.{}", member.name),
                    dice,
                    rows,
                    params,
                );
            }
        }
        _ => params.push((name.to_owned(), value(param, dice, rows))),
    }
}

fn value(param: &Param, dice: &mut Dice, rows: &Rows) -> String {
    if dice.below(8) == 0 {
        return hostile(dice, rows);
    }
    match param.ty {
        ParamType::Integer | ParamType::Long => dice
            .pick(&["0", "1", "2", "5", "10", "40", "100", "500", "-1", "65536"])
            .to_owned(),
        ParamType::Float => dice.pick(&["0", "0.5", "1", "-2.5", "1e9"]).to_owned(),
        ParamType::Boolean => dice.pick(&["true", "false", "True"]).to_owned(),
        ParamType::Open => dice.pick(&["[]", "{}", "{\"a\":\"b\"}", "[{}]"]).to_owned(),
        _ => text(param.name, dice, rows),
    }
}

/// A value that a parameter with this name probably accepts.
fn text(name: &str, dice: &mut Dice, rows: &Rows) -> String {
    let lower = name.to_ascii_lowercase();
    let kinds: &[(&str, &str)] = &[
        ("vpcid", "vpc"),
        ("vswitchid", "vswitch"),
        ("securitygroupid", "security_group"),
        ("instanceid", "instance"),
        ("diskid", "disk"),
        ("networkinterfaceid", "network_interface"),
        ("snapshotid", "snapshot"),
        ("imageid", "image"),
        ("keypairname", "key_pair"),
        ("allocationid", "eip"),
        ("routetableid", "route_table"),
        ("natgatewayid", "nat_gateway"),
        ("launchtemplateid", "launch_template"),
        ("deploymentsetid", "deployment_set"),
        ("prefixlistid", "prefix_list"),
        ("commandid", "command"),
        ("invokeid", "invocation"),
        ("networkaclid", "network_acl"),
        ("bandwidthpackageid", "bandwidth_package"),
    ];
    let ids = kinds
        .iter()
        .find(|(part, _)| lower.contains(part))
        .map(|(_, kind)| rows.ids(kind))
        .unwrap_or_default();
    if !ids.is_empty() && dice.below(5) > 0 {
        let id = ids[dice.below(ids.len())].clone();
        return if lower.ends_with("ids") {
            format!("[\"{id}\"]")
        } else {
            id
        };
    }
    let usual = [
        ("zone", "cn-beijing-h"),
        ("region", "cn-beijing"),
        ("instancetype", "ecs.c7.large"),
        ("cidr", "172.16.3.0/24"),
        ("time", "2026-01-02T00:00:00Z"),
        ("chargetype", "PostPaid"),
        ("category", "cloud_essd"),
        ("protocol", "tcp"),
        ("portrange", "80/80"),
        ("namespace", "acs_ecs_dashboard"),
        ("metricname", "CPUUtilization"),
        ("imagefamily", "acs:debian_12_x64"),
        ("address", "172.16.1.9"),
        ("amount", "1"),
        ("resourcetype", "instance"),
    ];
    match usual.iter().find(|(part, _)| lower.contains(part)) {
        Some((_, value)) if dice.below(4) > 0 => (*value).to_owned(),
        _ => dice
            .pick(&[
                "web",
                "a",
                "true",
                "1",
                "instance",
                "disk",
                "Available",
                "Running",
            ])
            .to_owned(),
    }
}
