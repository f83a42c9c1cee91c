//! `image`: the public images that a machine is made from, and any that a test adds.
//!
//! Ids, families and names have the form of the cloud's own; the list is a choice. Each family has several dates, so that
//! "the newest of a family" means something.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use setpoint_openapi::timestamp::Timestamp;

use crate::base::Base;
use crate::call::{Answer, Call};
use crate::names;
use crate::page;
use crate::product::Actions;
use crate::product::ecs::instance_type;
use crate::refusal::Refusal;
use crate::table::Row;
use crate::tags;
use crate::world::World;

pub(crate) const ACTIONS: Actions = &[("DescribeImages", describe), ("DescribeImageFromFamily", describe_from_family)];

/// An image that is not one of the built-in ones.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Image {
    pub(crate) base: Base,
    pub(crate) facts: ImageFacts,
}

/// What an image is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageFacts {
    /// The id, for example `aliyun_3_x64_20G_alibase_20240528.vhd`.
    pub id: String,
    /// The family, for example `acs:alibaba_cloud_linux_3_2104_lts_x64`.
    pub family: String,
    /// The system's name as people read it.
    pub os_name: String,
    /// `linux` or `windows`.
    pub os_type: String,
    /// The distribution, for example `Aliyun`.
    pub platform: String,
    /// `x86_64` or `arm64`.
    pub architecture: String,
    /// The smallest system disk, in GiB.
    pub size_gib: i64,
    /// Time of making, in milliseconds since the epoch.
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
}

