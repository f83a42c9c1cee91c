//! Live resources in their present state: one in full, or a list of all that a stack owns.
//!
//! Attributes are split by whether the spec manages them, so that a reader sees which values the
//! spec decides. Attributes with a sensitive name are hidden, even if the cloud returns their
//! values.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use setpoint_plan::desired::Desired;
use setpoint_plan::document::{SENSITIVE, sensitive_by_name};
use setpoint_plan::live::Live;
use setpoint_plan::ownership::Guard;
use setpoint_plan::{Map, Text, Value};

use crate::json::pretty;
use crate::line::{Line, width, wrap};
use crate::style::{Label, Style};
use crate::text::put;
use crate::view::values::Values;
use crate::words::{account, clean, count};

/// The attributes of a live resource, split by whether the spec manages them.
struct Split<'a> {
    managed: Vec<(&'a Text, &'a Value)>,
    others: Vec<(&'a Text, &'a Value)>,
}

impl<'a> Split<'a> {
    fn of(live: &'a Live, want: Option<&Desired>) -> Self {
        let (managed, others) = live
            .attrs
            .iter()
            .partition(|(name, _)| want.is_some_and(|want| is_managed(want, name)));
        Self { managed, others }
    }
}

/// Returns whether the spec sets the attribute, the structure around it, or one of its members, and
/// does not declare it `unmanaged`.
fn is_managed(want: &Desired, attr: &str) -> bool {
    let covers = |name: &str| {
        name == attr
            || attr
                .strip_prefix(name)
                .or_else(|| name.strip_prefix(attr))
                .is_some_and(|rest| rest.starts_with('.'))
    };
    want.attrs.keys().any(|name| covers(name))
        && !want.terms.released.iter().any(|name| name == attr)
}

/// Renders a live resource: identity, owner, managed and unmanaged attributes, tags, and the
/// resources that it uses. `want` is the entry of the spec for it, if there is one.
#[must_use]
pub fn resource(live: &Live, want: Option<&Desired>, style: &Style) -> String {
    let mut out = String::new();
    title(&mut out, style, live);
    let split = Split::of(live, want);
    let words = |all: &[(&Text, &Value)]| {
        all.iter()
            .map(|(name, value)| (name.to_string(), shown(name, value)))
            .collect::<Vec<_>>()
    };
    let heading = if want.is_some() {
        "Managed by the spec"
    } else {
        "Not managed: no entry of the spec"
    };
    section(
        &mut out,
        style,
        heading,
        &words(&split.managed),
        want.is_none(),
    );
    section(
        &mut out,
        style,
        "Live, not managed by the spec",
        &words(&split.others),
        false,
    );
    let heading = if want.is_some_and(|want| want.tags.is_some()) {
        "Tags"
    } else {
        "Tags, not managed by the spec"
    };
    let tags: Vec<(String, String)> = live
        .tags
        .iter()
        .map(|(key, value)| (clean(key), clean(value)))
        .collect();
    section(&mut out, style, heading, &tags, false);
    let uses: Vec<(String, String)> = live
        .uses
        .iter()
        .map(|(kind, id)| ((*kind).to_owned(), clean(id)))
        .collect();
    section(&mut out, style, "Uses", &uses, false);
    out
}

/// Writes the address (or the id, without an owner), the kind and the id, then the site and the
/// owner.
fn title(out: &mut String, style: &Style, live: &Live) {
    let name = live
        .owner
        .as_ref()
        .map_or_else(|| live.id.clone(), |owner| owner.address.to_string());
    let identity = format!("{name}  {}  {}", live.kind, clean(&live.id));
    put(out, style, Label::Strong, 0, &identity);
    let site = format!(
        "{} · account {} · {}",
        live.site.region,
        account(&live.site.account),
        owner_words(live)
    );
    put(out, style, Label::Dim, 2, &site);
}

/// Returns the words of the guard tag without the kind, which is already shown beside the id.
fn words_beside_the_kind(guard: &Guard) -> String {
    let words = Guard {
        kind: None,
        ..guard.clone()
    };
    words.encode()
}

fn owner_words(live: &Live) -> String {
    let Some(owner) = &live.owner else {
        return "owned by no stack".to_owned();
    };
    let guard = words_beside_the_kind(&owner.guard);
    let guard = if guard.is_empty() {
        guard
    } else {
        format!(" · guard: {}", clean(&guard))
    };
    format!("owned by {}{guard}", clean(&owner.stack))
}

/// Returns a live value in words, or the placeholder if the name of the attribute marks it as
/// sensitive.
fn shown(name: &str, value: &Value) -> String {
    if sensitive_by_name(name) {
        SENSITIVE.to_owned()
    } else {
        Values::alone().shown(value)
    }
}

