//! The functions of the language. All are pure; [`NAMES`] lists them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::limits;
use crate::resolve::val::{Val, as_piece, concat};
use crate::value::{Secret, Value};

/// The functions, sorted by name, each with its parameters for messages and docs.
pub const NAMES: &[(&str, &str)] = &[
    ("add", "a, b"),
    ("at", "list, n"),
    ("cidr_host", "block, n"),
    ("cidr_subnet", "block, new_bits, n"),
    ("concat", "lists…"),
    ("join", "separator, list"),
    ("keys", "map"),
    ("length", "list or map"),
    ("merge", "maps…"),
    ("pad", "n, width"),
    ("values", "map"),
];

/// The largest width that `pad` accepts.
const MAX_PAD: i64 = 64;

/// Calls a function.
///
/// # Errors
/// The problem with the call, as a sentence without a full stop.
pub(crate) fn call(name: &str, args: Vec<Val>) -> Result<Val, String> {
    let (count, fits) = match name {
        "concat" | "merge" => ("at least 1 argument", !args.is_empty()),
        "cidr_subnet" => ("3 arguments", args.len() == 3),
        "add" | "at" | "cidr_host" | "join" | "pad" => ("2 arguments", args.len() == 2),
        _ => ("1 argument", args.len() == 1),
    };
    if !fits {
        return Err(format!(
            "`{name}` takes {count}: `{name}({})`",
            parameters(name)
        ));
    }
    match (name, args.as_slice()) {
        ("add", [a, b]) => int(a)?
            .checked_add(int(b)?)
            .map(|n| Val::Plain(Value::Int(n)))
            .ok_or_else(|| "the sum is too large".to_owned()),
        ("at", [items, n]) => at(items, int(n)?),
        ("cidr_host", [block, n]) => cidr_host(text(block)?, int(n)?),
        ("cidr_subnet", [block, bits, n]) => cidr_subnet(text(block)?, int(bits)?, int(n)?),
        ("concat", lists) => concat_lists(lists),
        ("join", [separator, items]) => join(separator, items),
        ("keys", [map]) => keys(map),
        ("length", [of]) => length(of),
        ("merge", maps) => merge(maps),
        ("pad", [n, width]) => pad(n, int(width)?),
        ("values", [map]) => values(map),
        _ => Err(format!("`{name}` is not a function")),
    }
}

/// The parameters of a function, for messages.
fn parameters(name: &str) -> &'static str {
    NAMES
        .iter()
        .find(|(known, _)| *known == name)
        .map_or("", |(_, parameters)| parameters)
}

fn after_apply(unknown: &str) -> String {
    format!("`{unknown}` is known only after apply")
}

fn int(val: &Val) -> Result<i64, String> {
    match val {
        Val::Plain(Value::Int(n)) => Ok(*n),
        Val::Plain(Value::Text(text))
            if text.parse::<i64>().is_ok_and(|n| n.to_string() == *text) =>
        {
            Ok(text.parse().unwrap_or_default())
        }
        other => Err(other.unknown().map_or_else(
            || format!("the argument must be a whole number, not {}", other.noun()),
            |u| after_apply(&u),
        )),
    }
}

fn text(val: &Val) -> Result<&str, String> {
    match val {
        Val::Plain(Value::Text(text)) => Ok(text),
        other => Err(other.unknown().map_or_else(
            || format!("the argument must be a text, not {}", other.noun()),
            |u| after_apply(&u),
        )),
    }
}

fn list(val: &Val) -> Result<Vec<Val>, String> {
    match val {
        Val::List(items) => Ok(items.clone()),
        Val::Group(group) => Ok(group
            .members
            .iter()
            .map(|(_, member)| member.clone())
            .collect()),
        other => Err(format!("the argument must be a list, not {}", other.noun())),
    }
}

fn at(items: &Val, n: i64) -> Result<Val, String> {
    let items = list(items)?;
    let len = i64::try_from(items.len()).unwrap_or(i64::MAX);
    if len == 0 {
        return Err("the list is empty".to_owned());
    }
    let index = usize::try_from(n.rem_euclid(len)).unwrap_or_default();
    Ok(items[index].clone())
}

fn concat_lists(lists: &[Val]) -> Result<Val, String> {
    let mut all = Vec::new();
    for one in lists {
        all.extend(list(one)?);
        limits::check_items(all.len())?;
    }
    Ok(Val::List(all))
}

