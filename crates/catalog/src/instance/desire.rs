//! The desired instance: checks of the spec, completion, exclusive values, and judgements of single
//! fields.

use setpoint_plan::claim::Claim;
use setpoint_plan::desired::Desired;
use setpoint_plan::diff::glob_match;
use setpoint_plan::effect::Effect;
use setpoint_plan::field::{Judged, Verdict};
use setpoint_plan::kind::{Cx, Found, Refusal};
use setpoint_plan::live::Live;
use setpoint_plan::{Encoding, Map, Value};
use setpoint_spec::schema::{CheckCx, Problem};
use setpoint_spec::view;

use crate::disk;
use crate::instance::fields::{
    BANDWIDTH, DISK_SPEC, GROUPS, GROW, IMAGE, NETWORK, START, STOP, STORE_USER_DATA, TYPE,
};
use crate::instance::read::{IMAGES, LIVE_IMAGE};
use crate::instance::{ON_IMAGE_CHANGE, ON_USER_DATA_CHANGE, RESTARTING, USER_DATA, power, ready};
use crate::shared::{default_to, digest, level, name_at_creation};

/// Checks that lists are not empty, and checks the system disk and the readiness checks.
pub(super) fn check(cx: &CheckCx<'_>) -> Vec<Problem> {
    let empty = |name: &&str| {
        cx.fields()
            .get(name)
            .and_then(Value::as_list)
            .is_some_and(<[Value]>::is_empty)
    };
    let problem = |name: &str| Problem {
        path: name.to_owned(),
        message: format!("`{name}` must not be empty"),
        hint: Some("name at least one".to_owned()),
    };
    let lists = ["instance_types", "vswitches", "security_groups"];
    lists
        .iter()
        .filter(|name| empty(name))
        .map(|name| problem(name))
        .chain(check_disk(cx))
        .chain(ready::check(cx))
        .collect()
}

/// The size of the largest public image, in GiB. A level that needs more is possible without `size`
/// only with a custom image, so `size` must be given.
const IMAGE_SIZE_MAX: i64 = 100;

/// Checks that only a disk with performance levels has one, and that its size suffices.
fn check_disk(cx: &CheckCx<'_>) -> Option<Problem> {
    let disk = cx.fields().get("system_disk").and_then(Value::as_map)?;
    let text = |name: &str| disk.get(name).and_then(Value::as_text);
    let category = text("category").unwrap_or("cloud_essd");
    let problem = |name: &str, message: String, hint: String| Problem {
        path: format!("system_disk.{name}"),
        message,
        hint: Some(hint),
    };
    if category != "cloud_essd" && disk.contains_key("performance_level") {
        let message = format!("a {category} disk does not support `performance_level`");
        let hint = "remove `performance_level`, or write `category: cloud_essd`".to_owned();
        return Some(problem("performance_level", message, hint));
    }
    let level = text("performance_level").unwrap_or("PL0");
    let (of, least) = disk::least_of_system(category, level);
    // Without `size` the image decides, and its size is not enough for the highest levels.
    let Some(size) = disk.get("size").and_then(Value::as_int) else {
        let is_given = disk.contains_key("size");
        return (!is_given && least > IMAGE_SIZE_MAX).then(|| {
            let message =
                format!("a {of} disk must have at least {least} GiB, but `size` is missing");
            problem(
                "performance_level",
                message,
                format!("write `size: {least}` or more"),
            )
        });
    };
    (size < least).then(|| {
        let message = format!("a {of} disk must have at least {least} GiB");
        let hint = "write at least that, or choose another level or category".to_owned();
        problem("size", message, hint)
    })
}

/// Completes the desired instance: its name, image, bandwidth, system disk, user data, readiness,
/// protection and power.
pub(super) fn desire(
    cx: &Cx<'_>,
    found: &Found,
    live: Option<&Live>,
    want: &mut Desired,
) -> Result<(), Refusal> {
    name_at_creation(cx, want, 128);
    choose_image(found, live, want)?;
    choose_internet(want);
    default_to(want, "system_disk.category", "cloud_essd");
    if want.text("system_disk.category") == Some("cloud_essd") {
        default_to(want, "system_disk.performance_level", "PL0");
    }
    take_user_data(want);
    ready::take(want)?;
    want_protection(live, want);
    want_power(live, want);
    Ok(())
}

