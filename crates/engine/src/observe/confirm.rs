//! Confirmation: before a plan draws a conclusion from an absence, it is read again by other means.
//!
//! A resource that the listing does not show is searched for in the listing without the filter. A
//! row in which something is missing is read by its id. If the second read agrees with the first,
//! the absence is a fact. If it does not, the same is read twice more: two reads that agree settle
//! it, and their rows are used. Otherwise the run stops without changes.
//!
//! # Cost
//!
//! No calls if nothing is in doubt. Otherwise one listing for each kind of which a resource is
//! missing, and one read by id for each kind of which a row is in doubt.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use setpoint_plan::answers::{self, is_ours, live_rows};
use setpoint_plan::kind::Row;
use setpoint_plan::live::{Cost, Live, Snapshot};
use setpoint_plan::planner::{Intent, Options};
use setpoint_plan::questions;
use setpoint_plan::rows::Details;
use setpoint_plan::view::{Proof, Query};

use super::doubt::{Doubts, Name};
use super::tagged;
use super::{ObserveError, Observed};
use crate::pages::{self, ReadError};
use crate::session::Session;

/// Two reads that contradict each other, which further reads did not settle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{action} does not agree with itself{}: {what}",
    in_exchange(request_id)
)]
pub struct Contradiction {
    /// The action of the last read.
    pub action: &'static str,
    /// The difference between the reads.
    pub what: String,
    /// The request id of the last read; empty if there is none.
    pub request_id: String,
}

fn in_exchange(request_id: &str) -> String {
    if request_id.is_empty() {
        String::new()
    } else {
        format!(" (RequestId {request_id})")
    }
}

/// The result of a further read.
#[derive(Debug, Default)]
struct Again {
    rows: Vec<Live>,
    cost: Cost,
    /// For each kind: its name, the action that read it, and the request id of the last page.
    by: Vec<(&'static str, &'static str, String)>,
}

/// Returns the snapshot, after every absence that a plan would draw a conclusion from was read
/// again.
pub(super) async fn confirm(
    session: &Session,
    intent: &Intent,
    options: &Options,
    first: Snapshot,
) -> Result<Observed, ObserveError> {
    let (doubts, draft) = Doubts::of(&session.registry, intent, options, &first);
    if doubts.is_empty() {
        return Ok(Observed {
            snapshot: first,
            draft,
        });
    }
    let (first, looked_up) = look_up_again(session, intent, &doubts, first).await?;
    let cx = Cx {
        session,
        intent,
        doubts: &doubts,
        first: &first,
        known: by_name(first.live.iter().map(Arc::as_ref)),
    };
    let second = cx.look().await?;
    let mut cost = second.cost;
    cost.lookups += looked_up;
    let settled = if cx.against_first(&second).is_none() {
        None
    } else {
        Some(cx.settle(second, &mut cost).await?)
    };
    let mut snapshot = match &settled {
        None => first,
        Some(rows) => {
            let is_whole = |row: &Live| {
                let asked = doubts.rows.get(&(row.kind, row.id.clone()));
                asked.is_some_and(|attrs| !attrs.is_empty())
            };
            answers::settled(&session.registry, intent, first, rows, is_whole)
        }
    };
    add(&mut snapshot.cost, cost);
    Ok(Observed {
        snapshot,
        draft: None,
    })
}

/// Repeats the look-ups of resources that would be rebuilt or replaced; two equal results decide.
/// Returns the number of calls too.
async fn look_up_again(
    session: &Session,
    intent: &Intent,
    doubts: &Doubts,
    mut snapshot: Snapshot,
) -> Result<(Snapshot, usize), ObserveError> {
    let mut calls = 0;
    let wanted = doubts
        .look_ups
        .iter()
        .filter_map(|address| intent.desired.get(address));
    for want in wanted {
        for query in questions::look_ups(&session.registry, intent, want) {
            let found = snapshot.found.entry(want.address.clone()).or_default();
            let mut looks = vec![found.rows(query.view)];
            let agreed = loop {
                let read = pages::read(session, &query).await?;
                calls += read.pages;
                if looks.contains(&read.rows) {
                    break read.rows;
                }
                if looks.len() == LOOKS_MAX {
                    let contradiction = Contradiction {
                        action: query.view.api.name,
                        what: format!("the look-ups of `{}` show different rows", want.address),
                        request_id: read.request_id,
                    };
                    return Err(ObserveError::Contradiction(contradiction));
                }
                looks.push(read.rows);
            };
            found.replace(query.view, agreed);
        }
    }
    Ok((snapshot, calls))
}

/// The number of look-ups with different results at which the look-up is an error.
const LOOKS_MAX: usize = 3;

struct Cx<'a> {
    session: &'a Session,
    intent: &'a Intent,
    doubts: &'a Doubts,
    first: &'a Snapshot,
    /// The rows of the first read.
    known: ByName<'a>,
}

/// Live rows by kind and id.
type ByName<'a> = BTreeMap<(&'static str, &'a str), &'a Live>;

