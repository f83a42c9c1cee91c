//! DescribeDisks.

use serde_json::json;

use crate::call::{Answer, Call};
use crate::listing::Scope;
use crate::names;
use crate::page;
use crate::product::Actions;
use crate::product::ecs::disk::{Disk, row};
use crate::refusal::Refusal;
use crate::table::Row;
use crate::tags;
use crate::world::World;

pub(crate) const ACTIONS: Actions = &[("DescribeDisks", describe)];

/// A text of a disk, for a filter to compare with.
type TextOf = fn(&Disk) -> &str;

/// A switch of a disk, for a filter to compare with.
type FlagOf = fn(&Disk) -> bool;

/// The filters of the listing.
struct Filter<'a> {
    ids: Option<Vec<String>>,
    /// Filters that compare one text with one attribute.
    texts: Vec<(&'a str, TextOf)>,
    /// Filters that compare one flag with one attribute.
    flags: Vec<(bool, FlagOf)>,
    instance: Option<&'a str>,
    name: Option<&'a str>,
    tags: tags::Filter,
}

fn filter<'a>(call: &Call<'a>) -> Result<Filter<'a>, Refusal> {
    let ids = call.json_list("DiskIds", "InvalidDiskIds.Malformed")?;
    if ids.as_ref().is_some_and(|ids| ids.len() > 100) {
        return Err(Refusal::denied(
            "InvalidDiskIds.Malformed",
            "The amount of specified disk ids exceeds the limit.",
        ));
    }
    call.only("MultiAttach", "Disabled")?;
    let mut texts: Vec<(&'a str, TextOf)> = Vec::new();
    let mut compare = |name: &str, any: &str, of: TextOf| {
        texts.extend(
            call.given(name)
                .filter(|text| *text != any)
                .map(|text| (text, of)),
        );
    };
    compare("InstanceId", "", |disk| &disk.instance);
    compare("ZoneId", "", |disk| &disk.zone);
    compare("DiskType", "all", |disk| {
        if disk.system { "system" } else { "data" }
    });
    compare("Category", "all", |disk| &disk.spec.category);
    compare("Status", "All", |disk| disk.state());
    compare("DiskChargeType", "", |disk| &disk.charge_type);
    compare("ResourceGroupId", "", |disk| &disk.base.resource_group);
    compare("KMSKeyId", "", |disk| &disk.spec.kms_key);
    compare("SnapshotId", "", |disk| &disk.spec.snapshot);
    compare("AutoSnapshotPolicyId", "", |disk| &disk.policy);
    compare("LockReason", "", |_| "");
    let mut flags: Vec<(bool, FlagOf)> = Vec::new();
    let mut switch = |name: &str, of: FlagOf| -> Result<(), Refusal> {
        flags.extend(call.flag(name)?.map(|wanted| (wanted, of)));
        Ok(())
    };
    switch("DeleteWithInstance", |disk| disk.spec.delete_with_instance)?;
    switch("DeleteAutoSnapshot", |disk| disk.delete_auto_snapshot)?;
    switch("EnableAutoSnapshot", |disk| disk.enable_auto_snapshot)?;
    switch("EnableAutomatedSnapshotPolicy", |disk| {
        !disk.policy.is_empty()
    })?;
    switch("EnableShared", |_| false)?;
    switch("Encrypted", |disk| disk.spec.encrypted)?;
    switch("Portable", |disk| !disk.system)?;
    Ok(Filter {
        ids,
        texts,
        flags,
        instance: call.given("InstanceId"),
        name: call.given("DiskName"),
        tags: tags::Filter::of(call)?,
    })
}

impl Filter<'_> {
    /// Whether nothing but the tags decides.
    fn only_tags(&self) -> bool {
        self.ids.is_none() && self.texts.is_empty() && self.flags.is_empty() && self.name.is_none()
    }

    fn fits(&self, disk: &Disk) -> bool {
        self.ids
            .as_ref()
            .is_none_or(|ids| ids.contains(&disk.base.id))
            && self.texts.iter().all(|(text, of)| *text == of(disk))
            && self.flags.iter().all(|(wanted, of)| *wanted == of(disk))
            && self
                .name
                .is_none_or(|name| names::like(name, &disk.base.name))
            && self.tags.fits(&disk.base.tags)
    }
}

fn describe(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    let filter = filter(call)?;
    let _more = call.list("AdditionalAttributes");
    let disks = &world.tables.disks;
    let scope = match (&filter.ids, filter.instance) {
        (Some(ids), _) => Scope::Few(world.shown_by_id(disks, ids).collect()),
        (None, Some(instance)) => Scope::Few(world.shown_on(disks, instance).collect()),
        (None, None) => {
            Scope::Region(world.listing(disks, region, &filter.tags, filter.only_tags()))
        }
    };
    let fits = |disk: &Disk| disk.base.region == region && filter.fits(disk);
    let most = filter.tags.most(world);
    let list = |items: &[&Disk]| world.pieces.rows(items, row::listed);
    if page::by_token(call) {
        let page = page::tokened_of(call, &scope, fits, (10, 10, 500), most)?;
        return Ok(json!({"NextToken": page.next, "Disks": {"Disk": list(&page.items)}}));
    }
    let page = page::numbered_of(call, &scope, fits, 100, most)?;
    Ok(json!({
        "PageNumber": page.number, "PageSize": page.size, "TotalCount": page.total,
        "NextToken": page.next(),
        "Disks": {"Disk": list(&page.items)},
    }))
}
