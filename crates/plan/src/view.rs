//! Views: the reads of a kind as values.
//!
//! A [`View`] says which action lists rows, how they are paged, filtered and read by id, what
//! proves an empty answer, and how an answer is decoded into rows. A [`Query`] is a view with its
//! arguments. The engine sends queries and knows neither kinds nor paths. Invariant: a query is
//! enough to decode its answer, to read again, and to prove that an empty answer is true; no kind
//! has to take care of it.

use std::cell::Cell;

use setpoint_openapi::action::Action;
use setpoint_openapi::json::{Json, Node, Odd};
use setpoint_openapi::page::Listing;

use crate::args::json_list;
use crate::kind::{Kind, Row, Site};
use crate::ownership;
use crate::procedure::Args;
use crate::{Map, Value};

/// A way to read resources.
#[derive(Debug, Clone, Copy)]
pub struct View {
    /// Its name: `list` for the listing of a kind.
    pub name: &'static str,
    /// The action that is called.
    pub api: &'static Action,
    /// How the rows are paged, and the path to them in the answer.
    pub listing: Listing,
    /// Arguments that are always sent.
    pub fixed: &'static [(&'static str, Fixed)],
    /// How the rows of one stack are filtered.
    pub owned: Owned,
    /// How rows are read by their ids.
    pub ids: Ids,
    /// The parameter that filters by name; empty if there is none.
    pub named: &'static str,
    /// The parameter that filters by resource group, for look-ups; empty if there is none.
    pub grouped: &'static str,
    /// What proves an empty answer.
    pub proof: Proof,
    /// How an answer is decoded into rows.
    pub decode: Decode,
}

/// A constant argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fixed {
    /// A text.
    Text(&'static str),
    /// A boolean.
    Flag(bool),
}