/// Resolves a look-up of an image to an id. A new instance gets the newest image that matches. A
/// live one keeps its image if that still matches, deprecated or not, or cannot be read any more;
/// with `follow`, it moves to the newest one.
fn choose_image(found: &Found, live: Option<&Live>, want: &mut Desired) -> Result<(), Refusal> {
    let Some(Value::Map(by)) = want.attrs.get("image").cloned() else {
        return Ok(());
    };
    if let Some(id) = by.get("id") {
        want.attrs.insert("image".to_owned(), id.clone());
        return Ok(());
    }
    let mut fitting: Vec<&Map> = found
        .of(&IMAGES)
        .filter(|image| fits(&by, image) && is_available(image))
        .collect();
    fitting.sort_by_key(|image| (image.get("created").cloned(), image.get("id").cloned()));
    let newest = fitting.last().and_then(|image| image.get("id"));
    let follow = by.get("follow") == Some(&Value::Bool(true));
    if let Some(live) = live {
        let current = live.attr("image");
        let is_current = |image: &&Map| image.get("id") == Some(&current);
        let mut looked_up = found.of(&IMAGES).filter(is_current).peekable();
        let mut read = found.of(&LIVE_IMAGE).filter(is_current).peekable();
        let is_readable = looked_up.peek().is_some() || read.peek().is_some();
        let is_right = looked_up.any(|image| fits(&by, image))
            || read.any(|image| fits(&by, image) && is_looked_for(&by, image));
        if (is_right && (!follow || newest.is_none())) || !is_readable {
            want.attrs.insert("image".to_owned(), current);
            return Ok(());
        }
    }
    let Some(newest) = newest else {
        let asked: Vec<String> = by
            .iter()
            .filter(|(key, _)| *key != "follow")
            .map(|(key, value)| format!("{key} {}", view::value(value)))
            .collect();
        return Err(Refusal {
            attr: "image".to_owned(),
            what: format!("no image matches {}", asked.join(", ")),
            hint: Some(
                "an image family looks like `acs:alibaba_cloud_linux_3_2104_lts_x64`".to_owned(),
            ),
        });
    };
    want.attrs.insert("image".to_owned(), newest.clone());
    Ok(())
}

/// Returns whether an image passes the filters that the API does not have, or applies loosely, and
/// those by tags.
fn fits(by: &Map, image: &Map) -> bool {
    let is = |key: &str| {
        by.get(key)
            .is_none_or(|wanted| image.get(key) == Some(wanted))
    };
    let tags = by.get("tags").and_then(Value::as_map);
    let has = image.get("tags").and_then(Value::as_map);
    let mut wanted = tags.into_iter().flatten();
    is("os_name")
        && is("family")
        && wanted.all(|(key, value)| has.and_then(|has| has.get(key)) == Some(value))
}

fn is_available(image: &Map) -> bool {
    image
        .get("status")
        .is_none_or(|status| *status == Value::text("Available"))
}

/// Returns whether an image that was read by its id passes the filters that the API applies to a
/// look-up.
fn is_looked_for(by: &Map, image: &Map) -> bool {
    let text = |map: &Map, key: &str| map.get(key).and_then(Value::as_text).map(ToOwned::to_owned);
    let public = (!by.contains_key("tags")).then(|| "system".to_owned());
    let owner = text(by, "owner").or(public);
    let is_named = text(by, "name")
        .is_none_or(|glob| text(image, "name").is_some_and(|name| glob_match(&glob, &name)));
    let is_for = text(by, "architecture")
        .is_none_or(|wanted| text(image, "architecture").is_none_or(|its| its == wanted));
    is_named
        && is_for
        && text(image, "owner").is_none_or(|its| owner.is_none_or(|owner| its == owner))
}

