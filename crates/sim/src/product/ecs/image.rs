//! `image`: built-in public images, those that a test adds, and custom ones.
//!
//! Ids, families and names of public images have the form of the cloud's own; the selection is
//! ours. Each family has several dates, so that "the newest of a family" can be tested. A custom
//! image: Creating (20 s, with a percentage) → Available.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use setpoint_openapi::timestamp::Timestamp;

use crate::base::Base;
use crate::call::{Answer, Call};
use crate::page;
use crate::product::Actions;
use crate::product::ecs::disk::DiskDraft;
use crate::product::ecs::instance_type;
use crate::refusal::Refusal;
use crate::table::Row;
use crate::tags;
use crate::world::World;

pub(crate) mod change;
pub(crate) mod create;
mod search;
pub(crate) mod share;

use self::search::Search;

pub(crate) const ACTIONS: Actions = &[
    ("DescribeImages", describe),
    ("DescribeImageFromFamily", describe_from_family),
    ("DescribeImageSupportInstanceTypes", describe_types),
];

/// An image that is not built in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Image {
    pub(crate) base: Base,
    pub(crate) facts: ImageFacts,
    /// `None`: a public image that a test added, which exists in every region.
    #[serde(default)]
    pub(crate) custom: Option<Custom>,
}

/// The attributes that only a custom image has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Custom {
    /// While Creating, the time of its end.
    pub(crate) until_ms: Option<i64>,
    pub(crate) mappings: Vec<Mapping>,
    pub(crate) version: String,
    pub(crate) boot_mode: String,
    pub(crate) copied: bool,
    pub(crate) public: bool,
    /// Accounts that may use the image, with the time of the permission.
    pub(crate) shared: Vec<(String, i64)>,
}

/// One disk of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mapping {
    pub(crate) device: String,
    pub(crate) system: bool,
    pub(crate) size_gib: i64,
    pub(crate) snapshot: String,
}

/// The attributes of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageFacts {
    /// The id, for example `aliyun_3_x64_20G_alibase_20240528.vhd`.
    pub id: String,
    /// The family, for example `acs:alibaba_cloud_linux_3_2104_lts_x64`.
    pub family: String,
    /// The display name of the operating system.
    pub os_name: String,
    /// `linux` or `windows`.
    pub os_type: String,
    /// The distribution, for example `Aliyun`.
    pub platform: String,
    /// `x86_64` or `arm64`.
    pub architecture: String,
    /// The smallest system disk, in GiB.
    pub size_gib: i64,
    /// The time of creation, in milliseconds since 1970.
    pub created_ms: i64,
    /// `Available`, `Deprecated`, …
    pub status: String,
    /// `system`, `self`, `others` or `marketplace`.
    pub owner_alias: String,
}

impl Row for Image {
    const KIND: &'static str = "image";

    fn base(&self) -> Option<&Base> {
        Some(&self.base)
    }

    fn state(&self) -> &str {
        &self.facts.status
    }

    fn due_ms(&self) -> Option<i64> {
        self.custom.as_ref().and_then(|custom| custom.until_ms)
    }

    fn step(world: &mut World, id: &str) {
        if let Some(image) = world.tables.images.get_mut(id) {
            "Available".clone_into(&mut image.facts.status);
            if let Some(custom) = &mut image.custom {
                custom.until_ms = None;
            }
        }
    }
}

/// Stem of ids, family, name, platform, architecture, GiB, dates.
type Line = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    i64,
    &'static [&'static str],
);

