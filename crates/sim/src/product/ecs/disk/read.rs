//! DescribeDisks.

use serde_json::{Value, json};
use setpoint_openapi::timestamp::Timestamp;

use crate::call::{Answer, Call};
use crate::names;
use crate::page;
use crate::product::Actions;
use crate::product::ecs::disk::{Disk, State};
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
    name: Option<&'a str>,
    tags: tags::Filter,
}

fn filter<'a>(call: &Call<'a>) -> Result<Filter<'a>, Refusal> {
    let ids = call.json_list("DiskIds", "InvalidDiskIds.Malformed")?;
    if ids.as_ref().is_some_and(|ids| ids.len() > 100) {
        return Err(Refusal::denied("InvalidDiskIds.Malformed", "The amount of specified disk ids exceeds the limit."));
    }
    call.only("MultiAttach", "Disabled")?;
    let mut texts: Vec<(&'a str, TextOf)> = Vec::new();
    let mut compare = |name: &str, any: &str, of: TextOf| {
        texts.extend(call.given(name).filter(|text| *text != any).map(|text| (text, of)));
    };
    compare("InstanceId", "", |disk| &disk.instance);
    compare("ZoneId", "", |disk| &disk.zone);
    compare("DiskType", "all", |disk| if disk.system { "system" } else { "data" });
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
    switch("EnableAutomatedSnapshotPolicy", |disk| !disk.policy.is_empty())?;
    switch("EnableShared", |_| false)?;
    switch("Encrypted", |disk| disk.spec.encrypted)?;
    switch("Portable", |disk| !disk.system)?;
    Ok(Filter { ids, texts, flags, name: call.given("DiskName"), tags: tags::Filter::of(call)? })
}

impl Filter<'_> {
    fn fits(&self, disk: &Disk) -> bool {
        self.ids.as_ref().is_none_or(|ids| ids.contains(&disk.base.id))
            && self.texts.iter().all(|(text, of)| *text == of(disk))
            && self.flags.iter().all(|(wanted, of)| *wanted == of(disk))
            && self.name.is_none_or(|name| names::like(name, &disk.base.name))
            && self.tags.fits(&disk.base.tags)
    }
}

fn describe(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    let filter = filter(call)?;
    let _more = call.list("AdditionalAttributes");
    let rows = world.shown(&world.tables.disks, filter.ids.is_some()).filter(|disk| disk.base.region == region && filter.fits(disk));
    let rows = page::newest_first(rows, |disk| &disk.base);
    let list = |items: Vec<&Disk>| -> Vec<Value> { items.into_iter().map(listed).collect() };
    if page::by_token(call) {
        let page = page::tokened(call, rows, |disk| &disk.base, (10, 10, 500))?;
        return Ok(json!({"NextToken": page.next, "Disks": {"Disk": list(page.items)}}));
    }
    let page = page::numbered(call, rows, 100)?;
    Ok(json!({
        "PageNumber": page.number, "PageSize": page.size, "TotalCount": page.total, "NextToken": "",
        "Disks": {"Disk": list(page.items)},
    }))
}

fn listed(disk: &Disk) -> Value {
    let time = |at: Option<i64>| at.map_or_else(String::new, |at| Timestamp(at).seconds());
    // A disk that is on its way to or from a machine still names it.
    let attached = !disk.instance.is_empty() && disk.state != State::Creating;
    let attachments: Vec<Value> = attached
        .then(|| json!({"InstanceId": disk.instance, "Device": disk.spec.device, "AttachedTime": time(disk.attached_ms)}))
        .into_iter()
        .collect();
    json!({
        "DiskId": disk.base.id,
        "DiskName": disk.base.name,
        "Description": disk.base.description,
        "SerialNumber": disk.serial,
        "RegionId": disk.base.region,
        "ZoneId": disk.zone,
        "Status": disk.state(),
        "Type": if disk.system { "system" } else { "data" },
        "Category": disk.spec.category,
        "PerformanceLevel": disk.spec.performance_level,
        "Size": disk.spec.size_gib,
        "ImageId": disk.image,
        "InstanceId": disk.instance,
        "Device": disk.spec.device,
        "Attachments": {"Attachment": attachments},
        "MountInstances": {"MountInstance": []},
        "MountInstanceNum": attachments.len(),
        "DeleteWithInstance": disk.spec.delete_with_instance,
        "DeleteAutoSnapshot": disk.delete_auto_snapshot,
        "EnableAutoSnapshot": disk.enable_auto_snapshot,
        "EnableAutomatedSnapshotPolicy": !disk.policy.is_empty(),
        "AutoSnapshotPolicyId": disk.policy,
        "Encrypted": disk.spec.encrypted,
        "KMSKeyId": disk.spec.kms_key,
        "Portable": !disk.system,
        "BurstingEnabled": disk.spec.bursting,
        "ProvisionedIops": disk.spec.provisioned_iops,
        "MultiAttach": "Disabled",
        "SourceSnapshotId": disk.spec.snapshot,
        "ProductCode": "",
        "DiskChargeType": disk.charge_type,
        "ResourceGroupId": disk.base.resource_group,
        "CreationTime": Timestamp(disk.base.created_ms).seconds(),
        "AttachedTime": time(disk.attached_ms),
        "DetachedTime": time(disk.detached_ms),
        "ExpiredTime": "2999-09-08T16:00Z",
        "StorageSetId": "",
        "OperationLocks": {"OperationLock": []},
        "Tags": tags::tag_key_list(&disk.base.tags),
    })
}
