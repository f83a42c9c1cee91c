//! ModifyInstanceAttribute and ModifyInstanceMetadataOptions: what changes in place.

use crate::call::{Answer, Call};
use crate::product::Actions;
use crate::product::ecs::instance::{self, AT_REST, State, draft};
use crate::product::ecs::instance_type;
use crate::refusal::Refusal;
use crate::world::{World, done};

pub(crate) const ACTIONS: Actions = &[
    ("ModifyInstanceAttribute", modify),
    ("ModifyInstanceMetadataOptions", modify_metadata),
];

fn modify(world: &mut World, call: &Call<'_>) -> Answer {
    let id = call.need("InstanceId")?;
    instance::find(world, call, id)?.unlocked()?;
    texts(world, call, id)?;
    logins(world, call, id)?;
    groups(world, call, id)?;
    switches(world, call, id)?;
    done()
}

/// Name and description: in any state, at once.
fn texts(world: &mut World, call: &Call<'_>, id: &str) -> Result<(), Refusal> {
    let (name, description) = (call.given("InstanceName"), call.text("Description"));
    if let Some(name) = name {
        draft::check_name(name)?;
    }
    if let Some(text) = description.filter(|text| !text.is_empty()) {
        draft::check_description(text)?;
    }
    let instance = instance::find_mut(world, call, id)?;
    if let Some(name) = name {
        name.clone_into(&mut instance.base.name);
    }
    if let Some(description) = description {
        description.clone_into(&mut instance.base.description);
    }
    Ok(())
}

/// Host name, password and user data: shown at once, in effect at the next start.
fn logins(world: &mut World, call: &Call<'_>, id: &str) -> Result<(), Refusal> {
    let instance = instance::find(world, call, id)?;
    let state = instance.acting_state();
    let refused = |what: &str| {
        let message =
            format!("The current status of the instance does not support changing its {what}.");
        Err(Refusal::denied("IncorrectInstanceStatus", message))
    };
    if let Some(host_name) = call.given("HostName") {
        draft::check_host_name(host_name, &instance.os_type)?;
        if matches!(state, State::Pending | State::Starting) {
            return refused("host name");
        }
    }
    if let Some(password) = call.given("Password") {
        draft::check_password(password, &instance.os_type)?;
        if state == State::Starting {
            return refused("password");
        }
    }
    let user_data = call.text("UserData");
    if let Some(user_data) = user_data {
        draft::check_user_data(user_data)?;
        // Inferred from the official provider's procedure, which stops the machine first.
        if state != State::Stopped {
            return refused("user data");
        }
    }
    let instance = instance::find_mut(world, call, id)?;
    if let Some(host_name) = call.given("HostName") {
        host_name.clone_into(&mut instance.host_name);
    }
    if let Some(user_data) = user_data {
        user_data.clone_into(&mut instance.user_data);
    }
    Ok(())
}

/// The list of groups is replaced as a whole.
fn groups(world: &mut World, call: &Call<'_>, id: &str) -> Result<(), Refusal> {
    let ids = call.list("SecurityGroupIds");
    if ids.is_empty() {
        return Ok(());
    }
    let instance = instance::find(world, call, id)?;
    instance.require(AT_REST, Refusal::bad, "InvalidOperation.InvalidEcsState")?;
    let held = instance::groups(world, instance);
    let joining: Vec<&str> = ids
        .iter()
        .copied()
        .filter(|id| !held.iter().any(|held| held == id))
        .collect();
    draft::check_groups(world, call, &instance.vpc, &ids, 0)?;
    draft::check_groups(world, call, &instance.vpc, &joining, 1)?;
    let interface = instance.interface.clone();
    if let Some(eni) = world.tables.network_interfaces.get_mut(&interface) {
        eni.security_groups = ids.iter().map(|id| (*id).to_owned()).collect();
    }
    Ok(())
}

fn switches(world: &mut World, call: &Call<'_>, id: &str) -> Result<(), Refusal> {
    let instance = instance::find(world, call, id)?;
    let protection = call.flag("DeletionProtection")?;
    if protection.is_some() && instance.charge_type != "PostPaid" {
        return Err(Refusal::denied(
            "ChargeTypeViolation",
            "Only pay-as-you-go instances can be protected.",
        ));
    }
    let credit = call.given("CreditSpecification");
    if let Some(credit) = credit {
        let burstable = instance_type::find(&instance.instance_type)?.burstable;
        if !burstable || !matches!(credit, "Standard" | "Unlimited") {
            let message = "The instance is not burstable, or the value is unknown.";
            return Err(Refusal::bad(
                "InvalidInstanceStatus.CreditSpecRestricted",
                message,
            ));
        }
        instance.require(
            &[State::Running],
            Refusal::bad,
            "InvalidInstanceStatus.NotRunning",
        )?;
    }
    let jumbo = call.flag("EnableJumboFrame")?;
    if jumbo.is_some() {
        instance.require(AT_REST, Refusal::denied, "IncorrectInstanceStatus")?;
    }
    let instance = instance::find_mut(world, call, id)?;
    instance.deletion_protection = protection.unwrap_or(instance.deletion_protection);
    instance.jumbo_frame = jumbo.unwrap_or(instance.jumbo_frame);
    if let Some(credit) = credit {
        credit.clone_into(&mut instance.credit);
    }
    Ok(())
}

