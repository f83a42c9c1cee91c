//! The checker: verifies invariants of a plan independently of the planner. It runs after every
//! plan in tests and before every apply.

use setpoint_openapi::action::Param;

use crate::plan::{Plan, PlanStep};
use crate::procedure::{Act, Call, ItemForm, Token};
use crate::{Address, Value};

/// An invariant that a plan violates. It is always a bug of a kind or of the planner, never of a
/// spec.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The action does not take a parameter.
    #[error("{address}: {action} takes no parameter `{param}`")]
    UnknownParameter {
        /// The resource.
        address: Address,
        /// The action.
        action: &'static str,
        /// The parameter.
        param: String,
    },
    /// A parameter that the action requires is missing.
    #[error("{address}: {action} needs `{param}`")]
    MissingParameter {
        /// The resource.
        address: Address,
        /// The action.
        action: &'static str,
        /// The parameter.
        param: &'static str,
    },
    /// An error code should lead to the next set of parameters, but is retried first.
    #[error("{address}: {action} retries `{code}`, and so never falls on it")]
    NeverFalls {
        /// The resource.
        address: Address,
        /// The action.
        action: &'static str,
        /// The code.
        code: &'static str,
    },
    /// A token is derived for an action that takes none.
    #[error("{address}: {action} takes no client token")]
    NoToken {
        /// The resource.
        address: Address,
        /// The action.
        action: &'static str,
    },
    /// A call only reads.
    #[error("{address}: {action} is a read and does not belong into a plan")]
    Read {
        /// The resource.
        address: Address,
        /// The action.
        action: &'static str,
    },
    /// A step waits for a later one.
    #[error("step {step} of {address} waits for a step that does not come before it")]
    Order {
        /// The resource.
        address: Address,
        /// The index of the step.
        step: usize,
    },
    /// A reference leads to a resource that the plan neither finds nor creates before it is used.
    #[error("{address}: `{reference}` is not known when it is used")]
    Unreachable {
        /// The resource.
        address: Address,
        /// The reference.
        reference: String,
    },
}

/// Returns every fault of a plan; none if it is sound.
#[must_use]
pub fn check(plan: &Plan) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (at, step) in plan.steps.iter().enumerate() {
        let order = step.after.iter().any(|before| before.0 >= at)
            || step.step.closes.is_some_and(|opener| opener >= at);
        if order {
            faults.push(Fault::Order {
                address: step.address.clone(),
                step: at,
            });
        }
        if let Act::Call(call) = &step.step.act {
            check_call(step, call, &mut faults);
        }
        faults.extend(unreachable(plan, at, step));
    }
    faults
}

fn check_call(step: &PlanStep, call: &Call, faults: &mut Vec<Fault>) {
    let (address, action) = (step.address.clone(), call.api.name);
    if call.api.is_read() {
        faults.push(Fault::Read {
            address: address.clone(),
            action,
        });
    }
    if call.token == Token::Create && !call.api.takes_token() {
        faults.push(Fault::NoToken {
            address: address.clone(),
            action,
        });
    }
    let retried = |code: &&str| call.retry.iter().any(|(codes, _)| codes.contains(code));
    faults.extend(
        call.fall_on
            .iter()
            .copied()
            .filter(retried)
            .map(|code| Fault::NeverFalls {
                address: address.clone(),
                action,
                code,
            }),
    );
    for rung in &call.rungs {
        let mut names = Vec::new();
        for (name, value) in rung {
            let indexed = call
                .each
                .is_some_and(|each| each.item == *name && each.form == ItemForm::Indexed);
            let name = if indexed {
                format!("{name}.1")
            } else {
                (*name).to_owned()
            };
            names_of(&name, value, &mut names);
        }
        for name in names
            .iter()
            .filter(|name| call.api.param_of(name).is_none())
        {
            faults.push(Fault::UnknownParameter {
                address: address.clone(),
                action,
                param: name.clone(),
            });
        }
        let given = |param: &Param| {
            names
                .iter()
                .any(|name| name == param.name || name.starts_with(&format!("{}.", param.name)))
        };
        for param in call
            .api
            .params
            .iter()
            .filter(|param| param.required && param.name != "RegionId" && !given(param))
        {
            faults.push(Fault::MissingParameter {
                address: address.clone(),
                action,
                param: param.name,
            });
        }
    }
}

