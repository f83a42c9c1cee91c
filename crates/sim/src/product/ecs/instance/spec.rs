//! Changes of type, bandwidth and charge: ModifyInstanceSpec, ModifyInstanceNetworkSpec,
//! ModifyInstanceChargeType.
//!
//! Reads show a changed type or bandwidth late, see `Profile::read_back_ms`.

use serde_json::json;

use crate::call::{Answer, Call};
use crate::product::Actions;
use crate::product::ecs::instance::{
    self, AT_REST, Instance, Stale, State, draft, launch, prepaid,
};
use crate::product::ecs::{catalogue, image, instance_type};
use crate::refusal::Refusal;
use crate::world::{World, done};

pub(crate) const ACTIONS: Actions = &[
    ("ModifyInstanceSpec", modify_spec),
    ("ModifyInstanceNetworkSpec", modify_network_spec),
    ("ModifyInstanceChargeType", modify_charge_type),
];

fn modify_spec(world: &mut World, call: &Call<'_>) -> Answer {
    call.harmless(&["Async"]);
    call.only("AllowMigrateAcrossZone", "false")?;
    let id = call.need("InstanceId")?;
    let instance = instance::find(world, call, id)?;
    instance.unlocked()?;
    if instance.charge_type != "PostPaid" {
        return Err(Refusal::denied(
            "ChargeTypeViolation",
            "A subscription is changed by ModifyPrepayInstanceSpec.",
        ));
    }
    let (kind, bandwidth) = (
        call.given("InstanceType"),
        call.int("InternetMaxBandwidthOut")?,
    );
    let cooldown = world.options.profile.spec_cooldown_ms;
    if cooldown > 0
        && instance
            .spec_changed_ms
            .is_some_and(|at| world.now_ms() < at + cooldown)
    {
        return Err(Refusal::bad(
            "Throttling",
            "Request was denied due to request throttling, please try again after 5 minutes.",
        ));
    }
    match (kind, bandwidth) {
        (Some(_), Some(_)) => {
            return Err(Refusal::bad(
                "InvalidParameter.Mismatch",
                "Type and bandwidth cannot be changed in one call.",
            ));
        }
        (None, None) => return Err(Refusal::missing("InstanceType")),
        (Some(kind), None) => {
            check_type(world, instance, kind)?;
            let instance = begin(world, call, id)?;
            kind.clone_into(&mut instance.instance_type);
        }
        (None, Some(bandwidth)) => {
            instance.require(AT_REST, Refusal::denied, "InvalidStatus.ValueNotSupported")?;
            check_bandwidth(bandwidth)?;
            begin(world, call, id)?;
            set_bandwidth(world, call, id, bandwidth)?;
        }
    }
    done()
}

fn check_bandwidth(bandwidth: i64) -> Result<(), Refusal> {
    let refusal = || {
        Refusal::bad(
            "InvalidInternetMaxBandwidthOut.ValueNotSupported",
            "InternetMaxBandwidthOut must be 0 to 100.",
        )
    };
    (0..=100)
        .contains(&bandwidth)
        .then_some(())
        .ok_or_else(refusal)
}

fn check_type(world: &World, instance: &Instance, wanted: &str) -> Result<(), Refusal> {
    instance.require(
        &[State::Stopped],
        Refusal::bad,
        "InvalidInstanceStatus.NotStopped",
    )?;
    let kind = instance_type::find(wanted)?;
    // The cloud's answer to the current type is not known; a plan has no reason to ask for it.
    if instance.instance_type == wanted {
        return Err(Refusal::bad(
            "InvalidInstanceType.ValueNotSupported",
            "The instance has this type already.",
        ));
    }
    let fits = catalogue::can_become(instance_type::find(&instance.instance_type)?, kind);
    if !fits || draft::check_fit(kind, &image::find(world, &instance.image)?).is_err() {
        return Err(Refusal::bad(
            "DependencyViolation.InstanceType",
            "The current instance type cannot be changed to the specified one.",
        ));
    }
    if !world.in_stock(&instance.zone, wanted) {
        return Err(Refusal::denied(
            "OperationDenied.NoStock",
            "The resource is out of stock in the zone.",
        ));
    }
    Ok(())
}

