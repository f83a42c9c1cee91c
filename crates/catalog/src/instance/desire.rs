//! The desired instance, completed, and the judgements over single fields.

use setpoint_plan::claim::Claim;
use setpoint_plan::desired::Desired;
use setpoint_plan::diff::glob_match;
use setpoint_plan::effect::Effect;
use setpoint_plan::field::{Judged, Verdict};
use setpoint_plan::kind::{Cx, Found, Refusal};
use setpoint_plan::live::Live;
use setpoint_plan::{Encoding, Map, Value};
use setpoint_spec::schema::{CheckCx, Problem};

use crate::disk;
use crate::instance::fields::{
    BANDWIDTH, DISK_SPEC, GROUPS, GROW, IMAGE, NETWORK, START, STOP, STORE_USER_DATA, TYPE,
};
use crate::instance::read::{IMAGES, LIVE_IMAGE};
use crate::instance::{ON_IMAGE_CHANGE, ON_USER_DATA_CHANGE, RESTARTING, USER_DATA, power, ready};
use crate::shared::{default_to, digest, level, name_at_creation};

/// Lists must not be empty, and only disks with performance levels may have one.
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

/// The size of the largest public image, in GiB. A larger image is a custom one, and `size` must be
/// given.
const IMAGE_SIZE_MAX: i64 = 100;

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
    let (of, least, _) = disk::bounds(category, level);
    // Without `size` the image decides, and its size is too small for the highest levels.
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
        problem(
            "size",
            message,
            "write at least that, or choose another level or category".to_owned(),
        )
    })
}

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

/// The newest image is used at creation and then stays: a live image is accepted if it matches,
/// deprecated or not, or if it cannot be read any more.
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
            .filter_map(|(key, value)| value.as_text().map(|text| format!("{key} {text}")))
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

/// The filters that the API does not have.
fn fits(by: &Map, image: &Map) -> bool {
    ["os_name", "family"].iter().all(|key| {
        by.get(key)
            .is_none_or(|wanted| image.get(key) == Some(wanted))
    })
}

fn is_available(image: &Map) -> bool {
    image
        .get("status")
        .is_none_or(|status| *status == Value::text("Available"))
}

/// The filters that the API has, for an image that was read by its id.
fn is_looked_for(by: &Map, image: &Map) -> bool {
    let text = |map: &Map, key: &str| map.get(key).and_then(Value::as_text).map(ToOwned::to_owned);
    let owner = text(by, "owner").unwrap_or_else(|| "system".to_owned());
    let is_named = text(by, "name")
        .is_none_or(|glob| text(image, "name").is_some_and(|name| glob_match(&glob, &name)));
    let is_for = text(by, "architecture")
        .is_none_or(|wanted| text(image, "architecture").is_none_or(|its| its == wanted));
    is_named && is_for && text(image, "owner").is_none_or(|its| its == owner)
}

/// Public bandwidth exists only if the file gives it; its billing has no meaning without it.
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

/// The digest is compared; the text itself is sent only at creation. Secrets are blanked and
/// references replaced by their names, so that the digest neither reveals nor follows their values.
fn take_user_data(want: &mut Desired) {
    let Some(content) = want.attrs.remove("user_data") else {
        return;
    };
    let digest = digest(&template(&content))[..16].to_owned();
    want.attrs
        .insert("user_data".to_owned(), Value::text(digest.clone()));
    want.guard.digests.insert(USER_DATA.to_owned(), digest);
    want.initial.insert(
        "user_data_content".to_owned(),
        Value::Encode(Encoding::Base64, Box::new(content)),
    );
}

fn template(content: &Value) -> String {
    match content {
        Value::Text(text) => text.to_string(),
        Value::Concat(parts) => parts.iter().map(template).collect(),
        Value::Ref(reference) => format!("${{{}.{}}}", reference.address, reference.attr),
        _ => "${…}".to_owned(),
    }
}

/// The API's protection follows that of the spec in both directions; protection that was switched
/// on by hand stays.
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

fn is_left_stopped(live: &Live) -> bool {
    live.is_marked(Some(RESTARTING))
}

/// Starts a machine that an earlier run stopped and did not start again, even if power is ignored
/// or not managed; waits for one that is still starting since an interrupted run created it.
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

