//! `disk`: system and data disks.
//!
//! States of a disk made alone: Creating (1 s) → Available → Attaching (3 s) → In_use → Detaching →
//! Available → deleted. A disk of a new instance is Creating until the instance is created, then
//! In_use. ReInitDisk and ResetDisk pass through ReIniting (3 s). A change of category is a task
//! (10 s) and not a state.
//!
//! Invariant: a disk that is attached to an instance is not Available.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::base::Base;
use crate::call::{Answer, Call, Fields};
use crate::names;
use crate::product::Actions;
use crate::product::ecs::catalogue::DISKS;
use crate::product::ecs::guest::Layout;
use crate::product::ecs::image::ImageFacts;
use crate::product::ecs::instance::{self, Instance};
use crate::product::ecs::{encryption, snapshot};
use crate::refusal::Refusal;
use crate::regions;
use crate::table::Row;
use crate::tags;
use crate::world::{World, done};

pub(crate) mod attach;
pub(crate) mod change;
pub(crate) mod content;
pub(crate) mod read;
pub(crate) mod row;
#[cfg(test)]
mod states;

pub(crate) const ACTIONS: Actions = &[("CreateDisk", create), ("DeleteDisk", delete)];

/// A disk.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Disk {
    pub(crate) base: Base,
    pub(crate) state: State,
    pub(crate) due_ms: Option<i64>,
    pub(crate) zone: String,
    pub(crate) system: bool,
    pub(crate) spec: DiskDraft,
    /// Empty if the disk is not attached.
    pub(crate) instance: String,
    pub(crate) image: String,
    pub(crate) serial: String,
    pub(crate) delete_auto_snapshot: bool,
    pub(crate) enable_auto_snapshot: bool,
    pub(crate) charge_type: String,
    pub(crate) attached_ms: Option<i64>,
    pub(crate) detached_ms: Option<i64>,
    /// The instance whose system disk this was before it was detached; empty for all others.
    #[serde(default)]
    pub(crate) origin: String,
    /// The automatic snapshot policy; empty if it has none.
    #[serde(default)]
    pub(crate) policy: String,
    /// The change of category in progress.
    #[serde(default)]
    pub(crate) becoming: Option<Becoming>,
    #[serde(default)]
    pub(crate) category_changed_ms: Option<i64>,
    /// The partitions and file systems that the guest has made; `None`: one that fills the disk.
    #[serde(default)]
    pub(crate) layout: Option<Layout>,
}

/// A change of category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Becoming {
    pub(crate) task: String,
    pub(crate) category: String,
    pub(crate) performance_level: String,
    pub(crate) until_ms: i64,
}

/// The disk that a create call asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct DiskDraft {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) category: String,
    pub(crate) size_gib: i64,
    /// Only for `cloud_essd`; otherwise empty.
    pub(crate) performance_level: String,
    pub(crate) provisioned_iops: i64,
    pub(crate) bursting: bool,
    pub(crate) encrypted: bool,
    pub(crate) kms_key: String,
    /// Empty: the next free device name.
    pub(crate) device: String,
    pub(crate) delete_with_instance: bool,
    /// The snapshot that the disk is created from; empty if none.
    #[serde(default)]
    pub(crate) snapshot: String,
}

/// The state of a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum State {
    Creating,
    Available,
    Attaching,
    InUse,
    Detaching,
    ReIniting,
    Deleting,
}

impl Row for Disk {
    const KIND: &'static str = "disk";

    fn base(&self) -> Option<&Base> {
        Some(&self.base)
    }

    fn state(&self) -> &str {
        match self.state {
            State::Creating => "Creating",
            State::Available | State::Deleting => "Available",
            State::Attaching => "Attaching",
            State::InUse => "In_use",
            State::Detaching => "Detaching",
            State::ReIniting => "ReIniting",
        }
    }

    fn due_ms(&self) -> Option<i64> {
        self.due_ms
            .into_iter()
            .chain(self.becoming.as_ref().map(|change| change.until_ms))
            .min()
    }

    fn links(&self) -> Vec<&str> {
        vec![&self.instance]
    }

