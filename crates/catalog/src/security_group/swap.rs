//! Changes the rules of one direction from the live to the desired ones.
//!
//! Rules are added, then descriptions changed, then rules revoked. Invariant: a flow that both the
//! live and the desired rules allow is open at every moment, as far as the quota permits old and
//! new rules at the same time.
//!
//! A rule without an id in the listing is revoked by its content. A live rule whose peer is the id
//! of a group and a desired rule whose peer is a reference may turn out to be the same flow only
//! during apply: such a rule is kept.

use setpoint_plan::procedure::{Args, Call, Codes, Each, ItemForm, Retry, Step, Window, minutes};
use setpoint_plan::update::Changing;
use setpoint_plan::{Map, Value};

use crate::security_group::rules::{key, may_meet, permission};
use crate::security_group::{Way, on, rules_of};
use crate::shared::when_known;

/// The greatest number of rules in one direction of a group.
const QUOTA: usize = 200;
/// A temporary internal error, according to the documentation.
const GRESS: Retry = &[(&["InvalidGressFlow.Malformed"], Window::For(minutes(1)))];

/// Returns the steps that add new rules, change descriptions, and revoke old rules. If old and new
/// rules together exceed the quota, old rules that overlap no new one are revoked first, and new
/// rules that still do not fit are added last.
pub(super) fn swap(way: &Way, change: &Changing<'_>) -> Vec<Step> {
    let Changing { want, live, .. } = *change;
    let id = &change.id();
    let wanted: Vec<&Map> = rules_of(want.attrs.get(way.field)).collect();
    let current: Vec<&Map> = rules_of(live.attrs.get(way.field)).collect();
    let additive = want
        .terms
        .lifecycle
        .additive
        .iter()
        .any(|name| name == way.field);
    let is_new = |rule: &&Map| current.iter().all(|other| key(other) != key(rule));
    let is_stale = |rule: &&Map| !additive && wanted.iter().all(|other| key(other) != key(rule));
    let fresh: Vec<&Map> = wanted.iter().copied().filter(is_new).collect();
    let stale: Vec<&Map> = current.iter().copied().filter(is_stale).collect();
    let is_tight = current.len() + fresh.len() > QUOTA;
    let goes_first = |rule: &&Map| is_tight && !fresh.iter().any(|new| may_meet(rule, new));
    let (first, last): (Vec<&Map>, Vec<&Map>) = stale.into_iter().partition(goes_first);
    let room = QUOTA.saturating_sub(current.len() - first.len());
    let (fitting, others) = fresh.split_at(if last.is_empty() {
        fresh.len()
    } else {
        room.min(fresh.len())
    });
    let mut steps = take(way, id, first.into_iter(), &fresh);
    steps.extend(add(way, id, fitting.iter().copied()));
    steps.extend(reword(way, id, &wanted, &current));
    steps.extend(take(way, id, last.into_iter(), &fresh));
    steps.extend(add(way, id, others.iter().copied()));
    steps
}

/// Returns the steps that change descriptions in place; a description is not part of a flow.
fn reword(way: &Way, id: &Value, wanted: &[&Map], current: &[&Map]) -> Vec<Step> {
    let one = |rule: &&Map| {
        let same = wanted.iter().find(|other| key(other) == key(rule))?;
        let text = same
            .get("description")
            .filter(|text| rule.get("description") != Some(text))?;
        let mut args = match rule.get("id") {
            Some(rule_id) => vec![("SecurityGroupRuleId", rule_id.clone())],
            None => flat(rule, way),
        };
        args.push(("Description", text.clone()));
        Some(on(id, way.reword, args))
    };
    current.iter().filter_map(one).collect()
}

/// Returns a rule as single parameters without its description, to identify a rule without an id.
fn flat(rule: &Map, way: &Way) -> Args {
    const NAMES: [&str; 12] = [
        "IpProtocol",
        "PortRange",
        "Policy",
        "Priority",
        "SourceGroupId",
        "SourcePrefixListId",
        "SourceCidrIp",
        "Ipv6SourceCidrIp",
        "DestGroupId",
        "DestPrefixListId",
        "DestCidrIp",
        "Ipv6DestCidrIp",
    ];
    let known = permission(rule, way.field);
    NAMES
        .into_iter()
        .filter_map(|name| Some((name, known.get(name)?.clone())))
        .collect()
}

/// Returns one step for each rule to add. Steps that are ready together are sent as one call, up to
/// 100 in one.
pub(super) fn add<'a>(way: &Way, id: &Value, rules: impl Iterator<Item = &'a Map>) -> Vec<Step> {
    let each = Each {
        item: "Permissions",
        max: 100,
        form: ItemForm::Indexed,
        results: None,
    };
    let one = |rule: &Map| {
        let args = vec![
            ("SecurityGroupId", id.clone()),
            ("Permissions", Value::Map(permission(rule, way.field))),
        ];
        when_known(Step::call(Call {
            each: Some(each),
            retry: GRESS,
            ..Call::new(way.add, args)
        }))
    };
    rules.map(one).collect()
}

/// Returns one step for each rule to revoke. If one of up to 100 rules in a call is already gone,
/// the call is split, so that the others are still revoked. A rule that turns out to equal one of
/// `fresh` is kept.
pub(super) fn take<'a>(
    way: &Way,
    id: &Value,
    rules: impl Iterator<Item = &'a Map>,
    fresh: &[&Map],
) -> Vec<Step> {
    let each = |item| Each {
        item,
        max: 100,
        form: ItemForm::Indexed,
        results: None,
    };
    let gone: Codes = &[
        "InvalidSecurityGroupRule.RuleNotExist",
        "InvalidGroupAuthItem.NotFound",
        "SecurityGroupRule.NotFound",
        "InvalidSecurityGroupId.NotFound",
    ];
    let one = |rule: &Map| {
        let (item, value) = match rule.get("id") {
            Some(rule_id) => ("SecurityGroupRuleId", rule_id.clone()),
            None => ("Permissions", Value::Map(permission(rule, way.field))),
        };
        let args = vec![("SecurityGroupId", id.clone()), (item, value)];
        let call = Call {
            each: Some(each(item)),
            done_on: gone,
            ..Call::new(way.take, args)
        };
        when_known(Step::call(call))
            .unless(fresh.iter().filter_map(|new| same(rule, new)).collect())
    };
    rules.map(one).collect()
}

/// Returns the groups of two rules that are the same flow if these groups are the same; `None` if
/// the rules differ otherwise.
fn same(live: &Map, new: &Map) -> Option<(Value, Value)> {
    let group = live.get("group")?;
    let mut renamed = new.clone();
    if renamed.contains_key("group") {
        renamed.insert("group", group.clone());
    }
    (key(&renamed) == key(live)).then(|| (new["group"].clone(), group.clone()))
}