fn by_name<'a>(rows: impl IntoIterator<Item = &'a Live>) -> ByName<'a> {
    let rows = rows.into_iter();
    rows.map(|row| ((row.kind, row.id.as_str()), row)).collect()
}

impl Cx<'_> {
    /// Reads twice more. Two reads that agree decide, unless one of the others has shown a row that
    /// the last one does not.
    async fn settle(&self, second: Again, cost: &mut Cost) -> Result<Vec<Live>, ObserveError> {
        let third = self.look().await?;
        add(cost, third.cost);
        if self.between(&second, &third).is_none() {
            return Ok(third.rows);
        }
        let fourth = self.look().await?;
        add(cost, fourth.cost);
        let last = by_name(&fourth.rows);
        let shown = |(kind, id): &Name| last.contains_key(&(*kind, id.as_str()));
        let all_shown = [&second, &third].iter().all(|look| {
            let mut names = look.rows.iter().map(|row| (row.kind, row.id.clone()));
            names.all(|name| shown(&name))
        });
        let agrees =
            self.between(&second, &fourth).is_none() || self.between(&third, &fourth).is_none();
        if agrees && all_shown {
            return Ok(fourth.rows);
        }
        let (kind, what) = self
            .between(&third, &fourth)
            .or_else(|| self.between(&second, &fourth))
            .or_else(|| self.against_first(&second))
            .unwrap_or_default();
        let by = fourth.by.iter().find(|(of, _, _)| *of == kind);
        let (action, request_id) =
            by.map_or(("a listing", ""), |(_, action, id)| (*action, id.as_str()));
        let contradiction = Contradiction {
            action,
            what,
            request_id: request_id.to_owned(),
        };
        Err(ObserveError::Contradiction(contradiction))
    }

    /// Reads everything that is in doubt, by other means than the first read.
    async fn look(&self) -> Result<Again, ReadError> {
        let mut again = Again::default();
        let mut details = Vec::new();
        let doubted: BTreeSet<&'static str> =
            self.doubts.rows.keys().map(|(kind, _)| *kind).collect();
        for kind in self.session.registry.kinds() {
            let name = kind.name;
            let ids: Vec<String> = self
                .doubts
                .rows
                .keys()
                .filter(|(of, _)| *of == name)
                .map(|(_, id)| id.clone())
                .collect();
            for query in kind.poll(&self.intent.site, &ids) {
                again.cost.other += self.read(&query, &mut again.rows, &mut again.by).await?;
            }
            if self.doubts.kinds.contains_key(name) {
                for query in self.listings(name) {
                    again.cost.listings +=
                        self.read(&query, &mut again.rows, &mut again.by).await?;
                }
            }
            if doubted.contains(name) {
                for (of, view) in kind.more_lists {
                    let (site, stack) = (&self.intent.site, &self.intent.stack);
                    let query = view.owned_by(of, site, stack);
                    let read = tagged::read(self.session, &query).await?;
                    again.cost.details += read.pages;
                    details.extend(read.rows);
                }
            }
        }
        // A row that is both read by id and listed counts once.
        let mut seen = BTreeSet::new();
        again
            .rows
            .retain(|row| self.matters(row) && seen.insert((row.kind, row.id.clone())));
        fold(&mut again.rows, details);
        self.read_details(&mut again).await?;
        Ok(again)
    }

    /// Returns the listing of a kind without its filter, or the usual listing if it has none.
    fn listings(&self, kind: &'static str) -> Vec<Query> {
        let list = self
            .session
            .registry
            .known(kind)
            .owned(&self.intent.site, &self.intent.stack);
        // The first read has proven the permission to list, if it had to be proven.
        let all = list.unfiltered().map(|query| Query {
            proof: Proof::Refused,
            ..query
        });
        vec![all.unwrap_or(list)]
    }

    async fn read(
        &self,
        query: &Query,
        rows: &mut Vec<Live>,
        by: &mut Vec<(&'static str, &'static str, String)>,
    ) -> Result<usize, ReadError> {
        let read = tagged::read(self.session, query).await?;
        rows.extend(live_rows(read.rows).map(Arc::unwrap_or_clone));
        by.push((query.kind.name, query.view.api.name, read.request_id));
        Ok(read.pages + read.proofs)
    }

    /// Returns whether a row of a further read matters: it is in doubt, or it is ours and the first
    /// read did not show it or its kind is in doubt.
    fn matters(&self, row: &Live) -> bool {
        let name = (row.kind, row.id.clone());
        let listed = self.first_row(&name).is_some();
        self.doubts.rows.contains_key(&name)
            || is_ours(self.intent, row) && (!listed || self.doubts.kinds.contains_key(row.kind))
    }

    fn first_row(&self, name: &Name) -> Option<&Live> {
        self.known.get(&(name.0, name.1.as_str())).copied()
    }

    /// Reads the details that no listing carries, for rows that the first read did not show and for
    /// rows with fields in doubt.
    async fn read_details(&self, again: &mut Again) -> Result<(), ReadError> {
        let mut details = Vec::new();
        for row in &again.rows {
            let name = (row.kind, row.id.clone());
            let asked = self.doubts.rows.get(&name);
            let known = self.first_row(&name);
            if known.is_some() && asked.is_none_or(BTreeSet::is_empty) {
                continue;
            }
            let owner = known
                .and_then(|row| row.owner.as_ref())
                .or(row.owner.as_ref());
            let address = owner.map(|owner| &owner.address);
            let (registry, intent) = (&self.session.registry, self.intent);
            for query in questions::details(registry, intent, self.first, address, row) {
                let read = pages::read(self.session, &query).await?;
                again.cost.details += read.pages;
                details.extend(
                    read.rows
                        .into_iter()
                        .filter(|row| matches!(row, Row::Detail { .. })),
                );
            }
        }
        fold(&mut again.rows, details);
        Ok(())
    }

    /// Returns the first contradiction between a further read and the first one, with its kind.
    fn against_first(&self, look: &Again) -> Option<(&'static str, String)> {
        let before = |name: &Name| {
            let mut astray = self.first.astray.iter();
            let known = self.first_row(name);
            known.or_else(|| astray.find(|row| is_named(row, name)))
        };
        for row in &look.rows {
            let name = (row.kind, row.id.clone());
            let Some(known) = before(&name) else {
                return Some((
                    row.kind,
                    format!("one look shows {}, another does not", told(row)),
                ));
            };
            let moved = self.first.moved.get(&row.id);
            let same_owner =
                row.owner == known.owner || moved.is_some() && row.owner.as_ref() == moved;
            if let Some(what) = self.differing(&name, row, known, same_owner) {
                return Some((row.kind, what));
            }
        }
        // A resource that is to be deleted and no longer exists is not a contradiction: the delete
        // call will report it.
        let shown = by_name(&look.rows);
        let unshown = self.doubts.rows.iter().find(|((kind, id), attrs)| {
            !attrs.is_empty() && !shown.contains_key(&(*kind, id.as_str()))
        });
        unshown.map(|((kind, id), _)| {
            (
                *kind,
                format!("one look shows the {kind} {id}, another does not"),
            )
        })
    }

    /// Returns the first contradiction between two further reads, with its kind.
    fn between(&self, one: &Again, other: &Again) -> Option<(&'static str, String)> {
        for (here, there) in [(one, other), (other, one)] {
            let there = by_name(&there.rows);
            for row in &here.rows {
                let name = (row.kind, row.id.clone());
                let Some(same) = there.get(&(row.kind, row.id.as_str())) else {
                    return Some((
                        row.kind,
                        format!("one look shows {}, another does not", told(row)),
                    ));
                };
                let same_owner = row.owner == same.owner;
                let differing = self.differing(&name, row, same, same_owner);
                if let Some(what) = differing.or_else(|| self.unsettled(&name, row, same)) {
                    return Some((row.kind, what));
                }
            }
        }
        None
    }

    fn differing(&self, name: &Name, row: &Live, known: &Live, same_owner: bool) -> Option<String> {
        let differs =
            |what: &str| Some(format!("two looks show different {what} of {}", told(row)));
        if !same_owner || row.tags != known.tags {
            return differs("tags");
        }
        let asked = self.doubts.rows.get(name);
        let attr = asked
            .into_iter()
            .flatten()
            .find(|attr| row.attr(attr) != known.attr(attr))?;
        differs(&format!("`{attr}`"))
    }

    /// Returns the first other field in which two further reads of a row differ, if that row is
    /// going to replace the row of the first read.
    fn unsettled(&self, name: &Name, row: &Live, other: &Live) -> Option<String> {
        let asked = self.doubts.rows.get(name);
        if self.first_row(name).is_some() && asked.is_none_or(BTreeSet::is_empty) {
            return None;
        }
        let kind = self.session.registry.known(row.kind);
        let mut attrs = row.attrs.keys().filter(|attr| !kind.is_transient(attr));
        let attr = attrs.find(|attr| row.attr(attr) != other.attr(attr))?;
        Some(format!(
            "two looks show different `{attr}` of {}",
            told(row)
        ))
    }
}

fn fold(rows: &mut [Live], details: Vec<Row>) {
    let details = Details::of(details);
    rows.iter_mut().for_each(|row| details.fold_into(row));
}

fn is_named(row: &Live, (kind, id): &Name) -> bool {
    row.kind == *kind && row.id == *id
}

fn told(row: &Live) -> String {
    let owner = row.owner.as_ref();
    owner.map_or_else(
        || format!("the {} {}", row.kind, row.id),
        |owner| format!("the {} {} (`{}`)", row.kind, row.id, owner.address),
    )
}

fn add(cost: &mut Cost, more: Cost) {
    cost.listings += more.listings;
    cost.lookups += more.lookups;
    cost.details += more.details;
    cost.other += more.other;
}
