//! The pages under `/_sim/`: resources, calls, options, time.
//!
//! They need no signature: everyone who can reach the server can use them, so the server listens on
//! the loopback interface by default. A request that a browser sends for a page of another origin
//! is refused.

use std::time::Duration;

use serde_json::{Value, json};
use setpoint_openapi::wire::{WireRequest, WireResponse};

use crate::calllog;
use crate::embedded::Embedded;
use crate::fault::Plan;
use crate::product::ecs::instance_type;
use crate::regions;
use crate::users::User;
use crate::world::{GuestRule, ImageFacts, LoadProfile};

/// Whether a request is for one of these pages.
#[must_use]
pub fn is_admin(request: &WireRequest) -> bool {
    request.path == "/_sim" || request.path.starts_with("/_sim/")
}

/// Answers a request for one of these pages.
#[must_use]
pub fn answer(cloud: &Embedded, request: &WireRequest) -> WireResponse {
    if is_foreign(request) {
        return page(
            403,
            &json!({"error": "a page of another origin must not send requests here"}),
        );
    }
    let response = dispatch(cloud, request);
    // As for calls, changes must be on the disk before the answer is sent.
    match cloud.advance(Duration::ZERO) {
        Err(error) if request.method == "POST" => page(500, &json!({"error": error.to_string()})),
        _ => response,
    }
}

/// Whether a browser sent the request for a page of another origin. A host name that is not local
/// does not help, since its owner can let it point to this machine.
fn is_foreign(request: &WireRequest) -> bool {
    let Some(origin) = request.header("origin") else {
        return false;
    };
    let place = origin.split_once("://").map_or(origin, |(_, place)| place);
    let name = place
        .rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()))
        .map_or(place, |(name, _)| name);
    let is_address = name
        .trim_matches(['[', ']'])
        .parse::<std::net::IpAddr>()
        .is_ok();
    place != request.host || !(is_address || name == "localhost")
}

fn dispatch(cloud: &Embedded, request: &WireRequest) -> WireResponse {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/_sim" | "/_sim/") => html(),
        ("GET", "/_sim/world") => page(200, &world(cloud)),
        ("GET", "/_sim/resources") => page(200, &json!(cloud.with(|world| world.resources()))),
        ("GET", "/_sim/calls") => page(200, &cloud.with(|world| calls(world.calls()))),
        ("GET", "/_sim/keys") => page(200, &json!(cloud.with(|world| world.users().to_vec()))),
        ("POST", "/_sim/keys") => keys(cloud, body),
        ("GET", "/_sim/options") => page(200, &json!(cloud.with(|world| world.options.clone()))),
        ("POST", "/_sim/options") => options(cloud, &body),
        ("POST", "/_sim/clock") => clock(cloud, &body),
        ("POST", "/_sim/stock") => stock(cloud, &body),
        ("POST", "/_sim/load") => load(cloud, &body),
        ("POST", "/_sim/guest") => guest(cloud, body),
        ("POST", "/_sim/lock") => lock(cloud, &body),
        ("POST", "/_sim/spot") => spot(cloud, &body),
        ("POST", "/_sim/events") => event(cloud, &body),
        ("POST", "/_sim/images") => match serde_json::from_value::<ImageFacts>(body) {
            Ok(facts) => {
                cloud.with(|world| world.add_image(facts));
                page(200, &json!({}))
            }
            Err(error) => page(400, &json!({"error": error.to_string()})),
        },
        ("POST", "/_sim/faults") => match Plan::parse(&request.body) {
            Ok(plan) => {
                cloud.set_plan(plan);
                page(200, &json!({}))
            }
            Err(error) => page(400, &json!({"error": error.to_string()})),
        },
        ("POST", "/_sim/reset") => match cloud.reset() {
            Ok(()) => page(200, &json!({})),
            Err(error) => page(500, &json!({"error": error.to_string()})),
        },
        (_, path) => page(
            404,
            &json!({"error": format!("there is no page {path} with this method")}),
        ),
    }
}

/// Replaces the users. The answer has the keys that were drawn.
fn keys(cloud: &Embedded, body: Value) -> WireResponse {
    let users = serde_json::from_value::<Vec<User>>(body).map_err(|error| error.to_string());
    match users.and_then(|users| {
        cloud.with(|world| world.set_users(users).map_err(|error| error.to_string()))
    }) {
        Ok(()) => page(200, &json!(cloud.with(|world| world.users().to_vec()))),
        Err(error) => page(400, &json!({"error": error})),
    }
}

/// Changes options. The answer has all of them.
fn options(cloud: &Embedded, body: &Value) -> WireResponse {
    let merged = cloud.with(|world| {
        world
            .options
            .merged(body)
            .map(|merged| world.options = merged)
    });
    match merged {
        Ok(()) => page(200, &json!(cloud.with(|world| world.options.clone()))),
        Err(error) => page(400, &json!({"error": error.to_string()})),
    }
}

fn guest(cloud: &Embedded, body: Value) -> WireResponse {
    match serde_json::from_value::<GuestRule>(body) {
        Ok(rule) => {
            cloud.with(|world| world.add_guest_rule(rule));
            page(200, &json!({}))
        }
        Err(error) => page(400, &json!({"error": error.to_string()})),
    }
}

