//! Both styles of paging: by number (`PageNumber`, `PageSize`, `TotalCount`) and by token
//! (`MaxResults`, `NextToken`).
//!
//! Rows are ordered newest first, then by id. A page behind the last one is empty, not an error. A
//! token names the last row of its page, so that rows created or deleted between two pages neither
//! repeat a row nor hide one.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::base::Base;
use crate::call::Call;
use crate::listing::Scope;
use crate::refusal::Refusal;
use crate::table::Row;

/// One page by number.
#[derive(Debug)]
pub(crate) struct Numbered<'a, T> {
    pub(crate) items: Vec<&'a T>,
    pub(crate) number: i64,
    pub(crate) size: i64,
    pub(crate) total: usize,
}

impl<T> Numbered<'_, T> {
    /// The token of the page behind this one, for clients that go on by token; empty on the last
    /// page.
    pub(crate) fn next_by(&self, base: impl Fn(&T) -> Option<&Base>) -> String {
        let shown = skipped(self.number, self.size).saturating_add(self.items.len());
        let last = self.items.last().filter(|_| shown < self.total);
        last.and_then(|row| base(row))
            .map(encode)
            .unwrap_or_default()
    }
}

impl<T: Row> Numbered<'_, T> {
    /// As [`Numbered::next_by`], for rows of a table.
    pub(crate) fn next(&self) -> String {
        self.next_by(Row::base)
    }
}

/// One page by token. An empty token: this is the last page.
#[derive(Debug)]
pub(crate) struct Tokened<'a, T> {
    pub(crate) items: Vec<&'a T>,
    pub(crate) next: String,
}

/// Sorts rows into the order of listings.
pub(crate) fn newest_first<'a, T>(
    rows: impl Iterator<Item = &'a T>,
    base: impl Fn(&T) -> &Base,
) -> Vec<&'a T> {
    let mut rows: Vec<&T> = rows.collect();
    rows.sort_by(|a, b| order(base(a), base(b)));
    rows
}

/// Whether a row is behind another one in listings.
pub(crate) fn follows(row: &Base, other: &Base) -> bool {
    order(row, other).is_gt()
}

fn order(a: &Base, b: &Base) -> std::cmp::Ordering {
    b.created_ms
        .cmp(&a.created_ms)
        .then_with(|| a.id.cmp(&b.id))
}

/// The page that `PageNumber` and `PageSize` ask for. The default size is 10.
pub(crate) fn numbered<'a, T>(
    call: &Call<'_>,
    rows: Vec<&'a T>,
    max: i64,
) -> Result<Numbered<'a, T>, Refusal> {
    numbered_by(call, "PageNumber", rows, max)
}

/// The page that `PageNumber` and `PageSize` ask for, reading only as many rows as necessary. A
/// page has at most `max` rows and all pages together `most`; the call does not see further rows.
pub(crate) fn numbered_of<'a, T: Row>(
    call: &Call<'_>,
    scope: &Scope<'a, T>,
    fits: impl Fn(&T) -> bool,
    max: i64,
    most: usize,
) -> Result<Numbered<'a, T>, Refusal> {
    let listing = match scope {
        Scope::Few(rows) => {
            let mut rows = ordered(rows.iter().copied().filter(|row| fits(row)));
            rows.truncate(most);
            return numbered(call, rows, max);
        }
        Scope::Region(listing) => listing,
    };
    let Some(held) = listing.total() else {
        let rows = listing.skip(0).filter(|row| fits(row)).take(most);
        return numbered(call, rows.collect(), max);
    };
    let (number, size) = wanted(call, "PageNumber", max)?;
    let total = held.min(most);
    let skip = skipped(number, size);
    let take = usize::try_from(size).unwrap_or_default();
    let take = take.min(total.saturating_sub(skip));
    Ok(Numbered {
        items: listing.page(skip, take, held),
        number,
        size,
        total,
    })
}

/// Rows of resources, in the order of listings.
fn ordered<'a, T: Row>(rows: impl Iterator<Item = &'a T>) -> Vec<&'a T> {
    let mut rows: Vec<(&Base, &T)> = rows
        .filter_map(|row| row.base().map(|base| (base, row)))
        .collect();
    rows.sort_by(|(a, _), (b, _)| order(a, b));
    rows.into_iter().map(|(_, row)| row).collect()
}

/// As [`numbered`], with another name of the page number.
pub(crate) fn numbered_by<'a, T>(
    call: &Call<'_>,
    name: &str,
    rows: Vec<&'a T>,
    max: i64,
) -> Result<Numbered<'a, T>, Refusal> {
    let (number, size) = wanted(call, name, max)?;
    let skip = skipped(number, size);
    let take = usize::try_from(size).unwrap_or_default();
    let total = rows.len();
    Ok(Numbered {
        items: rows.into_iter().skip(skip).take(take).collect(),
        number,
        size,
        total,
    })
}

