//! `launch_template`: named parameters of RunInstances, in versions.
//!
//! A template has no states. A version is stored as the parameters of the call that created it,
//! which are not checked until they are used. RunInstances overrides them with its own. Invariant:
//! the default version cannot be deleted alone.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::base::Base;
use crate::call::{Answer, Call};
use crate::names;
use crate::params::Params;
use crate::product::Actions;
use crate::refusal::Refusal;
use crate::table::Row;
use crate::tags;
use crate::world::World;

pub(crate) mod read;

pub(crate) const ACTIONS: Actions = &[
    ("CreateLaunchTemplate", create),
    ("CreateLaunchTemplateVersion", create_version),
    ("DeleteLaunchTemplate", delete),
    ("DeleteLaunchTemplateVersion", delete_version),
    ("ModifyLaunchTemplateDefaultVersion", set_default),
];

/// Parameters of the template itself, not of instances.
const OWN: [&str; 9] = [
    "LaunchTemplateName",
    "LaunchTemplateId",
    "VersionDescription",
    "TemplateResourceGroupId",
    "RegionId",
    "OwnerId",
    "OwnerAccount",
    "ResourceOwnerId",
    "ResourceOwnerAccount",
];

/// A launch template.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct LaunchTemplate {
    pub(crate) base: Base,
    default_version: i64,
    latest: i64,
    changed_ms: i64,
    versions: BTreeMap<i64, Version>,
}

/// One version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Version {
    description: String,
    created_ms: i64,
    params: BTreeMap<String, String>,
}

impl Row for LaunchTemplate {
    const KIND: &'static str = "launch_template";

    fn base(&self) -> Option<&Base> {
        Some(&self.base)
    }
}

fn not_found() -> Refusal {
    Refusal::absent(
        "InvalidLaunchTemplate.NotFound",
        "The specified LaunchTemplateId or LaunchTemplateName does not exist.",
    )
}

/// The template that a call names, by id or by name.
fn find<'a>(world: &'a World, call: &Call<'_>) -> Result<&'a LaunchTemplate, Refusal> {
    let (id, name) = (
        call.given("LaunchTemplateId"),
        call.given("LaunchTemplateName"),
    );
    if id.is_none() && name.is_none() {
        return Err(Refusal::missing("LaunchTemplateId"));
    }
    let here = |row: &&LaunchTemplate| call.in_region(&row.base.region);
    let fits = |row: &&LaunchTemplate| {
        id.is_none_or(|id| id == row.base.id) && name.is_none_or(|name| name == row.base.name)
    };
    world
        .tables
        .launch_templates
        .values()
        .filter(here)
        .find(fits)
        .ok_or_else(not_found)
}

fn find_mut<'a>(world: &'a mut World, call: &Call<'_>) -> Result<&'a mut LaunchTemplate, Refusal> {
    let id = find(world, call)?.base.id.clone();
    world
        .tables
        .launch_templates
        .get_mut(&id)
        .ok_or_else(not_found)
}

/// The parameters for instances: all that do not belong to the template. They count as read.
fn version(world: &World, call: &Call<'_>) -> Result<Version, Refusal> {
    let mut params = BTreeMap::new();
    for (name, _) in call.params().iter() {
        let value = call.text(name).unwrap_or_default();
        if !OWN.contains(&name) && !name.starts_with("TemplateTag.") && !value.is_empty() {
            params.insert(name.to_owned(), value.to_owned());
        }
    }
    if let Some(data) = params.get("UserData") {
        let bytes = STANDARD.decode(data);
        let bytes = bytes.map_err(|_| {
            Refusal::bad(
                "InvalidUserData.Base64FormatInvalid",
                "The specified UserData is not valid base64.",
            )
        })?;
        if bytes.len() > 32 << 10 {
            return Err(Refusal::bad(
                "InvalidUserData.SizeExceeded",
                "The specified UserData exceeds 32 KB.",
            ));
        }
    }
    let description = call.given("VersionDescription").unwrap_or_default();
    if !description.is_empty() && !names::is_text(description, 2, 256) {
        return Err(Refusal::bad(
            "InvalidDescription.Malformed",
            "The specified VersionDescription is not valid.",
        ));
    }
    Ok(Version {
        description: description.to_owned(),
        created_ms: world.now_ms(),
        params,
    })
}

