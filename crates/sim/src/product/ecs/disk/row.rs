//! A row of DescribeDisks, written without an intermediate value. Its fields are in the order of
//! their bytes; a test checks it.

use serde::Serialize;
use setpoint_openapi::timestamp::Timestamp;

use crate::product::ecs::disk::{Disk, State};
use crate::shape::{Wrap, empty};
use crate::table::Row as _;
use crate::tags::KeyList;

/// A disk as listings show it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Listed<'a> {
    attached_time: String,
    attachments: Wrap<Vec<Attachment<'a>>>,
    auto_snapshot_policy_id: &'a str,
    bursting_enabled: bool,
    category: &'a str,
    creation_time: String,
    delete_auto_snapshot: bool,
    delete_with_instance: bool,
    description: &'a str,
    detached_time: String,
    device: &'a str,
    disk_charge_type: &'a str,
    disk_id: &'a str,
    disk_name: &'a str,
    enable_auto_snapshot: bool,
    enable_automated_snapshot_policy: bool,
    encrypted: bool,
    expired_time: &'static str,
    image_id: &'a str,
    instance_id: &'a str,
    #[serde(rename = "KMSKeyId")]
    kms_key_id: &'a str,
    mount_instance_num: usize,
    mount_instances: Wrap<[(); 0]>,
    multi_attach: &'static str,
    operation_locks: Wrap<[(); 0]>,
    performance_level: &'a str,
    portable: bool,
    product_code: &'static str,
    provisioned_iops: i64,
    region_id: &'a str,
    resource_group_id: &'a str,
    serial_number: &'a str,
    size: i64,
    source_snapshot_id: &'a str,
    status: &'a str,
    storage_set_id: &'static str,
    tags: Wrap<KeyList<'a>>,
    r#type: &'static str,
    zone_id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Attachment<'a> {
    attached_time: String,
    device: &'a str,
    instance_id: &'a str,
}

/// The row of a disk.
pub(crate) fn listed(disk: &Disk) -> Listed<'_> {
    let time = |at: Option<i64>| at.map_or_else(String::new, |at| Timestamp(at).seconds());
    // A disk that is on its way to or from a machine still names it.
    let attached = !disk.instance.is_empty() && disk.state != State::Creating;
    let attachment = || Attachment {
        attached_time: time(disk.attached_ms),
        device: &disk.spec.device,
        instance_id: &disk.instance,
    };
    Listed {
        attached_time: time(disk.attached_ms),
        attachments: Wrap(
            "Attachment",
            attached.then(attachment).into_iter().collect(),
        ),
        auto_snapshot_policy_id: &disk.policy,
        bursting_enabled: disk.spec.bursting,
        category: &disk.spec.category,
        creation_time: Timestamp(disk.base.created_ms).seconds(),
        delete_auto_snapshot: disk.delete_auto_snapshot,
        delete_with_instance: disk.spec.delete_with_instance,
        description: &disk.base.description,
        detached_time: time(disk.detached_ms),
        device: &disk.spec.device,
        disk_charge_type: &disk.charge_type,
        disk_id: &disk.base.id,
        disk_name: &disk.base.name,
        enable_auto_snapshot: disk.enable_auto_snapshot,
        enable_automated_snapshot_policy: !disk.policy.is_empty(),
        encrypted: disk.spec.encrypted,
        expired_time: "2999-09-08T16:00Z",
        image_id: &disk.image,
        instance_id: &disk.instance,
        kms_key_id: &disk.spec.kms_key,
        mount_instance_num: usize::from(attached),
        mount_instances: empty("MountInstance"),
        multi_attach: "Disabled",
        operation_locks: empty("OperationLock"),
        performance_level: &disk.spec.performance_level,
        portable: !disk.system,
        product_code: "",
        provisioned_iops: disk.spec.provisioned_iops,
        region_id: &disk.base.region,
        resource_group_id: &disk.base.resource_group,
        serial_number: &disk.serial,
        size: disk.spec.size_gib,
        source_snapshot_id: &disk.spec.snapshot,
        status: disk.state(),
        storage_set_id: "",
        tags: Wrap("Tag", KeyList(&disk.base.tags)),
        r#type: if disk.system { "system" } else { "data" },
        zone_id: &disk.zone,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::assert_in_order;
    use crate::testing::Bench;

    #[test]
    fn fields_stand_in_the_order_of_their_bytes() {
        let mut bench = Bench::new();
        bench.machine(&[("Tag.1.Key", "k")]);
        bench.wait(60_000);
        bench.ok("ecs.DescribeDisks", &[]);
        let disk = bench
            .world
            .tables
            .disks
            .values()
            .next()
            .expect("the machine's");
        let row = listed(disk);
        assert_eq!(row.mount_instance_num, 1);
        assert_in_order(&row);
    }
}