fn join(separator: &Val, items: &Val) -> Result<Val, String> {
    let Val::Plain(separator) = separator else {
        return Err(format!(
            "the separator must be a text, not {}",
            separator.noun()
        ));
    };
    let separator = as_piece(separator.clone()).ok_or("the separator must be a text")?;
    let (mut pieces, mut bytes) = (Vec::new(), 0);
    for (at, item) in list(items)?.into_iter().enumerate() {
        let noun = item.noun();
        let piece = match item {
            Val::Plain(value) => as_piece(value),
            _ => None,
        };
        let piece = piece
            .ok_or_else(|| format!("`join` takes texts and numbers, but the list holds {noun}"))?;
        if at > 0 {
            bytes += limits::text_len(&separator);
            pieces.push(separator.clone());
        }
        bytes += limits::text_len(&piece);
        limits::check_text(bytes)?;
        pieces.push(piece);
    }
    Ok(Val::Plain(concat(pieces)))
}

fn keys(map: &Val) -> Result<Val, String> {
    match map {
        Val::Map(map) => Ok(Val::List(map.keys().map(Val::text).collect())),
        Val::Group(group) => Ok(Val::List(
            group
                .members
                .iter()
                .map(|(key, _)| Val::text(key.to_string()))
                .collect(),
        )),
        other => Err(format!(
            "the argument must be a map or a group, not {}",
            other.noun()
        )),
    }
}

fn values(map: &Val) -> Result<Val, String> {
    match map {
        Val::Map(map) => Ok(Val::List(map.values().cloned().collect())),
        Val::Group(group) => Ok(Val::List(
            group
                .members
                .iter()
                .map(|(_, member)| member.clone())
                .collect(),
        )),
        other => Err(format!(
            "the argument must be a map or a group, not {}",
            other.noun()
        )),
    }
}

fn length(of: &Val) -> Result<Val, String> {
    if let Some(unknown) = of.unknown() {
        return Err(after_apply(&unknown));
    }
    let len = match of {
        Val::List(items) => items.len(),
        Val::Map(map) => map.len(),
        Val::Group(group) => group.members.len(),
        other => {
            return Err(format!(
                "the argument must be a list, a map or a group, not {}",
                other.noun()
            ));
        }
    };
    Ok(Val::Plain(Value::Int(
        i64::try_from(len).unwrap_or(i64::MAX),
    )))
}

fn merge(maps: &[Val]) -> Result<Val, String> {
    let mut merged = BTreeMap::new();
    for map in maps {
        match map {
            Val::Map(map) => merged.extend(map.clone()),
            other => {
                return Err(format!(
                    "the arguments of `merge` must be maps, not {}",
                    other.noun()
                ));
            }
        }
    }
    Ok(Val::Map(merged))
}

fn pad(n: &Val, width: i64) -> Result<Val, String> {
    if !(0..=MAX_PAD).contains(&width) {
        return Err(format!("the width must be 0 to {MAX_PAD}"));
    }
    let n = int(n)?;
    let width = usize::try_from(width).unwrap_or_default();
    Ok(Val::text(format!("{n:0width$}")))
}

fn block(text: &str) -> Result<IpNet, String> {
    let net: IpNet = text
        .parse()
        .map_err(|_| format!("`{text}` is not a CIDR block"))?;
    if net.trunc() == net {
        Ok(net)
    } else {
        Err(format!(
            "`{text}` has bits set after its prefix; the block is `{}`",
            net.trunc()
        ))
    }
}

/// Returns the address `n` steps after the first one of a block; a negative `n` counts from the
/// end. A step is `2^width` addresses.
fn nth_address(net: IpNet, n: i64, width: u8) -> Option<IpAddr> {
    let free = net.max_prefix_len() - net.prefix_len() - width;
    let count = 1_u128.checked_shl(u32::from(free)).unwrap_or(0);
    let n = if n < 0 {
        count.wrapping_sub(u128::from(n.unsigned_abs()))
    } else {
        u128::from(n.unsigned_abs())
    };
    if free < 128 && n >= count {
        return None;
    }
    let step = n.checked_shl(u32::from(width))?;
    match net.network() {
        IpAddr::V4(first) => u32::try_from(step)
            .ok()
            .and_then(|step| u32::from(first).checked_add(step))
            .map(|ip| IpAddr::V4(ip.into())),
        IpAddr::V6(first) => u128::from(first)
            .checked_add(step)
            .map(|ip| IpAddr::V6(ip.into())),
    }
}