/// Number and size of the requested page.
fn wanted(call: &Call<'_>, name: &str, max: i64) -> Result<(i64, i64), Refusal> {
    let number = call.int(name)?.unwrap_or(1);
    let size = call.int("PageSize")?.unwrap_or(10);
    if number < 1 {
        return Err(Refusal::invalid(name));
    }
    if !(1..=max).contains(&size) {
        return Err(Refusal::invalid("PageSize"));
    }
    Ok((number, size))
}

fn skipped(number: i64, size: i64) -> usize {
    usize::try_from((number - 1).saturating_mul(size)).unwrap_or(usize::MAX)
}

/// Whether the call asks for pages by token. Page numbers beside a token have no effect.
pub(crate) fn by_token(call: &Call<'_>) -> bool {
    let asks = call.given("MaxResults").is_some() || call.given("NextToken").is_some();
    if asks {
        call.harmless(&["PageNumber", "PageSize"]);
    }
    asks
}

/// The page that `MaxResults` and `NextToken` ask for. A size out of bounds is replaced by the
/// nearest bound.
pub(crate) fn tokened<'a, T>(
    call: &Call<'_>,
    rows: Vec<&'a T>,
    base: impl Fn(&T) -> &Base,
    (default, min, max): (i64, i64, i64),
) -> Result<Tokened<'a, T>, Refusal> {
    let size = call.int("MaxResults")?.unwrap_or(default).clamp(min, max);
    tokened_by(call, size, rows, base)
}

/// The page of this size that begins where `NextToken` says.
pub(crate) fn tokened_by<'a, T>(
    call: &Call<'_>,
    size: i64,
    rows: Vec<&'a T>,
    base: impl Fn(&T) -> &Base,
) -> Result<Tokened<'a, T>, Refusal> {
    let take = usize::try_from(size).unwrap_or_default();
    let after = after(call)?;
    let beyond = |row: &&T| after.as_ref().is_none_or(|after| follows(base(row), after));
    let mut items: Vec<&T> = rows.into_iter().filter(beyond).take(take + 1).collect();
    let next = cut_to_size(&mut items, take, |row| base(row));
    Ok(Tokened { items, next })
}

/// The row in front of the page that `NextToken` asks for, of which only id and time are known.
/// `None` is the first page.
///
/// # Errors
/// `InvalidParameter` if the text is not a token.
pub(crate) fn after(call: &Call<'_>) -> Result<Option<Base>, Refusal> {
    call.given("NextToken")
        .map(|token| decode(token).ok_or_else(|| Refusal::invalid("NextToken")))
        .transpose()
}

/// Cuts rows to a page of this size; returns the token of the next page, empty if the rows fit.
pub(crate) fn cut_to_size<T>(rows: &mut Vec<T>, size: usize, base: impl Fn(&T) -> &Base) -> String {
    let more = rows.len() > size;
    rows.truncate(size);
    let last = rows.last().filter(|_| more);
    last.map(|row| encode(base(row))).unwrap_or_default()
}

/// The page that `MaxResults` and `NextToken` ask for, reading only as many rows as necessary. The
/// ids of the rows must be their keys. `most`: as in [`numbered_of`].
pub(crate) fn tokened_of<'a, T: Row>(
    call: &Call<'_>,
    scope: &Scope<'a, T>,
    fits: impl Fn(&T) -> bool,
    (default, min, max): (i64, i64, i64),
    most: usize,
) -> Result<Tokened<'a, T>, Refusal> {
    let size = call.int("MaxResults")?.unwrap_or(default).clamp(min, max);
    let take = usize::try_from(size).unwrap_or_default();
    let after = after(call)?;
    let beyond = |row: &&T| match (&after, row.base()) {
        (Some(after), Some(base)) => follows(base, after),
        (after, _) => after.is_none(),
    };
    let mut items: Vec<&T> = match (scope, &after) {
        (Scope::Few(rows), _) => {
            let rows = ordered(rows.iter().copied().filter(|row| fits(row)));
            let shown = rows.into_iter().take(most);
            shown.filter(beyond).take(take + 1).collect()
        }
        (Scope::Region(listing), Some(after)) if most == usize::MAX => listing
            .after(after.created_ms, &after.id)
            .filter(|row| fits(row))
            .take(take + 1)
            .collect(),
        // The number of rows in front of the token is known only by counting them.
        (Scope::Region(listing), _) => {
            let shown = listing.skip(0).filter(|row| fits(row)).take(most);
            shown.filter(beyond).take(take + 1).collect()
        }
    };
    let more = items.len() > take;
    items.truncate(take);
    let last = items.last().and_then(|row| row.base()).filter(|_| more);
    Ok(Tokened {
        items,
        next: last.map(encode).unwrap_or_default(),
    })
}

fn encode(base: &Base) -> String {
    URL_SAFE_NO_PAD.encode(format!("{}/{}", base.created_ms, base.id))
}

fn decode(token: &str) -> Option<Base> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    let (created, id) = text.split_once('/')?;
    Some(Base {
        created_ms: created.parse().ok()?,
        id: id.to_owned(),
        ..Base::default()
    })
}