/// Keeps the current values for reads; the caller makes the change afterwards.
fn begin<'a>(world: &'a mut World, call: &Call<'_>, id: &str) -> Result<&'a mut Instance, Refusal> {
    let (now, until_ms) = (
        world.now_ms(),
        world.now_ms() + world.options.profile.read_back_ms,
    );
    let instance = instance::find_mut(world, call, id)?;
    instance.spec_changed_ms = Some(now);
    let (instance_type, bandwidth_out) = (
        instance.instance_type.clone(),
        instance.internet.bandwidth_out,
    );
    instance.stale = Some(Stale {
        until_ms,
        instance_type,
        bandwidth_out,
    });
    Ok(instance)
}

fn set_bandwidth(
    world: &mut World,
    call: &Call<'_>,
    id: &str,
    bandwidth: i64,
) -> Result<(), Refusal> {
    let bandwidth_in = draft::bandwidth_in(call, bandwidth)?;
    let frees = world.options.zero_bandwidth_frees_address;
    let instance = instance::find_mut(world, call, id)?;
    instance.internet.bandwidth_out = bandwidth;
    instance.internet.bandwidth_in = bandwidth_in;
    if bandwidth == 0 && frees {
        instance.internet.address = None;
    }
    Ok(())
}

fn modify_network_spec(world: &mut World, call: &Call<'_>) -> Answer {
    call.harmless(&["AutoPay"]);
    let id = call.need("InstanceId")?;
    let instance = instance::find(world, call, id)?;
    instance.unlocked()?;
    instance.require(AT_REST, Refusal::denied, "IncorrectInstanceStatus")?;
    let bandwidth = call.int("InternetMaxBandwidthOut")?;
    let charge_type = call
        .given("NetworkChargeType")
        .map(|text| draft::internet_charge_type(Some(text)))
        .transpose()?;
    let allocate = call.flag("AllocatePublicIp")?.unwrap_or(false);
    if let Some(bandwidth) = bandwidth {
        check_bandwidth(bandwidth)?;
    }
    let prepaid_opens = instance.charge_type == "PrePaid" && instance.internet.bandwidth_out == 0;
    let out = bandwidth.unwrap_or(instance.internet.bandwidth_out);
    draft::bandwidth_in(call, out)?;
    let opens = out > 0;
    let wants_address = opens && (allocate || prepaid_opens) && instance.internet.address.is_none();
    let address = wants_address.then(|| launch::new_public_address(world));
    let instance = begin(world, call, id)?;
    if let Some(charge_type) = charge_type {
        instance.internet.charge_type = charge_type;
    }
    if let Some(address) = address {
        instance.internet.address = Some(address);
    }
    if bandwidth.is_some() || call.given("InternetMaxBandwidthIn").is_some() {
        set_bandwidth(world, call, id, out)?;
    }
    done()
}

