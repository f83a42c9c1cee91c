//! The sentences before and after the items of a plan: header, summary, effect, held changes,
//! reads.

use std::borrow::Cow;

use setpoint_plan::Address;
use setpoint_plan::change::{Change, ChangeAction};
use setpoint_plan::document::held_words;
use setpoint_plan::effect::{Interruption, Loss};
use setpoint_plan::held::{Allowance, Held, HeldWhy};
use setpoint_plan::live::Cost;
use setpoint_plan::plan::Plan;
use setpoint_spec::stack::Amount;

use super::items::{interrupts, is_sibling};
use super::{Header, NO_CHANGES, NO_CHANGES_TO_TARGETS};
use crate::style::Label;
use crate::words::{self, clean, count};

/// The greatest number of `--allow-data-loss` flags that are written out.
const FLAGS_MAX: usize = 3;

/// Returns the header: `shop/prod · cn-beijing · account 1234…3456 · 23 live resources, 0.8 s`.
pub(super) fn header(plan: &Plan, header: &Header) -> String {
    let mut read = vec![count(plan.n_live, "live resource")];
    read.extend(header.elapsed.map(words::took));
    format!(
        "{} · {} · account {} · {}",
        plan.stack,
        plan.site.region,
        words::account(&plan.site.account),
        read.join(", ")
    )
}

/// Returns the summary: `Plan: 2 to add, 3 to change, 1 to destroy.` Kept resources are counted
/// separately.
pub(super) fn summary(plan: &Plan, header: &Header) -> String {
    let summary = plan.summary();
    if plan.is_empty() && summary.kept == 0 {
        let nothing = || {
            format!(
                "Nothing to destroy. Nothing in {} carries the tags of {}.",
                plan.site.region, plan.stack
            )
        };
        return match (header.destroy, header.is_partial) {
            (true, true) => "Nothing to destroy among the targets.".to_owned(),
            (true, false) => nothing(),
            (false, true) => NO_CHANGES_TO_TARGETS.to_owned(),
            (false, false) => NO_CHANGES.to_owned(),
        };
    }
    let text = format!(
        "Plan: {} to add, {} to change, {} to destroy.",
        summary.add, summary.change, summary.destroy
    );
    match summary.kept {
        0 => text,
        kept => format!("{text} {kept} kept."),
    }
}

/// Returns the effect:
/// `Effect: 3 restarts (2 of 3 web stay up), 1 rebuild. Data loss: db. Price changes: web.`
pub(super) fn effect(plan: &Plan) -> Option<(Label, String)> {
    let acting = || plan.changes.iter().filter(|change| change.is_change());
    let lost: Vec<&Address> = acting()
        .filter(|change| change.loses.is_some())
        .map(|change| &change.address)
        .collect();
    let interrupted = interruptions(plan);
    let mut sentences = Vec::new();
    if !interrupted.is_empty() {
        sentences.push(format!("Effect: {}.", interrupted.join(", ")));
    }
    if !lost.is_empty() {
        sentences.push(format!("Data loss: {}.", words::names(&lost)));
    }
    let in_place = acting().any(|change| change.before.is_some() && !change.deletes());
    let label = match (interrupted.is_empty(), lost.is_empty()) {
        (_, false) => Label::Danger,
        (false, true) => Label::Warning,
        (true, true) if in_place => {
            sentences.push("Effect: no running resource is interrupted.".to_owned());
            Label::Plain
        }
        (true, true) => return None,
    };
    sentences.extend(lost_addresses(plan));
    sentences.extend(payments(plan));
    Some((label, sentences.join(" ")))
}

/// Returns a sentence for each address that updates lose or may lose, such as `Public address may be
/// lost: web.` A resource that is replaced or deleted loses its addresses anyway.
fn lost_addresses(plan: &Plan) -> impl Iterator<Item = String> + '_ {
    let all = [
        (("private", Loss::Certain), "Private address lost"),
        (("private", Loss::Possible), "Private address may be lost"),
        (("public", Loss::Certain), "Public address lost"),
        (("public", Loss::Possible), "Public address may be lost"),
    ];
    all.into_iter().filter_map(|(one, said)| {
        let stays = |change: &&Change| change.action == ChangeAction::Update;
        let loses = |change: &&Change| change.effect.loses.addresses().any(|loss| loss == one);
        let losing = plan.changes.iter().filter(stays).filter(loses);
        let names: Vec<&Address> = losing.map(|change| &change.address).collect();
        (!names.is_empty()).then(|| format!("{said}: {}.", words::names(&names)))
    })
}