    fn step(world: &mut World, id: &str) {
        let now = world.now_ms();
        let Some(disk) = world.tables.disks.get_mut(id) else {
            return;
        };
        if let Some(change) = disk.becoming.take_if(|change| change.until_ms <= now) {
            (disk.spec.category, disk.spec.performance_level) =
                (change.category, change.performance_level);
            disk.category_changed_ms = Some(now);
            return;
        }
        disk.due_ms = None;
        match disk.state {
            State::ReIniting => {
                disk.state = if disk.instance.is_empty() {
                    State::Available
                } else {
                    State::InUse
                }
            }
            State::Creating | State::Attaching if !disk.instance.is_empty() => {
                (disk.state, disk.attached_ms) = (State::InUse, Some(now));
            }
            State::Creating | State::Attaching => disk.state = State::Available,
            State::Detaching => disk.free(now),
            State::Deleting => {
                snapshot::follow(world, id);
                world.tables.disks.remove(id);
            }
            State::Available | State::InUse => {}
        }
    }
}

impl Disk {
    /// Refuses actions that are not possible while a snapshot is taken or the category changes.
    pub(crate) fn unburdened(&self, world: &World) -> Result<(), Refusal> {
        if snapshot::in_progress(world, &self.base.id) {
            return Err(Refusal::denied(
                "DiskCreatingSnapshot",
                "A snapshot of the disk is being created.",
            ));
        }
        if self.becoming.is_some() {
            return Err(Refusal::denied(
                "IncorrectDiskStatus",
                "The category of the disk is being changed.",
            ));
        }
        Ok(())
    }

    /// Detaches the disk.
    fn free(&mut self, now: i64) {
        self.state = State::Available;
        self.due_ms = None;
        self.instance.clear();
        self.spec.device.clear();
        self.detached_ms = Some(now);
    }
}

/// The disk that a call names.
pub(crate) fn find<'a>(world: &'a World, call: &Call<'_>, id: &str) -> Result<&'a Disk, Refusal> {
    let disk = world
        .tables
        .disks
        .get(id)
        .filter(|disk| call.in_region(&disk.base.region));
    disk.ok_or_else(|| {
        Refusal::absent(
            "InvalidDiskId.NotFound",
            format!("The specified disk {id} does not exist."),
        )
    })
}

/// The disk that a call names, for a change.
pub(crate) fn find_mut<'a>(
    world: &'a mut World,
    call: &Call<'_>,
    id: &str,
) -> Result<&'a mut Disk, Refusal> {
    find(world, call, id)?;
    Ok(world
        .tables
        .disks
        .get_mut(id)
        .expect("the disk was just found"))
}

/// The disks of an instance, by id.
pub(crate) fn of_instance<'a>(
    world: &'a World,
    instance: &'a str,
) -> impl Iterator<Item = &'a Disk> {
    world.tables.disks.linked(instance)
}

// Drafts.

/// The system disk of a create call.
pub(crate) fn system_draft(call: &Call<'_>, image_gib: i64) -> Result<DiskDraft, Refusal> {
    let fields = call.part("SystemDisk.");
    let mut draft = read_draft(&fields, "Category", "cloud_efficiency")?;
    draft.size_gib = fields.size("Size")?.unwrap_or(image_gib.max(40));
    if !check_size(&draft, true)? {
        let code = if draft.size_gib < 20 {
            "InvalidSystemDiskSize.LessThanMinSize"
        } else {
            "InvalidSystemDiskSize.ValueNotSupported"
        };
        return Err(Refusal::absent(
            code,
            "The specified SystemDisk.Size is out of range.",
        ));
    }
    if draft.size_gib < image_gib {
        return Err(Refusal::absent(
            "InvalidSystemDiskSize.LessThanImageSize",
            "The specified SystemDisk.Size is less than the image size.",
        ));
    }
    "/dev/xvda".clone_into(&mut draft.device);
    draft.delete_with_instance = true;
    Ok(draft)
}

/// The data disks of a create call, in order.
pub(crate) fn data_drafts(
    world: &World,
    call: &Call<'_>,
    max: usize,
) -> Result<Vec<DiskDraft>, Refusal> {
    let mut drafts = Vec::new();
    for fields in call.rows("DataDisk") {
        let mut draft = read_draft(&fields, "Category", "cloud_efficiency")?;
        draft.size_gib = sized(world, call, &fields, &mut draft, "DataDisk.Size")?;
        fields
            .given("Device")
            .unwrap_or_default()
            .clone_into(&mut draft.device);
        draft.delete_with_instance = fields.flag("DeleteWithInstance")?.unwrap_or(true);
        if !check_size(&draft, false)? {
            return Err(Refusal::bad(
                "InvalidDataDiskSize.ValueNotSupported",
                "The specified DataDisk.n.Size is out of range.",
            ));
        }
        drafts.push(draft);
    }
    if drafts.len() > max {
        return Err(Refusal::bad(
            "InstanceDiskNumber.LimitExceed",
            "The number of data disks exceeds the limit.",
        ));
    }
    Ok(drafts)
}

