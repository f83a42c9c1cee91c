//! The switch of a region that encrypts new disks by default.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::base::Base;
use crate::call::{Answer, Call};
use crate::product::Actions;
use crate::table::Row;
use crate::world::{World, done};

pub(crate) const ACTIONS: Actions = &[
    ("EnableDiskEncryptionByDefault", |world, call| {
        switch(world, call, true)
    }),
    ("DisableDiskEncryptionByDefault", |world, call| {
        switch(world, call, false)
    }),
    ("DescribeDiskEncryptionByDefaultStatus", describe),
];

/// Marks a region whose new disks are encrypted. The id of the row is the region.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct EncryptionByDefault {}

impl Row for EncryptionByDefault {
    const KIND: &'static str = "encryption_by_default";

    fn base(&self) -> Option<&Base> {
        None
    }
}

/// Whether new disks of a region are encrypted by default.
pub(crate) fn by_default(world: &World, region: &str) -> bool {
    world.tables.encryption_by_default.get(region).is_some()
}

fn switch(world: &mut World, call: &Call<'_>, on: bool) -> Answer {
    let region = call.region_needed()?;
    if on {
        world
            .tables
            .encryption_by_default
            .insert(region, EncryptionByDefault {});
    } else {
        world.tables.encryption_by_default.remove(region);
    }
    done()
}

fn describe(world: &mut World, call: &Call<'_>) -> Answer {
    Ok(json!({ "Encrypted": by_default(world, call.region_needed()?) }))
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;

    #[test]
    fn new_disks_follow_the_switch() {
        let mut bench = Bench::new();
        for (switch, encrypted) in [
            ("ecs.EnableDiskEncryptionByDefault", true),
            ("ecs.DisableDiskEncryptionByDefault", false),
        ] {
            bench.ok(switch, &[]);
            assert_eq!(
                bench.ok("ecs.DescribeDiskEncryptionByDefaultStatus", &[])["Encrypted"],
                encrypted
            );
            bench.wait(1_000);
            bench.ok(
                "ecs.CreateDisk",
                &[("ZoneId", "cn-beijing-h"), ("Size", "20")],
            );
            assert_eq!(
                bench.ok("ecs.DescribeDisks", &[])["Disks"]["Disk"][0]["Encrypted"],
                encrypted
            );
        }
    }
}