fn lock(cloud: &Embedded, body: &Value) -> WireResponse {
    let (Some(instance), Some(reason)) = (body["instance"].as_str(), body["reason"].as_str())
    else {
        return page(400, &json!({"error": "`instance` and `reason` are needed"}));
    };
    if cloud.with(|world| world.set_lock(instance, reason)) {
        page(200, &json!({}))
    } else {
        page(
            404,
            &json!({"error": format!("there is no instance {instance}")}),
        )
    }
}

/// Reclaims a spot instance.
fn spot(cloud: &Embedded, body: &Value) -> WireResponse {
    let Some(instance) = body["instance"].as_str() else {
        return page(400, &json!({"error": "`instance` is needed"}));
    };
    if cloud.with(|world| world.interrupt_spot(instance)) {
        page(200, &json!({}))
    } else {
        page(
            404,
            &json!({"error": format!("there is no spot instance {instance}")}),
        )
    }
}

fn event(cloud: &Embedded, body: &Value) -> WireResponse {
    let (Some(instance), Some(kind)) = (body["instance"].as_str(), body["type"].as_str()) else {
        return page(400, &json!({"error": "`instance` and `type` are needed"}));
    };
    let (seconds, inquire) = (
        body["in_seconds"].as_i64().unwrap_or(0),
        body["inquire"].as_bool().unwrap_or(false),
    );
    let made = cloud.with(|world| {
        let at = world.now().0.saturating_add(seconds.saturating_mul(1000));
        world.announce_event(instance, kind, at, inquire)
    });
    match made {
        Some(id) => page(200, &json!({"event": id})),
        None => page(
            404,
            &json!({"error": "there is no such instance, or no such type of event"}),
        ),
    }
}

/// The most resources that the page shows.
const SHOWN: usize = 1_000;

/// The most calls that the page shows.
const LAST: usize = 50;

fn html() -> WireResponse {
    let headers = vec![(
        "content-type".to_owned(),
        "text/html;charset=utf-8".to_owned(),
    )];
    WireResponse {
        status: 200,
        headers,
        body: include_bytes!("admin/page.html").to_vec(),
    }
}

/// The content of the page in one answer, so that its parts belong together.
fn world(cloud: &Embedded) -> Value {
    cloud.with(|world| {
        let resources = world.resources();
        let total = resources.len();
        let shown: Vec<Value> = resources
            .iter()
            .take(SHOWN)
            .map(|resource| {
                let mut row = json!(resource);
                row["relations"] = json!(world.relations(resource));
                row
            })
            .collect();
        let last: Vec<Value> = world
            .calls()
            .last()
            .rev()
            .take(LAST)
            .filter_map(|entry| serde_json::from_str(&calllog::line(entry)).ok())
            .collect();
        json!({
            "now": world.now().seconds(), "account": world.account().id, "total": total,
            "resources": shown, "calls": world.calls().counts(), "last": last,
        })
    })
}

fn calls(calls: &crate::calls::Calls) -> Value {
    let total: u64 = calls.counts().values().map(|count| count.total).sum();
    json!({"total": total, "actions": calls.counts()})
}

/// The longest time that one call may skip, in seconds: ten years.
const JUMP_MAX: u64 = 10 * 366 * 86_400;

fn clock(cloud: &Embedded, body: &Value) -> WireResponse {
    let Some(seconds) = body["seconds"]
        .as_u64()
        .filter(|seconds| *seconds <= JUMP_MAX)
    else {
        return page(
            400,
            &json!({"error": "`seconds` must be a whole number, at most ten years"}),
        );
    };
    match cloud.advance(Duration::from_secs(seconds)) {
        Ok(now) => page(200, &json!({"now": now.seconds()})),
        Err(error) => page(500, &json!({"error": error.to_string()})),
    }
}

fn load(cloud: &Embedded, body: &Value) -> WireResponse {
    let profile = serde_json::from_value::<LoadProfile>(body["profile"].clone());
    let (Some(id), Ok(profile)) = (body["id"].as_str(), profile) else {
        return page(
            400,
            &json!({"error": "`id` and a `profile` of idle, busy, burst, leak are needed"}),
        );
    };
    if !cloud.with(|world| world.resources().iter().any(|one| one.id == id)) {
        return page(404, &json!({"error": format!("there is no {id}")}));
    }
    cloud.with(|world| world.set_load(id, profile));
    page(200, &json!({}))
}

fn stock(cloud: &Embedded, body: &Value) -> WireResponse {
    let (Some(zone), Some(kind), Some(in_stock)) = (
        body["zone"].as_str(),
        body["instance_type"].as_str(),
        body["in_stock"].as_bool(),
    ) else {
        return page(
            400,
            &json!({"error": "`zone`, `instance_type` and `in_stock` are needed"}),
        );
    };
    if !regions::is_zone(zone) {
        return page(404, &json!({"error": format!("there is no zone {zone}")}));
    }
    if instance_type::find(kind).is_err() {
        return page(
            404,
            &json!({"error": format!("there is no instance type {kind}")}),
        );
    }
    cloud.with(|world| world.set_stock(zone, kind, in_stock));
    page(200, &json!({}))
}

fn page(status: u16, body: &Value) -> WireResponse {
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    WireResponse {
        status,
        headers,
        body: body.to_string().into_bytes(),
    }
}
