//! Start, stop and reboot, singly and in batches. None of these takes a client token.

use serde_json::{Value, json};

use crate::call::{Answer, Call};
use crate::product::Actions;
use crate::product::ecs::disk;
use crate::product::ecs::instance::{self, State, spot};
use crate::refusal::Refusal;
use crate::world::{World, done};

pub(crate) const ACTIONS: Actions = &[
    ("StartInstance", |world, call| {
        single(world, call, Power::Start)
    }),
    ("StopInstance", |world, call| {
        single(world, call, Power::Stop)
    }),
    ("RebootInstance", |world, call| {
        single(world, call, Power::Reboot)
    }),
    ("StartInstances", |world, call| {
        batch(world, call, Power::Start)
    }),
    ("StopInstances", |world, call| {
        batch(world, call, Power::Stop)
    }),
    ("RebootInstances", |world, call| {
        batch(world, call, Power::Reboot)
    }),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Power {
    Start,
    Stop,
    Reboot,
}

/// The parameters beside the instance.
struct Wish {
    power: Power,
    force: bool,
    stopped_mode: &'static str,
}

fn wish(call: &Call<'_>, power: Power) -> Result<Wish, Refusal> {
    call.harmless(&["ConfirmStop", "InitLocalDisk"]);
    call.only("Hibernate", "false")?;
    let force =
        call.flag("ForceStop")?.unwrap_or(false) || call.flag("ForceReboot")?.unwrap_or(false);
    let stopped_mode = match call.given("StoppedMode") {
        None | Some("KeepCharging" | "Not-applicable") => "KeepCharging",
        Some("StopCharging") => "StopCharging",
        Some(_) => return Err(Refusal::invalid("StoppedMode")),
    };
    Ok(Wish {
        power,
        force,
        stopped_mode,
    })
}

fn single(world: &mut World, call: &Call<'_>, power: Power) -> Answer {
    let wish = wish(call, power)?;
    act(world, call, call.need("InstanceId")?, &wish)?;
    done()
}

/// `AllTogether` refuses all for one failure, `SuccessFirst` reports each failure.
fn batch(world: &mut World, call: &Call<'_>, power: Power) -> Answer {
    let wish = wish(call, power)?;
    let together = match call.given("BatchOptimization") {
        None | Some("AllTogether") => true,
        Some("SuccessFirst") => false,
        Some(_) => return Err(Refusal::invalid("BatchOptimization")),
    };
    let ids = call.list("InstanceId");
    if ids.len() > 100 {
        return Err(Refusal::bad(
            "InvalidParameter",
            "The number of InstanceId must be at most 100.",
        ));
    }
    let mut responses: Vec<Value> = Vec::new();
    for id in ids {
        let before = world
            .tables
            .instances
            .get(id)
            .map_or("", |row| row.state.name());
        let outcome = act(world, call, id, &wish);
        if let (true, Err(refusal)) = (together, &outcome) {
            return Err(refusal.clone());
        }
        let after = world
            .tables
            .instances
            .get(id)
            .map_or("", |row| row.state.name());
        let (code, message) = match &outcome {
            Ok(()) => ("200", "success"),
            Err(refusal) => (refusal.code.as_ref(), refusal.message.as_str()),
        };
        responses.push(json!({
            "InstanceId": id, "Code": code, "Message": message, "PreviousStatus": before,
            "CurrentStatus": after,
        }));
    }
    Ok(json!({ "InstanceResponses": { "InstanceResponse": responses } }))
}

fn act(world: &mut World, call: &Call<'_>, id: &str, wish: &Wish) -> Result<(), Refusal> {
    let instance = instance::find(world, call, id)?;
    instance.paid(if wish.power == Power::Start {
        "InstanceExpired"
    } else {
        "InstanceExpiredOrInArrears"
    })?;
    let wanted = if wish.power == Power::Start {
        State::Stopped
    } else {
        State::Running
    };
    instance.require(&[wanted], Refusal::denied, "IncorrectInstanceStatus")?;
    match wish.power {
        Power::Start => {
            // The capacity that an economical stop has released may be sold out.
            if instance.stopped_mode == "StopCharging"
                && !world.in_stock(&instance.zone, &instance.instance_type)
            {
                return Err(Refusal::denied(
                    "OperationDenied.NoStock",
                    "The resource is out of stock in the zone.",
                ));
            }
            if !disk::of_instance(world, id).any(|disk| disk.system) {
                return Err(Refusal::denied(
                    "DiskError",
                    "The instance has no system disk.",
                ));
            }
            spot::check_bid(world, instance, || {
                Refusal::denied(
                    "OperationDenied.SpotPriceLowerThanPublicPrice",
                    "The price limit is lower than the price of the moment.",
                )
            })?;
            instance::begin_start(world, id);
        }
        Power::Reboot => instance::begin_start(world, id),
        Power::Stop => stop(world, call, id, wish)?,
    }
    Ok(())
}

fn stop(world: &mut World, call: &Call<'_>, id: &str, wish: &Wish) -> Result<(), Refusal> {
    let profile = &world.options.profile;
    let lasts = if wish.force {
        profile.instance_force_stop_ms
    } else {
        profile.instance_stop_ms
    };
    let until = world.now_ms() + lasts;
    let instance = instance::find_mut(world, call, id)?;
    instance.state = State::Stopping;
    instance.due_ms = Some(until);
    // A subscription cannot stop charging; the cloud stops it in the ordinary way without an error.
    let mode = if instance.charge_type == "PrePaid" {
        "KeepCharging"
    } else {
        wish.stopped_mode
    };
    mode.clone_into(&mut instance.stopped_mode);
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, text};

    /// A machine brought into a state.
    fn machine_in(state: &str) -> (Bench, String) {
        let mut bench = Bench::new();
        let (id, _, _) = bench.machine(&[]);
        match state {
            "Pending" => {}
            "Starting" => bench.wait(5_000),
            _ => bench.wait(20_000),
        }
        if state.starts_with("Stop") {
            bench.ok("ecs.StopInstance", &[("InstanceId", &id)]);
        }
        if state == "Stopped" {
            bench.wait(5_000);
        }
        assert_eq!(text(&bench.instance(&id), "Status"), state);
        (bench, id)
    }

    /// The table of lifecycle actions by state: what is answered, and the state right after.
    #[test]
    fn the_state_table() {
        const WRONG: &str = "403 IncorrectInstanceStatus";
        const EARLY: &str = "403 IncorrectInstanceStatus.Initializing";
        let force = ("Force", "true");
        let plain = ("Force", "false");
        for (state, start, stop, reboot, delete, delete_by_force) in [
            ("Pending", WRONG, WRONG, WRONG, EARLY, EARLY),
            ("Starting", WRONG, WRONG, WRONG, WRONG, WRONG),
            ("Running", WRONG, "Stopping", "Starting", WRONG, "Stopping"),
            ("Stopping", WRONG, WRONG, WRONG, WRONG, WRONG),
            ("Stopped", "Starting", WRONG, WRONG, "Stopped", "Stopped"),
        ] {
            let cells = [
                ("ecs.StartInstance", None, start),
                ("ecs.StopInstance", None, stop),
                ("ecs.RebootInstance", None, reboot),
                ("ecs.DeleteInstance", Some(plain), delete),
                ("ecs.DeleteInstance", Some(force), delete_by_force),
            ];
            for (action, more, expected) in cells {
                let (mut bench, id) = machine_in(state);
                let mut pairs = vec![("InstanceId", id.as_str())];
                pairs.extend(more);
                let outcome = bench.call(action, &pairs).map(|_| ());
                let after = text(&bench.instance(&id), "Status");
                let got = outcome.map_or_else(|refusal| refusal, |()| after);
                assert_eq!(got, expected, "{action} {more:?} in {state}");
            }
        }
    }

    #[test]
    fn batches_report_each_or_fail_together() {
        let (mut bench, id) = machine_in("Running");
        let both = [("InstanceId.1", id.as_str()), ("InstanceId.2", "i-none")];
        bench.refused("ecs.StopInstances", &both, "404 InvalidInstanceId.NotFound");
        assert_eq!(text(&bench.instance(&id), "Status"), "Running");
        let each = [both[0], both[1], ("BatchOptimization", "SuccessFirst")];
        let answer =
            bench.ok("ecs.StopInstances", &each)["InstanceResponses"]["InstanceResponse"].clone();
        assert_eq!(
            (&answer[0]["Code"], &answer[0]["CurrentStatus"]),
            (&"200".into(), &"Stopping".into())
        );
        assert_eq!(answer[1]["Code"], "InvalidInstanceId.NotFound");
        bench.wait(5_000);
        bench.ok("ecs.StartInstances", &[("InstanceId.1", &id)]);
        bench.wait(15_000);
        bench.ok("ecs.RebootInstances", &[("InstanceId.1", &id)]);
        assert_eq!(text(&bench.instance(&id), "Status"), "Starting");
    }

    #[test]
    fn an_economical_stop_may_not_come_back() {
        let (mut bench, id) = machine_in("Running");
        bench.ok(
            "ecs.StopInstance",
            &[("InstanceId", &id), ("StoppedMode", "StopCharging")],
        );
        bench.wait(5_000);
        assert_eq!(text(&bench.instance(&id), "StoppedMode"), "StopCharging");
        bench.world.set_stock("cn-beijing-h", "ecs.c7.large", false);
        bench.refused(
            "ecs.StartInstance",
            &[("InstanceId", &id)],
            "403 OperationDenied.NoStock",
        );
    }
}
