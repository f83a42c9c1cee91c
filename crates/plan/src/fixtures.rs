//! Hand-written plans and their parts, and stacks of stub kinds, for the tests of this crate.

use std::collections::BTreeMap;
use std::sync::Arc;

use setpoint_spec::stack::Location;

use crate::change::{Change, ChangeAction, Reason, ReplaceOrder};
use crate::desired::Desired;
use crate::effect::Effect;
use crate::kind::Site;
use crate::live::{Cost, Live, Tags};
use crate::ownership::Guard;
use crate::plan::{Half, Plan, PlanStep, StepId};
use crate::procedure::Step;
use crate::{Address, Map, Value};

pub(crate) mod stub;
pub(crate) mod world;

pub(crate) fn address(text: &str) -> Address {
    text.parse().expect("a valid address")
}

pub(crate) fn site() -> Site {
    Site {
        account: "1234567890123456".to_owned(),
        region: "cn-beijing".to_owned(),
    }
}

pub(crate) fn map(entries: &[(&str, Value)]) -> Map {
    entries
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect()
}

pub(crate) fn place() -> Location {
    Location {
        file: "stack.yaml".into(),
        line: 5,
        column: 24,
    }
}

pub(crate) fn want(at: &str, attrs: &[(&str, Value)]) -> Desired {
    Desired {
        address: address(at),
        kind: "instance",
        attrs: map(attrs),
        initial: map(&[("name", "shop-app".into())]),
        tags: Some(map(&[("Env", "prod".into())])),
        guard: Guard::default(),
        terms: Arc::default(),
        at: place(),
        field_at: Arc::default(),
    }
}

pub(crate) fn live(attrs: &[(&str, Value)]) -> Live {
    let (id, attrs) = ("i-2zeabc".to_owned(), map(attrs));
    Live {
        kind: "instance",
        id,
        site: site(),
        copied: false,
        owner: None,
        tags: Tags::new(),
        attrs,
        uses: Vec::new(),
    }
}

pub(crate) fn change(at: &str, action: ChangeAction, reason: Reason) -> Change {
    Change {
        address: address(at),
        kind: "instance",
        action,
        reason,
        fields: Vec::new(),
        effect: Effect::NONE,
        loses: None,
        before: None,
        after: None,
        lifted: Vec::new(),
        order: ReplaceOrder::DeleteFirst,
        is_down: false,
    }
}

pub(crate) fn plan(changes: Vec<Change>, steps: Vec<PlanStep>) -> Plan {
    let cost = Cost {
        listings: 5,
        lookups: 1,
        details: 2,
        other: 1,
    };
    let (outputs, held) = (BTreeMap::new(), Vec::new());
    Plan {
        stack: "shop/prod".to_owned(),
        site: site(),
        now: 0,
        changes,
        steps,
        outputs,
        held,
        cost,
        n_live: 3,
    }
}

pub(crate) fn step(at: usize, address_text: &str, act: Step, after: &[usize]) -> PlanStep {
    PlanStep {
        address: address(address_text),
        kind: "instance",
        change: at,
        half: Half::Up,
        step: act,
        live_id: None,
        after: after.iter().copied().map(StepId).collect(),
        pivot: true,
        incarnation: 0,
    }
}