fn cidr_subnet(text: &str, new_bits: i64, n: i64) -> Result<Val, String> {
    let net = block(text)?;
    let room = net.max_prefix_len() - net.prefix_len();
    let bits = u8::try_from(new_bits)
        .ok()
        .filter(|bits| (1..=room).contains(bits));
    let bits =
        bits.ok_or_else(|| format!("`{net}` can be split by 1 to {room} bits, not by {new_bits}"))?;
    let width = room - bits;
    let first = if n < 0 {
        None
    } else {
        nth_address(net, n, width)
    };
    let first =
        first.ok_or_else(|| format!("`{net}` split by {bits} bits has no block number {n}"))?;
    Ok(Val::text(format!("{first}/{}", net.prefix_len() + bits)))
}

fn cidr_host(text: &str, n: i64) -> Result<Val, String> {
    let net = block(text)?;
    let host =
        nth_address(net, n, 0).ok_or_else(|| format!("`{net}` has no address number {n}"))?;
    Ok(Val::text(host.to_string()))
}

/// Marks the result of a call as secret if an argument was secret, which `pad` and `at` would
/// otherwise lose.
pub(crate) fn keep_secret(result: Val, went_in: bool) -> Val {
    match result {
        Val::Plain(Value::Text(text)) if went_in => Val::Plain(Value::Secret(Secret::new(text))),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn int(n: i64) -> Val {
        Val::Plain(Value::Int(n))
    }

    #[track_caller]
    fn check(name: &str, args: Vec<Val>, expected: &str) {
        let shown = match call(name, args) {
            Ok(Val::Plain(Value::Text(text))) => text.to_string(),
            Ok(Val::Plain(Value::Int(n))) => n.to_string(),
            Ok(other) => format!("{other:?}"),
            Err(message) => message,
        };
        assert_eq!(shown, expected);
    }

    #[test]
    fn addresses() {
        check(
            "cidr_subnet",
            vec![Val::text("10.8.0.0/16"), int(8), int(1)],
            "10.8.1.0/24",
        );
        check(
            "cidr_subnet",
            vec![Val::text("10.8.0.0/16"), int(8), int(256)],
            "`10.8.0.0/16` split by 8 bits has no block number 256",
        );
        check(
            "cidr_subnet",
            vec![Val::text("10.8.0.0/16"), int(17), int(0)],
            "`10.8.0.0/16` can be split by 1 to 16 bits, not by 17",
        );
        check(
            "cidr_subnet",
            vec![Val::text("2001:db8::/32"), int(32), int(5)],
            "2001:db8:0:5::/64",
        );
        check(
            "cidr_subnet",
            vec![Val::text("0.0.0.0/0"), int(32), int(7)],
            "0.0.0.7/32",
        );
        check(
            "cidr_subnet",
            vec![Val::text("::/0"), int(128), int(7)],
            "::7/128",
        );
        check(
            "cidr_host",
            vec![Val::text("10.0.0.0/24"), int(5)],
            "10.0.0.5",
        );
        check(
            "cidr_host",
            vec![Val::text("10.0.0.0/24"), int(-1)],
            "10.0.0.255",
        );
        check(
            "cidr_host",
            vec![Val::text("10.0.0.0/24"), int(256)],
            "`10.0.0.0/24` has no address number 256",
        );
        check(
            "cidr_host",
            vec![Val::text("10.0.0.1/24"), int(1)],
            "`10.0.0.1/24` has bits set after its prefix; the block is `10.0.0.0/24`",
        );
    }

    #[test]
    fn texts_and_numbers() {
        check("pad", vec![int(7), int(2)], "07");
        check("pad", vec![int(7), int(1000)], "the width must be 0 to 64");
        check("add", vec![int(i64::MAX), int(1)], "the sum is too large");
        check(
            "at",
            vec![Val::List(vec![Val::text("a"), Val::text("b")]), int(3)],
            "b",
        );
        check(
            "join",
            vec![Val::text("-"), Val::List(vec![Val::text("a"), int(1)])],
            "a-1",
        );
        check(
            "length",
            vec![Val::text("a")],
            "the argument must be a list, a map or a group, not a text",
        );
        check(
            "pad",
            vec![int(7)],
            "`pad` takes 2 arguments: `pad(n, width)`",
        );
    }
}