/// The requested size, or that of the snapshot; never smaller than the snapshot.
fn sized(
    world: &World,
    call: &Call<'_>,
    fields: &Fields<'_>,
    draft: &mut DiskDraft,
    name: &str,
) -> Result<i64, Refusal> {
    let size = fields.size("Size")?;
    let Some(id) = fields.given("SnapshotId") else {
        return size.ok_or_else(|| Refusal::missing(name));
    };
    let snapshot = snapshot::find(world, call, id)?;
    snapshot.require_ready()?;
    id.clone_into(&mut draft.snapshot);
    draft.encrypted |= snapshot.encrypted;
    Ok(size.unwrap_or(0).max(snapshot.size_gib))
}

fn read_draft(fields: &Fields<'_>, category: &str, usual: &str) -> Result<DiskDraft, Refusal> {
    let category = fields.given(category).unwrap_or(usual);
    let essd = category == "cloud_essd";
    let level = fields.given("PerformanceLevel");
    let performance_level = match level {
        None if essd => "PL1",
        None => "",
        Some(level @ ("PL0" | "PL1" | "PL2" | "PL3")) if essd => level,
        Some(_) => {
            return Err(Refusal::bad(
                "InvalidPerformanceLevel.Malformed",
                "The specified PerformanceLevel is not valid.",
            ));
        }
    };
    let (name, description) = (
        fields.given("DiskName").unwrap_or_default(),
        fields.given("Description").unwrap_or_default(),
    );
    check_texts(name, description)?;
    let (provisioned_iops, bursting) = (
        fields.int("ProvisionedIops")?.unwrap_or(0),
        fields.flag("BurstingEnabled")?.unwrap_or(false),
    );
    if category != "cloud_auto" && (provisioned_iops > 0 || bursting) {
        return Err(Refusal::invalid("ProvisionedIops"));
    }
    Ok(DiskDraft {
        name: name.to_owned(),
        description: description.to_owned(),
        category: category.to_owned(),
        size_gib: 0,
        performance_level: performance_level.to_owned(),
        provisioned_iops,
        bursting,
        encrypted: fields.flag("Encrypted")?.unwrap_or(false),
        kms_key: fields.given("KMSKeyId").unwrap_or_default().to_owned(),
        device: String::new(),
        delete_with_instance: false,
        snapshot: String::new(),
    })
}

/// Name and description of a disk; both may be empty.
pub(crate) fn check_texts(name: &str, description: &str) -> Result<(), Refusal> {
    if !name.is_empty() && !names::is_name(name, 2, 128, ":_.-") {
        return Err(Refusal::bad(
            "InvalidDiskName.Malformed",
            "The specified disk name is not valid.",
        ));
    }
    if !description.is_empty() && !names::is_text(description, 2, 256) {
        return Err(Refusal::bad(
            "InvalidDescription.Malformed",
            "The specified disk description is not valid.",
        ));
    }
    Ok(())
}

/// Whether the size is in the range of category and performance level.
pub(crate) fn check_size(draft: &DiskDraft, system: bool) -> Result<bool, Refusal> {
    let code = if system {
        "InvalidSystemDiskCategory.ValueNotSupported"
    } else {
        "InvalidDataDiskCategory.ValueNotSupported"
    };
    let (_, of_system, of_data) = DISKS
        .iter()
        .find(|(name, _, _)| *name == draft.category)
        .ok_or_else(|| {
            Refusal::bad(
                code,
                format!("The disk category {} is not supported.", draft.category),
            )
        })?;
    let (min, max) = if system { *of_system } else { *of_data };
    Ok((min.max(least(&draft.performance_level))..=max).contains(&draft.size_gib))
}

/// The smallest disk of a performance level, in GiB.
pub(crate) fn least(performance_level: &str) -> i64 {
    match performance_level {
        "PL1" => 20,
        "PL2" => 461,
        "PL3" => 1261,
        _ => 1,
    }
}