fn create(world: &mut World, call: &Call<'_>) -> Answer {
    let (region, name) = (call.region_needed()?, call.need("LaunchTemplateName")?);
    if !names::is_name(name, 2, 128, ":_.-") {
        return Err(Refusal::bad(
            "InvalidLaunchTemplateName.Malformed",
            "The specified LaunchTemplateName is not valid.",
        ));
    }
    let here: Vec<&LaunchTemplate> = world
        .tables
        .launch_templates
        .values()
        .filter(|row| row.base.region == region)
        .collect();
    if here.iter().any(|row| row.base.name == name) {
        return Err(Refusal::denied(
            "LaunchTemplateName.Duplicated",
            "The specified LaunchTemplateName already exists.",
        ));
    }
    if here.len() >= world.options.quotas.launch_templates {
        return Err(Refusal::denied(
            "LaunchTemplateLimitExceed",
            "The number of launch templates exceeds the limit.",
        ));
    }
    let version = version(world, call)?;
    let mut base = world.new_base("lt", region);
    name.clone_into(&mut base.name);
    base.tags = tags::given(call, "TemplateTag")?;
    if let Some(group) = call.given("TemplateResourceGroupId") {
        group.clone_into(&mut base.resource_group);
    }
    let id = base.id.clone();
    let changed_ms = world.now_ms();
    let template = LaunchTemplate {
        base,
        default_version: 1,
        latest: 1,
        changed_ms,
        versions: BTreeMap::from([(1, version)]),
    };
    world.tables.launch_templates.insert(&id, template);
    Ok(json!({"LaunchTemplateId": id, "LaunchTemplateVersionNumber": 1}))
}

fn create_version(world: &mut World, call: &Call<'_>) -> Answer {
    let version = version(world, call)?;
    let (most, now) = (
        world.options.quotas.launch_template_versions,
        world.now_ms(),
    );
    let template = find_mut(world, call)?;
    if template.versions.len() >= most {
        return Err(Refusal::denied(
            "LaunchTemplateVersionLimitExceed",
            "The number of launch template versions exceeds the limit.",
        ));
    }
    template.latest += 1;
    template.changed_ms = now;
    template.versions.insert(template.latest, version);
    Ok(json!({
        "LaunchTemplateId": template.base.id, "LaunchTemplateVersionNumber": template.latest,
    }))
}

fn delete(world: &mut World, call: &Call<'_>) -> Answer {
    let template = find(world, call)?;
    let (id, numbers) = (
        template.base.id.clone(),
        template.versions.keys().copied().collect::<Vec<_>>(),
    );
    world.tables.launch_templates.remove(&id);
    Ok(json!({"LaunchTemplateId": id, "LaunchTemplateVersionNumbers": {"versionNumbers": numbers}}))
}

fn delete_version(world: &mut World, call: &Call<'_>) -> Answer {
    let numbers = call.list("DeleteVersion");
    if numbers.is_empty() {
        return Err(Refusal::missing("DeleteVersion"));
    }
    let now = world.now_ms();
    let template = find_mut(world, call)?;
    let mut gone = Vec::new();
    for text in numbers {
        let number: i64 = text
            .parse()
            .map_err(|_| Refusal::invalid("DeleteVersion"))?;
        if number == template.default_version {
            let message = "The default version cannot be deleted.";
            return Err(Refusal::denied(
                "InvalidOperation.DeleteDefaultVersion",
                message,
            ));
        }
        if template.versions.remove(&number).is_none() {
            return Err(no_version());
        }
        gone.push(
            json!({"LaunchTemplateId": template.base.id, "LaunchTemplateVersionNumber": number}),
        );
    }
    template.changed_ms = now;
    Ok(json!({ "LaunchTemplateVersions": { "LaunchTemplateVersion": gone } }))
}

fn no_version() -> Refusal {
    Refusal::absent(
        "InvalidLaunchTemplateVersion.NotFound",
        "The specified LaunchTemplateVersion does not exist.",
    )
}

fn set_default(world: &mut World, call: &Call<'_>) -> Answer {
    let number = call
        .int("DefaultVersionNumber")?
        .ok_or_else(|| Refusal::missing("DefaultVersionNumber"))?;
    let now = world.now_ms();
    let template = find_mut(world, call)?;
    if !template.versions.contains_key(&number) {
        return Err(no_version());
    }
    (template.default_version, template.changed_ms) = (number, now);
    Ok(json!({ "LaunchTemplateId": template.base.id }))
}