/// Completes the public bandwidth, which is 0 unless the spec gives it or declares it `unmanaged`.
/// Without bandwidth, its billing and the inbound rate have no meaning.
fn choose_internet(want: &mut Desired) {
    if want.terms.released.iter().any(|name| name == "internet") {
        want.attrs.retain(|name, _| !name.starts_with("internet."));
        return;
    }
    want.attrs
        .insert_if_absent("internet.max_bandwidth_out", Value::Int(0));
    if want.attrs["internet.max_bandwidth_out"] == Value::Int(0) {
        want.attrs.remove("internet.charge_type");
        want.attrs.remove("internet.max_bandwidth_in");
    } else {
        default_to(want, "internet.charge_type", "PayByTraffic");
    }
}

/// Replaces user data by their digest, which is compared; the text itself is sent only at creation.
/// For the digest, secrets are blanked and references are replaced by their names, so that it
/// neither reveals nor follows their values.
fn take_user_data(want: &mut Desired) {
    let Some(content) = want.attrs.remove("user_data") else {
        return;
    };
    let digest = digest(&template(&content))[..16].to_owned();
    want.attrs
        .insert("user_data".to_owned(), Value::text(digest.clone()));
    want.guard.digests.insert(USER_DATA.to_owned(), digest);
    want.initial.insert("user_data".to_owned(), content);
}

/// Returns user data as the API takes them; `None` without user data.
pub(super) fn sent_user_data(want: &Desired) -> Option<Value> {
    let content = want.initial.get("user_data")?;
    Some(Value::Encode(Encoding::Base64, Box::new(content.clone())))
}

/// Returns user data without the values of references and secrets.
fn template(content: &Value) -> String {
    match content {
        Value::Text(text) => text.to_string(),
        Value::Concat(parts) => parts.iter().map(template).collect(),
        Value::Ref(reference) => format!("${{{}.{}}}", reference.address, reference.attr),
        _ => "${…}".to_owned(),
    }
}

/// Makes the deletion protection of the API follow `lifecycle.protect`, in both directions.
/// Protection that was switched on by hand stays.
fn want_protection(live: Option<&Live>, want: &mut Desired) {
    let protect = want.guard.protect;
    if protect
        || live
            .and_then(|live| live.owner.as_ref())
            .is_some_and(|owner| owner.guard.protect)
    {
        want.attrs
            .insert_if_absent("deletion_protection", Value::Bool(protect));
    }
}

/// Returns whether an earlier run stopped the instance for an update and ended before it was up
/// again.
fn is_left_stopped(live: &Live) -> bool {
    live.is_marked(Some(RESTARTING))
}

/// Completes the power. An instance that an earlier run stopped and did not start again is started,
/// even if power is ignored or not managed. One that is still starting, because an interrupted run
/// created it, is waited for.
fn want_power(live: Option<&Live>, want: &mut Desired) {
    if want.attrs.get("power") == Some(&Value::text("unmanaged")) {
        want.attrs.remove("power");
    }
    let left = live.is_some_and(is_left_stopped);
    if left
        && want
            .terms
            .lifecycle
            .ignore
            .iter()
            .any(|name| name == "power")
    {
        want.terms_mut()
            .lifecycle
            .ignore
            .retain(|name| name != "power");
        want.attrs.remove("power");
    }
    let rising = live.is_some_and(|live| live.attr("power") == Value::text("starting"));
    if left || rising {
        want.attrs.insert_if_absent("power", Value::text("running"));
    }
}

/// The slot for the only public address of an instance: its own, or that of an `eip`.
pub(crate) const PUBLIC_ADDRESS: &str = "public address slot";

const MAX_BANDWIDTH: &str = "internet.max_bandwidth_out";

