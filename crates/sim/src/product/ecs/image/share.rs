//! ModifyImageSharePermission and DescribeImageSharePermission. Other accounts are numbers; none of
//! them calls.

use serde_json::{Value, json};
use setpoint_openapi::timestamp::Timestamp;

use crate::base::Base;
use crate::call::{Answer, Call};
use crate::page;
use crate::product::Actions;
use crate::product::ecs::image::change;
use crate::refusal::Refusal;
use crate::world::{World, done};

pub(crate) const ACTIONS: Actions = &[
    ("ModifyImageSharePermission", modify),
    ("DescribeImageSharePermission", describe),
];

fn modify(world: &mut World, call: &Call<'_>) -> Answer {
    let id = call.need("ImageId")?;
    let (added, removed, public) = (
        call.list("AddAccount"),
        call.list("RemoveAccount"),
        call.flag("IsPublic")?,
    );
    if added.len() > 10 || removed.len() > 10 {
        return Err(Refusal::bad(
            "InvalidAccount.Malformed",
            "At most ten accounts can be given.",
        ));
    }
    if added.iter().chain(&removed).any(|account| {
        account.len() != 16 || !account.bytes().all(|letter| letter.is_ascii_digit())
    }) {
        return Err(Refusal::bad(
            "InvalidAccount.Malformed",
            "An account is sixteen digits.",
        ));
    }
    let now = world.now_ms();
    let image = change::find_mut(world, call, id)?;
    let ready = image.facts.status == "Available";
    let Some(custom) = image.custom.as_mut().filter(|_| ready) else {
        return Err(Refusal::denied(
            "IncorrectImageStatus",
            "The current image status does not support this operation.",
        ));
    };
    custom
        .shared
        .retain(|(account, _)| !removed.contains(&account.as_str()));
    for account in added {
        if !custom.shared.iter().any(|(held, _)| held == account) {
            custom.shared.push((account.to_owned(), now));
        }
    }
    custom.public = public.unwrap_or(custom.public);
    done()
}

fn describe(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    let id = call.need("ImageId")?;
    let image = change::find(world, call, id)?;
    let custom = image.custom.as_ref();
    let rows: Vec<(Base, i64)> = custom
        .into_iter()
        .flat_map(|custom| &custom.shared)
        .map(|(account, at)| {
            (
                Base {
                    id: account.clone(),
                    created_ms: *at,
                    ..Base::default()
                },
                *at,
            )
        })
        .collect();
    let page = page::numbered(call, page::newest_first(rows.iter(), |(base, _)| base), 100)?;
    let accounts: Vec<Value> = page
        .items
        .iter()
        .map(|(base, at)| json!({"AliyunId": base.id, "SharedTime": Timestamp(*at).seconds()}))
        .collect();
    let groups: Vec<Value> = custom
        .filter(|custom| custom.public)
        .map(|_| json!({"Group": "all"}))
        .into_iter()
        .collect();
    Ok(json!({
        "ImageId": id, "RegionId": region, "PageNumber": page.number, "PageSize": page.size,
        "TotalCount": page.total,
        "Accounts": {"Account": accounts}, "ShareGroups": {"ShareGroup": groups},
    }))
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, text};

    #[test]
    fn accounts_come_and_go() {
        let mut bench = Bench::new();
        let (machine, _, _) = bench.machine(&[]);
        bench.wait(20_000);
        let id = text(
            &bench.ok("ecs.CreateImage", &[("InstanceId", &machine)]),
            "ImageId",
        );
        let share = [
            ("ImageId", id.as_str()),
            ("AddAccount.1", "1234567890123456"),
        ];
        bench.refused(
            "ecs.ModifyImageSharePermission",
            &share,
            "403 IncorrectImageStatus",
        );
        bench.wait(20_000);
        bench.ok("ecs.ModifyImageSharePermission", &share);
        bench.refused(
            "ecs.ModifyImageSharePermission",
            &[("ImageId", &id), ("AddAccount.1", "bob")],
            "400 InvalidAccount.Malformed",
        );
        let seen = bench.ok("ecs.DescribeImageSharePermission", &[("ImageId", &id)]);
        assert_eq!(
            (
                &seen["TotalCount"],
                &seen["Accounts"]["Account"][0]["AliyunId"]
            ),
            (&1.into(), &"1234567890123456".into())
        );
    }
}
