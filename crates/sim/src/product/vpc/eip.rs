//! `eip`: a public address that can be bound to one resource at a time.
//!
//! Available → Associating → InUse → Unassociating → Available → Releasing → released, about a
//! second each. It exists longer than the resource that it is bound to. Invariant: `target` is set
//! in Associating, InUse and Unassociating, and in no other state.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::base::Base;
use crate::call::{Answer, Call};
use crate::product::Actions;
use crate::product::ecs::instance::launch;
use crate::product::vpc::label::{self, Labels};
use crate::refusal::Refusal;
use crate::table::Row;
use crate::tags;
use crate::world::{World, done};

pub(crate) mod bind;
pub(crate) mod read;

pub(crate) const ACTIONS: Actions = &[
    ("AllocateEipAddress", allocate),
    ("AllocateEipAddressPro", allocate_pro),
    ("ModifyEipAddressAttribute", modify),
    ("ReleaseEipAddress", release),
    ("AssociateEipAddress", bind::associate),
    ("UnassociateEipAddress", bind::unassociate),
    ("DescribeEipAddresses", read::describe),
];

/// A public address.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Eip {
    pub(crate) base: Base,
    pub(crate) state: State,
    pub(crate) due_ms: Option<i64>,
    pub(crate) address: String,
    /// Mbit/s.
    pub(crate) bandwidth: i64,
    pub(crate) internet_charge_type: String,
    pub(crate) charge_type: String,
    isp: String,
    pub(crate) target: Option<Target>,
    /// The bandwidth package of the EIP.
    pub(crate) package: Option<String>,
}

/// The resource that an EIP is bound to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Target {
    pub(crate) id: String,
    /// `EcsInstance`, `Nat` or `NetworkInterface`.
    pub(crate) kind: String,
    pub(crate) vpc: String,
    pub(crate) private_address: String,
    pub(crate) mode: String,
}

/// The state of an EIP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum State {
    Available,
    Associating,
    InUse,
    Unassociating,
    Releasing,
}

impl Row for Eip {
    const KIND: &'static str = "eip";

    fn base(&self) -> Option<&Base> {
        Some(&self.base)
    }

    fn state(&self) -> &str {
        match self.state {
            State::Available => "Available",
            State::Associating => "Associating",
            State::InUse => "InUse",
            State::Unassociating => "Unassociating",
            State::Releasing => "Releasing",
        }
    }

    fn due_ms(&self) -> Option<i64> {
        self.due_ms
    }

    fn step(world: &mut World, id: &str) {
        let Some(eip) = world.tables.eips.get_mut(id) else {
            return;
        };
        eip.due_ms = None;
        match eip.state {
            State::Associating => eip.state = State::InUse,
            State::Unassociating => (eip.state, eip.target) = (State::Available, None),
            State::Releasing => {
                world.tables.eips.remove(id);
            }
            State::Available | State::InUse => {}
        }
    }
}

impl Eip {
    /// Enters a state that ends by itself.
    fn go(&mut self, state: State, until_ms: i64) {
        (self.state, self.due_ms) = (state, Some(until_ms));
    }

    /// Whether it is bound to this resource, or will be.
    pub(crate) fn is_at(&self, id: &str) -> bool {
        self.target.as_ref().is_some_and(|target| target.id == id)
    }
}

/// The address that a call names.
pub(crate) fn find<'a>(world: &'a World, call: &Call<'_>, id: &str) -> Result<&'a Eip, Refusal> {
    let eip = world
        .tables
        .eips
        .get(id)
        .filter(|eip| call.in_region(&eip.base.region));
    eip.ok_or_else(|| {
        Refusal::absent(
            "InvalidAllocationId.NotFound",
            format!("The specified allocation {id} does not exist."),
        )
    })
}

/// The EIP in a row of DescribeInstances, if one is bound.
pub(crate) fn of_instance<'a>(world: &'a World, instance: &str) -> Option<&'a Eip> {
    world
        .tables
        .eips
        .values()
        .find(|eip| eip.state == State::InUse && eip.is_at(instance))
}

/// Unbinds the EIPs of a deleted resource; they are Available after a moment.
pub(crate) fn let_go(world: &mut World, target: &str) {
    let until = world.now_ms() + world.options.profile.eip_ms;
    let bound: Vec<String> = world
        .tables
        .eips
        .values()
        .filter(|eip| eip.is_at(target))
        .map(|eip| eip.base.id.clone())
        .collect();
    for id in bound {
        if let Some(eip) = world.tables.eips.get_mut(&id) {
            eip.go(State::Unassociating, until);
        }
    }
}

fn allocate(world: &mut World, call: &Call<'_>) -> Answer {
    call.harmless(&["ActivityId"]);
    let labels = Labels::of(call, "Name")?;
    if call.given("InstanceChargeType") == Some("PrePaid") && !labels.is_empty() {
        return Err(Refusal::bad(
            "InvalidParameter",
            "A subscription address takes neither Name nor Description.",
        ));
    }
    make(world, call, &labels)
}