/// Stem of ids, family, name, platform, architecture, GiB, dates.
type Line = (&'static str, &'static str, &'static str, &'static str, &'static str, i64, &'static [&'static str]);

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
    ("ubuntu_22_04_x64_20G_alibase", "acs:ubuntu_22_04_x64", "Ubuntu 22.04 64位", "Ubuntu", "x86_64", 20, &["20240530", "20240710"]),
    ("ubuntu_24_04_x64_20G_alibase", "acs:ubuntu_24_04_x64", "Ubuntu 24.04 64位", "Ubuntu", "x86_64", 20, &["20240618", "20240812"]),
    ("ubuntu_24_04_arm64_20G_alibase", "acs:ubuntu_24_04_arm64", "Ubuntu 24.04 64位 ARM版", "Ubuntu", "arm64", 20, &["20240812"]),
    ("centos_stream_9_x64_20G_alibase", "acs:centos_stream_9_x64", "CentOS Stream 9 64位", "CentOS Stream", "x86_64", 20, &["20240307"]),
    ("rockylinux_9_4_x64_20G_alibase", "acs:rockylinux_9_x64", "Rocky Linux 9.4 64位", "Rocky Linux", "x86_64", 20, &["20240603"]),
    ("debian_12_6_x64_20G_alibase", "acs:debian_12_x64", "Debian 12.6 64位", "Debian", "x86_64", 20, &["20240711"]),
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

/// Every image that there is, built-in ones first.
fn every(world: &World) -> impl Iterator<Item = ImageFacts> {
    let system = SYSTEM.iter().flat_map(|line| line.6.iter().map(|date| system_image(line, date)));
    system.chain(world.tables.images.values().map(|image| image.facts.clone()))
}

fn system_image(line: &Line, date: &str) -> ImageFacts {
    let (stem, family, os_name, platform, architecture, size_gib, _) = *line;
    let moment = format!("{}-{}-{}T02:00:00Z", &date[..4], &date[4..6], &date[6..]);
    ImageFacts {
        id: format!("{stem}_{date}.vhd"),
        family: family.to_owned(),
        os_name: os_name.to_owned(),
        os_type: if platform.starts_with("Windows") { "windows" } else { "linux" }.to_owned(),
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
    found.ok_or_else(|| Refusal::absent("InvalidImageId.NotFound", format!("The specified ImageId {id} does not exist.")))
}

/// The newest image of a family that can be used.
pub(crate) fn newest(world: &World, family: &str) -> Result<ImageFacts, Refusal> {
    let usable = every(world).filter(|image| image.family == family && image.status == "Available");
    let newest = usable.max_by_key(|image| (image.created_ms, image.id.clone()));
    newest.ok_or_else(|| Refusal::absent("InvalidImageFamily.NotFound", format!("The image family {family} has no image.")))
}

impl World {
    /// Adds an image, or replaces the one of this id that was added before.
    pub fn add_image(&mut self, facts: ImageFacts) {
        let base = Base { id: facts.id.clone(), created_ms: facts.created_ms, name: facts.id.clone(), ..Base::default() };
        self.tables.images.insert(&facts.id.clone(), Image { base, facts });
        self.commit();
    }
}

fn describe(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    call.harmless(&["ActionType", "ShowExpired"]);
    let ids: Option<Vec<&str>> = call.given("ImageId").map(|list| list.split(',').map(str::trim).collect());
    let (name, family, owner) = (call.given("ImageName"), call.given("ImageFamily"), call.given("ImageOwnerAlias"));
    let statuses: Vec<&str> = call.given("Status").unwrap_or("Available").split(',').map(str::trim).collect();
    let (architecture, os_type, instance_type) = (call.given("Architecture"), call.given("OSType"), call.given("InstanceType"));
    let (public, cloud_init, optimized) = (call.flag("IsPublic")?, call.flag("IsSupportCloudinit")?, call.flag("IsSupportIoOptimized")?);
    let runs_on = instance_type.map(|name| instance_type::find(name).map(|kind| kind.architecture.image_name())).transpose()?;
    let tagged = !tags::Filter::of(call)?.fits(&std::collections::BTreeMap::new());
    let images: Vec<(Base, ImageFacts)> = every(world)
        .filter(|image| {
            !tagged
                && ids.as_ref().is_none_or(|ids| ids.contains(&image.id.as_str()))
                && name.is_none_or(|name| names::like(name, &image.id))
                && family.is_none_or(|family| family == image.family)
                && owner.is_none_or(|owner| owner == image.owner_alias)
                && statuses.contains(&image.status.as_str())
                && architecture.is_none_or(|architecture| architecture == image.architecture)
                && os_type.is_none_or(|os_type| os_type == image.os_type)
                && runs_on.is_none_or(|architecture| architecture == image.architecture)
                && public.is_none_or(|public| public == (image.owner_alias == "system"))
                && cloud_init.is_none_or(|wanted| wanted)
                && optimized.is_none_or(|wanted| wanted)
        })
        .map(|image| (Base { id: image.id.clone(), created_ms: image.created_ms, ..Base::default() }, image))
        .collect();
    let page = page::numbered(call, page::newest_first(images.iter(), |(base, _)| base), 100)?;
    let listed: Vec<Value> = page.items.iter().map(|(_, image)| body(image)).collect();
    Ok(json!({
        "RegionId": region, "PageNumber": page.number, "PageSize": page.size, "TotalCount": page.total,
        "Images": {"Image": listed},
    }))
}

fn describe_from_family(world: &mut World, call: &Call<'_>) -> Answer {
    let family = call.need("ImageFamily")?;
    let mut image = newest(world, family).map(|image| body(&image)).unwrap_or_else(|_| json!({}));
    // This action's answer has fewer fields than the listing.
    if let Some(fields) = image.as_object_mut() {
        for name in ["BootMode", "Features", "ImageOwnerId", "IsPublic", "LoginAsNonRootSupported", "OSNameEn", "ResourceGroupId", "Usable"]
        {
            fields.remove(name);
        }
    }
    Ok(json!({ "Image": image }))
}

fn body(image: &ImageFacts) -> Value {
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
        let images = listed["Images"]["Image"].as_array().expect("a list").clone();
        assert_eq!((images.len(), text(&images[0], "ImageId").as_str()), (3, "aliyun_3_x64_20G_alibase_20240819.vhd"));
        let mut newer = system_image(&SYSTEM[0], "20251101");
        bench.world.add_image(newer.clone());
        assert_eq!(text(&bench.ok("ecs.DescribeImageFromFamily", &family)["Image"], "ImageId"), newer.id);
        newer.status = "Deprecated".to_owned();
        bench.world.add_image(newer);
        assert_eq!(bench.ok("ecs.DescribeImages", &family)["TotalCount"], 3, "only what is Available is listed unasked");
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
            ("ImageId", "debian_12_6_x64_20G_alibase_20240711.vhd,none", 1),
        ] {
            assert_eq!(bench.ok("ecs.DescribeImages", &[(name, value)])["TotalCount"], found, "{name}={value}");
        }
    }
}