fn modify_metadata(world: &mut World, call: &Call<'_>) -> Answer {
    let id = call.need("InstanceId")?;
    let instance = instance::find_mut(world, call, id)?;
    let mut options = draft::metadata(call, &instance.metadata)?;
    if let Some(tags) = call.given("InstanceMetadataTags") {
        tags.clone_into(&mut options.tags);
    }
    instance.metadata = options;
    done()
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, text};

    #[test]
    fn what_changes_in_which_state() {
        let mut bench = Bench::new();
        let (id, _, group) = bench.machine(&[]);
        let set = |name: &'static str, value: &'static str| {
            [("InstanceId", id.clone()), (name, value.to_owned())]
        };
        let call = |bench: &mut Bench, pairs: [(&str, String); 2]| {
            let pairs = pairs.each_ref().map(|(k, v)| (*k, v.as_str()));
            bench
                .call("ecs.ModifyInstanceAttribute", &pairs)
                .err()
                .unwrap_or_default()
        };
        // Pending.
        assert_eq!(call(&mut bench, set("InstanceName", "web")), "");
        assert_eq!(
            call(&mut bench, set("HostName", "web")),
            "403 IncorrectInstanceStatus"
        );
        let regroup = [
            ("InstanceId", id.clone()),
            ("SecurityGroupIds.1", group.clone()),
        ];
        assert_eq!(
            call(&mut bench, regroup.clone()),
            "400 InvalidOperation.InvalidEcsState"
        );
        // Starting.
        bench.wait(5_000);
        assert_eq!(
            call(&mut bench, set("Password", "Secret-1234")),
            "403 IncorrectInstanceStatus"
        );
        // Running.
        bench.wait(20_000);
        assert_eq!(call(&mut bench, set("HostName", "web")), "");
        assert_eq!(call(&mut bench, regroup), "");
        assert_eq!(
            call(&mut bench, set("UserData", "IyEvYmluL3No")),
            "403 IncorrectInstanceStatus"
        );
        assert_eq!(
            call(&mut bench, set("SecurityGroupIds.1", "sg-none")),
            "404 InvalidSecurityGroupId.NotFound"
        );
        // Stopped.
        bench.ok("ecs.StopInstance", &[("InstanceId", &id)]);
        bench.wait(5_000);
        assert_eq!(call(&mut bench, set("UserData", "IyEvYmluL3No")), "");
        assert_eq!(
            text(
                &bench.ok("ecs.DescribeUserData", &[("InstanceId", &id)]),
                "UserData"
            ),
            "IyEvYmluL3No"
        );
        let row = bench.instance(&id);
        assert_eq!(
            (&row["InstanceName"], &row["HostName"]),
            (&"web".into(), &"web".into())
        );
    }

    #[test]
    fn metadata_options_read_back() {
        let mut bench = Bench::new();
        let (id, _, _) = bench.machine(&[("HttpTokens", "required")]);
        assert_eq!(
            bench.instance(&id)["MetadataOptions"]["HttpTokens"],
            "required"
        );
        let pairs = [
            ("InstanceId", id.as_str()),
            ("HttpEndpoint", "enabled"),
            ("HttpTokens", "optional"),
        ];
        bench.ok("ecs.ModifyInstanceMetadataOptions", &pairs);
        assert_eq!(
            bench.instance(&id)["MetadataOptions"]["HttpTokens"],
            "optional"
        );
        let bad = [
            ("InstanceId", id.as_str()),
            ("HttpEndpoint", "enabled"),
            ("HttpTokens", "maybe"),
        ];
        bench.refused(
            "ecs.ModifyInstanceMetadataOptions",
            &bad,
            "400 InvalidHttpTokens.NotSupported",
        );
    }

    #[test]
    fn roles_attach_one_at_a_time() {
        let mut bench = Bench::new();
        let (id, _, _) = bench.machine(&[]);
        let ids = format!("[\"{id}\"]");
        let role = |name: &'static str| [("InstanceIds", ids.as_str()), ("RamRoleName", name)];
        assert_eq!(
            bench.ok("ecs.AttachInstanceRamRole", &role("web"))["FailCount"],
            0
        );
        assert_eq!(
            bench.ok("ecs.AttachInstanceRamRole", &role("other"))["FailCount"],
            1
        );
        let held = bench.ok("ecs.DescribeInstanceRamRole", &[("InstanceIds", &ids)]);
        assert_eq!(
            held["InstanceRamRoleSets"]["InstanceRamRoleSet"][0]["RamRoleName"],
            "web"
        );
        assert_eq!(
            bench.ok("ecs.DetachInstanceRamRole", &role("web"))["FailCount"],
            0
        );
        assert_eq!(
            bench.ok("ecs.DescribeInstanceRamRole", &[("InstanceIds", &ids)])["TotalCount"],
            0
        );
    }
}