/// Payment is not modelled; the charge type is.
fn modify_charge_type(world: &mut World, call: &Call<'_>) -> Answer {
    call.harmless(&["AutoPay", "IncludeDataDisks", "IsDetailFee"]);
    let ids = call
        .json_list("InstanceIds", "InvalidInstanceIds.Malformed")?
        .ok_or_else(|| Refusal::missing("InstanceIds"))?;
    if ids.is_empty() || ids.len() > 20 {
        return Err(Refusal::invalid("InstanceIds"));
    }
    let wanted = match call.given("InstanceChargeType") {
        None | Some("PrePaid") => "PrePaid",
        Some("PostPaid") => "PostPaid",
        Some(_) => return Err(Refusal::invalid("InstanceChargeType")),
    };
    let (period, unit) = (
        call.int("Period")?.unwrap_or(1),
        call.given("PeriodUnit").unwrap_or("Month"),
    );
    let ends_ms = world.now_ms() + prepaid::term_ms(period, unit);
    for id in &ids {
        let instance = instance::find_mut(world, call, id)?;
        instance.require(AT_REST, Refusal::bad, "InvalidStatus.ValueNotSupported")?;
        if wanted == "PrePaid" && instance.auto_release_ms.is_some() {
            return Err(Refusal::bad(
                "ReleaseTimeHaveBeenSet",
                "The instance has a release time.",
            ));
        }
        if wanted == "PrePaid" && instance.spot.strategy != "NoSpot" {
            return Err(Refusal::bad(
                "InvalidSpotPrepaid",
                "A spot instance cannot become a subscription.",
            ));
        }
        wanted.clone_into(&mut instance.charge_type);
        instance.extras.expires_ms = (wanted == "PrePaid").then_some(ends_ms);
    }
    Ok(json!({"OrderId": "", "FeeOfInstances": {"FeeOfInstance": []}}))
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, text};

    #[test]
    fn a_type_changes_when_stopped_and_is_read_back_late() {
        let mut bench = Bench::new();
        let (id, _, _) = bench.machine(&[]);
        bench.wait(20_000);
        let to = |kind: &'static str| [("InstanceId", id.as_str()), ("InstanceType", kind)];
        bench.refused(
            "ecs.ModifyInstanceSpec",
            &to("ecs.c7.xlarge"),
            "400 InvalidInstanceStatus.NotStopped",
        );
        bench.ok("ecs.StopInstance", &[("InstanceId", &id)]);
        bench.wait(5_000);
        bench.refused(
            "ecs.ModifyInstanceSpec",
            &to("ecs.c8y.xlarge"),
            "400 DependencyViolation.InstanceType",
        );
        bench.refused(
            "ecs.ModifyInstanceSpec",
            &to("ecs.c7.large"),
            "400 InvalidInstanceType.ValueNotSupported",
        );
        bench.ok("ecs.ModifyInstanceSpec", &to("ecs.c7.xlarge"));
        assert_eq!(text(&bench.instance(&id), "InstanceType"), "ecs.c7.large");
        bench.wait(1_000);
        let row = bench.instance(&id);
        assert_eq!(
            (&row["InstanceType"], &row["Cpu"]),
            (&"ecs.c7.xlarge".into(), &4.into())
        );
    }

    #[test]
    fn bandwidth_opens_with_an_address_on_demand() {
        let mut bench = Bench::new();
        let (id, _, _) = bench.machine(&[]);
        bench.wait(20_000);
        bench.refused(
            "ecs.AllocatePublicIpAddress",
            &[("InstanceId", &id)],
            "400 AllocateIpInvalidInstanceBandwidth",
        );
        bench.ok(
            "ecs.ModifyInstanceNetworkSpec",
            &[("InstanceId", &id), ("InternetMaxBandwidthOut", "5")],
        );
        bench.wait(1_000);
        let row = bench.instance(&id);
        assert_eq!(
            (
                row["InternetMaxBandwidthOut"].as_i64(),
                row["PublicIpAddress"]["IpAddress"].as_array().map(Vec::len)
            ),
            (Some(5), Some(0))
        );
        let open = [
            ("InstanceId", id.as_str()),
            ("InternetMaxBandwidthOut", "6"),
            ("AllocatePublicIp", "true"),
        ];
        bench.ok("ecs.ModifyInstanceNetworkSpec", &open);
        assert_eq!(
            bench.instance(&id)["PublicIpAddress"]["IpAddress"]
                .as_array()
                .map(Vec::len),
            Some(1)
        );
    }

    #[test]
    fn a_move_needs_a_start_since_the_last_one() {
        let mut bench = Bench::new();
        let (id, vswitch, _) = bench.machine(&[]);
        bench.wait(20_000);
        let to = |address: &'static str| {
            [
                ("InstanceId", id.as_str()),
                ("VSwitchId", vswitch.as_str()),
                ("PrivateIpAddress", address),
            ]
        };
        bench.refused(
            "ecs.ModifyInstanceVpcAttribute",
            &to("172.16.1.77"),
            "400 IncorrectInstanceStatus",
        );
        bench.ok("ecs.StopInstance", &[("InstanceId", &id)]);
        bench.wait(5_000);
        bench.refused(
            "ecs.ModifyInstanceVpcAttribute",
            &to("172.16.1.255"),
            "400 InvalidPrivateIpAddress",
        );
        bench.ok("ecs.ModifyInstanceVpcAttribute", &to("172.16.1.77"));
        bench.refused(
            "ecs.ModifyInstanceVpcAttribute",
            &to("172.16.1.78"),
            "400 InvalidPrivateIp.Changing",
        );
        assert_eq!(
            bench.instance(&id)["VpcAttributes"]["PrivateIpAddress"]["IpAddress"][0],
            "172.16.1.77"
        );
        bench.ok("ecs.StartInstance", &[("InstanceId", &id)]);
        bench.wait(15_000);
        bench.ok("ecs.StopInstance", &[("InstanceId", &id)]);
        bench.wait(5_000);
        bench.ok("ecs.ModifyInstanceVpcAttribute", &to("172.16.1.78"));
    }

    #[test]
    fn a_move_to_another_vswitch_leaves_the_further_addresses_behind() {
        let mut bench = Bench::new();
        let (id, _, _) = bench.machine(&[]);
        bench.wait(20_000);
        let row = bench.instance(&id);
        let other = bench.vswitch(&text(&row["VpcAttributes"], "VpcId"), "172.16.2.0/24");
        let interface = text(
            &row["NetworkInterfaces"]["NetworkInterface"][0],
            "NetworkInterfaceId",
        );
        bench.ok(
            "ecs.AssignPrivateIpAddresses",
            &[
                ("NetworkInterfaceId", &interface),
                ("SecondaryPrivateIpAddressCount", "2"),
            ],
        );
        bench.ok("ecs.StopInstance", &[("InstanceId", &id)]);
        bench.wait(5_000);
        bench.ok(
            "ecs.ModifyInstanceVpcAttribute",
            &[("InstanceId", &id), ("VSwitchId", &other)],
        );
        let row = bench.instance(&id);
        let sets = row["NetworkInterfaces"]["NetworkInterface"][0]["PrivateIpSets"]["PrivateIpSet"]
            .as_array()
            .map(Vec::len);
        assert_eq!(
            (text(&row["VpcAttributes"], "VSwitchId"), sets),
            (other, Some(1))
        );
    }

    #[test]
    fn another_image_is_another_system_disk() {
        let mut bench = Bench::new();
        let (id, _, _) = bench.machine(&[]);
        bench.refused(
            "ecs.ReplaceSystemDisk",
            &[("InstanceId", &id), ("ImageId", "x")],
            "403 OperationDenied.InstanceCreating",
        );
        bench.wait(20_000);
        let image = "debian_12_6_x64_20G_alibase_20240711.vhd";
        let pairs = [("InstanceId", id.as_str()), ("ImageId", image)];
        bench.refused(
            "ecs.ReplaceSystemDisk",
            &pairs,
            "403 IncorrectInstanceStatus",
        );
        bench.ok("ecs.StopInstance", &[("InstanceId", &id)]);
        bench.wait(5_000);
        let system = [("InstanceId", id.as_str()), ("DiskType", "system")];
        let before = text(
            &bench.ok("ecs.DescribeDisks", &system)["Disks"]["Disk"][0],
            "DiskId",
        );
        let made = text(&bench.ok("ecs.ReplaceSystemDisk", &pairs), "DiskId");
        assert_ne!(made, before);
        bench.wait(3_000);
        let disks = bench.ok("ecs.DescribeDisks", &system)["Disks"]["Disk"].clone();
        assert_eq!(disks.as_array().map(Vec::len), Some(1));
        assert_eq!(
            (
                &disks[0]["DiskId"],
                &disks[0]["Status"],
                &disks[0]["ImageId"]
            ),
            (&made.into(), &"In_use".into(), &image.into())
        );
        assert_eq!(text(&bench.instance(&id), "ImageId"), image);
    }

    #[test]
    fn a_subscription_is_kept_from_deletion() {
        let mut bench = Bench::new();
        let (id, _, _) = bench.machine(&[]);
        let ids = format!("[\"{id}\"]");
        let charge =
            |kind: &'static str| [("InstanceIds", ids.as_str()), ("InstanceChargeType", kind)];
        bench.refused(
            "ecs.ModifyInstanceChargeType",
            &charge("PrePaid"),
            "400 InvalidStatus.ValueNotSupported",
        );
        bench.wait(20_000);
        bench.ok("ecs.ModifyInstanceChargeType", &charge("PrePaid"));
        bench.refused(
            "ecs.DeleteInstance",
            &[("InstanceId", &id), ("Force", "true")],
            "403 ChargeTypeViolation",
        );
        bench.refused(
            "ecs.ModifyInstanceSpec",
            &[("InstanceId", &id), ("InstanceType", "ecs.c7.xlarge")],
            "403 ChargeTypeViolation",
        );
        bench.ok("ecs.ModifyInstanceChargeType", &charge("PostPaid"));
        bench.ok(
            "ecs.DeleteInstance",
            &[("InstanceId", &id), ("Force", "true")],
        );
    }
}