/// Writes a heading and its rows, with the values in a column; nothing if there are no rows, unless
/// `even_empty` is set for a heading that itself states the absence.
fn section(
    out: &mut String,
    style: &Style,
    heading: &str,
    rows: &[(String, String)],
    even_empty: bool,
) {
    if rows.is_empty() && !even_empty {
        return;
    }
    put(out, style, Label::Strong, 2, heading);
    let name = rows
        .iter()
        .map(|(name, _)| width(name))
        .max()
        .unwrap_or(0)
        .min(style.width / 3);
    for (label, value) in rows {
        let start = 4 + name + 2;
        let mut line = Line::indented(4);
        line.push(Label::Plain, label.as_str());
        if line.width() + 2 > start || style.width < start + 10 {
            push_line(out, &line, style);
            put(out, style, Label::Plain, 6, value);
            continue;
        }
        for part in wrap(value, style.width - start) {
            line.pad_to(start);
            line.push(Label::Plain, part);
            push_line(out, &line, style);
            line = Line::default();
        }
    }
}

fn push_line(out: &mut String, line: &Line, style: &Style) {
    out.push_str(&line.clone().cut_to(style.width).render(style));
    out.push('\n');
}

/// Returns a live resource as indented JSON.
#[must_use]
pub fn resource_json(live: &Live, want: Option<&Desired>) -> String {
    let split = Split::of(live, want);
    let mut body = summary_json(live);
    let object = |all: &[(&Text, &Value)]| {
        Json::Object(
            all.iter()
                .map(|(name, value)| (name.to_string(), json_of(name, value)))
                .collect(),
        )
    };
    body["managed"] = object(&split.managed);
    body["unmanaged"] = object(&split.others);
    body["tags"] = live
        .tags
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    body["uses"] = live
        .uses
        .iter()
        .map(|(kind, id)| json!({ "type": kind, "id": id }))
        .collect();
    pretty(&body)
}

/// Returns the identity of a live resource: address, stack and guard are null without an owner.
fn summary_json(live: &Live) -> Json {
    let owner = live.owner.as_ref();
    json!({
        "address": owner.map(|owner| owner.address.to_string()),
        "type": live.kind,
        "id": live.id,
        "region": live.site.region,
        "account": live.site.account,
        "stack": owner.map(|owner| owner.stack.clone()),
        "guard": owner.map(|owner| words_beside_the_kind(&owner.guard)),
    })
}

/// Returns a live value as JSON, with the placeholder for every attribute or key with a sensitive
/// name.
fn json_of(name: &str, value: &Value) -> Json {
    if sensitive_by_name(name) {
        return Json::from(SENSITIVE);
    }
    let object = |map: &Map| {
        Json::Object(
            map.iter()
                .map(|(key, item)| (key.to_string(), json_of(key, item)))
                .collect(),
        )
    };
    match value {
        Value::Null => Json::Null,
        Value::Bool(b) => Json::Bool(*b),
        Value::Int(n) => Json::from(*n),
        Value::Decimal(text) | Value::Text(text) => Json::from(text.as_str()),
        Value::List(items) => items.iter().map(|item| json_of(name, item)).collect(),
        Value::Map(map) => object(map),
        Value::Ref(_) | Value::Concat(_) | Value::Secret(_) | Value::Encode(..) => {
            Json::from(Values::alone().shown(value))
        }
    }
}

/// Renders a list of live resources, sorted by address, one per line: address, kind, id, name and
/// status, as far as there is room.
#[must_use]
pub fn list(rows: &[Arc<Live>], style: &Style) -> String {
    let mut sorted: Vec<&Live> = rows.iter().map(Arc::as_ref).collect();
    sorted.sort_by_key(|live| {
        (
            live.owner.as_ref().map(|owner| owner.address.clone()),
            live.id.clone(),
        )
    });
    let cells: Vec<[String; 5]> = sorted.iter().map(|live| cells(live)).collect();
    let columns = columns(&cells, style.width);
    let mut out = String::new();
    for row in &cells {
        let mut line = Line::default();
        let mut start = 0;
        for (at, wide) in &columns {
            line.pad_to(start);
            line.push(
                if *at == 0 {
                    Label::Strong
                } else {
                    Label::Plain
                },
                row[*at].as_str(),
            );
            start += wide + 2;
        }
        push_line(&mut out, &line, style);
    }
    put(
        &mut out,
        style,
        Label::Dim,
        0,
        &format!("{}.", count(rows.len(), "live resource")),
    );
    out
}

/// Returns the columns for which there is room, each with its width. Without room for all, the name
/// is dropped first, since it mostly repeats the address, then the kind.
fn columns(cells: &[[String; 5]], room: usize) -> Vec<(usize, usize)> {
    let widest = |at: usize| cells.iter().map(|row| width(&row[at])).max().unwrap_or(0);
    let mut columns: Vec<(usize, usize)> = (0..5)
        .map(|at| (at, widest(at)))
        .filter(|(_, wide)| *wide > 0)
        .collect();
    for spare in [3, 1] {
        let taken: usize = columns.iter().map(|(_, wide)| wide + 2).sum();
        if taken > room + 2 {
            columns.retain(|(at, _)| *at != spare);
        }
    }
    columns
}

