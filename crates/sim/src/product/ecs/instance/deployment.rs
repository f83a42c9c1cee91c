//! ModifyInstanceDeployment: into a deployment set, into another one, out of it. Dedicated hosts
//! are not modelled.

use crate::call::{Answer, Call};
use crate::product::Actions;
use crate::product::ecs::deployment_set;
use crate::product::ecs::instance::{self, AT_REST, State};
use crate::refusal::Refusal;
use crate::world::{World, done};

pub(crate) const ACTIONS: Actions = &[("ModifyInstanceDeployment", modify)];

fn modify(world: &mut World, call: &Call<'_>) -> Answer {
    call.only("Tenancy", "default")?;
    call.only("Affinity", "default")?;
    call.only("MigrationType", "reboot")?;
    let id = call.need("InstanceId")?;
    let machine = instance::find(world, call, id)?;
    machine.require(AT_REST, Refusal::denied, "IncorrectInstanceStatus")?;
    let running = machine.state == State::Running;
    let force = call.flag("Force")?.unwrap_or(false);
    if running && !force {
        return Err(Refusal::bad(
            "OperationDenied.UnstoppedInstance",
            "The instance must be Stopped, or Force be given.",
        ));
    }
    let leaves = call.flag("RemoveFromDeploymentSet")?.unwrap_or(false);
    let set = call.given("DeploymentSetId");
    let group = call.int("DeploymentSetGroupNo")?.unwrap_or(0);
    match set {
        Some(set) if leaves => {
            if machine.extras.deployment_set != set {
                return Err(Refusal::bad(
                    "InvalidParameter.Mismatch",
                    "The instance is not in the deployment set.",
                ));
            }
        }
        Some(set) => {
            deployment_set::find(world, call, set)?;
            if machine.extras.deployment_set != set {
                deployment_set::require_room(world, set, &machine.zone, 1)?;
            }
        }
        None if leaves => {}
        None => return Err(Refusal::missing("DeploymentSetId")),
    }
    if !world.in_stock(&machine.zone, &machine.instance_type) {
        return Err(Refusal::denied(
            "OperationDenied.NoStock",
            "The resource is out of stock in the zone.",
        ));
    }
    let extras = &mut instance::find_mut(world, call, id)?.extras;
    extras.deployment_set = if leaves {
        String::new()
    } else {
        set.unwrap_or_default().to_owned()
    };
    extras.deployment_group = if leaves { 0 } else { group };
    if running {
        instance::begin_start(world, id);
    }
    done()
}