/// Returns the exclusive values of an instance. A private address can exist once in a subnet. An
/// instance with public bandwidth or a public address of its own cannot have an `eip`. No source
/// says whether the address is released with the bandwidth, so it counts until the API no longer
/// shows it.
pub(super) fn claims(of: &dyn Fn(&str) -> Value) -> Vec<Claim> {
    let way = "set `internet.max_bandwidth_out: 0` in an apply of its own; if the machine keeps \
               its address, turn that into an EIP with ConvertNatPublicIpToEip, and `adopt` it";
    let has_own = of("own_public_ip") != Value::Null || is_open(Some(&of(MAX_BANDWIDTH)));
    let id = if has_own { of("id") } else { Value::Null };
    let slot = Claim::slot(MAX_BANDWIDTH, PUBLIC_ADDRESS, &id, way);
    let subnets = match of("vswitch") {
        Value::Null => of("vswitches").as_list().map(<[Value]>::to_vec),
        one => Some(vec![one]),
    };
    let claim = |subnet| Claim::address("private_ip", subnet, &of("private_ip"));
    subnets
        .unwrap_or_default()
        .into_iter()
        .filter_map(claim)
        .chain(slot)
        .collect()
}

/// Returns the items of a list sorted and without duplicates.
fn sorted(value: &Value) -> Vec<&Value> {
    let mut items: Vec<&Value> = value.as_list().unwrap_or_default().iter().collect();
    items.sort();
    items.dedup();
    items
}

/// Judges the security groups, whose order has no meaning.
pub(super) fn judge_groups(judged: &Judged<'_>) -> Verdict {
    if sorted(judged.want) == sorted(judged.live) {
        Verdict::Same
    } else {
        Verdict::Update(&GROUPS)
    }
}

/// Judges the billing of public bandwidth, which has no meaning without bandwidth.
pub(super) fn judge_internet_charge(judged: &Judged<'_>) -> Verdict {
    if judged.desired.attrs.get("internet.max_bandwidth_out") == Some(&Value::Int(0)) {
        Verdict::Same
    } else {
        judge_bandwidth(judged)
    }
}

/// Judges the public bandwidth. A change affects the hourly price if bandwidth is billed before or
/// after it. Without bandwidth, connections from outside break; no source says whether the API
/// keeps the public address, so it may be lost.
pub(super) fn judge_bandwidth(judged: &Judged<'_>) -> Verdict {
    let live = |attr: &str| judged.row.attrs.get(attr);
    let live_out = live("internet.max_bandwidth_out");
    let out = judged.desired.get("internet.max_bandwidth_out");
    let charge = charge_type(judged.desired, judged.row);
    let is_paid = |out: Option<&Value>, charge: Option<&Value>| {
        is_open(out) && charge.and_then(Value::as_text) == Some("PayByBandwidth")
    };
    let closes = out == Some(&Value::Int(0)) && judged.row.attr("own_public_ip") != Value::Null;
    let mut effect = if closes {
        Effect::BRIEF.risking_public_address()
    } else {
        Effect::NONE
    };
    if is_paid(live_out, live("internet.charge_type")) || is_paid(out, charge) {
        effect = effect.priced();
    }
    Verdict::UpdateWith(&BANDWIDTH, effect)
}

/// Returns the billing of public bandwidth after the change: that of the spec, else the live one if
/// there is bandwidth, else the default at creation.
pub(super) fn charge_type<'a>(want: &'a Desired, live: &'a Live) -> Option<&'a Value> {
    const CHARGE_TYPE: &str = "internet.charge_type";
    let own = want.attrs.get(CHARGE_TYPE);
    own.or_else(|| {
        if is_open(live.attrs.get("internet.max_bandwidth_out")) {
            live.attrs.get(CHARGE_TYPE)
        } else {
            want.initial.get(CHARGE_TYPE)
        }
    })
}

fn is_open(out: Option<&Value>) -> bool {
    out.and_then(Value::as_int).is_some_and(|out| out > 0)
}

/// Judges the size of the system disk, which can only grow. Growing interrupts nothing.
pub(super) fn judge_size(judged: &Judged<'_>) -> Verdict {
    match (judged.want.as_int(), judged.live.as_int()) {
        (Some(want), Some(live)) if want < live => Verdict::Refuse(
            format!("a disk cannot shrink: it has {live} GiB, but the file says {want} GiB"),
            Some(format!("write `size: {live}` or more")),
        ),
        (_, None) => Verdict::Same,
        _ => Verdict::Update(&GROW),
    }
}