/// The slot for a machine's only public address: its own, or an `eip`.
pub(crate) const PUBLIC_ADDRESS: &str = "public address slot";

const MAX_BANDWIDTH: &str = "internet.max_bandwidth_out";

/// A private address can exist once in a subnet. A machine with its own public bandwidth or public
/// address cannot have an `eip`; no source says whether the address is released with the bandwidth,
/// so it counts until it is gone.
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

fn sorted(value: &Value) -> Vec<&Value> {
    let mut items: Vec<&Value> = value.as_list().unwrap_or_default().iter().collect();
    items.sort();
    items.dedup();
    items
}

/// The order of groups has no meaning.
pub(super) fn judge_groups(judged: &Judged<'_>) -> Verdict {
    if sorted(judged.want) == sorted(judged.live) {
        Verdict::Same
    } else {
        Verdict::Update(&GROUPS)
    }
}

pub(super) fn judge_internet_charge(judged: &Judged<'_>) -> Verdict {
    if judged.desired.attrs.get("internet.max_bandwidth_out") == Some(&Value::Int(0)) {
        Verdict::Same
    } else {
        judge_bandwidth(judged)
    }
}

/// Bandwidth changes the hourly price if it is billed before or after the change. Without
/// bandwidth, connections from outside break; no source says whether the API keeps the public
/// address.
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
        Effect::BRIEF.losing_address()
    } else {
        Effect::NONE
    };
    if is_paid(live_out, live("internet.charge_type")) || is_paid(out, charge) {
        effect = effect.priced();
    }
    Verdict::UpdateWith(&BANDWIDTH, effect)
}

/// The billing of public bandwidth after the change: that of the file, else the live one if there
/// is bandwidth, else that at creation.
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

/// Can only grow, which interrupts nothing.
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

/// Refused: the machine would have to be replaced, which is for the user to decide.
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

/// A new system disk, or a new machine if the spec prefers that.
pub(super) fn judge_image(judged: &Judged<'_>) -> Verdict {
    if choice(judged, ON_IMAGE_CHANGE) == Some("replace") {
        return Verdict::Replace;
    }
    Verdict::Update(&IMAGE)
}

/// Within its zone and VPC the machine moves; otherwise it is replaced.
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

/// Any of the listed values is accepted.
pub(super) fn judge_vswitches(judged: &Judged<'_>) -> Verdict {
    let current = judged.row.attr("vswitch");
    if sorted(judged.want).contains(&&current) {
        Verdict::Same
    } else {
        Verdict::Replace
    }
}

/// Any of the listed values is accepted.
pub(super) fn judge_types(judged: &Judged<'_>) -> Verdict {
    let current = judged.row.attr("instance_type");
    if sorted(judged.want).contains(&&current) {
        Verdict::Same
    } else {
        Verdict::Update(&TYPE)
    }
}

/// Changed user data has no effect on an existing machine, unless the spec chooses one.
pub(super) fn judge_user_data(judged: &Judged<'_>) -> Verdict {
    match choice(judged, ON_USER_DATA_CHANGE) {
        Some("replace") => Verdict::Replace,
        Some("store") => Verdict::Update(&STORE_USER_DATA),
        Some(_) | None => Verdict::CreationOnly,
    }
}

/// The word that a member of `lifecycle` holds.
fn choice<'a>(judged: &Judged<'a>, member: &str) -> Option<&'a str> {
    let choices = &judged.desired.terms.lifecycle.choices;
    choices.get(member).map(String::as_str)
}

/// A window that opens for another change ends in the state of the file; without a window, these
/// steps come last.
/// A machine that stops without charges may get another public address when it starts, unless that
/// is an `eip`.
pub(super) fn judge_power(judged: &Judged<'_>) -> Verdict {
    if *judged.want != Value::text("stopped") {
        return Verdict::Update(&START);
    }
    let gives_up = power::stopped_mode(judged.desired) == "StopCharging";
    let has_own = judged.row.attr("own_public_ip") != Value::Null;
    let effect = if gives_up && has_own {
        Effect::STOP.losing_address()
    } else {
        Effect::STOP
    };
    Verdict::UpdateWith(&STOP, effect)
}