fn allocate_pro(world: &mut World, call: &Call<'_>) -> Answer {
    let labels = Labels::of(call, "Name")?;
    make(world, call, &labels)
}

fn make(world: &mut World, call: &Call<'_>, labels: &Labels<'_>) -> Answer {
    let region = call.region_needed()?;
    call.harmless(&["AutoPay", "Period", "PricingCycle"]);
    call.only("Netmode", "public")?;
    let charge_type = one_of(call, "InstanceChargeType", &["PostPaid", "PrePaid"])?;
    let internet_charge_type = one_of(
        call,
        "InternetChargeType",
        &["PayByBandwidth", "PayByTraffic"],
    )?;
    if charge_type == "PrePaid" && internet_charge_type == "PayByTraffic" {
        return Err(Refusal::invalid("InternetChargeType"));
    }
    let isp = one_of(call, "ISP", &["BGP", "BGP_PRO"])?;
    let bandwidth = bandwidth(
        call.given("Bandwidth").unwrap_or("5"),
        charge_type,
        internet_charge_type,
    )?;
    let tags = tags::of_create(call)?;
    if world.tables.eips.values().count() >= world.options.quotas.eips {
        return Err(Refusal::bad(
            "QuotaExceeded.Eip",
            "The number of EIPs exceeds the quota of this account.",
        ));
    }
    let mut base = world.new_base("eip", region);
    labels.put(&mut base);
    label::put_group(call, &mut base);
    if !world.options.allocation_drops_tags {
        base.tags = tags;
    }
    let (id, address) = (base.id.clone(), launch::new_public_address(world));
    let mut answer =
        json!({"AllocationId": id, "EipAddress": address, "ResourceGroupId": base.resource_group});
    if charge_type == "PrePaid" {
        answer["OrderId"] = json!(200_000_000_000_000 + world.next_number("order"));
    }
    let eip = Eip {
        base,
        state: State::Available,
        due_ms: None,
        address,
        bandwidth,
        internet_charge_type: internet_charge_type.to_owned(),
        charge_type: charge_type.to_owned(),
        isp: isp.to_owned(),
        target: None,
        package: None,
    };
    world.tables.eips.insert(&id, eip);
    Ok(answer)
}

/// The value of a parameter with a few values; the first is the default.
fn one_of<'a>(call: &Call<'a>, name: &str, values: &[&'static str]) -> Result<&'a str, Refusal>
where
    'static: 'a,
{
    let value = call.given(name).unwrap_or(values[0]);
    if values.contains(&value) {
        Ok(value)
    } else {
        Err(Refusal::invalid(name))
    }
}

/// Mbit/s in the range of the charge type.
fn bandwidth(text: &str, charge_type: &str, internet_charge_type: &str) -> Result<i64, Refusal> {
    let most = match (charge_type, internet_charge_type) {
        ("PrePaid", _) => 1_000,
        (_, "PayByTraffic") => 200,
        _ => 500,
    };
    text.parse()
        .ok()
        .filter(|value| (1..=most).contains(value))
        .ok_or_else(|| Refusal::invalid("Bandwidth"))
}

fn modify(world: &mut World, call: &Call<'_>) -> Answer {
    let id = call.need("AllocationId")?;
    let eip = find(world, call, id)?;
    let labels = Labels::of(call, "Name")?;
    let wanted = call
        .given("Bandwidth")
        .map(|text| bandwidth(text, &eip.charge_type, &eip.internet_charge_type))
        .transpose()?;
    if matches!(
        eip.state,
        State::Associating | State::Unassociating | State::Releasing
    ) {
        return Err(Refusal::bad(
            "IncorrectEipStatus",
            "Current elastic IP status does not support this operation.",
        ));
    }
    let eip = world
        .tables
        .eips
        .get_mut(id)
        .expect("the EIP was just found");
    labels.put(&mut eip.base);
    eip.bandwidth = wanted.unwrap_or(eip.bandwidth);
    done()
}

fn release(world: &mut World, call: &Call<'_>) -> Answer {
    let id = call.need("AllocationId")?;
    let eip = find(world, call, id)?;
    if eip.charge_type == "PrePaid" {
        return Err(Refusal::bad(
            "Forbidden.ChargeTypeIsPrepaid",
            "A subscription address cannot be released.",
        ));
    }
    if eip.state != State::Available {
        return Err(Refusal::bad(
            "IncorrectEipStatus",
            "Current elastic IP status does not support this operation.",
        ));
    }
    let until = world.now_ms() + world.options.profile.eip_ms;
    let eip = world
        .tables
        .eips
        .get_mut(id)
        .expect("the EIP was just found");
    eip.package = None;
    eip.go(State::Releasing, until);
    done()
}

#[cfg(test)]
mod states;
#[cfg(test)]
mod tests;
