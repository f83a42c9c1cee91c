//! Views: the reads of a kind as values.
//!
//! A [`View`] says which action shows rows, how they are paged, filtered and asked for by id, what
//! makes an empty answer believable, and how an answer becomes rows. A [`Query`] is a view with its
//! arguments. The engine sends queries and knows neither kinds nor paths. Invariant: whoever holds
//! a query can decode its answer, look again, and prove its emptiness; no kind has to remember it.

use std::cell::Cell;

use setpoint_openapi::action::Action;
use setpoint_openapi::json::{Json, Node, Odd};
use setpoint_openapi::page::Listing;

use crate::args::json_list;
use crate::kind::{Kind, Row, Site};
use crate::ownership;
use crate::procedure::Args;
use crate::{Map, Value};

/// One way to read resources.
#[derive(Debug, Clone, Copy)]
pub struct View {
    /// Its name: `list` for the listing of a kind.
    pub name: &'static str,
    /// The action.
    pub api: &'static Action,
    /// How the rows are paged, and where they stand in the answer.
    pub listing: Listing,
    /// Arguments that are always sent.
    pub fixed: &'static [(&'static str, Fixed)],
    /// How the rows of one stack are filtered.
    pub owned: Owned,
    /// How rows are asked for by id.
    pub ids: Ids,
    /// The parameter that filters by name; empty if there is none.
    pub named: &'static str,
    /// What makes an empty answer believable.
    pub proof: Proof,
    /// How an answer becomes rows.
    pub decode: Decode,
}

/// A constant argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fixed {
    /// A text.
    Text(&'static str),
    /// A flag.
    Flag(bool),
}

/// How the rows of one stack are filtered.
#[derive(Debug, Clone, Copy)]
pub enum Owned {
    /// By the ownership tag.
    ByTag,
    /// By a part of the name: the parameter, and the part for a stack.
    ByName(&'static str, fn(&str) -> String),
}

/// How rows are asked for by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ids {
    /// Not at all.
    Never,
    /// One id in this parameter.
    One(&'static str),
    /// So many ids in this parameter, separated by commas.
    Commas(&'static str, usize),
    /// So many ids in this parameter, as a JSON list.
    Json(&'static str, usize),
}

/// What makes an empty listing believable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Proof {
    /// A caller who may not list gets an error.
    Refused,
    /// Asked once more with `DryRun`: a caller who may not list gets an error then.
    DryRun,
    /// A second look; for kinds without a create token.
    Twice,
}

/// How an answer becomes rows.
#[derive(Debug, Clone, Copy)]
pub enum Decode {
    /// Row by row.
    Rows(fn(&Reading<'_>, Node<'_>) -> Result<Row, Odd>),
    /// A page at once: what stands beside the rows belongs to them.
    Page(fn(&Reading<'_>, &Json) -> Result<Vec<Row>, Odd>),
}

/// What a decoder knows beside the answer.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    /// The kind.
    pub kind: &'static Kind,
    /// The view.
    pub view: &'static View,
    /// Where it was read.
    pub site: &'a Site,
    /// How many fields were absent of which nobody knows whether the cloud leaves them out.
    pub unsure: &'a Cell<usize>,
}

/// The rows of a page.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    /// The rows.
    pub rows: Vec<Row>,
    /// How many fields were absent of which nobody knows whether the cloud leaves them out: they
    /// are absent only if a second read says so too.
    pub unsure: usize,
}

/// A read of the API: a view with its arguments.
#[derive(Debug, Clone)]
pub struct Query {
    /// The kind that the rows belong to.
    pub kind: &'static Kind,
    /// The view.
    pub view: &'static View,
    /// Where it is read.
    pub site: Site,
    /// Parameters, without those of paging.
    pub args: Args,
    /// What makes an empty answer believable: the view's, unless whoever asks looks again anyway.
    pub proof: Proof,
}

impl View {
    /// Rows without filters, ids and names, whose refusal is an error; the base of other views.
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
            proof: Proof::Refused,
            decode,
        }
    }

    /// The query with these arguments.
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

    /// The query for what a stack owns.
    #[must_use]
    pub fn owned_by(&'static self, kind: &'static Kind, site: &Site, stack: &str) -> Query {
        let filter = match self.owned {
            Owned::ByTag => stack_filter(stack),
            Owned::ByName(param, part) => vec![(param, Value::text(part(stack)))],
        };
        self.query(kind, site, filter)
    }

    /// The queries for these ids.
    #[must_use]
    pub fn by_ids(&'static self, kind: &'static Kind, site: &Site, ids: &[String]) -> Vec<Query> {
        // Whoever asks for ids looks again, so a second look of its own proves nothing.
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

    /// The query for what a look-up in braces says; `None` if this view cannot look it up.
    #[must_use]
    pub fn found_by(&'static self, kind: &'static Kind, site: &Site, by: &Map) -> Option<Query> {
        let args = match (by.get("tags"), by.get("name")) {
            (Some(Value::Map(tags)), _) => tags_filter(tags),
            (None, Some(name)) if !self.named.is_empty() => vec![(self.named, name.clone())],
            _ => return None,
        };
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
    /// A key that equal queries share. Its order means nothing.
    #[must_use]
    pub fn key(&self) -> impl Ord + use<'_> {
        let view = std::ptr::from_ref(self.view);
        let kind = std::ptr::from_ref(self.kind);
        (view, kind, &self.site, &self.args, self.proof)
    }

    /// Whether it asks for rows by their ids.
    #[must_use]
    pub fn is_by_id(&self) -> bool {
        let param = match self.view.ids {
            Ids::Never => return false,
            Ids::One(param) | Ids::Commas(param, _) | Ids::Json(param, _) => param,
        };
        self.args.iter().any(|(name, _)| *name == param)
    }

    /// The same listing without the filter by which a stack's rows are found: a second look by
    /// other means, at what the filtered listing has not shown. `None` if it has no such filter.
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

    /// The tags that every row must carry, with their values where the filter names one.
    #[must_use]
    pub fn tag_filter(&self) -> Vec<(String, Option<String>)> {
        let text = |map: &Map, name: &str| Some(map.get(name)?.as_text()?.to_owned());
        let tags = self.args.iter().filter(|(name, _)| *name == "Tag");
        let tags = tags.filter_map(|(_, value)| value.as_list()).flatten();
        tags.filter_map(Value::as_map)
            .filter_map(|tag| Some((text(tag, "Key")?, text(tag, "Value"))))
            .collect()
    }

    /// Reads a page of its answer.
    ///
    /// # Errors
    /// The answer is not what the action promises.
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

/// The rows of a listing. An answer without its list, and without a count that says zero, is not an
/// empty listing.
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

/// The filter for everything that carries this stack's tag.
fn stack_filter(stack: &str) -> Args {
    let tag = pair(ownership::STACK, Value::text(stack));
    vec![("Tag", Value::List(vec![tag]))]
}

/// The filter of a look-up by tags.
fn tags_filter(tags: &Map) -> Args {
    let pairs = tags.iter().map(|(key, value)| pair(key, value.clone()));
    vec![("Tag", Value::List(pairs.collect()))]
}

/// A tag as the API takes it.
#[must_use]
pub fn pair(key: &str, value: Value) -> Value {
    let key = ("Key".to_owned(), Value::text(key));
    Value::Map([key, ("Value".to_owned(), value)].into())
}