/// Returns a sentence for each type of payment, such as `Price changes: app, ip.` Only updates are
/// listed: creating, replacing or deleting a resource changes the bill anyway.
fn payments(plan: &Plan) -> impl Iterator<Item = String> + '_ {
    ["commitment", "refund", "price"]
        .into_iter()
        .filter_map(|kind| {
            let stays = |change: &&Change| change.action == ChangeAction::Update;
            let pays = |change: &&Change| change.effect.pays.words().any(|word| word == kind);
            let paid = plan.changes.iter().filter(stays).filter(pays);
            let names: Vec<&Address> = paid.map(|change| &change.address).collect();
            let said = match kind {
                "commitment" => "Commitment",
                "refund" => "Refund",
                _ => "Price changes",
            };
            (!names.is_empty()).then(|| format!("{said}: {}.", words::names(&names)))
        })
}

/// Returns the number of interruptions of each severity, from mild to severe.
fn interruptions(plan: &Plan) -> Vec<String> {
    let counted = [
        (Interruption::Brief, "brief interruption"),
        (Interruption::Restart, "restart"),
        (Interruption::Stop, "stop"),
        (Interruption::Rebuild, "rebuild"),
        (Interruption::Replace, "replacement"),
    ];
    let sentence = |(effect, word): &(Interruption, &str)| {
        let n = plan
            .changes
            .iter()
            .filter(|change| change.is_change() && change.effect.interrupts == *effect)
            .count();
        let up = if *effect == Interruption::Restart {
            stays_up(plan)
        } else {
            None
        };
        let up = up.map_or_else(String::new, |up| format!(" ({up})"));
        (n > 0).then(|| format!("{}{up}", count(n, word)))
    };
    counted.iter().filter_map(sentence).collect()
}

/// Returns how many members stay up while others restart in turn, for the first group in which some
/// do.
fn stays_up(plan: &Plan) -> Option<String> {
    let restarted = plan
        .changes
        .iter()
        .filter(|change| interrupts(change) && change.effect.interrupts == Interruption::Restart);
    restarted
        .filter_map(|change| up_beside(plan, change))
        .next()
}

/// Returns how many members of the group of a change stay up: those that the plan does not delete,
/// less those that are down and stay so, less `max_unavailable`, which is 1 by default. `None` if
/// none do.
fn up_beside(plan: &Plan, change: &Change) -> Option<String> {
    let lasts = |other: &&Change| {
        let is_deleted = other.action == ChangeAction::Delete;
        is_sibling(other, change) && other.before.is_some() && !is_deleted
    };
    let all = plan.changes.iter().filter(lasts).count();
    let lasting = plan.changes.iter().filter(lasts);
    let never_up = lasting
        .filter(|one| one.is_down && !one.is_change())
        .count();
    let down = match change
        .after
        .as_ref()
        .and_then(|want| want.terms.lifecycle.max_unavailable)
    {
        None => 1,
        Some(Amount::Count(n)) => n as usize,
        // The share is one of the desired group, new members included.
        Some(Amount::Percent(share)) => {
            let desired = |other: &&Change| is_sibling(other, change) && other.after.is_some();
            let size = plan.changes.iter().filter(desired).count();
            (size * usize::from(share) / 100).max(1)
        }
        Some(Amount::All) => all,
    };
    let up = all.checked_sub(down + never_up).filter(|up| *up > 0)?;
    let stay = if up == 1 { "stays" } else { "stay" };
    Some(format!(
        "{up} of {all} {} {stay} up",
        change.address.group()
    ))
}