/// How the rows of one stack are filtered.
#[derive(Debug, Clone, Copy)]
pub enum Owned {
    /// By the ownership tag.
    ByTag,
    /// By a part of the name: the parameter, and the function from a stack's identity to that part.
    ByName(&'static str, fn(&str) -> String),
}

/// How rows are read by their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ids {
    /// They cannot be.
    Never,
    /// One id in this parameter.
    One(&'static str),
    /// Up to this number of ids in this parameter, separated by commas.
    Commas(&'static str, usize),
    /// Up to this number of ids in this parameter, as a JSON list.
    Json(&'static str, usize),
}

/// What proves that an empty listing is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Proof {
    /// Nothing more is needed: a caller without the permission to list gets an error.
    Refused,
    /// A further call with `DryRun`: a caller without the permission to list gets an error then.
    DryRun,
    /// A second read; for kinds without a create token.
    Twice,
}

/// How an answer is decoded into rows.
#[derive(Debug, Clone, Copy)]
pub enum Decode {
    /// Each row by itself.
    Rows(fn(&Reading<'_>, Node<'_>) -> Result<Row, Odd>),
    /// A page as a whole, because values beside the rows belong to them.
    Page(fn(&Reading<'_>, &Json) -> Result<Vec<Row>, Odd>),
}

/// What a decoder knows besides the answer.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    /// The kind.
    pub kind: &'static Kind,
    /// The view.
    pub view: &'static View,
    /// The account and the region that were read.
    pub site: &'a Site,
    /// Counts absent fields for which it is not known whether the cloud omits them.
    pub unsure: &'a Cell<usize>,
}

/// The rows of a page, decoded.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    /// The rows.
    pub rows: Vec<Row>,
    /// The number of absent fields for which it is not known whether the cloud omits them. They
    /// count as absent only if a second read agrees.
    pub unsure: usize,
}

/// A read call: a view with its arguments.
#[derive(Debug, Clone)]
pub struct Query {
    /// The kind that the rows belong to.
    pub kind: &'static Kind,
    /// The view.
    pub view: &'static View,
    /// The account and the region to read.
    pub site: Site,
    /// The parameters, without those of paging.
    pub args: Args,
    /// What proves an empty answer: the view's proof, unless the caller reads again in any case.
    pub proof: Proof,
}

impl View {
    /// A view of rows without filters, reads by id or by name, whose refusal is an error: the base
    /// of other views.
    #[must_use]
    pub const fn new(
        name: &'static str,
        api: &'static Action,
        listing: Listing,
        decode: Decode,
    ) -> Self {
        Self {
            name,
            api,
            listing,
            fixed: &[],
            owned: Owned::ByTag,
            ids: Ids::Never,
            named: "",
            grouped: "",
            proof: Proof::Refused,
            decode,
        }
    }

    /// Returns the query with these arguments and the fixed ones.
    #[must_use]
    pub fn query(&'static self, kind: &'static Kind, site: &Site, args: Args) -> Query {
        let fixed = self
            .fixed
            .iter()
            .map(|(name, value)| (*name, value.value()));
        let args = args.into_iter().chain(fixed).collect();
        Query {
            kind,
            view: self,
            site: site.clone(),
            args,
            proof: self.proof,
        }
    }

    /// Returns the query for the rows that a stack owns.
    #[must_use]
    pub fn owned_by(&'static self, kind: &'static Kind, site: &Site, stack: &str) -> Query {
        let filter = match self.owned {
            Owned::ByTag => stack_filter(stack),
            Owned::ByName(param, part) => vec![(param, Value::text(part(stack)))],
        };
        self.query(kind, site, filter)
    }

    /// Returns the queries for these ids; none if the view cannot read by id.
    #[must_use]
    pub fn by_ids(&'static self, kind: &'static Kind, site: &Site, ids: &[String]) -> Vec<Query> {
        // A caller that asks for ids reads again in any case, so a second read of the query's own
        // would prove nothing.
        let proof = if self.proof == Proof::Twice {
            Proof::Refused
        } else {
            self.proof
        };
        let one = |args: Args| Query {
            proof,
            ..self.query(kind, site, args)
        };
        match self.ids {
            Ids::Never => Vec::new(),
            Ids::One(param) => ids
                .iter()
                .map(|id| one(vec![(param, Value::text(id))]))
                .collect(),
            Ids::Commas(param, max) => ids
                .chunks(max)
                .map(|some| one(vec![(param, Value::text(some.join(",")))]))
                .collect(),
            Ids::Json(param, max) => ids
                .chunks(max)
                .map(|some| one(vec![(param, json_list(some))]))
                .collect(),
        }
    }

    /// Returns the query for a look-up in braces; `None` if this view cannot perform it.
    #[must_use]
    pub fn found_by(&'static self, kind: &'static Kind, site: &Site, by: &Map) -> Option<Query> {
        let mut args = match (by.get("tags"), by.get("name")) {
            (Some(Value::Map(tags)), _) => tags_filter(tags),
            (None, Some(name)) if !self.named.is_empty() => vec![(self.named, name.clone())],
            _ => return None,
        };
        if let Some(group) = by.get("resource_group") {
            args.push((self.grouped, group.clone()));
        }
        Some(self.query(kind, site, args))
    }
}

impl Fixed {
    fn value(self) -> Value {
        match self {
            Self::Text(text) => Value::text(text),
            Self::Flag(on) => Value::Bool(on),
        }
    }
}

impl Query {
    /// Returns a key that equal queries share. The order of keys has no meaning.
    #[must_use]
    pub fn key(&self) -> impl Ord + use<'_> {
        let view = std::ptr::from_ref(self.view);
        let kind = std::ptr::from_ref(self.kind);
        (view, kind, &self.site, &self.args, self.proof)
    }

    /// Returns whether it reads rows by their ids.
    #[must_use]
    pub fn is_by_id(&self) -> bool {
        let param = match self.view.ids {
            Ids::Never => return false,
            Ids::One(param) | Ids::Commas(param, _) | Ids::Json(param, _) => param,
        };
        self.args.iter().any(|(name, _)| *name == param)
    }

    /// Returns the same listing without the filter that selects a stack's rows: a second read by
    /// other means, for rows that the filtered listing did not show. `None` if it has no such
    /// filter.
    #[must_use]
    pub fn unfiltered(&self) -> Option<Self> {
        let filter = match self.view.owned {
            Owned::ByTag => "Tag",
            Owned::ByName(param, _) => param,
        };
        let mut all = self.clone();
        all.args.retain(|(name, _)| *name != filter);
        (all.args.len() < self.args.len()).then_some(all)
    }

    /// Returns the tags that every row must carry, with their values where the filter names one.
    #[must_use]
    pub fn tag_filter(&self) -> Vec<(String, Option<String>)> {
        let text = |map: &Map, name: &str| Some(map.get(name)?.as_text()?.to_owned());
        let tags = self.args.iter().filter(|(name, _)| *name == "Tag");
        let tags = tags.filter_map(|(_, value)| value.as_list()).flatten();
        tags.filter_map(Value::as_map)
            .filter_map(|tag| Some((text(tag, "Key")?, text(tag, "Value"))))
            .collect()
    }

    /// Decodes a page of its answer.
    ///
    /// # Errors
    /// Returns [`Odd`] if the answer is not what the action promises.
    pub fn decode(&self, page: &Json) -> Result<Page, Odd> {
        let unsure = Cell::new(0);
        let reading = Reading {
            kind: self.kind,
            view: self.view,
            site: &self.site,
            unsure: &unsure,
        };
        let rows: Vec<Row> = match self.view.decode {
            Decode::Page(decode) => decode(&reading, page)?,
            Decode::Rows(decode) => rows(page, self.view.listing.rows)?
                .into_iter()
                .map(|row| decode(&reading, row))
                .collect::<Result<_, Odd>>()?,
        };
        Ok(Page {
            rows,
            unsure: unsure.get(),
        })
    }
}

impl PartialEq for Query {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Query {}

/// Returns the rows of a listing. An answer without its list is an empty listing only if a count in
/// it says zero; otherwise it is an error.
fn rows<'a>(page: &'a Json, path: &str) -> Result<Vec<Node<'a>>, Odd> {
    match page.may_list(path)? {
        Some(rows) => Ok(rows),
        None if is_counted_empty(page) => Ok(Vec::new()),
        None => Err(Odd {
            what: format!("an answer without `{path}`"),
        }),
    }
}

fn is_counted_empty(page: &Json) -> bool {
    let is_zero = |count: Result<Option<i64>, Odd>| matches!(count, Ok(Some(0)));
    is_zero(page.may_int("TotalCount")) || is_zero(page.may_int_text("Total"))
}

/// Returns the filter for everything that carries this stack's tag.
fn stack_filter(stack: &str) -> Args {
    let tag = pair(ownership::STACK, Value::text(stack));
    vec![("Tag", Value::List(vec![tag]))]
}

/// Returns the filter of a look-up by tags.
#[must_use]
pub fn tags_filter(tags: &Map) -> Args {
    let pairs = tags.iter().map(|(key, value)| pair(key, value.clone()));
    vec![("Tag", Value::List(pairs.collect()))]
}

/// Returns a tag in the form that the API takes.
#[must_use]
pub fn pair(key: &str, value: Value) -> Value {
    let key = ("Key".to_owned(), Value::text(key));
    Value::Map([key, ("Value".to_owned(), value)].into())
}
