//! `alarm_contact_group`: a named list of contacts, which rules refer to. A put replaces the list.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::base::Base;
use crate::call::{Answer, Call};
use crate::page;
use crate::product::Actions;
use crate::product::cms::success;
use crate::refusal::Refusal;
use crate::table::Row;
use crate::world::World;

pub(crate) const ACTIONS: Actions = &[
    ("PutContactGroup", put),
    ("DescribeContactGroupList", describe),
    ("DeleteContactGroup", delete),
];

/// A contact group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ContactGroup {
    pub(crate) base: Base,
    pub(crate) members: Vec<String>,
    subscribed: bool,
    updated_ms: i64,
    furnished: bool,
}

impl Row for ContactGroup {
    const KIND: &'static str = "alarm_contact_group";

    fn base(&self) -> Option<&Base> {
        Some(&self.base)
    }

    fn furnished(&self) -> bool {
        self.furnished
    }
}

/// Creates an empty group, which every account has.
pub(crate) fn put_default(world: &mut World, name: &str) {
    let now = world.now_ms();
    let base = Base {
        id: name.to_owned(),
        name: name.to_owned(),
        created_ms: now,
        ..Base::default()
    };
    world.tables.contact_groups.insert(
        name,
        ContactGroup {
            base,
            members: Vec::new(),
            subscribed: true,
            updated_ms: now,
            furnished: true,
        },
    );
}

fn put(world: &mut World, call: &Call<'_>) -> Answer {
    let name = call.need("ContactGroupName")?;
    let members = call.list("ContactNames");
    if members.len() > 100 {
        return Err(Refusal::bad(
            "InvalidParameterValue",
            "A contact group has at most 100 contacts.",
        ));
    }
    for member in &members {
        if world.tables.contacts.get(member).is_none() {
            return Err(Refusal::absent(
                "ContactNotExists",
                format!("The contact {member} does not exist."),
            ));
        }
    }
    let now = world.now_ms();
    let created_ms = world
        .tables
        .contact_groups
        .get(name)
        .map_or(now, |row| row.base.created_ms);
    let description = call.text("Describe").unwrap_or_default().to_owned();
    let base = Base {
        id: name.to_owned(),
        name: name.to_owned(),
        created_ms,
        description,
        ..Base::default()
    };
    let group = ContactGroup {
        base,
        members: members.into_iter().map(str::to_owned).collect(),
        subscribed: call.flag("EnableSubscribed")?.unwrap_or(true),
        updated_ms: now,
        furnished: false,
    };
    world.tables.contact_groups.insert(name, group);
    success(json!({}))
}

/// Two parallel lists: the groups, and their names alone.
fn describe(world: &mut World, call: &Call<'_>) -> Answer {
    let rows = world.shown(&world.tables.contact_groups, false);
    let page = page::numbered(call, page::newest_first(rows, |row| &row.base), 100)?;
    let groups: Vec<Value> = page
        .items
        .iter()
        .map(|row| {
            json!({
                "Name": row.base.id,
                "Describe": row.base.description,
                "Contacts": {"Contact": row.members},
                "EnableSubscribed": row.subscribed,
                "EnabledWeeklyReport": false,
                "CreateTime": row.base.created_ms,
                "UpdateTime": row.updated_ms,
            })
        })
        .collect();
    let names: Vec<&str> = page.items.iter().map(|row| row.base.id.as_str()).collect();
    success(json!({
        "Total": page.total, "ContactGroupList": {"ContactGroup": groups},
        "ContactGroups": {"ContactGroup": names},
    }))
}

fn delete(world: &mut World, call: &Call<'_>) -> Answer {
    let name = call.need("ContactGroupName")?;
    match world.tables.contact_groups.remove(name) {
        // The code is the one of contacts.
        None => Err(Refusal::absent(
            "ContactNotExists",
            format!("The contact group {name} does not exist."),
        )),
        Some(_) => success(json!({})),
    }
}