/// The held steps with the way to allow them, and the allowed ones with the reason.
pub(super) fn held(plan: &Plan) -> Vec<(Label, String)> {
    let mut lines = Vec::new();
    let waiting: Vec<&Held> = plan
        .held
        .iter()
        .filter(|held| held.allowed_by.is_none())
        .collect();
    let addresses: Vec<&Address> = waiting
        .iter()
        .filter_map(|held| held.address.as_ref())
        .collect();
    if !addresses.is_empty() {
        let flags: Vec<String> = addresses
            .iter()
            .map(|address| format!("--allow-data-loss {}", shell_word(address)))
            .collect();
        let flags = if flags.len() > FLAGS_MAX {
            "--allow-data-loss ADDR for each".to_owned()
        } else {
            flags.join(" ")
        };
        lines.push((
            Label::Danger,
            format!(
                "Held: {}. In a pipeline: an `allow:` entry, or {flags}",
                words::names(&addresses)
            ),
        ));
    }
    for held in waiting
        .iter()
        .filter(|held| matches!(held.why, HeldWhy::Bulk { .. }))
    {
        lines.push((
            Label::Danger,
            format!(
                "Held: {}. In a pipeline: --allow-bulk; no `allow:` entry covers it",
                held_words(&held.why).1
            ),
        ));
    }
    for held in &plan.held {
        let by = match &held.allowed_by {
            Some(Allowance::Entry { reason }) => format!("allow: {}", clean(reason)),
            Some(Allowance::Flag) => "--allow-data-loss".to_owned(),
            Some(Allowance::BulkFlag) => "--allow-bulk".to_owned(),
            Some(Allowance::Destroy) | None => continue,
        };
        let what = held
            .address
            .as_ref()
            .map_or_else(|| held_words(&held.why).1, ToString::to_string);
        lines.push((Label::Warning, format!("Allowed: {what} ({by})")));
    }
    lines
}

/// Quotes an address for the shell: some shells take brackets as globs.
fn shell_word(address: &Address) -> String {
    let text = address.to_string();
    shlex::try_quote(&text).map_or(text.clone(), Cow::into_owned)
}

/// Returns the calls of reading: `Read with 9 calls: 7 listings, 1 look-up, 1 detail.`
pub(super) fn reads(cost: Cost) -> String {
    let counted = [
        (cost.listings, "listing"),
        (cost.lookups, "look-up"),
        (cost.details, "detail"),
        (cost.other, "check"),
    ];
    let parts: Vec<String> = counted
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, word)| count(*n, word))
        .collect();
    if parts.is_empty() {
        return "Read without a call.".to_owned();
    }
    format!(
        "Read with {}: {}.",
        count(cost.total(), "call"),
        parts.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::fixture::shop;

    #[test]
    fn one_member_stays_up_and_several_stay_up() {
        let (mut plan, _) = shop();
        assert_eq!(stays_up(&plan).as_deref(), Some("2 of 3 web stay up"));
        // A member that is stopped and stays so is not up.
        plan.changes[4].is_down = true;
        let action = std::mem::replace(&mut plan.changes[4].action, ChangeAction::NoOp);
        assert_eq!(stays_up(&plan).as_deref(), Some("1 of 3 web stays up"));
        (plan.changes[4].is_down, plan.changes[4].action) = (false, action);
        // A member that the plan deletes does not stay up beside the others.
        plan.changes[4].action = ChangeAction::Delete;
        assert_eq!(stays_up(&plan).as_deref(), Some("1 of 2 web stays up"));
        plan.changes.remove(4);
        assert_eq!(stays_up(&plan).as_deref(), Some("1 of 2 web stays up"));
        plan.changes.remove(3);
        assert_eq!(stays_up(&plan), None);
    }

    #[test]
    fn a_share_counts_new_members_too() {
        let (mut plan, _) = shop();
        for change in &mut plan.changes {
            if let Some(want) = change.after.as_mut().map(Arc::make_mut) {
                want.terms_mut().lifecycle.max_unavailable = Some(Amount::Percent(50));
            }
        }
        let mut new = plan.changes[4].clone();
        new.address = "web[3]".parse().expect("an address");
        (new.before, new.action) = (None, ChangeAction::Create);
        plan.changes.push(new);
        // Two of four may be down at once, so one of the three that run.
        assert_eq!(stays_up(&plan).as_deref(), Some("1 of 3 web stays up"));
    }

    #[test]
    fn an_allowed_step_names_what_allows_it() {
        let (mut plan, _) = shop();
        plan.held[0].allowed_by = Some(Allowance::Flag);
        let expected = "Allowed: db (--allow-data-loss)".to_owned();
        assert_eq!(held(&plan), [(Label::Warning, expected)]);
    }
}