/// Public images. A date is part of the id and is the time of making.
const SYSTEM: &[Line] = &[
    (
        "aliyun_3_x64_20G_alibase",
        "acs:alibaba_cloud_linux_3_2104_lts_x64",
        "Alibaba Cloud Linux 3.2104 LTS 64位",
        "Aliyun",
        "x86_64",
        20,
        &["20231221", "20240528", "20240819"],
    ),
    (
        "aliyun_3_arm64_20G_alibase",
        "acs:alibaba_cloud_linux_3_2104_lts_arm64",
        "Alibaba Cloud Linux 3.2104 LTS 64位 ARM版",
        "Aliyun",
        "arm64",
        20,
        &["20240528", "20240819"],
    ),
    (
        "ubuntu_22_04_x64_20G_alibase",
        "acs:ubuntu_22_04_x64",
        "Ubuntu 22.04 64位",
        "Ubuntu",
        "x86_64",
        20,
        &["20240530", "20240710"],
    ),
    (
        "ubuntu_24_04_x64_20G_alibase",
        "acs:ubuntu_24_04_x64",
        "Ubuntu 24.04 64位",
        "Ubuntu",
        "x86_64",
        20,
        &["20240618", "20240812"],
    ),
    (
        "ubuntu_24_04_arm64_20G_alibase",
        "acs:ubuntu_24_04_arm64",
        "Ubuntu 24.04 64位 ARM版",
        "Ubuntu",
        "arm64",
        20,
        &["20240812"],
    ),
    (
        "centos_stream_9_x64_20G_alibase",
        "acs:centos_stream_9_x64",
        "CentOS Stream 9 64位",
        "CentOS Stream",
        "x86_64",
        20,
        &["20240307"],
    ),
    (
        "rockylinux_9_4_x64_20G_alibase",
        "acs:rockylinux_9_x64",
        "Rocky Linux 9.4 64位",
        "Rocky Linux",
        "x86_64",
        20,
        &["20240603"],
    ),
    (
        "debian_12_6_x64_20G_alibase",
        "acs:debian_12_x64",
        "Debian 12.6 64位",
        "Debian",
        "x86_64",
        20,
        &["20240711"],
    ),
    (
        "win2022_21H2_x64_dtc_zh-cn_40G_alibase",
        "acs:windows_server_2022_x64",
        "Windows Server 2022 数据中心版 64位中文版",
        "Windows Server 2022",
        "x86_64",
        40,
        &["20240717"],
    ),
];

/// All images, built-in ones first.
fn every(world: &World) -> impl Iterator<Item = ImageFacts> {
    let system = SYSTEM
        .iter()
        .flat_map(|line| line.6.iter().map(|date| system_image(line, date)));
    system.chain(
        world
            .tables
            .images
            .values()
            .map(|image| image.facts.clone()),
    )
}

fn system_image(line: &Line, date: &str) -> ImageFacts {
    let (stem, family, os_name, platform, architecture, size_gib, _) = *line;
    let moment = format!("{}-{}-{}T02:00:00Z", &date[..4], &date[4..6], &date[6..]);
    ImageFacts {
        id: format!("{stem}_{date}.vhd"),
        family: family.to_owned(),
        os_name: os_name.to_owned(),
        os_type: if platform.starts_with("Windows") {
            "windows"
        } else {
            "linux"
        }
        .to_owned(),
        platform: platform.to_owned(),
        architecture: architecture.to_owned(),
        size_gib,
        created_ms: Timestamp::parse(&moment).map_or(0, |moment| moment.0),
        status: "Available".to_owned(),
        owner_alias: "system".to_owned(),
    }
}

/// The image of this id.
pub(crate) fn find(world: &World, id: &str) -> Result<ImageFacts, Refusal> {
    let found = every(world).find(|image| image.id == id);
    found.ok_or_else(|| {
        Refusal::absent(
            "InvalidImageId.NotFound",
            format!("The specified ImageId {id} does not exist."),
        )
    })
}

/// Whether an image may be used in a region: a public one anywhere, a custom one in its own.
pub(crate) fn visible(world: &World, id: &str, region: &str) -> bool {
    world
        .tables
        .images
        .get(id)
        .is_none_or(|image| image.custom.is_none() || image.base.region == region)
}

/// The data disks that an instance of this image receives.
pub(crate) fn data_disks(world: &World, id: &str) -> Vec<DiskDraft> {
    let custom = world
        .tables
        .images
        .get(id)
        .and_then(|image| image.custom.as_ref());
    let mappings = custom
        .into_iter()
        .flat_map(|custom| &custom.mappings)
        .filter(|mapping| !mapping.system);
    mappings
        .map(|mapping| DiskDraft {
            category: "cloud_essd".to_owned(),
            performance_level: "PL1".to_owned(),
            size_gib: mapping.size_gib.max(20),
            snapshot: mapping.snapshot.clone(),
            device: mapping.device.clone(),
            delete_with_instance: true,
            ..DiskDraft::default()
        })
        .collect()
}

/// The newest image of a family that can be used.
pub(crate) fn newest(world: &World, family: &str) -> Result<ImageFacts, Refusal> {
    let usable = every(world).filter(|image| image.family == family && image.status == "Available");
    let newest = usable.max_by_key(|image| (image.created_ms, image.id.clone()));
    newest.ok_or_else(|| {
        Refusal::absent(
            "InvalidImageFamily.NotFound",
            format!("The image family {family} has no image."),
        )
    })
}

