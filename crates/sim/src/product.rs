//! The actions that the simulator performs, product by product.
//!
//! Each resource has a file that lists its actions in one table. A new resource is one file, one
//! line here and one line in `tables.rs`.

use setpoint_openapi::action::Action;
use setpoint_openapi::product::Product;

use crate::call::{Answer, Call};
use crate::refusal::Refusal;
use crate::world::World;

pub(crate) mod cms;
pub(crate) mod ecs;
pub(crate) mod location;
pub(crate) mod oos;
pub(crate) mod sts;
pub(crate) mod tag;
pub(crate) mod vpc;

/// Performs one action. The world undoes its changes if it refuses.
pub(crate) type Handler = fn(&mut World, &Call<'_>) -> Answer;

/// The actions of one resource.
pub(crate) type Actions = &'static [(&'static str, Handler)];

/// The handler of an action; `None` if it is not simulated.
pub(crate) fn handler(action: &Action) -> Option<Handler> {
    actions(action.product)
        .iter()
        .flat_map(|table| table.iter())
        .find(|(name, _)| *name == action.name)
        .map(|(_, handler)| *handler)
}

/// The actions of a product, resource by resource.
pub(crate) fn actions(product: Product) -> &'static [Actions] {
    match product {
        Product::Ecs => ecs::ACTIONS,
        Product::Vpc => vpc::ACTIONS,
        Product::Cms => cms::ACTIONS,
        Product::Sts => sts::ACTIONS,
        Product::Oos => oos::ACTIONS,
        Product::Tag => tag::ACTIONS,
        Product::Location => location::ACTIONS,
    }
}

/// Creates the resources that every account has from the start.
pub(crate) fn furnish(world: &mut World) {
    cms::furnish(world);
}

/// The error codes of a dry run that would have succeeded.
pub(crate) const DRY_RUN_PASSED: [&str; 2] = ["DryRunOperation", "DRYRUN.SUCCESS"];

/// A dry run that would have succeeded is answered with an error, whose code differs by action.
pub(crate) fn dry_run_passed(action: &Action) -> Refusal {
    const SUCCESS: [&str; 4] = [
        "DeleteInstances",
        "StartInstances",
        "StopInstances",
        "RebootInstances",
    ];
    let message = "Request validation has been passed with DryRun flag set.";
    match action.product {
        Product::Ecs if SUCCESS.contains(&action.name) => Refusal::bad("DRYRUN.SUCCESS", message),
        Product::Cms => Refusal::new(412, "DryRunOperation", message),
        _ => Refusal::bad("DryRunOperation", message),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use setpoint_openapi::action::find;

    use super::*;

    #[test]
    fn every_action_is_in_the_published_tables_and_registered_once() {
        for product in Product::ALL {
            let mut seen = BTreeSet::new();
            for (name, _) in actions(product).iter().flat_map(|table| table.iter()) {
                assert!(find(product, name).is_some(), "{product} has no {name}");
                assert!(seen.insert(name), "{name} is registered twice");
            }
        }
    }
}