/// Returns address, kind, id, name and status; a name that equals the id is left out.
fn cells(live: &Live) -> [String; 5] {
    let text = |name: &str| live.attr(name).as_text().map(clean);
    let address = live.owner.as_ref().map_or_else(
        || "(not owned)".to_owned(),
        |owner| owner.address.to_string(),
    );
    let name = text("name")
        .filter(|name| *name != live.id)
        .unwrap_or_default();
    [
        address,
        live.kind.to_owned(),
        clean(&live.id),
        name,
        text("status").unwrap_or_default(),
    ]
}

/// Returns live resources as indented JSON, in the given order.
#[must_use]
pub fn list_json(rows: &[Arc<Live>]) -> String {
    pretty(&json!({ "resources": rows.iter().map(|live| summary_json(live)).collect::<Vec<_>>() }))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::fixture::{live, want};

    fn app() -> Live {
        let attrs = [
            ("instance_type", "ecs.c7.large".into()),
            ("name", "shop-app".into()),
            ("password", "hunter22".into()),
            ("status", "Running".into()),
            ("system_disk.category", "cloud_essd".into()),
            ("system_disk.size", Value::Int(40)),
        ];
        let mut app = live("app[10]", "instance", "i-2zeapp", &attrs);
        app.tags.insert("Env".into(), "prod".into());
        app.uses = vec![("vswitch", "vsw-2ze1".to_owned())];
        if let Some(owner) = &mut app.owner {
            owner.guard.protect = true;
        }
        app
    }

    fn spec() -> Desired {
        want(
            "app[10]",
            "instance",
            &[
                ("instance_type", "ecs.c7.large".into()),
                ("system_disk.size", Value::Int(40)),
            ],
        )
    }

    #[test]
    fn one_resource_in_full() {
        expect![[r#"
            app[10]  instance  i-2zeapp
              cn-beijing · account 1234…3456 · owned by shop/prod · guard: protect
              Managed by the spec
                instance_type     ecs.c7.large
                system_disk.size  40
              Live, not managed by the spec
                name                  shop-app
                password              (sensitive value)
                status                Running
                system_disk.category  cloud_essd
              Tags, not managed by the spec
                Env  prod
              Uses
                vswitch  vsw-2ze1
        "#]]
        .assert_eq(&resource(&app(), Some(&spec()), &Style::plain(80)));
        expect![[r#"
            app[10]  instance  i-2zeapp
              cn-beijing · account 1234…3456 · owned
              by shop/prod · guard: protect
              Not managed: no entry of the spec
              Live, not managed by the spec
                instance_type  ecs.c7.large
                name           shop-app
                password       (sensitive value)
                status         Running
                system_disk.category
                  cloud_essd
                system_disk.size
                  40
              Tags, not managed by the spec
                Env  prod
              Uses
                vswitch  vsw-2ze1
        "#]]
        .assert_eq(&resource(&app(), None, &Style::plain(40)));
    }

    #[test]
    fn one_resource_as_json() {
        let text = resource_json(&app(), Some(&spec()));
        assert!(!text.contains("hunter22"));
        expect![[r#"
            {
              "account": "1234567890123456",
              "address": "app[10]",
              "guard": "protect",
              "id": "i-2zeapp",
              "managed": {
                "instance_type": "ecs.c7.large",
                "system_disk.size": 40
              },
              "region": "cn-beijing",
              "stack": "shop/prod",
              "tags": {
                "Env": "prod"
              },
              "type": "instance",
              "unmanaged": {
                "name": "shop-app",
                "password": "(sensitive value)",
                "status": "Running",
                "system_disk.category": "cloud_essd"
              },
              "uses": [
                {
                  "id": "vsw-2ze1",
                  "type": "vswitch"
                }
              ]
            }
        "#]]
        .assert_eq(&text);
    }

    #[test]
    fn a_list_sorts_by_address() {
        let mut stray = live("app[2]", "instance", "i-2zetwo", &[]);
        let net = live(
            "net",
            "vpc",
            "vpc-2ze1",
            &[("name", "shop-net".into()), ("status", "Available".into())],
        );
        let rows = [app().into(), stray.clone().into(), net.into()];
        expect![[r#"
            app[2]   instance  i-2zetwo
            app[10]  instance  i-2zeapp  shop-app  Running
            net      vpc       vpc-2ze1  shop-net  Available
            3 live resources.
        "#]]
        .assert_eq(&list(&rows, &Style::plain(80)));
        stray.owner = None;
        assert!(list(&[stray.clone().into()], &Style::plain(40)).starts_with("(not owned)"));
        assert!(list_json(&[stray.into()]).contains("\"address\": null"));
    }

    #[test]
    fn every_width_works() {
        for width in 0..60 {
            let style = Style { color: true, width };
            let _text = resource(&app(), Some(&spec()), &style) + &list(&[app().into()], &style);
        }
    }
}
