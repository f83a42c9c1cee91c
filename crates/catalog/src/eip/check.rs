//! Offline checks of an `eip`: its bandwidth, and the instance that it is bound to.

use setpoint_plan::Value;
use setpoint_spec::schema::{CheckCx, Problem};

use super::EIP;

pub(super) fn check(cx: &CheckCx<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let bandwidth = cx.fields().get("bandwidth").and_then(Value::as_int);
    let by_traffic = cx.fields().get("internet_charge_type") == Some(&Value::text("PayByTraffic"));
    if by_traffic && bandwidth.is_some_and(|rate| rate > 200) {
        problems.push(Problem {
            path: "bandwidth".to_owned(),
            message: "an `eip` with PayByTraffic must have at most 200 Mbit/s".to_owned(),
            hint: Some("write at most 200, or `internet_charge_type: PayByBandwidth`".to_owned()),
        });
    }
    problems.extend(check_target(cx));
    problems
}

/// Checks that the instance has no other public address: neither bandwidth of its own nor another
/// `eip`.
fn check_target(cx: &CheckCx<'_>) -> Option<Problem> {
    let Some(Value::Ref(target)) = cx.fields().get("attach_to") else {
        return None;
    };
    let machine = cx.all.get(&target.address)?;
    let internet = machine.fields.get("internet").and_then(Value::as_map);
    let rate = internet.and_then(|internet| internet.get("max_bandwidth_out")?.as_int());
    let problem = |message: String, hint: String| Problem {
        path: "attach_to".to_owned(),
        message,
        hint: Some(hint),
    };
    if rate.is_some_and(|rate| rate > 0) {
        return Some(problem(
            format!("`{}` has its own public bandwidth", target.address),
            format!(
                "create `{}` without `internet`, or take `attach_to` out of here: a machine cannot \
                 take an `eip` while it keeps a public address of its own",
                target.address
            ),
        ));
    }
    let is_before = |other: &&setpoint_spec::stack::Resource| {
        other.kind.name == EIP.name
            && other.address < cx.resource.address
            && other.fields.get("attach_to") == cx.fields().get("attach_to")
    };
    let other = cx.all.values().find(is_before)?;
    Some(problem(
        format!(
            "`{}` is already attached to `{}`",
            other.address, target.address
        ),
        "an instance can have only one `eip`".to_owned(),
    ))
}
