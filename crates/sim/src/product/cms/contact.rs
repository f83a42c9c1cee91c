//! `alarm_contact`: a person who is notified. Mail and phone stay `PENDING` until they are
//! confirmed. The name is the identity.

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
    ("PutContact", put),
    ("DescribeContactList", describe),
    ("DeleteContact", delete),
];

/// A contact.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Contact {
    base: Base,
    lang: String,
    mail: String,
    sms: String,
    ding: String,
    ali_im: String,
    updated_ms: i64,
}

impl Row for Contact {
    const KIND: &'static str = "alarm_contact";

    fn base(&self) -> Option<&Base> {
        Some(&self.base)
    }
}

impl Contact {
    /// Ways to reach the contact, under the names that the filter of the listing takes.
    fn channels(&self) -> [(&'static str, &str); 4] {
        [
            ("Mail", &self.mail),
            ("SMS", &self.sms),
            ("DingWebHook", &self.ding),
            ("AliIM", &self.ali_im),
        ]
    }
}

fn put(world: &mut World, call: &Call<'_>) -> Answer {
    let name = call.need("ContactName")?;
    if !(2..=40).contains(&name.chars().count()) {
        return Err(Refusal::bad(
            "InvalidParameterValue",
            "The contact name must have 2 to 40 characters.",
        ));
    }
    let created_ms = world
        .tables
        .contacts
        .get(name)
        .map_or(world.now_ms(), |row| row.base.created_ms);
    let text = |field: &str| call.text(field).unwrap_or_default().to_owned();
    let base = Base {
        id: name.to_owned(),
        name: name.to_owned(),
        created_ms,
        description: text("Describe"),
        ..Base::default()
    };
    let contact = Contact {
        base,
        lang: text("Lang"),
        mail: text("Channels.Mail"),
        sms: text("Channels.SMS"),
        ding: text("Channels.DingWebHook"),
        ali_im: text("Channels.AliIM"),
        updated_ms: world.now_ms(),
    };
    world.tables.contacts.insert(name, contact);
    success(json!({}))
}

fn describe(world: &mut World, call: &Call<'_>) -> Answer {
    let name = call.given("ContactName");
    let (channel, value) = (call.given("ChanelType"), call.given("ChanelValue"));
    let has = |row: &Contact| {
        let on = channel.map_or_else(
            || row.channels().to_vec(),
            |kind| {
                row.channels()
                    .into_iter()
                    .filter(|(name, _)| *name == kind)
                    .collect()
            },
        );
        (channel.is_none() && value.is_none())
            || on
                .iter()
                .any(|(_, at)| !at.is_empty() && value.is_none_or(|value| value == *at))
    };
    let fits = |row: &&Contact| name.is_none_or(|name| name == row.base.id) && has(row);
    let rows = world
        .shown(&world.tables.contacts, name.is_some())
        .filter(fits);
    let page = page::numbered(call, page::newest_first(rows, |row| &row.base), 100)?;
    let contacts: Vec<Value> = page.items.iter().map(|row| listed(world, row)).collect();
    success(json!({"Total": page.total, "Contacts": {"Contact": contacts}}))
}

fn listed(world: &World, row: &Contact) -> Value {
    let groups = world
        .tables
        .contact_groups
        .values()
        .filter(|group| group.members.contains(&row.base.id))
        .map(|group| group.base.id.as_str());
    let groups: Vec<&str> = groups.collect();
    let state =
        |value: &str, confirmed: &'static str| if value.is_empty() { "" } else { confirmed };
    json!({
        "Name": row.base.id,
        "Desc": row.base.description,
        "Lang": row.lang,
        "Channels": {
            "Mail": row.mail, "SMS": row.sms, "DingWebHook": row.ding, "AliIM": row.ali_im,
        },
        "ChannelsState": {
            "Mail": state(&row.mail, "PENDING"), "SMS": state(&row.sms, "PENDING"),
            "DingWebHook": state(&row.ding, "OK"), "AliIM": state(&row.ali_im, "OK"),
        },
        "ContactGroups": {"ContactGroup": groups},
        "CreateTime": row.base.created_ms,
        "UpdateTime": row.updated_ms,
    })
}

fn delete(world: &mut World, call: &Call<'_>) -> Answer {
    let name = call.need("ContactName")?;
    if world.tables.contacts.remove(name).is_none() {
        return Err(Refusal::absent(
            "ContactNotExists",
            format!("The contact {name} does not exist."),
        ));
    }
    let groups: Vec<String> = world
        .tables
        .contact_groups
        .iter()
        .map(|(id, _)| id.to_owned())
        .collect();
    for id in groups {
        if let Some(group) = world.tables.contact_groups.get_mut(&id) {
            group.members.retain(|member| member != name);
        }
    }
    success(json!({}))
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;

    #[test]
    fn contacts_are_found_by_their_channels() {
        let mut bench = Bench::new();
        for (name, channel, value) in [
            ("ann", "Channels.Mail", "ann@example.com"),
            ("bob", "Channels.SMS", "138"),
        ] {
            bench.ok(
                "cms.PutContact",
                &[("ContactName", name), ("Describe", "x"), (channel, value)],
            );
        }
        for (pairs, found) in [
            (&[][..], 2),
            (&[("ChanelType", "Mail")][..], 1),
            (&[("ChanelValue", "138")], 1),
            (&[("ChanelType", "Mail"), ("ChanelValue", "138")], 0),
        ] {
            assert_eq!(
                bench.ok("cms.DescribeContactList", pairs)["Total"],
                found,
                "{pairs:?}"
            );
        }
        bench.refused(
            "cms.PutContact",
            &[("ContactName", "x"), ("Describe", "x")],
            "400 InvalidParameterValue",
        );
    }
}
