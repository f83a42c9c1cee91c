//! ModifyNetworkInterfaceAttribute, JoinSecurityGroup, LeaveSecurityGroup: what changes in place.

use crate::call::{Answer, Call};
use crate::product::Actions;
use crate::product::ecs::instance::{self, AT_REST, draft};
use crate::product::ecs::network_interface::{self, NetworkInterface, State, create};
use crate::product::ecs::security_group;
use crate::product::vpc::vswitch;
use crate::refusal::Refusal;
use crate::world::{World, done};

pub(crate) const ACTIONS: Actions = &[
    ("ModifyNetworkInterfaceAttribute", modify),
    ("JoinSecurityGroup", join),
    ("LeaveSecurityGroup", leave),
];

fn modify(world: &mut World, call: &Call<'_>) -> Answer {
    let id = call.need("NetworkInterfaceId")?;
    let eni = network_interface::find(world, call, id)?;
    let (name, description) = (call.text("NetworkInterfaceName"), call.text("Description"));
    create::check_texts(name.unwrap_or_default(), description.unwrap_or_default())?;
    let groups = call.list("SecurityGroupId");
    if !groups.is_empty() {
        eni.require(&[State::Available, State::InUse])?;
        let joining: Vec<&str> = groups
            .iter()
            .copied()
            .filter(|id| !eni.security_groups.iter().any(|held| held == id))
            .collect();
        let vpc = vswitch::find(world, call, &eni.vswitch)?.vpc.clone();
        draft::check_groups(world, call, &vpc, &groups, 0)?;
        draft::check_groups(world, call, &vpc, &joining, 1)?;
    }
    let (goes, checks, queues) = (
        call.flag("DeleteOnRelease")?,
        call.flag("SourceDestCheck")?,
        call.int("QueueNumber")?,
    );
    if queues.is_some_and(|queues| !(1..=32).contains(&queues) && queues != -1) {
        return Err(Refusal::denied(
            "InvalidParameter.InvalidEniQueueNumber",
            "The specified QueueNumber is not valid.",
        ));
    }
    if queues.is_some() && eni.state == State::InUse {
        let machine = instance::find(world, call, &eni.instance)?;
        machine.require(
            &[instance::State::Stopped],
            Refusal::bad,
            "InvalidOperation.InvalidEcsState",
        )?;
    }
    if eni.secondary.is_none() && (goes.is_some() || checks.is_some() || queues.is_some()) {
        return Err(Refusal::not_modelled("a switch of a primary interface"));
    }
    let eni = network_interface::find_mut(world, call, id)?;
    if let Some(name) = name {
        name.clone_into(&mut eni.base.name);
    }
    if let Some(description) = description {
        description.clone_into(&mut eni.base.description);
    }
    if !groups.is_empty() {
        eni.security_groups = groups.iter().map(|group| (*group).to_owned()).collect();
    }
    if let Some(secondary) = &mut eni.secondary {
        secondary.delete_on_release = goes.unwrap_or(secondary.delete_on_release);
        secondary.source_dest_check = checks.unwrap_or(secondary.source_dest_check);
        secondary.queues = queues.map_or(secondary.queues, |queues| queues.max(0));
    }
    done()
}

/// The interface whose groups change: the named one, or the primary one of the named machine.
fn target<'a>(world: &'a World, call: &Call<'_>) -> Result<&'a NetworkInterface, Refusal> {
    match (call.given("InstanceId"), call.given("NetworkInterfaceId")) {
        (Some(_), Some(_)) => Err(Refusal::bad(
            "InvalidParameter.Conflict",
            "InstanceId and NetworkInterfaceId exclude each other.",
        )),
        (None, None) => Err(Refusal::missing("InstanceId")),
        (None, Some(id)) => {
            let eni = network_interface::find(world, call, id)?;
            eni.require(&[State::Available, State::InUse])?;
            Ok(eni)
        }
        (Some(id), None) => {
            let machine = instance::find(world, call, id)?;
            machine.unlocked()?;
            machine.require(AT_REST, Refusal::denied, "IncorrectInstanceStatus")?;
            network_interface::find(world, call, &machine.interface)
        }
    }
}

fn join(world: &mut World, call: &Call<'_>) -> Answer {
    let group = call.need("SecurityGroupId")?;
    security_group::find(world, call, group)?;
    let eni = target(world, call)?;
    let (id, vpc) = (
        eni.base.id.clone(),
        vswitch::find(world, call, &eni.vswitch)?.vpc.clone(),
    );
    let mut groups: Vec<&str> = eni.security_groups.iter().map(String::as_str).collect();
    if groups.contains(&group) {
        return Err(Refusal::denied(
            "InvalidInstanceId.AlreadyExists",
            "The instance is in the security group already.",
        ));
    }
    draft::check_groups(world, call, &vpc, &[group], 1)?;
    groups.push(group);
    draft::check_groups(world, call, &vpc, &groups, 0)?;
    network_interface::find_mut(world, call, &id)?
        .security_groups
        .push(group.to_owned());
    done()
}