// Creation and deletion.

/// Creates the disks of a new instance.
pub(crate) fn make_for_instance(
    world: &mut World,
    instance: &Instance,
    system: &DiskDraft,
    data: &[DiskDraft],
    image: &str,
) {
    let due_ms = instance.due_ms;
    for (number, draft) in std::iter::once(system).chain(data).enumerate() {
        let mut disk = blank(world, &instance.base.region, &instance.zone, draft);
        disk.system = number == 0;
        disk.base.tags.clone_from(&instance.base.tags);
        disk.base
            .resource_group
            .clone_from(&instance.base.resource_group);
        disk.instance.clone_from(&instance.base.id);
        if disk.system {
            image.clone_into(&mut disk.image);
        }
        if disk.spec.device.is_empty() {
            disk.spec.device = device(number);
        }
        disk.due_ms = due_ms;
        world.tables.disks.insert(&disk.base.id.clone(), disk);
    }
}

/// The name of an instance's disk with this number, from 0.
pub(crate) fn device(number: usize) -> String {
    let letter = u8::try_from(number)
        .ok()
        .and_then(|n| b'a'.checked_add(n))
        .unwrap_or(b'z');
    format!("/dev/xvd{}", char::from(letter))
}

/// The first device name that no disk of the instance has.
pub(crate) fn free_device(world: &World, instance: &str) -> String {
    (1..26)
        .map(device)
        .find(|name| of_instance(world, instance).all(|disk| disk.spec.device != *name))
        .unwrap_or_else(|| device(25))
}

fn blank(world: &mut World, region: &str, zone: &str, draft: &DiskDraft) -> Disk {
    let mut base = world.new_base("d", region);
    (base.name, base.description) = (draft.name.clone(), draft.description.clone());
    let serial = base.id.trim_start_matches("d-").to_owned();
    Disk {
        base,
        state: State::Creating,
        due_ms: None,
        zone: zone.to_owned(),
        system: false,
        spec: draft.clone(),
        instance: String::new(),
        image: String::new(),
        serial,
        delete_auto_snapshot: false,
        enable_auto_snapshot: true,
        charge_type: "PostPaid".to_owned(),
        attached_ms: None,
        detached_ms: None,
        origin: String::new(),
        policy: String::new(),
        becoming: None,
        layout: None,
        category_changed_ms: None,
    }
}

/// Releases the disks of a deleted instance: deletes those that are deleted with it (all disks, if
/// the instance was locked), and detaches the others.
pub(crate) fn let_go(world: &mut World, instance: &str, all: bool) {
    let now = world.now_ms();
    let ids: Vec<(String, bool)> = of_instance(world, instance)
        .map(|disk| (disk.base.id.clone(), disk.spec.delete_with_instance))
        .collect();
    for (id, goes) in ids {
        if goes || all {
            snapshot::follow(world, &id);
            world.tables.disks.remove(&id);
        } else if let Some(disk) = world.tables.disks.get_mut(&id) {
            disk.free(now);
        }
    }
}

/// Replaces the system disk by a new one; returns the new id.
pub(crate) fn replace_system(
    world: &mut World,
    instance: &str,
    image: &ImageFacts,
    size: Option<i64>,
) -> Result<String, Refusal> {
    let until = world.now_ms() + world.options.profile.disk_attach_ms;
    let old = of_instance(world, instance)
        .find(|disk| disk.system)
        .cloned();
    let old = old.ok_or_else(|| {
        Refusal::denied(
            "OperationDenied.NoSystemDisk",
            "The instance has no system disk.",
        )
    })?;
    if old.state != State::InUse {
        return Err(Refusal::denied(
            "IncorrectDiskStatus",
            "The current disk status does not support this operation.",
        ));
    }
    let mut spec = old.spec.clone();
    spec.size_gib = size.unwrap_or(spec.size_gib.max(image.size_gib));
    if spec.size_gib < image.size_gib {
        return Err(Refusal::absent(
            "InvalidSystemDiskSize.LessThanImageSize",
            "The specified SystemDisk.Size is less than the image size.",
        ));
    }
    if !check_size(&spec, true)? || spec.size_gib < old.spec.size_gib {
        return Err(Refusal::absent(
            "InvalidSystemDiskSize.ValueNotSupported",
            "The specified SystemDisk.Size is out of range.",
        ));
    }
    let mut disk = blank(world, &old.base.region, &old.zone, &spec);
    let id = disk.base.id.clone();
    if !world.options.replaced_disk_loses_tags {
        disk.base.tags.clone_from(&old.base.tags);
    }
    disk.base
        .resource_group
        .clone_from(&old.base.resource_group);
    (disk.system, disk.due_ms) = (true, Some(until));
    (disk.instance, disk.image) = (instance.to_owned(), image.id.clone());
    world.tables.disks.remove(&old.base.id);
    world.tables.disks.insert(&id, disk);
    Ok(id)
}