/// The parameters of RunInstances with those of its template below them; `None` if the call names
/// no template.
///
/// # Errors
/// If there is no such template or version.
pub(crate) fn laid_under(world: &World, call: &Call<'_>) -> Result<Option<Params>, Refusal> {
    if call.given("LaunchTemplateId").is_none() && call.given("LaunchTemplateName").is_none() {
        return Ok(None);
    }
    let template = find(world, call)?;
    let number = call
        .int("LaunchTemplateVersion")?
        .unwrap_or(template.default_version);
    let version = template.versions.get(&number).ok_or_else(no_version)?;
    let own: BTreeMap<String, String> = call
        .params()
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    // A list in the call replaces the whole list of the template. The two ways to name groups, or
    // an image, replace each other too.
    let stem = |name: &str| match name.split('.').next().unwrap_or_default() {
        "SecurityGroupId" | "SecurityGroupIds" => "SecurityGroup".to_owned(),
        "ImageId" | "ImageFamily" => "Image".to_owned(),
        "SystemDisk" => name.to_owned(),
        stem => stem.to_owned(),
    };
    let given: Vec<String> = own.keys().map(|name| stem(name)).collect();
    // Parameters that only the template uses are not passed on.
    let foreign = [
        "EnableVmOsConfig",
        "ImageOwnerAlias",
        "NetworkType",
        "VpcId",
        "SystemDisk.Iops",
        "SystemDisk.DeleteWithInstance",
    ];
    let below = version
        .params
        .iter()
        .filter(|(name, _)| !given.contains(&stem(name)) && !foreign.contains(&name.as_str()));
    let all = below
        .map(|(name, value)| (name.clone(), value.clone()))
        .chain(own.clone());
    Ok(Some(Params::from_pairs(all)))
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, text};

    #[test]
    fn a_template_lives_in_versions() {
        let mut bench = Bench::new();
        let base = [
            ("LaunchTemplateName", "web"),
            ("InstanceType", "ecs.c7.large"),
            ("TemplateTag.1.Key", "k"),
            ("Tag.1.Key", "t"),
        ];
        let made = bench.ok("ecs.CreateLaunchTemplate", &base);
        let id = text(&made, "LaunchTemplateId");
        bench.refused(
            "ecs.CreateLaunchTemplate",
            &base,
            "403 LaunchTemplateName.Duplicated",
        );
        let second = [
            ("LaunchTemplateName", "web"),
            ("InstanceType", "ecs.c7.xlarge"),
            ("SystemDisk.Size", "60"),
            ("VersionDescription", "bigger"),
        ];
        assert_eq!(
            bench.ok("ecs.CreateLaunchTemplateVersion", &second)["LaunchTemplateVersionNumber"],
            2
        );
        bench.ok(
            "ecs.ModifyLaunchTemplateDefaultVersion",
            &[("LaunchTemplateId", &id), ("DefaultVersionNumber", "2")],
        );
        bench.refused(
            "ecs.DeleteLaunchTemplateVersion",
            &[("LaunchTemplateId", &id), ("DeleteVersion.1", "2")],
            "403 InvalidOperation.DeleteDefaultVersion",
        );
        let listed = bench.ok(
            "ecs.DescribeLaunchTemplates",
            &[("LaunchTemplateName.1", "web"), ("TemplateTag.1.Key", "k")],
        );
        let row = &listed["LaunchTemplateSets"]["LaunchTemplateSet"][0];
        assert_eq!(
            (&row["DefaultVersionNumber"], &row["LatestVersionNumber"]),
            (&2.into(), &2.into())
        );
        let versions = bench.ok(
            "ecs.DescribeLaunchTemplateVersions",
            &[("LaunchTemplateId", &id), ("DefaultVersion", "true")],
        );
        let row = &versions["LaunchTemplateVersionSets"]["LaunchTemplateVersionSet"][0];
        assert_eq!(
            (
                &row["VersionNumber"],
                &row["LaunchTemplateData"]["InstanceType"]
            ),
            (&2.into(), &"ecs.c7.xlarge".into())
        );
        assert_eq!(row["LaunchTemplateData"]["SystemDisk"]["Size"], 60);
        bench.ok(
            "ecs.DeleteLaunchTemplateVersion",
            &[("LaunchTemplateId", &id), ("DeleteVersion.1", "1")],
        );
        let gone = bench.ok("ecs.DeleteLaunchTemplate", &[("LaunchTemplateId", &id)]);
        assert_eq!(
            gone["LaunchTemplateVersionNumbers"]["versionNumbers"],
            serde_json::json!([2])
        );
        bench.refused(
            "ecs.DescribeLaunchTemplateVersions",
            &[("LaunchTemplateId", &id)],
            "404 InvalidLaunchTemplate.NotFound",
        );
    }

    #[test]
    fn a_machine_is_made_from_a_template() {
        let mut bench = Bench::new();
        let vpc = bench.vpc();
        let (vswitch, group) = (bench.vswitch(&vpc, "172.16.1.0/24"), bench.group(&vpc));
        let template = [
            ("LaunchTemplateName", "web"),
            ("ImageId", "debian_12_6_x64_20G_alibase_20240711.vhd"),
            ("InstanceType", "ecs.c7.large"),
            ("VSwitchId", vswitch.as_str()),
            ("SecurityGroupId", group.as_str()),
            ("InstanceName", "of-template"),
        ];
        bench.ok("ecs.CreateLaunchTemplate", &template);
        bench.refused(
            "ecs.RunInstances",
            &[("LaunchTemplateName", "none")],
            "404 InvalidLaunchTemplate.NotFound",
        );
        let version = [
            ("LaunchTemplateName", "web"),
            ("LaunchTemplateVersion", "7"),
        ];
        bench.refused(
            "ecs.RunInstances",
            &version,
            "404 InvalidLaunchTemplateVersion.NotFound",
        );
        let run = [
            ("LaunchTemplateName", "web"),
            ("InstanceType", "ecs.c7.xlarge"),
            ("ImageFamily", "acs:ubuntu_24_04_x64"),
        ];
        let id = bench.ok("ecs.RunInstances", &run)["InstanceIdSets"]["InstanceIdSet"][0]
            .as_str()
            .expect("an id")
            .to_owned();
        let row = bench.instance(&id);
        assert_eq!(
            (&row["InstanceName"], &row["InstanceType"]),
            (&"of-template".into(), &"ecs.c7.xlarge".into())
        );
        assert!(text(&row, "ImageId").starts_with("ubuntu_24_04"));
    }
}
