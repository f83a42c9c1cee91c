//! CreateImage, CopyImage, CancelCopyImage.

use serde_json::json;

use crate::base::Base;
use crate::call::{Answer, Call};
use crate::names;
use crate::product::Actions;
use crate::product::ecs::disk::{self, Disk};
use crate::product::ecs::image::{self, Custom, Image, ImageFacts, Mapping};
use crate::product::ecs::instance::{self, AT_REST};
use crate::product::ecs::snapshot;
use crate::refusal::Refusal;
use crate::regions;
use crate::tags;
use crate::world::{World, done};

pub(crate) const ACTIONS: Actions = &[
    ("CreateImage", create),
    ("CopyImage", copy),
    ("CancelCopyImage", cancel),
];

/// The source of a new image.
struct Source {
    mappings: Vec<Mapping>,
    os_name: String,
    os_type: String,
    platform: String,
    architecture: String,
}

impl Source {
    /// The attributes of the image that a call creates from it.
    fn facts(&self, call: &Call<'_>, base: &Base) -> ImageFacts {
        ImageFacts {
            id: base.id.clone(),
            family: call.given("ImageFamily").unwrap_or_default().to_owned(),
            os_name: self.os_name.clone(),
            os_type: self.os_type.clone(),
            platform: call.given("Platform").unwrap_or(&self.platform).to_owned(),
            architecture: call
                .given("Architecture")
                .unwrap_or(&self.architecture)
                .to_owned(),
            size_gib: self
                .mappings
                .iter()
                .find(|mapping| mapping.system)
                .map_or(20, |mapping| mapping.size_gib),
            created_ms: base.created_ms,
            status: "Creating".to_owned(),
            owner_alias: "self".to_owned(),
        }
    }
}

/// Refuses a name that is malformed or taken.
pub(crate) fn check_name(world: &World, region: &str, name: &str) -> Result<(), Refusal> {
    let letters = name.starts_with(char::is_alphabetic) && names::is_text(name, 2, 128);
    if !letters || name.starts_with("aliyun") || name.starts_with("acs:") {
        return Err(Refusal::bad(
            "InvalidImageName.Malformed",
            "The specified image name is not valid.",
        ));
    }
    let taken = |image: &Image| {
        image.custom.is_some() && image.base.region == region && image.base.name == name
    };
    if world.tables.images.values().any(taken) {
        return Err(Refusal::bad(
            "InvalidImageName.Duplicated",
            "The specified image name has already been used.",
        ));
    }
    Ok(())
}

fn check_quota(world: &World, region: &str) -> Result<(), Refusal> {
    let here = world
        .tables
        .images
        .values()
        .filter(|image| image.custom.is_some() && image.base.region == region)
        .count();
    if here >= world.options.quotas.images {
        return Err(Refusal::denied(
            "QuotaExceed.Image",
            "The maximum number of custom images is reached.",
        ));
    }
    Ok(())
}

/// From an instance, or else from disk mappings, or else from a snapshot of a system disk.
fn create(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    let (name, description) = (
        call.given("ImageName"),
        call.given("Description").unwrap_or_default(),
    );
    if let Some(name) = name {
        check_name(world, region, name)?;
    }
    if !description.is_empty() && !names::is_text(description, 2, 256) {
        return Err(Refusal::bad(
            "InvalidDescription.Malformed",
            "The specified description is not valid.",
        ));
    }
    check_quota(world, region)?;
    call.harmless(&["DetectionStrategy"]);
    let tags = tags::of_create(call)?;
    let source = match call.given("InstanceId") {
        Some(id) => {
            call.harmless(&["SnapshotId"]);
            of_machine(world, call, id)?
        }
        None => of_snapshots(world, call)?,
    };
    let until_ms = world.now_ms() + world.options.profile.image_create_ms;
    let mut base = world.new_base("m", region);
    base.name = name.map_or_else(|| base.id.clone(), str::to_owned);
    (base.description, base.tags) = (description.to_owned(), tags);
    if let Some(group) = call.given("ResourceGroupId") {
        group.clone_into(&mut base.resource_group);
    }
    let facts = source.facts(call, &base);
    let custom = Custom {
        until_ms: Some(until_ms),
        mappings: source.mappings,
        version: call.given("ImageVersion").unwrap_or_default().to_owned(),
        boot_mode: call.given("BootMode").unwrap_or("BIOS").to_owned(),
        copied: false,
        public: false,
        shared: Vec::new(),
    };
    let id = base.id.clone();
    world.tables.images.insert(
        &id,
        Image {
            base,
            facts,
            custom: Some(custom),
        },
    );
    Ok(json!({ "ImageId": id }))
}

/// Takes a snapshot of each disk of a machine.
fn of_machine(world: &mut World, call: &Call<'_>, id: &str) -> Result<Source, Refusal> {
    let machine = instance::find(world, call, id)?.clone();
    // This action has another status for the lock than all others.
    machine
        .unlocked()
        .map_err(|refusal| Refusal::bad(refusal.code, refusal.message))?;
    machine.require(AT_REST, Refusal::bad, "IncorrectInstanceStatus")?;
    let disks: Vec<Disk> = disk::of_instance(world, id).cloned().collect();
    let mut mappings = Vec::new();
    for disk in &disks {
        snapshot::create::check_disk(world, call, disk)?;
        let device = disk.spec.device.clone();
        let snapshot = snapshot::take(world, disk, "user");
        mappings.push(Mapping {
            device,
            system: disk.system,
            size_gib: disk.spec.size_gib,
            snapshot,
        });
    }
    mappings.sort_by(|a, b| a.device.cmp(&b.device));
    let origin = image::find(world, &machine.image);
    Ok(Source {
        mappings,
        os_name: machine.os_name.clone(),
        os_type: machine.os_type.clone(),
        platform: origin
            .as_ref()
            .map_or("Others Linux".to_owned(), |origin| origin.platform.clone()),
        architecture: origin.map_or("x86_64".to_owned(), |origin| origin.architecture),
    })
}

