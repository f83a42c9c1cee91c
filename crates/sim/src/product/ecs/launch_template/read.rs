//! DescribeLaunchTemplates and DescribeLaunchTemplateVersions.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use setpoint_openapi::timestamp::Timestamp;

use crate::base::Base;
use crate::call::{Answer, Call};
use crate::page;
use crate::product::Actions;
use crate::product::ecs::launch_template::{LaunchTemplate, Version, find};
use crate::refusal::Refusal;
use crate::tags;
use crate::world::World;

pub(crate) const ACTIONS: Actions = &[
    ("DescribeLaunchTemplates", describe),
    ("DescribeLaunchTemplateVersions", describe_versions),
];

fn describe(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    let (ids, names, group) = (
        call.list("LaunchTemplateId"),
        call.list("LaunchTemplateName"),
        call.given("TemplateResourceGroupId"),
    );
    let filter = tags::Filter::under(call, "TemplateTag")?;
    let rows = world
        .shown(&world.tables.launch_templates, !ids.is_empty())
        .filter(|row| {
            row.base.region == region
                && (ids.is_empty() || ids.contains(&row.base.id.as_str()))
                && (names.is_empty() || names.contains(&row.base.name.as_str()))
                && group.is_none_or(|group| group == row.base.resource_group)
                && filter.fits(&row.base.tags)
        });
    let rows = filter.cut(world, page::newest_first(rows, |row| &row.base));
    let page = page::numbered(call, rows, 50)?;
    let sets: Vec<Value> = page
        .items
        .iter()
        .map(|row| {
            json!({
                "LaunchTemplateId": row.base.id, "LaunchTemplateName": row.base.name,
                "CreatedBy": world.account.id,
                "DefaultVersionNumber": row.default_version, "LatestVersionNumber": row.latest,
                "CreateTime": Timestamp(row.base.created_ms).seconds(),
                "ModifiedTime": Timestamp(row.changed_ms).seconds(),
                "ResourceGroupId": row.base.resource_group,
                "Tags": tags::tag_key_list(&row.base.tags),
            })
        })
        .collect();
    Ok(json!({
        "PageNumber": page.number, "PageSize": page.size, "TotalCount": page.total,
        "LaunchTemplateSets": {"LaunchTemplateSet": sets},
    }))
}

/// Newest first.
fn describe_versions(world: &mut World, call: &Call<'_>) -> Answer {
    let world = &*world;
    let template = find(world, call)?;
    let numbers: Vec<i64> = call
        .list("LaunchTemplateVersion")
        .iter()
        .map(|text| {
            text.parse()
                .map_err(|_| Refusal::invalid("LaunchTemplateVersion"))
        })
        .collect::<Result<_, _>>()?;
    let only_default = call.flag("DefaultVersion")?.unwrap_or(false);
    let detailed = call.flag("DetailFlag")?.unwrap_or(true);
    let (least, most) = (call.int("MinVersion")?, call.int("MaxVersion")?);
    let rows: Vec<(Base, i64, &Version)> = template
        .versions
        .iter()
        .filter(|(number, _)| {
            (numbers.is_empty() || numbers.contains(number))
                && (!only_default || **number == template.default_version)
                && least.is_none_or(|least| **number >= least)
                && most.is_none_or(|most| **number <= most)
        })
        .map(|(number, version)| {
            (
                Base {
                    id: format!("{number:04}"),
                    created_ms: version.created_ms,
                    ..Base::default()
                },
                *number,
                version,
            )
        })
        .collect();
    let page = page::numbered(
        call,
        page::newest_first(rows.iter(), |(base, _, _)| base),
        50,
    )?;
    let sets: Vec<Value> = page
        .items
        .iter()
        .map(|(_, number, version)| listed(world, template, (*number, version), detailed))
        .collect();
    Ok(json!({
        "PageNumber": page.number, "PageSize": page.size, "TotalCount": page.total,
        "LaunchTemplateVersionSets": {"LaunchTemplateVersionSet": sets},
    }))
}

fn listed(
    world: &World,
    row: &LaunchTemplate,
    (number, version): (i64, &Version),
    detailed: bool,
) -> Value {
    let mut body = json!({
        "LaunchTemplateId": row.base.id, "LaunchTemplateName": row.base.name,
        "VersionNumber": number,
        "DefaultVersion": number == row.default_version, "VersionDescription": version.description,
        "CreatedBy": world.account.id,
        "CreateTime": Timestamp(version.created_ms).seconds(),
        "ModifiedTime": Timestamp(version.created_ms).seconds(),
    });
    if detailed {
        body["LaunchTemplateData"] = data(&version.params);
    }
    body
}

