//! The pages under `/_sim/`: what there is, what was called, and time.
//!
//! Not signed: the server listens on the loopback interface only.

use std::time::Duration;

use serde_json::{Value, json};
use setpoint_openapi::wire::{WireRequest, WireResponse};

use crate::embedded::Embedded;
use crate::fault::{self, Fault};
use crate::world::ImageFacts;

/// Whether a request is for these pages.
#[must_use]
pub fn is_admin(request: &WireRequest) -> bool {
    request.path.starts_with("/_sim/")
}

/// Answers one of these pages.
#[must_use]
pub fn answer(cloud: &Embedded, request: &WireRequest) -> WireResponse {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/_sim/resources") => page(200, &json!(cloud.with(|world| world.resources()))),
        ("GET", "/_sim/calls") => page(200, &cloud.with(|world| calls(world.calls()))),
        ("POST", "/_sim/clock") => clock(cloud, &body),
        ("POST", "/_sim/stock") => stock(cloud, &body),
        ("POST", "/_sim/images") => match serde_json::from_value::<ImageFacts>(body) {
            Ok(facts) => {
                cloud.with(|world| world.add_image(facts));
                page(200, &json!({}))
            }
            Err(error) => page(400, &json!({"error": error.to_string()})),
        },
        ("POST", "/_sim/faults") => match serde_json::from_value::<Vec<Fault>>(body) {
            Ok(faults) => {
                cloud.set_hook(Some(fault::plan(faults)));
                page(200, &json!({}))
            }
            Err(error) => page(400, &json!({"error": error.to_string()})),
        },
        ("POST", "/_sim/reset") => match cloud.reset() {
            Ok(()) => page(200, &json!({})),
            Err(error) => page(500, &json!({"error": error.to_string()})),
        },
        (_, path) => page(404, &json!({"error": format!("there is no page {path} with this method")})),
    }
}

fn calls(calls: &crate::calls::Calls) -> Value {
    let total: u64 = calls.counts().values().map(|count| count.total).sum();
    json!({"total": total, "actions": calls.counts()})
}

fn clock(cloud: &Embedded, body: &Value) -> WireResponse {
    let Some(seconds) = body["seconds"].as_u64() else { return page(400, &json!({"error": "`seconds` must be a whole number"})) };
    match cloud.advance(Duration::from_secs(seconds)) {
        Ok(now) => page(200, &json!({"now": now.seconds()})),
        Err(error) => page(500, &json!({"error": error.to_string()})),
    }
}

fn stock(cloud: &Embedded, body: &Value) -> WireResponse {
    let (Some(zone), Some(kind), Some(in_stock)) = (body["zone"].as_str(), body["instance_type"].as_str(), body["in_stock"].as_bool())
    else {
        return page(400, &json!({"error": "`zone`, `instance_type` and `in_stock` are needed"}));
    };
    cloud.with(|world| world.set_stock(zone, kind, in_stock));
    page(200, &json!({}))
}

fn page(status: u16, body: &Value) -> WireResponse {
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    WireResponse { status, headers, body: body.to_string().into_bytes() }
}