impl World {
    /// Adds an image, or replaces an added one with the same id.
    pub fn add_image(&mut self, facts: ImageFacts) {
        let base = Base {
            id: facts.id.clone(),
            created_ms: facts.created_ms,
            name: facts.id.clone(),
            ..Base::default()
        };
        self.tables.images.insert(
            &facts.id.clone(),
            Image {
                base,
                facts,
                custom: None,
            },
        );
        self.commit();
    }
}

fn describe(world: &mut World, call: &Call<'_>) -> Answer {
    let (world, region) = (&*world, call.region_needed()?);
    call.harmless(&["ActionType", "ShowExpired"]);
    let search = Search::of(call, region)?;
    let images: Vec<(Base, ImageFacts)> = every(world)
        .filter(|image| search.fits(world, image))
        .map(|image| {
            (
                Base {
                    id: image.id.clone(),
                    created_ms: image.created_ms,
                    ..Base::default()
                },
                image,
            )
        })
        .collect();
    let rows = page::newest_first(images.iter(), |(base, _)| base);
    let page = page::numbered(call, search.tagged.cut(world, rows), 100)?;
    let listed: Vec<Value> = page
        .items
        .iter()
        .map(|(_, image)| body(world, image))
        .collect();
    Ok(json!({
        "RegionId": region, "PageNumber": page.number, "PageSize": page.size,
        "TotalCount": page.total,
        "Images": {"Image": listed},
    }))
}

fn describe_from_family(world: &mut World, call: &Call<'_>) -> Answer {
    let family = call.need("ImageFamily")?;
    let mut image = newest(world, family)
        .map(|image| body(world, &image))
        .unwrap_or_else(|_| json!({}));
    // The answer of this action has fewer fields than the listing.
    if let Some(fields) = image.as_object_mut() {
        for name in [
            "BootMode",
            "Features",
            "ImageOwnerId",
            "IsPublic",
            "LoginAsNonRootSupported",
            "OSNameEn",
            "ResourceGroupId",
            "Usable",
        ] {
            fields.remove(name);
        }
    }
    Ok(json!({ "Image": image }))
}

fn holds(world: &World, id: &str, snapshot: &str) -> bool {
    let custom = world
        .tables
        .images
        .get(id)
        .and_then(|image| image.custom.as_ref());
    custom.is_some_and(|custom| {
        custom
            .mappings
            .iter()
            .any(|mapping| mapping.snapshot == snapshot)
    })
}

/// `instance` if an instance uses the image.
fn used(world: &World, id: &str) -> &'static str {
    let used = world
        .tables
        .instances
        .values()
        .any(|row| row.image == id && !row.base.released);
    if used { "instance" } else { "none" }
}

fn is_public(world: &World, image: &ImageFacts) -> bool {
    let custom = world
        .tables
        .images
        .get(&image.id)
        .and_then(|row| row.custom.as_ref());
    image.owner_alias == "system" || custom.is_some_and(|custom| custom.public)
}

/// The fields of an image; a custom one has more.
fn body(world: &World, image: &ImageFacts) -> Value {
    let mut body = common(image);
    body["Usage"] = json!(used(world, &image.id));
    body["IsPublic"] = json!(is_public(world, image));
    let Some((row, custom)) = world
        .tables
        .images
        .get(&image.id)
        .and_then(|row| Some((row, row.custom.as_ref()?)))
    else {
        return body;
    };
    let whole = custom
        .until_ms
        .map_or(1, |until| (until - row.base.created_ms).max(1));
    let percent = custom.until_ms.map_or(100, |_| {
        ((world.now_ms() - row.base.created_ms) * 100 / whole).clamp(0, 99)
    });
    let mappings: Vec<Value> = custom
        .mappings
        .iter()
        .map(|mapping| {
            json!({
                "Device": mapping.device, "Type": if mapping.system { "system" } else { "data" },
                "SnapshotId": mapping.snapshot, "Size": mapping.size_gib.to_string(), "Format": "",
                "Progress": format!("{percent}%"), "RemainTime": 0, "ImportOSSBucket": "",
                "ImportOSSObject": "",
            })
        })
        .collect();
    body["ImageName"] = json!(row.base.name);
    body["Description"] = json!(row.base.description);
    body["ImageVersion"] = json!(custom.version);
    body["BootMode"] = json!(custom.boot_mode);
    body["Progress"] = json!(format!("{percent}%"));
    body["IsCopied"] = json!(custom.copied);
    body["IsSelfShared"] = json!(if custom.shared.is_empty() {
        "False"
    } else {
        "True"
    });
    body["ResourceGroupId"] = json!(row.base.resource_group);
    body["DiskDeviceMappings"] = json!({ "DiskDeviceMapping": mappings });
    body["Tags"] = tags::tag_key_list(&row.base.tags);
    body
}

