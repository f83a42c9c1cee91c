//! Interruption of spot instances. It does not happen by itself: a test asks for it.
//!
//! The lock `Recycling` announces it; five minutes later the instance is deleted or stopped, as its
//! `SpotInterruptionBehavior` says.

use serde::{Deserialize, Serialize};

use crate::base::Base;
use crate::product::ecs::instance::{Instance, State, delete};
use crate::product::ecs::{instance_type, spot_price};
use crate::refusal::Refusal;
use crate::table::Row;
use crate::world::World;

/// The lock of an instance that will be reclaimed.
const LOCK: &str = "Recycling";

/// An instance that will be reclaimed. The row is not a resource: nobody has to delete it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Reclaim {
    instance: String,
    at_ms: i64,
}

impl Row for Reclaim {
    const KIND: &'static str = "spot_reclaim";

    fn base(&self) -> Option<&Base> {
        None
    }

    fn due_ms(&self) -> Option<i64> {
        Some(self.at_ms)
    }

    fn step(world: &mut World, id: &str) {
        let Some(reclaim) = world.tables.spot_reclaims.remove(id) else {
            return;
        };
        let until = world.now_ms() + world.options.profile.instance_stop_ms;
        let Some(row) = world
            .tables
            .instances
            .get_mut(&reclaim.instance)
            .filter(|row| !row.base.released && !row.is_going())
        else {
            return;
        };
        if row.spot.interruption == "Terminate" {
            return delete::begin(world, &reclaim.instance);
        }
        if row.extras.lock == LOCK {
            row.extras.lock.clear();
        }
        "StopCharging".clone_into(&mut row.stopped_mode);
        // An instance that is still being created does not start either.
        row.starts_next = false;
        (row.state, row.due_ms) = if row.state == State::Stopped {
            (State::Stopped, None)
        } else {
            (State::Stopping, Some(until))
        };
    }
}

impl World {
    /// Announces the interruption of a spot instance. Returns false if it does not exist or is not
    /// a spot instance.
    pub fn interrupt_spot(&mut self, instance: &str) -> bool {
        let at_ms = self.now_ms() + self.options.profile.spot_notice_ms;
        let is_spot =
            |row: &Instance| !row.base.released && !row.is_going() && row.spot.strategy != "NoSpot";
        if !self.tables.instances.get(instance).is_some_and(is_spot) {
            return false;
        }
        // Another lock stays, because it says more.
        if let Some(row) = self
            .tables
            .instances
            .get_mut(instance)
            .filter(|row| row.extras.lock.is_empty())
        {
            LOCK.clone_into(&mut row.extras.lock);
        }
        self.tables.spot_reclaims.insert(
            instance,
            Reclaim {
                instance: instance.to_owned(),
                at_ms,
            },
        );
        self.commit();
        true
    }
}

/// Refuses a bid below the current price.
pub(super) fn check_bid(
    world: &World,
    row: &Instance,
    refusal: fn() -> Refusal,
) -> Result<(), Refusal> {
    let kind = instance_type::find(&row.instance_type)?;
    let limited = row.spot.strategy == "SpotWithPriceLimit";
    if limited
        && row.spot.price_limit < spot_price::current(world, kind, &row.base.region, &row.zone)
    {
        return Err(refusal());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::testing::{Bench, text};

    fn spot(bench: &mut Bench, interruption: &str) -> String {
        let (id, _, _) = bench.machine(&[
            ("SpotStrategy", "SpotAsPriceGo"),
            ("SpotInterruptionBehavior", interruption),
        ]);
        bench.wait(30_000);
        assert_eq!(text(&bench.instance(&id), "Status"), "Running");
        id
    }

    #[test]
    fn a_reclaim_is_announced_and_then_deletes() {
        let mut bench = Bench::new();
        let id = spot(&mut bench, "Terminate");
        assert!(bench.world.interrupt_spot(&id));
        assert_eq!(
            bench.instance(&id)["OperationLocks"]["LockReason"],
            json!([{"LockReason": "Recycling", "LockMsg": ""}])
        );
        bench.wait(299_000);
        assert_eq!(
            text(&bench.instance(&id), "Status"),
            "Running",
            "five minutes are not over"
        );
        bench.wait(60_000);
        assert_eq!(bench.ok("ecs.DescribeInstances", &[])["TotalCount"], 0);
    }

    #[test]
    fn a_reclaim_stops_what_wants_to_be_stopped() {
        let mut bench = Bench::new();
        let id = spot(&mut bench, "Stop");
        assert!(bench.world.interrupt_spot(&id));
        bench.wait(360_000);
        let row = bench.instance(&id);
        assert_eq!(
            [text(&row, "Status"), text(&row, "StoppedMode")],
            ["Stopped", "StopCharging"]
        );
        assert_eq!(row["OperationLocks"]["LockReason"], json!([]));
        bench.ok("ecs.StartInstance", &[("InstanceId", &id)]);
    }

    /// Whatever its state at the interruption, it becomes Stopped and can be deleted.
    #[test]
    fn one_that_was_never_running_does_not_start() {
        for age_ms in [0, 1_500, 2_500, 3_500, 6_000] {
            let mut bench = Bench::new();
            bench.world.options.profile.spot_notice_ms = 0;
            let (id, _, _) = bench.machine(&[
                ("SpotStrategy", "SpotAsPriceGo"),
                ("SpotInterruptionBehavior", "Stop"),
            ]);
            bench.wait(age_ms);
            bench.instance(&id);
            assert!(bench.world.interrupt_spot(&id));
            bench.wait(60_000);
            assert_eq!(
                text(&bench.instance(&id), "Status"),
                "Stopped",
                "after {age_ms} ms"
            );
            bench.ok("ecs.DeleteInstance", &[("InstanceId", &id)]);
        }
    }

    #[test]
    fn only_spot_machines_are_taken_back() {
        let mut bench = Bench::new();
        let (id, _, _) = bench.machine(&[]);
        assert!(!bench.world.interrupt_spot(&id));
        assert!(!bench.world.interrupt_spot("i-none"));
    }

    #[test]
    fn a_bid_below_the_price_neither_makes_nor_starts_a_machine() {
        let mut bench = Bench::new();
        let limited = |limit: &'static str| {
            [
                ("SpotStrategy", "SpotWithPriceLimit"),
                ("SpotPriceLimit", limit),
            ]
        };
        let (id, vswitch, group) = bench.machine(&limited("0.2"));
        bench.wait(30_000);
        let pairs = [("InstanceId", id.as_str())];
        bench.ok("ecs.StopInstance", &pairs);
        bench.wait(30_000);
        bench
            .world
            .options
            .spot_prices
            .insert("ecs.c7.large".to_owned(), 0.201);
        bench.refused(
            "ecs.StartInstance",
            &pairs,
            "403 OperationDenied.SpotPriceLowerThanPublicPrice",
        );
        let order = [
            ("ImageFamily", "acs:ubuntu_24_04_x64"),
            ("InstanceType", "ecs.c7.large"),
            ("VSwitchId", vswitch.as_str()),
            ("SecurityGroupId", group.as_str()),
        ];
        let order = [order.as_slice(), &limited("0.2")].concat();
        bench.refused(
            "ecs.RunInstances",
            &order,
            "400 InvalidSpotPriceLimit.LowerThanPublicPrice",
        );
        bench
            .world
            .options
            .spot_prices
            .insert("ecs.c7.large".to_owned(), 0.2);
        bench.ok("ecs.StartInstance", &pairs);
        bench.ok("ecs.RunInstances", &order);
    }
}