/// Judges the category of the system disk. A category that the disk cannot get in place is refused:
/// the instance would have to be replaced, which the user must decide.
pub(super) fn judge_category(judged: &Judged<'_>) -> Verdict {
    if disk::becomes(judged) {
        return Verdict::Update(&DISK_SPEC);
    }
    let text = |value: &Value| value.as_text().unwrap_or_default().to_owned();
    let (from, to) = (text(judged.live), text(judged.want));
    let is_slower = judged.row.attr("charge_type") == Value::text("PrePaid");
    let why = if is_slower { " of a subscription" } else { "" };
    Verdict::Refuse(
        format!("a {from} disk{why} cannot become {to}"),
        Some(format!(
            "keep `category: {from}`, or replace the instance with `--replace {}`",
            judged.desired.address
        )),
    )
}

pub(super) fn judge_level(judged: &Judged<'_>) -> Verdict {
    level(judged, "system_disk.size", &DISK_SPEC)
}

/// Judges the image: another one replaces the system disk, or the instance if the spec says so.
pub(super) fn judge_image(judged: &Judged<'_>) -> Verdict {
    if choice(judged, ON_IMAGE_CHANGE) == Some("replace") {
        return Verdict::Replace;
    }
    Verdict::Update(&IMAGE)
}

/// Judges the subnet: within its zone and VPC the instance moves, otherwise it is replaced.
pub(super) fn judge_vswitch(judged: &Judged<'_>) -> Verdict {
    let of_subnet = |attr: &str| {
        let own = judged
            .target
            .and_then(|target| target.attrs.get(attr).cloned());
        own.or_else(|| judged.outside.map(|live| live.attr(attr)))
    };
    let same_zone = of_subnet("zone").is_none_or(|zone| zone == judged.row.attr("zone"));
    let same_vpc = of_subnet("vpc").is_none_or(|vpc| vpc == judged.row.attr("vpc"));
    if same_zone && same_vpc {
        Verdict::Update(&NETWORK)
    } else {
        Verdict::Replace
    }
}

/// Judges the acceptable subnets: an instance in any of them stays.
pub(super) fn judge_vswitches(judged: &Judged<'_>) -> Verdict {
    let current = judged.row.attr("vswitch");
    if sorted(judged.want).contains(&&current) {
        Verdict::Same
    } else {
        Verdict::Replace
    }
}

/// Judges the acceptable types: an instance of any of them stays.
pub(super) fn judge_types(judged: &Judged<'_>) -> Verdict {
    let current = judged.row.attr("instance_type");
    if sorted(judged.want).contains(&&current) {
        Verdict::Same
    } else {
        Verdict::Update(&TYPE)
    }
}

/// Judges the user data: a change has no effect on an existing instance, unless the spec chooses
/// one.
pub(super) fn judge_user_data(judged: &Judged<'_>) -> Verdict {
    match choice(judged, ON_USER_DATA_CHANGE) {
        Some("replace") => Verdict::Replace,
        Some("store") => Verdict::Update(&STORE_USER_DATA),
        Some(_) | None => Verdict::CreationOnly,
    }
}

/// Returns the word of a member of `lifecycle`.
fn choice<'a>(judged: &Judged<'a>, member: &str) -> Option<&'a str> {
    let choices = &judged.desired.terms.lifecycle.choices;
    choices.get(member).map(String::as_str)
}

/// Judges the power. A window that opens for other updates ends in the desired state; without a
/// window, the steps that start or stop the instance come last. An instance that stops without
/// charges may get another public address when it starts, unless that is an `eip`.
pub(super) fn judge_power(judged: &Judged<'_>) -> Verdict {
    if *judged.want != Value::text("stopped") {
        return Verdict::Update(&START);
    }
    let gives_up = power::stopped_mode(judged.desired) == "StopCharging";
    let has_own = judged.row.attr("own_public_ip") != Value::Null;
    let effect = if gives_up && has_own {
        Effect::STOP.risking_public_address()
    } else {
        Effect::STOP
    };
    Verdict::UpdateWith(&STOP, effect)
}