/// The instance types that can run an image.
fn describe_types(world: &mut World, call: &Call<'_>) -> Answer {
    call.harmless(&["ActionType"]);
    let region = call.region_needed()?;
    let id = call.need("ImageId")?;
    let image = find(world, id)?;
    let mut wanted = Vec::new();
    for row in call.rows("Filter") {
        let (key, value) = (row.need("Key")?, row.need("Value")?);
        if !matches!(key, "imageId" | "instanceTypeId" | "instanceTypeFamily") {
            return Err(Refusal::absent(
                "InvalidFilterKey.NotFound",
                "The specified Filter.N.Key does not exist.",
            ));
        }
        wanted.push((key, value));
    }
    let types: Vec<Value> = instance_type::every()
        .filter(|kind| kind.architecture.image_name() == image.architecture)
        .filter(|kind| {
            wanted.iter().all(|(key, value)| match *key {
                "instanceTypeId" => kind.id == *value,
                "instanceTypeFamily" => kind.family == *value,
                _ => image.id == *value,
            })
        })
        .map(|kind| {
            json!({
                "InstanceTypeId": kind.id, "InstanceTypeFamily": kind.family,
                "CpuCoreCount": kind.cpu, "MemorySize": kind.memory_gib,
            })
        })
        .collect();
    Ok(json!({"ImageId": id, "RegionId": region, "InstanceTypes": {"InstanceType": types}}))
}

fn common(image: &ImageFacts) -> Value {
    json!({
        "ImageId": image.id,
        "ImageName": image.id,
        "ImageFamily": image.family,
        "ImageVersion": "",
        "ImageOwnerAlias": image.owner_alias,
        "OSName": image.os_name,
        "OSNameEn": image.os_name.replace("位", "bit"),
        "OSType": image.os_type,
        "Platform": image.platform,
        "Architecture": image.architecture,
        "BootMode": if image.architecture == "arm64" { "UEFI" } else { "BIOS" },
        "Size": image.size_gib,
        "Status": image.status,
        "Usable": image.status == "Available",
        "Usage": "none",
        "Progress": "100%",
        "CreationTime": Timestamp(image.created_ms).seconds(),
        "Description": "",
        "IsPublic": image.owner_alias == "system",
        "IsSelfShared": "",
        "IsCopied": false,
        "IsSubscribed": false,
        "IsSupportCloudinit": true,
        "IsSupportIoOptimized": true,
        "LoginAsNonRootSupported": image.os_type == "linux",
        "ProductCode": "",
        "ResourceGroupId": "",
        "DiskDeviceMappings": {"DiskDeviceMapping": []},
        "Features": {"NvmeSupport": "supported", "ImdsSupport": "v2"},
        "Tags": {"Tag": []},
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Bench, text};

    #[test]
    fn the_newest_of_a_family() {
        let mut bench = Bench::new();
        let family = [("ImageFamily", "acs:alibaba_cloud_linux_3_2104_lts_x64")];
        let listed = bench.ok("ecs.DescribeImages", &family);
        let images = listed["Images"]["Image"]
            .as_array()
            .expect("a list")
            .clone();
        assert_eq!(
            (images.len(), text(&images[0], "ImageId").as_str()),
            (3, "aliyun_3_x64_20G_alibase_20240819.vhd")
        );
        let mut newer = system_image(&SYSTEM[0], "20251101");
        bench.world.add_image(newer.clone());
        assert_eq!(
            text(
                &bench.ok("ecs.DescribeImageFromFamily", &family)["Image"],
                "ImageId"
            ),
            newer.id
        );
        newer.status = "Deprecated".to_owned();
        bench.world.add_image(newer);
        assert_eq!(
            bench.ok("ecs.DescribeImages", &family)["TotalCount"],
            3,
            "only what is Available is listed unasked"
        );
    }

    #[test]
    fn filters() {
        let mut bench = Bench::new();
        for (name, value, found) in [
            ("ImageName", "ubuntu_24*", 3),
            ("Architecture", "arm64", 3),
            ("InstanceType", "ecs.g8y.large", 3),
            ("OSType", "windows", 1),
            ("ImageOwnerAlias", "self", 0),
            (
                "ImageId",
                "debian_12_6_x64_20G_alibase_20240711.vhd,none",
                1,
            ),
        ] {
            assert_eq!(
                bench.ok("ecs.DescribeImages", &[(name, value)])["TotalCount"],
                found,
                "{name}={value}"
            );
        }
    }
}