/// Collects the flattened names that a parameter will have; unknown values count as scalars.
fn names_of(name: &str, value: &Value, names: &mut Vec<String>) {
    match value {
        Value::List(items) => items
            .iter()
            .enumerate()
            .for_each(|(at, item)| names_of(&format!("{name}.{}", at + 1), item, names)),
        Value::Map(map) => map
            .iter()
            .for_each(|(key, item)| names_of(&format!("{name}.{key}"), item, names)),
        Value::Null => {}
        _ => names.push(name.to_owned()),
    }
}

/// Returns a fault for each reference to a resource that no earlier step creates and that did not
/// exist before.
fn unreachable(plan: &Plan, at: usize, step: &PlanStep) -> Vec<Fault> {
    let made = |address: &Address| {
        plan.steps[..at]
            .iter()
            .any(|earlier| earlier.address == *address)
    };
    let there = |address: &Address| {
        plan.changes
            .iter()
            .any(|change| change.address == *address && change.before.is_some())
    };
    let refs = step.step.refs();
    let lost = refs.into_iter().filter(|reference| {
        let own = reference.address == step.address;
        let found = made(&reference.address)
            || there(&reference.address)
            || (own && step.live_id.is_some());
        !found
    });
    lost.map(|reference| Fault::Unreachable {
        address: step.address.clone(),
        reference: format!("{}.{}", reference.address, reference.attr),
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use setpoint_openapi::action::{ecs, vpc};

    use super::*;
    use crate::change::{ChangeAction, Reason};
    use crate::fixtures::{address, change, plan, step};
    use crate::procedure::Step;

    /// Returns the faults of a plan of these steps for `app`, as text.
    fn faults(steps: Vec<PlanStep>) -> Vec<String> {
        let changes = vec![change("app", ChangeAction::Create, Reason::NotThere)];
        check(&plan(changes, steps))
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    fn call(api: &'static crate::Action, args: crate::procedure::Args) -> Call {
        Call::new(api, args)
    }

    #[test]
    fn a_sound_plan_has_no_fault() {
        let create = call(&vpc::CREATE_VPC, vec![("CidrBlock", "10.0.0.0/8".into())]);
        let modify = call(
            &vpc::MODIFY_VPC_ATTRIBUTE,
            vec![("VpcId", Value::reference(&address("app"), "id"))],
        );
        assert_eq!(
            faults(vec![
                step(0, "app", Step::call(create), &[]),
                step(0, "app", Step::call(modify), &[0])
            ]),
            Vec::<String>::new()
        );
    }

    #[test]
    fn every_fault_is_found() {
        let typo = call(&vpc::CREATE_VPC, vec![("CidrBlok", "10.0.0.0/8".into())]);
        assert_eq!(
            faults(vec![step(0, "app", Step::call(typo), &[])]),
            ["app: CreateVpc takes no parameter `CidrBlok`"]
        );
        let bare = call(&ecs::DELETE_SECURITY_GROUP, vec![]);
        assert_eq!(
            faults(vec![step(0, "app", Step::call(bare), &[])]),
            ["app: DeleteSecurityGroup needs `SecurityGroupId`"]
        );
        let token = Call {
            token: Token::Create,
            ..call(
                &ecs::IMPORT_KEY_PAIR,
                vec![("KeyPairName", "k".into()), ("PublicKeyBody", "b".into())],
            )
        };
        assert_eq!(
            faults(vec![step(0, "app", Step::call(token), &[])]),
            ["app: ImportKeyPair takes no client token"]
        );
        let read = call(&ecs::DESCRIBE_INSTANCES, vec![]);
        assert_eq!(
            faults(vec![step(0, "app", Step::call(read), &[])]),
            ["app: DescribeInstances is a read and does not belong into a plan"]
        );
        let fine = call(&vpc::DELETE_VPC, vec![("VpcId", "vpc-1".into())]);
        assert_eq!(
            faults(vec![step(0, "app", Step::call(fine), &[0])]),
            ["step 0 of app waits for a step that does not come before it"]
        );
        let early = call(
            &vpc::DELETE_VPC,
            vec![("VpcId", Value::reference(&address("net"), "id"))],
        );
        assert_eq!(
            faults(vec![step(0, "app", Step::call(early), &[])]),
            ["app: `net.id` is not known when it is used"]
        );
    }
}