/// Fields that are numbers, and those that are booleans; all others are texts.
const NUMBERS: [&str; 11] = [
    "AutoRenewPeriod",
    "HttpPutResponseHopLimit",
    "InternetMaxBandwidthIn",
    "InternetMaxBandwidthOut",
    "Ipv6AddressCount",
    "Period",
    "SpotDuration",
    "SpotPriceLimit",
    "Size",
    "ProvisionedIops",
    "Iops",
];
const SWITCHES: [&str; 8] = [
    "AutoRenew",
    "DeletionProtection",
    "EnableVmOsConfig",
    "PasswordInherit",
    "DeleteWithInstance",
    "DeleteOnRelease",
    "BurstingEnabled",
    "LoginAsNonRoot",
];

fn typed(name: &str, value: &str) -> Value {
    if NUMBERS.contains(&name) {
        return value
            .parse::<i64>()
            .map(Value::from)
            .or_else(|_| value.parse::<f64>().map(Value::from))
            .unwrap_or_else(|_| json!(value));
    }
    if SWITCHES.contains(&name) {
        return json!(value.eq_ignore_ascii_case("true"));
    }
    json!(value)
}

/// Rows of a template's lists: list, number, member.
type Lists<'a> = BTreeMap<&'a str, BTreeMap<u32, BTreeMap<String, String>>>;

/// The parameters in two parts: single ones as the answer has them, and the rows of lists.
fn sorted(params: &BTreeMap<String, String>) -> (Map<String, Value>, Lists<'_>) {
    let mut body = Map::new();
    let mut lists = Lists::new();
    for (name, value) in params {
        let mut pieces = name.splitn(3, '.');
        let (stem, number) = (
            pieces.next().unwrap_or_default(),
            pieces.next().and_then(|text| text.parse::<u32>().ok()),
        );
        match (stem, number) {
            (
                list @ ("DataDisk" | "NetworkInterface" | "Tag" | "SecurityGroupIds"),
                Some(number),
            ) => {
                let member = pieces.next().unwrap_or_default().to_owned();
                lists
                    .entry(list)
                    .or_default()
                    .entry(number)
                    .or_default()
                    .insert(member, value.clone());
            }
            ("ImageOptions", None) => {
                body.insert(
                    "ImageOptions".to_owned(),
                    json!({"LoginAsNonRoot": typed("LoginAsNonRoot", value)}),
                );
            }
            ("SystemDisk", None) => {
                let member = name.trim_start_matches("SystemDisk.");
                body.entry("SystemDisk").or_insert_with(|| json!({}))[member] =
                    typed(member, value);
            }
            _ => {
                body.insert(name.clone(), typed(name, value));
            }
        }
    }
    (body, lists)
}

/// The parameters as the answer has them, with lists in their wrappers.
fn data(params: &BTreeMap<String, String>) -> Value {
    let (mut body, lists) = sorted(params);
    let rows = |list: &str| -> Vec<&BTreeMap<String, String>> {
        lists
            .get(list)
            .map(|rows| rows.values().collect())
            .unwrap_or_default()
    };
    let flat = |row: &BTreeMap<String, String>| -> Value {
        row.iter()
            .map(|(name, value)| (name.clone(), typed(name, value)))
            .collect::<Map<_, _>>()
            .into()
    };
    let disks: Vec<Value> = rows("DataDisk").into_iter().map(flat).collect();
    let groups: Vec<&String> = rows("SecurityGroupIds")
        .into_iter()
        .flat_map(BTreeMap::values)
        .collect();
    let tags: Vec<Value> = rows("Tag")
        .into_iter()
        .map(|row| {
            json!({
                "Key": row.get("Key"), "Value": row.get("Value").map_or("", String::as_str),
            })
        })
        .collect();
    let interfaces: Vec<Value> = rows("NetworkInterface")
        .into_iter()
        .map(interface)
        .collect();
    body.insert("DataDisks".to_owned(), json!({ "DataDisk": disks }));
    body.insert(
        "SecurityGroupIds".to_owned(),
        json!({ "SecurityGroupId": groups }),
    );
    body.insert("Tags".to_owned(), json!({ "InstanceTag": tags }));
    body.insert(
        "NetworkInterfaces".to_owned(),
        json!({ "NetworkInterface": interfaces }),
    );
    Value::Object(body)
}

fn interface(row: &BTreeMap<String, String>) -> Value {
    let mut body = Map::new();
    let mut groups = Vec::new();
    for (name, value) in row {
        if name.starts_with("SecurityGroupIds.") {
            groups.push(value.clone());
        } else {
            body.insert(name.clone(), typed(name, value));
        }
    }
    body.insert(
        "SecurityGroupIds".to_owned(),
        json!({ "SecurityGroupId": groups }),
    );
    Value::Object(body)
}