fn create(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    call.only("MultiAttach", "Disabled")?;
    if let Some(machine) = call.given("InstanceId") {
        return create_on(world, call, machine);
    }
    let zone = call.need("ZoneId")?;
    if !regions::find(region).is_some_and(|region| region.has_zone(zone)) {
        return Err(Refusal::absent(
            "InvalidZoneId.NotFound",
            "The specified zone does not exist.",
        ));
    }
    let mut draft = read_draft(call, "DiskCategory", "cloud_efficiency")?;
    draft.size_gib = sized(world, call, call, &mut draft, "Size")?;
    draft.encrypted |= encryption::by_default(world, region);
    if !check_size(&draft, false)? {
        return Err(Refusal::bad(
            "InvalidDiskSize.NotSupported",
            "The specified disk size is out of range.",
        ));
    }
    let tags = tags::of_create(call)?;
    let mut disk = blank(world, region, zone, &draft);
    disk.base.tags = tags;
    if let Some(group) = call.given("ResourceGroupId") {
        group.clone_into(&mut disk.base.resource_group);
    }
    disk.due_ms = Some(world.now_ms() + world.options.profile.disk_create_ms);
    let id = disk.base.id.clone();
    world.tables.disks.insert(&id, disk);
    Ok(json!({ "DiskId": id }))
}

/// A subscription disk of a subscription instance, attached from the start.
fn create_on(world: &mut World, call: &Call<'_>, machine: &str) -> Answer {
    let machine = instance::find(world, call, machine)?.clone();
    if call.given("ZoneId").is_some() {
        return Err(Refusal::bad(
            "InvalidParameter.Conflict",
            "InstanceId and ZoneId exclude each other.",
        ));
    }
    if machine.charge_type != "PrePaid" {
        return Err(Refusal::denied(
            "ChargeTypeViolation",
            "The instance is not a subscription.",
        ));
    }
    call.harmless(&["Tag.1.Key", "Tag.1.Value", "ResourceGroupId", "KMSKeyId"]);
    let mut draft = read_draft(call, "DiskCategory", "cloud_efficiency")?;
    draft.size_gib = sized(world, call, call, &mut draft, "Size")?;
    if !check_size(&draft, false)? {
        return Err(Refusal::bad(
            "InvalidDiskSize.NotSupported",
            "The specified disk size is out of range.",
        ));
    }
    (draft.device, draft.delete_with_instance) = (free_device(world, &machine.base.id), true);
    let until = world.now_ms() + world.options.profile.disk_create_ms;
    let mut disk = blank(world, &machine.base.region, &machine.zone, &draft);
    (disk.instance, disk.due_ms) = (machine.base.id, Some(until));
    "PrePaid".clone_into(&mut disk.charge_type);
    let id = disk.base.id.clone();
    world.tables.disks.insert(&id, disk);
    Ok(json!({"DiskId": id, "OrderId": instance::prepaid::new_order(world)}))
}

/// A missing disk is not an error.
fn delete(world: &mut World, call: &Call<'_>) -> Answer {
    let id = call.need("DiskId")?;
    let Ok(disk) = find(world, call, id) else {
        return done();
    };
    match disk.state {
        State::Available => {}
        State::Deleting => return done(),
        State::Creating if disk.instance.is_empty() => {
            return Err(Refusal::denied(
                "IncorrectDiskStatus.Initializing",
                "The specified disk is initializing.",
            ));
        }
        _ => {
            return Err(Refusal::denied(
                "IncorrectDiskStatus",
                "The current disk status does not support this operation.",
            ));
        }
    }
    disk.unburdened(world)?;
    let until = world.now_ms() + world.options.profile.disk_delete_ms;
    let disk = find_mut(world, call, id)?;
    (disk.state, disk.due_ms) = (State::Deleting, Some(until));
    done()
}