fn of_snapshots(world: &World, call: &Call<'_>) -> Result<Source, Refusal> {
    let mut mappings = Vec::new();
    for (number, row) in call.rows("DiskDeviceMapping").into_iter().enumerate() {
        let id = row.need("SnapshotId")?;
        let snapshot = snapshot::find(world, call, id)?;
        snapshot.require_ready()?;
        let device = row
            .given("Device")
            .map_or_else(|| disk::device(number), str::to_owned);
        let system = row
            .given("DiskType")
            .map_or(snapshot.system && number == 0, |kind| kind == "system");
        mappings.push(Mapping {
            device,
            system,
            size_gib: row.size("Size")?.unwrap_or(snapshot.size_gib),
            snapshot: id.to_owned(),
        });
    }
    if mappings.is_empty() {
        let id = call
            .given("SnapshotId")
            .ok_or_else(|| Refusal::missing("InstanceId"))?;
        let snapshot = snapshot::find(world, call, id)?;
        snapshot.require_ready()?;
        mappings.push(Mapping {
            device: disk::device(0),
            system: snapshot.system,
            size_gib: snapshot.size_gib,
            snapshot: id.to_owned(),
        });
    }
    let systems = mappings.iter().filter(|mapping| mapping.system).count();
    if systems != 1 || mappings.len() > 17 {
        return Err(Refusal::bad(
            "OperationDenied",
            "An image has exactly one system disk, and at most sixteen others.",
        ));
    }
    // A snapshot remembers its disk; the disk, if it is still there, remembers its image.
    let origin = mappings
        .iter()
        .find(|mapping| mapping.system)
        .and_then(|mapping| {
            let disk = &world.tables.snapshots.get(&mapping.snapshot)?.disk;
            image::find(world, &world.tables.disks.get(disk)?.image).ok()
        });
    Ok(Source {
        mappings,
        os_name: origin
            .as_ref()
            .map_or(String::new(), |origin| origin.os_name.clone()),
        os_type: origin
            .as_ref()
            .map_or("linux".to_owned(), |origin| origin.os_type.clone()),
        platform: origin
            .as_ref()
            .map_or("Others Linux".to_owned(), |origin| origin.platform.clone()),
        architecture: origin.map_or("x86_64".to_owned(), |origin| origin.architecture),
    })
}

/// Copies a custom image to another region, or within its own.
fn copy(world: &mut World, call: &Call<'_>) -> Answer {
    let source = image::change::find(world, call, call.need("ImageId")?)?.clone();
    call.only("Encrypted", "false")?;
    if source.facts.status != "Available" {
        return Err(Refusal::denied(
            "IncorrectImageStatus",
            "The current image status does not support this operation.",
        ));
    }
    let region = call
        .given("DestinationRegionId")
        .unwrap_or(&source.base.region);
    if regions::find(region).is_none() {
        return Err(Refusal::absent(
            "InvalidRegionId.NotFound",
            "The specified DestinationRegionId does not exist.",
        ));
    }
    let name = call.given("DestinationImageName");
    if let Some(name) = name {
        check_name(world, region, name)?;
    }
    check_quota(world, region)?;
    let made = world.new_base("m", region);
    let base = Base {
        name: name.map_or_else(|| made.id.clone(), str::to_owned),
        description: call
            .given("DestinationDescription")
            .unwrap_or_default()
            .to_owned(),
        tags: tags::of_create(call)?,
        ..made
    };
    let until_ms = Some(world.now_ms() + world.options.profile.image_copy_ms);
    let id = base.id.clone();
    let facts = ImageFacts {
        id: id.clone(),
        created_ms: base.created_ms,
        status: "Creating".to_owned(),
        ..source.facts
    };
    // Snapshots are not copied: the copy shows its disks without them.
    let bare = |mapping: Mapping| Mapping {
        snapshot: String::new(),
        ..mapping
    };
    let custom = source.custom.map(|custom| Custom {
        until_ms,
        mappings: custom.mappings.into_iter().map(bare).collect(),
        copied: true,
        public: false,
        shared: Vec::new(),
        ..custom
    });
    world.tables.images.insert(
        &id,
        Image {
            base,
            facts,
            custom,
        },
    );
    Ok(json!({ "ImageId": id }))
}

/// Cancels a copy in progress. An image that is not a copy, or is complete, does not change.
fn cancel(world: &mut World, call: &Call<'_>) -> Answer {
    let id = call.need("ImageId")?;
    let image = image::change::find(world, call, id)?;
    let under_way = image
        .custom
        .as_ref()
        .is_some_and(|custom| custom.copied && custom.until_ms.is_some());
    if !under_way {
        return Err(Refusal::denied(
            "IncorrectImageStatus",
            "The image is not being copied.",
        ));
    }
    world.tables.images.remove(id);
    done()
}
