//! DeleteInstance and DeleteInstances, and the resources that are deleted or kept with an instance.

use crate::call::{Answer, Call};
use crate::product::Actions;
use crate::product::ecs::instance::{self, State};
use crate::product::ecs::{disk, network_interface};
use crate::product::vpc::eip;
use crate::refusal::Refusal;
use crate::world::{World, done};

pub(crate) const ACTIONS: Actions = &[("DeleteInstance", single), ("DeleteInstances", batch)];

fn single(world: &mut World, call: &Call<'_>) -> Answer {
    delete(world, call, call.need("InstanceId")?)?;
    done()
}

/// Deletes all instances or none.
fn batch(world: &mut World, call: &Call<'_>) -> Answer {
    let ids = call.list("InstanceId");
    if ids.len() > 100 {
        return Err(Refusal::bad(
            "InvalidParameter",
            "The number of InstanceId must be at most 100.",
        ));
    }
    for id in ids {
        delete(world, call, id)?;
    }
    done()
}

fn delete(world: &mut World, call: &Call<'_>, id: &str) -> Result<(), Refusal> {
    let force = call.flag("Force")?.unwrap_or(false);
    call.harmless(&["ForceStop", "TerminateSubscription"]);
    let instance = instance::find(world, call, id)?;
    if instance.charge_type == "PrePaid" {
        return Err(Refusal::denied(
            "ChargeTypeViolation",
            "The operation is not permitted for a subscription that has not expired.",
        ));
    }
    if instance.deletion_protection {
        let message = "The operation is not allowed due to deletion protection.";
        return Err(Refusal::denied(
            "InvalidOperation.DeletionProtection",
            message,
        ));
    }
    if instance.acting_state() == State::Pending {
        return Err(Refusal::denied(
            "IncorrectInstanceStatus.Initializing",
            "The specified instance status does not support this operation.",
        ));
    }
    let states: &[State] = if force {
        &[State::Running, State::Stopped]
    } else {
        &[State::Stopped]
    };
    instance.require(states, Refusal::denied, "IncorrectInstanceStatus")?;
    begin(world, id);
    Ok(())
}

/// Starts the deletion of an instance.
pub(crate) fn begin(world: &mut World, id: &str) {
    let until = world.now_ms() + world.options.profile.instance_delete_ms;
    let Some(instance) = world.tables.instances.get_mut(id) else {
        return;
    };
    instance.state = if instance.state == State::Stopped {
        State::Stopped
    } else {
        State::Stopping
    };
    (instance.going, instance.due_ms) = (true, Some(until));
}

/// Removes an instance for readers, with its public address and the disks that are deleted with it.
/// Its interface, private address and key pair are released later.
pub(crate) fn release(world: &mut World, id: &str) {
    let until = world.now_ms() + world.options.profile.late_release_ms;
    let Some(instance) = world.tables.instances.get_mut(id) else {
        return;
    };
    instance.state = State::Released;
    instance.base.released = true;
    instance.internet.address = None;
    instance.due_ms = Some(until);
    let locked = instance.extras.lock == "security";
    network_interface::let_go(world, id, until);
    disk::let_go(world, id, locked);
    eip::let_go(world, id);
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, text};

    #[test]
    fn what_goes_and_what_stays() {
        let mut bench = Bench::new();
        let (id, vswitch, group) = bench.machine(&[
            ("DataDisk.1.Size", "20"),
            ("DataDisk.1.DeleteWithInstance", "false"),
        ]);
        bench.wait(20_000);
        bench.refused(
            "ecs.DeleteInstance",
            &[("InstanceId", &id)],
            "403 IncorrectInstanceStatus",
        );
        bench.ok(
            "ecs.DeleteInstance",
            &[("InstanceId", &id), ("Force", "true")],
        );
        assert_eq!(text(&bench.instance(&id), "Status"), "Stopping");
        bench.refused(
            "ecs.StartInstance",
            &[("InstanceId", &id)],
            "403 IncorrectInstanceStatus",
        );
        bench.refused(
            "vpc.DeleteVSwitch",
            &[("VSwitchId", &vswitch)],
            "400 DependencyViolation",
        );
        bench.wait(3_000);
        assert!(bench.instance(&id).is_null());
        bench.refused(
            "ecs.DeleteInstance",
            &[("InstanceId", &id)],
            "404 InvalidInstanceId.NotFound",
        );
        let disks = bench.ok("ecs.DescribeDisks", &[]);
        assert_eq!(
            (
                disks["TotalCount"].as_i64(),
                &disks["Disks"]["Disk"][0]["Status"]
            ),
            (Some(1), &"Available".into())
        );
        bench.refused(
            "ecs.DeleteSecurityGroup",
            &[("SecurityGroupId", &group)],
            "403 DependencyViolation",
        );
        bench.refused(
            "vpc.DeleteVSwitch",
            &[("VSwitchId", &vswitch)],
            "400 DependencyViolation.NetworkInterface",
        );
        bench.wait(5_000);
        bench.ok("ecs.DeleteSecurityGroup", &[("SecurityGroupId", &group)]);
        bench.ok("vpc.DeleteVSwitch", &[("VSwitchId", &vswitch)]);
    }

    #[test]
    fn a_private_address_is_free_only_after_the_release() {
        let mut bench = Bench::new();
        let (id, vswitch, group) = bench.machine(&[("PrivateIpAddress", "172.16.1.9")]);
        let again = [
            ("ImageFamily", "acs:ubuntu_24_04_x64"),
            ("InstanceType", "ecs.c7.large"),
            ("VSwitchId", vswitch.as_str()),
            ("SecurityGroupId", group.as_str()),
            ("PrivateIpAddress", "172.16.1.9"),
        ];
        bench.wait(20_000);
        bench.ok(
            "ecs.DeleteInstances",
            &[("InstanceId.1", &id), ("Force", "true")],
        );
        bench.wait(3_000);
        bench.refused(
            "ecs.RunInstances",
            &again,
            "400 InvalidPrivateIpAddress.Duplicated",
        );
        bench.wait(5_000);
        bench.ok("ecs.RunInstances", &again);
    }

    #[test]
    fn protection_and_batches() {
        let mut bench = Bench::new();
        let (id, _, _) = bench.machine(&[("DeletionProtection", "true")]);
        bench.wait(20_000);
        bench.refused(
            "ecs.DeleteInstance",
            &[("InstanceId", &id), ("Force", "true")],
            "403 InvalidOperation.DeletionProtection",
        );
        bench.ok(
            "ecs.ModifyInstanceAttribute",
            &[("InstanceId", &id), ("DeletionProtection", "false")],
        );
        let both = [
            ("InstanceId.1", id.as_str()),
            ("InstanceId.2", "i-none"),
            ("Force", "true"),
        ];
        bench.refused(
            "ecs.DeleteInstances",
            &both,
            "404 InvalidInstanceId.NotFound",
        );
        assert_eq!(
            text(&bench.instance(&id), "Status"),
            "Running",
            "a refused batch touches nothing"
        );
        bench.refused(
            "ecs.DeleteInstances",
            &[("InstanceId.1", &id), ("Force", "true"), ("DryRun", "true")],
            "400 DRYRUN.SUCCESS",
        );
        bench.refused(
            "ecs.DeleteInstance",
            &[("InstanceId", &id), ("Force", "true"), ("DryRun", "true")],
            "400 DryRunOperation",
        );
        assert_eq!(text(&bench.instance(&id), "Status"), "Running");
    }
}
