//! Complete listings by tag.
//!
//! A listing of ECS with a tag filter shows at most 1,000 resources and a total of 1,000, so it
//! looks complete. A stack with more resources of a kind would then create the others again. If
//! such a listing is full, the tag service names every resource that carries the tag, a thousand
//! per page, and the resources that the listing did not show are read by their ids. The tag service
//! may lag by minutes: an address that it does not show either is searched for in the listing
//! without a filter before its resource is created (see [`confirm`](super::confirm)).

use std::collections::BTreeSet;

use setpoint_openapi::action::tag;
use setpoint_openapi::json::{Node, Odd};
use setpoint_openapi::page::{Listing, Style};
use setpoint_openapi::product::Product;
use setpoint_plan::kind::{Row, TagApi};
use setpoint_plan::ownership;
use setpoint_plan::view::{Decode, Proof, Query, Reading, View};
use setpoint_plan::{Encoding, Map, Value};

use crate::pages::{self, Read, ReadError};
use crate::session::Session;

/// The most resources that an ECS listing with a tag filter shows.
///
/// Source: the text of `Tag.N.Key` of ECS's listings.
const SHOWN_MAX: usize = 1_000;

/// The attribute that holds the ARN of a tagged resource.
const ARN: &str = "arn";

/// All resources that carry a tag.
static TAGGED: View = View::new(
    "tagged",
    &tag::LIST_TAG_RESOURCES,
    Listing {
        style: Style::Token { size: 1_000 },
        rows: "TagResources",
        id: "ResourceARN",
    },
    Decode::Rows(decode),
);

fn decode(_: &Reading<'_>, row: Node<'_>) -> Result<Row, Odd> {
    let arn = Value::text(row.need_text("ResourceARN")?);
    Ok(Row::Found(Map::from([(ARN.to_owned(), arn)])))
}

/// Reads a complete listing, even if its tag filter omits rows.
///
/// # Errors
///
/// As for [`pages::read`].
pub(super) async fn read(session: &Session, query: &Query) -> Result<Read, ReadError> {
    let mut found = pages::read(session, query).await?;
    let Some(api) = query.kind.tag_api.filter(|_| is_cut(query, &found)) else {
        return Ok(found);
    };
    let named = pages::read(session, &named(query)).await?;
    found.pages += named.pages;
    let rest = not_shown(&found.rows, named.rows, &api);
    let mut more = Vec::new();
    for by_id in query.kind.poll(&query.site, &rest) {
        let read = pages::read(session, &refusing(by_id)).await?;
        found.pages += read.pages;
        more.extend(read.rows);
    }
    add(&mut found.rows, more);
    Ok(found)
}

/// The ids of the resources that were named and that no row shows.
fn not_shown(rows: &[Row], named: Vec<Row>, api: &TagApi) -> Vec<String> {
    let shown: BTreeSet<&str> = rows.iter().filter_map(id).collect();
    let ids = named.into_iter().filter_map(|row| id_in(&row, api));
    ids.filter(|id| !shown.contains(id.as_str())).collect()
}

/// Adds rows that were read by id. A detail is listed under the id of another resource, so the
/// listing may have shown it already; the later read replaces it.
fn add(rows: &mut Vec<Row>, more: Vec<Row>) {
    let newer: BTreeSet<String> = more.iter().filter_map(detail_of).collect();
    rows.retain(|row| detail_of(row).is_none_or(|id| !newer.contains(&id)));
    rows.extend(more);
}

/// Returns the id of the resource to which a detail belongs.
fn detail_of(row: &Row) -> Option<String> {
    match row {
        Row::Detail { id, .. } => Some(id.clone()),
        Row::Live(_) | Row::Found(_) => None,
    }
}

/// Returns whether a listing of owned resources may omit some. A look-up by other tags means one
/// resource, and finds too many in any case.
fn is_cut(query: &Query, found: &Read) -> bool {
    let tags = query.tag_filter();
    let is_owned = tags.iter().any(|(key, _)| ownership::is_own_key(key));
    query.view.api.product == Product::Ecs && is_owned && found.rows.len() >= SHOWN_MAX
}

/// Returns the query for the names of all resources with the tags that the listing filters by.
fn named(query: &Query) -> Query {
    let tags = query.tag_filter().into_iter();
    let tags = tags.map(|(key, value)| (key, Value::text(value.unwrap_or_default())));
    let tags = Value::Map(tags.collect());
    let tags = Value::Encode(Encoding::Json, Box::new(tags));
    TAGGED.query(query.kind, &query.site, vec![("Tags", tags)])
}

/// Returns the same query without a proof of an empty answer: an absence is confirmed later in any
/// case.
fn refusing(query: Query) -> Query {
    Query {
        proof: Proof::Refused,
        ..query
    }
}

fn id(row: &Row) -> Option<&str> {
    match row {
        Row::Live(live) => Some(&live.id),
        Row::Detail { .. } | Row::Found(_) => None,
    }
}

/// Returns the id from `arn:acs:PRODUCT:REGION:ACCOUNT:TYPE/ID` if product and type match.
fn id_in(row: &Row, api: &TagApi) -> Option<String> {
    let Row::Found(attrs) = row else { return None };
    let arn = attrs.get(ARN)?.as_text()?;
    let (named, id) = arn.split_once('/')?;
    let (scope, resource_type) = named.rsplit_once(':')?;
    let is_product = scope.split(':').nth(2) == Some(api.tag.product.code());
    let is_type = resource_type.eq_ignore_ascii_case(api.resource_type);
    (is_product && is_type).then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use setpoint_openapi::action::ecs;

    use super::*;

    #[test]
    fn a_detail_that_is_read_again_counts_once() {
        let detail = |id: &str, size: i64| Row::Detail {
            id: id.to_owned(),
            attrs: Map::from([("size".to_owned(), Value::Int(size))]),
            uses: Vec::new(),
        };
        let mut rows = vec![detail("i-1", 1), detail("i-2", 1)];
        add(&mut rows, vec![detail("i-2", 2), detail("i-3", 2)]);
        assert_eq!(rows, [detail("i-1", 1), detail("i-2", 2), detail("i-3", 2)]);
    }

    #[test]
    fn an_arn_gives_an_id_if_product_and_type_match() {
        let api = TagApi {
            tag: &ecs::TAG_RESOURCES,
            untag: &ecs::UNTAG_RESOURCES,
            resource_type: "keypair",
        };
        for (arn, expected) in [
            ("arn:acs:ecs:cn-beijing:1234:keypair/a/b", Some("a/b")),
            ("arn:acs:ecs:cn-beijing:1234:KeyPair/a", Some("a")),
            ("arn:acs:ecs:cn-beijing:1234:instance/i-1", None),
            ("arn:acs:vpc:cn-beijing:1234:keypair/a", None),
            ("keypair/a", None),
            ("", None),
        ] {
            let row = Row::Found(Map::from([(ARN.to_owned(), Value::text(arn))]));
            assert_eq!(id_in(&row, &api).as_deref(), expected, "{arn}");
        }
    }
}
