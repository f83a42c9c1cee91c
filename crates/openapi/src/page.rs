//! Reading a list over several pages, as values.
//!
//! A [`Walk`] says what to ask for next and checks each page. The engine acts on absence, so a
//! listing with a defect is refused and never shortened: rows and total must agree, pages must
//! follow each other, tokens and rows must not repeat. A defect that no reply shows (a page whose
//! token was lost) must be found by the caller with a second read.

use std::collections::BTreeSet;

use crate::action::Action;
use crate::json::{Json, Node, Odd};
use crate::product::Product;

/// The paging style of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// The whole list in one reply.
    One,
    /// `PageNumber` (in CloudMonitor partly `Page`) and `PageSize`; the reply has `TotalCount` or
    /// `Total`.
    Number {
        /// Rows per page to ask for.
        size: u32,
    },
    /// `NextToken` and `MaxResults` (or `MaxResult`, `Length`, `PageSize`, or no size at all); an
    /// empty token ends the list.
    Token {
        /// Rows per page to ask for, where the action takes a size.
        size: u32,
    },
}

/// The place of a list's rows in its reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listing {
    /// The paging style.
    pub style: Style,
    /// The path of the rows: `Vpcs.Vpc`.
    pub rows: &'static str,
    /// The path, within a row, of its identity: `VpcId`. Empty if rows have none.
    pub id: &'static str,
}

/// Whether the list has another page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Call again, with the new [`Walk::params`].
    More,
    /// The list is complete.
    Done,
}

/// Reasons to refuse a page. The caller must not conclude anything from the pages before it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// The list changed while it was read: read it again from the first page.
    #[error("the list of {action} changed while it was read: {what}")]
    Moved {
        /// The action.
        action: &'static str,
        /// The evidence.
        what: String,
    },
    /// The page contradicts itself or an earlier one.
    #[error("{action} gave a damaged list: {what}")]
    Damaged {
        /// The action.
        action: &'static str,
        /// The evidence.
        what: String,
    },
}

/// The progress through one list.
#[derive(Debug, Clone)]
pub struct Walk {
    action: &'static Action,
    listing: Listing,
    page: u32,
    token: String,
    tokens: BTreeSet<String>,
    ids: BTreeSet<String>,
    seen: u64,
    total: Option<u64>,
}

/// The most pages of a list. A server that never ends one must not keep the caller for ever.
const PAGES_MAX: u32 = 10_000;

impl Style {
    /// Whether the action has the parameters that this style needs.
    #[must_use]
    pub fn fits(self, action: &Action) -> bool {
        match self {
            Self::One => true,
            Self::Number { .. } => {
                page_name(action).is_some() && action.param("PageSize").is_some()
            }
            Self::Token { .. } => action.param("NextToken").is_some(),
        }
    }
}

impl Walk {
    /// Begins at the first page.
    #[must_use]
    pub fn new(action: &'static Action, listing: Listing) -> Self {
        let (tokens, ids) = (BTreeSet::new(), BTreeSet::new());
        Self {
            action,
            listing,
            page: 1,
            token: String::new(),
            tokens,
            ids,
            seen: 0,
            total: None,
        }
    }

    /// The parameters to add to the call for the next page.
    #[must_use]
    pub fn params(&self) -> Vec<(String, String)> {
        let pair = |name: &str, value: String| (name.to_owned(), value);
        let mut params = Vec::new();
        match self.listing.style {
            Style::One => {}
            Style::Number { size } => {
                params.extend(page_name(self.action).map(|name| pair(name, self.page.to_string())));
                params.push(pair("PageSize", size.to_string()));
            }
            Style::Token { size } => {
                params.extend(size_name(self.action).map(|name| pair(name, size.to_string())));
                if !self.token.is_empty() {
                    params.push(pair("NextToken", self.token.clone()));
                }
            }
        }
        params.sort();
        params
    }

    /// Checks a page and counts its rows.
    ///
    /// # Errors
    ///
    /// If the page is damaged, or the list has changed since the first page.
    pub fn accept(&mut self, reply: &Json) -> Result<Next, PageError> {
        // An answer without its list answers another question, whatever its total is.
        let rows = reply
            .need_list(self.listing.rows)
            .map_err(|odd| self.damaged(odd.what))?;
        self.check_ids(&rows)?;
        self.seen += rows.len() as u64;
        let next = match self.listing.style {
            Style::One => self.after_the_only_page(reply)?,
            Style::Number { .. } => self.after_a_numbered_page(reply, rows.len())?,
            Style::Token { .. } => self.after_a_token_page(reply)?,
        };
        if next == Next::More {
            self.page += 1;
            if self.page > PAGES_MAX {
                return Err(self.damaged(format!("it has more than {PAGES_MAX} pages")));
            }
        }
        Ok(next)
    }