fn leave(world: &mut World, call: &Call<'_>) -> Answer {
    let group = call.need("SecurityGroupId")?;
    security_group::find(world, call, group)?;
    let eni = target(world, call)?;
    if !eni.security_groups.iter().any(|held| held == group) {
        return Err(Refusal::absent(
            "InvalidSecurityGroupAssociation.NotFound",
            "The instance is not in the security group.",
        ));
    }
    if eni.security_groups.len() == 1 {
        return Err(Refusal::denied(
            "InstanceLastSecurityGroup",
            "The security group is the last one of the instance.",
        ));
    }
    let id = eni.base.id.clone();
    network_interface::find_mut(world, call, &id)?
        .security_groups
        .retain(|held| held != group);
    done()
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, text};

    #[test]
    fn groups_are_joined_and_left() {
        let mut bench = Bench::new();
        let (machine, _, first) = bench.machine(&[]);
        let vpc = text(&bench.instance(&machine)["VpcAttributes"], "VpcId");
        let second = bench.group(&vpc);
        let with = |group: &str| {
            [
                ("InstanceId", machine.clone()),
                ("SecurityGroupId", group.to_owned()),
            ]
        };
        let call = |bench: &mut Bench, action: &str, group: &str| {
            let pairs = with(group);
            let pairs = pairs
                .each_ref()
                .map(|(name, value)| (*name, value.as_str()));
            bench.call(action, &pairs).err().unwrap_or_default()
        };
        assert_eq!(
            call(&mut bench, "ecs.JoinSecurityGroup", &second),
            "403 IncorrectInstanceStatus"
        );
        bench.wait(20_000);
        assert_eq!(
            call(&mut bench, "ecs.JoinSecurityGroup", &first),
            "403 InvalidInstanceId.AlreadyExists"
        );
        assert_eq!(
            call(&mut bench, "ecs.LeaveSecurityGroup", &first),
            "403 InstanceLastSecurityGroup"
        );
        assert_eq!(
            call(&mut bench, "ecs.LeaveSecurityGroup", &second),
            "404 InvalidSecurityGroupAssociation.NotFound"
        );
        assert_eq!(call(&mut bench, "ecs.JoinSecurityGroup", &second), "");
        assert_eq!(call(&mut bench, "ecs.LeaveSecurityGroup", &first), "");
        assert_eq!(
            bench.instance(&machine)["SecurityGroupIds"]["SecurityGroupId"],
            serde_json::json!([second])
        );
    }

    #[test]
    fn what_changes_in_place() {
        let mut bench = Bench::new();
        let vpc = bench.vpc();
        let (vswitch, group, other) = (
            bench.vswitch(&vpc, "172.16.1.0/24"),
            bench.group(&vpc),
            bench.group(&vpc),
        );
        let id = text(
            &bench.ok(
                "ecs.CreateNetworkInterface",
                &[("VSwitchId", &vswitch), ("SecurityGroupId", &group)],
            ),
            "NetworkInterfaceId",
        );
        let pairs = [
            ("NetworkInterfaceId", id.as_str()),
            ("NetworkInterfaceName", "back"),
            ("SecurityGroupId.1", other.as_str()),
        ];
        bench.ok("ecs.ModifyNetworkInterfaceAttribute", &pairs);
        bench.ok(
            "ecs.ModifyNetworkInterfaceAttribute",
            &[
                ("NetworkInterfaceId", &id),
                ("SourceDestCheck", "false"),
                ("QueueNumber", "4"),
            ],
        );
        let seen = bench.ok(
            "ecs.DescribeNetworkInterfaceAttribute",
            &[("NetworkInterfaceId", &id)],
        );
        assert_eq!(
            (
                &seen["NetworkInterfaceName"],
                &seen["SourceDestCheck"],
                &seen["QueueNumber"]
            ),
            (&"back".into(), &false.into(), &4.into())
        );
        assert_eq!(
            seen["SecurityGroupIds"]["SecurityGroupId"],
            serde_json::json!([other])
        );
        let bad = [("NetworkInterfaceId", id.as_str()), ("QueueNumber", "99")];
        bench.refused(
            "ecs.ModifyNetworkInterfaceAttribute",
            &bad,
            "403 InvalidParameter.InvalidEniQueueNumber",
        );
    }
}