    fn check_ids(&mut self, rows: &[Node<'_>]) -> Result<(), PageError> {
        let name = self.listing.id;
        for row in rows.iter().filter(|_| !name.is_empty()) {
            let id = row.need_text(name).map_err(|odd| self.damaged(odd.what))?;
            if id.is_empty() {
                return Err(self.damaged(format!("a row has no `{name}`")));
            }
            if let Some(id) = self.ids.replace(id) {
                return Err(self.moved(format!("`{id}` came twice")));
            }
        }
        Ok(())
    }

    fn after_the_only_page(&self, reply: &Json) -> Result<Next, PageError> {
        let more = !self.token(reply)?.is_empty();
        match self.total(reply)? {
            Some(total) if total > self.seen => {
                Err(self.damaged(format!("{} rows came, but the total is {total}", self.seen)))
            }
            _ if more => Err(self.damaged("there are more pages than the one expected".to_owned())),
            _ => Ok(Next::Done),
        }
    }

    fn after_a_numbered_page(&mut self, reply: &Json, rows: usize) -> Result<Next, PageError> {
        let total = self
            .total(reply)?
            .ok_or_else(|| self.damaged("there is no total".to_owned()))?;
        if let Some(before) = self.total.filter(|before| *before != total) {
            return Err(self.moved(format!("the total went from {before} to {total}")));
        }
        self.total = Some(total);
        let number = self.field(reply, "PageNumber", Json::may_int)?;
        if let Some(number) = number.filter(|number| *number != i64::from(self.page)) {
            return Err(self.damaged(format!("page {number} came instead of page {}", self.page)));
        }
        match self.seen.cmp(&total) {
            std::cmp::Ordering::Equal => Ok(Next::Done),
            std::cmp::Ordering::Greater => {
                Err(self.damaged(format!("{} rows came, but the total is {total}", self.seen)))
            }
            std::cmp::Ordering::Less if rows == 0 => Err(self.damaged(format!(
                "page {} is empty after {} of {total} rows",
                self.page, self.seen
            ))),
            std::cmp::Ordering::Less => Ok(Next::More),
        }
    }

    fn after_a_token_page(&mut self, reply: &Json) -> Result<Next, PageError> {
        let token = self.token(reply)?;
        if token.is_empty() {
            return Ok(Next::Done);
        }
        if !self.tokens.insert(token.clone()) {
            return Err(self.damaged("a page token came twice".to_owned()));
        }
        self.token = token;
        Ok(Next::More)
    }

    /// The total that the reply states. CloudMonitor's `Total` is a number written as a text.
    fn total(&self, reply: &Json) -> Result<Option<u64>, PageError> {
        let total = match self.field(reply, "TotalCount", Json::may_int)? {
            None if self.action.product == Product::Cms => {
                self.field(reply, "Total", Json::may_int_text)?
            }
            None => self.field(reply, "Total", Json::may_int)?,
            counted => counted,
        };
        total
            .map(|total| {
                u64::try_from(total).map_err(|_| self.damaged(format!("the total is {total}")))
            })
            .transpose()
    }

    /// The token of the next page; empty at the end of the list.
    fn token(&self, reply: &Json) -> Result<String, PageError> {
        let token = self.field(reply, "NextToken", Json::may_text)?;
        Ok(token.unwrap_or_default())
    }

    /// A field about the list. It is at the root, or, for a list inside of an object
    /// (`Invocation.…`), beside the rows.
    fn field<T>(
        &self,
        reply: &Json,
        name: &str,
        read: fn(&Json, &str) -> Result<Option<T>, Odd>,
    ) -> Result<Option<T>, PageError> {
        let within = self.listing.rows.split('.').next().unwrap_or_default();
        let at_root = read(reply, name).transpose();
        let beside = || read(reply, &format!("{within}.{name}")).transpose();
        // If the rows are at the root, nothing is beside them.
        let found = match at_root {
            None if self.listing.rows.contains('.') => beside(),
            found => found,
        };
        found.transpose().map_err(|odd| self.damaged(odd.what))
    }

    fn damaged(&self, what: String) -> PageError {
        PageError::Damaged {
            action: self.action.name,
            what,
        }
    }

    fn moved(&self, what: String) -> PageError {
        PageError::Moved {
            action: self.action.name,
            what,
        }
    }
}

fn page_name(action: &Action) -> Option<&'static str> {
    ["PageNumber", "Page"]
        .into_iter()
        .find(|name| action.param(name).is_some())
}

fn size_name(action: &Action) -> Option<&'static str> {
    ["MaxResults", "MaxResult", "Length", "PageSize"]
        .into_iter()
        .find(|name| action.param(name).is_some())
}

#[cfg(test)]
mod tests;
