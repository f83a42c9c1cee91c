//! Turns a step into a call: a line of the vocabulary, filled with ids of existing or deleted
//! resources, and sometimes made invalid.
//!
//! A step contains only numbers, and ids are looked up when it is performed, so that a shortened
//! sequence still refers to existing resources. Invariant: the same rows and the same step give the
//! same call.

use std::fmt;

use proptest::prelude::*;
use serde_json::Value;

use super::rows::Rows;

/// One step as drawn.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    /// The line of the vocabulary, or the action of the tables.
    pub(crate) line: usize,
    /// The number that values are derived from.
    pub(crate) dice: u64,
    /// The pause before the call, in milliseconds.
    pub(crate) wait_ms: i64,
    /// The defect of the call.
    pub(crate) spoil: Spoil,
    /// Whether the step is performed. Steps of a failing sequence are switched off to shorten it.
    pub(crate) taken: bool,
}

/// The defect of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spoil {
    Nothing,
    /// One value has another type, is empty, too long, or out of range.
    Hostile,
    /// One parameter is missing.
    Missing,
    /// One id belongs to a deleted resource.
    Dead,
    /// One id belongs to another kind.
    WrongKind,
    DryRun,
    /// The call has one of three client tokens.
    Token,
    WrongRegion,
    /// The call is sent twice.
    Twice,
}

/// One call as sent. Its `Debug` is a line for a plain test.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) wait_ms: i64,
    pub(crate) name: String,
    pub(crate) params: Vec<(String, String)>,
}

impl fmt::Debug for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({}, {:?}, &{:?})", self.wait_ms, self.name, self.params)
    }
}

/// Sequences of steps for this number of lines.
pub(crate) fn steps(lines: usize) -> impl Strategy<Value = Vec<Step>> {
    let spoil = prop_oneof![
        30 => Just(Spoil::Nothing),
        3 => Just(Spoil::Hostile),
        1 => Just(Spoil::Missing),
        2 => Just(Spoil::Dead),
        2 => Just(Spoil::WrongKind),
        2 => Just(Spoil::DryRun),
        3 => Just(Spoil::Token),
        1 => Just(Spoil::WrongRegion),
        1 => Just(Spoil::Twice),
    ];
    let wait = prop::sample::select(vec![
        0_i64, 0, 0, 400, 1_000, 3_000, 3_000, 20_000, 70_000, 4_000_000,
    ]);
    let step = (
        0..lines,
        any::<u64>(),
        wait,
        spoil,
        prop::bool::weighted(0.95),
    )
        .prop_map(|(line, dice, wait_ms, spoil, taken)| Step {
            line,
            dice,
            wait_ms,
            spoil,
            taken,
        });
    prop::collection::vec(step, 40..100)
}

/// Numbers derived from one number.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `n`, which must not be 0. SplitMix64 is sufficient for choices.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % (n as u64)).unwrap_or_default()
    }

    pub(crate) fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }
}

const WORDS: [&str; 6] = ["web", "db", "cache", "worker-1", "alpha", "beta"];

/// Values that every handler must cope with.
const HOSTILE: &[&str] = &[
    "",
    " ",
    "0",
    "-1",
    "1",
    "2147483647",
    "-2147483648",
    "9223372036854775807",
    "1e309",
    "NaN",
    "true",
    "null",
    "[]",
    "{}",
    "[\"\"]",
    "[[[[1]]]]",
    "[1,2]",
    "{\"a\":",
    "\"",
    "i-",
    "vpc-\u{0}",
    "ünï-\u{1F600}",
    "名前",
    "../../x",
    "%00",
    "a\nb",
    "0.0.0.0/0",
    "10.0.0.0/33",
    "10.0.0.1/8",
    "::/0",
    "255.255.255.255",
    "1/0",
    "-1/-1",
    "65535/1",
    "99999999999999999999",
    "2026-13-01T00:00:00Z",
    "0000-00-00T00:00Z",
    "9999-12-31T23:59:59Z",
    "*",
    "**",
    "$",
    "{{x}}",
    "'; --",
];

/// The call that a step of the vocabulary makes.
pub(crate) fn call(step: &Step, lines: &[&str], rows: &Rows) -> Sent {
    let mut dice = Dice::new(step.dice);
    let (name, mut params) = written(lines[step.line % lines.len()], &mut dice, rows, step.spoil);
    spoil(&mut params, step.spoil, &mut dice, rows);
    Sent {
        wait_ms: step.wait_ms,
        name,
        params,
    }
}

/// The call of a line in a world's initial state.
pub(crate) fn furnishing(line: &str, rows: &Rows) -> Sent {
    let (name, params) = written(line, &mut Dice::new(1), rows, Spoil::Nothing);
    Sent {
        wait_ms: 0,
        name,
        params,
    }
}

fn written(
    line: &str,
    dice: &mut Dice,
    rows: &Rows,
    spoil: Spoil,
) -> (String, Vec<(String, String)>) {
    let mut words = line.split_ascii_whitespace();
    let name = words
        .next()
        .expect("a line begins with the action")
        .to_owned();
    let mut params = Vec::new();
    for word in words {
        let (key, values) = word.split_once('=').expect("written as Name=value");
        let (key, optional) = key
            .strip_suffix('?')
            .map_or((key, false), |key| (key, true));
        let left_out = optional && dice.below(2) == 0;
        let values: Vec<&str> = values.split('|').collect();
        let value = dice.pick(&values);
        let value = fill(value, dice, rows, spoil);
        if !left_out {
            params.push((key.to_owned(), value));
        }
    }
    (name, params)
}

fn fill(value: &str, dice: &mut Dice, rows: &Rows, spoil: Spoil) -> String {
    let listed = value
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    if let Some(word) = listed.filter(|inner| inner.starts_with('$')) {
        return Value::from(vec![fill(word, dice, rows, spoil)]).to_string();
    }
    let Some(word) = value.strip_prefix('$') else {
        return value.to_owned();
    };
    let odd = matches!(spoil, Spoil::Dead | Spoil::WrongKind) && dice.below(2) == 0;
    let candidates: Vec<String> = match word {
        "word" => return (*dice.pick(&WORDS)).to_owned(),
        "port" => return (8_000 + dice.below(4)).to_string(),
        "block" => {
            return format!(
                "{}.{}.0/24",
                dice.pick(&["172.16", "10.0", "192.168"]),
                dice.below(6)
            );
        }
        "far" => return format!("100.{}.0.0/16", dice.below(3)),
        "address" => return format!("172.16.{}.{}", dice.below(3), dice.below(12)),
        "role" => return format!("acs:ram::{}:role/r", rows.account()),
        "arn" => return arn(dice, rows),
        "snat_table" | "forward_table" => rows.texts("nat_gateway", word),
        "bound" => rows.bound_addresses(),
        "bare_machine" => rows
            .bare()
            .into_iter()
            .map(|(machine, _)| machine)
            .collect(),
        "bare_disk" => rows.bare().into_iter().map(|(_, disk)| disk).collect(),
        "unused" => rows.unused_addresses(),
        "ipv6" => rows.ipv6_addresses(),
        "held" => rows.further_addresses(),
        "ingress_rule" => rows.rules("Ingress"),
        "egress_rule" => rows.rules("Egress"),
        _ if odd && spoil == Spoil::Dead => rows.dead(word.split('.').next().unwrap_or_default()),
        _ if odd => rows.all_ids(),
        word => match word
            .split_once('.')
            .and_then(|(kind, rest)| Some((kind, rest.split_once('=')?)))
        {
            Some((kind, (field, value))) => rows.ids_with(kind, field, value),
            None => rows.ids(word),
        },
    };
    if candidates.is_empty() {
        "none".to_owned()
    } else {
        candidates[dice.below(candidates.len())].clone()
    }
}

fn arn(dice: &mut Dice, rows: &Rows) -> String {
    let (product, resource, kind) = [
        ("ecs", "instance", "instance"),
        ("vpc", "vpc", "vpc"),
        ("ecs", "disk", "disk"),
        ("vpc", "eip", "eip"),
    ][dice.below(4)];
    let ids = rows.ids(kind);
    let id = if ids.is_empty() {
        "none".to_owned()
    } else {
        ids[dice.below(ids.len())].clone()
    };
    format!(
        "acs:{product}:cn-beijing:{}:{resource}/{id}",
        rows.account()
    )
}

fn spoil(params: &mut Vec<(String, String)>, spoil: Spoil, dice: &mut Dice, rows: &Rows) {
    match spoil {
        Spoil::Hostile if !params.is_empty() => {
            let at = dice.below(params.len());
            params[at].1 = hostile(dice, rows);
        }
        Spoil::Missing if !params.is_empty() => drop(params.remove(dice.below(params.len()))),
        Spoil::DryRun => params.push(("DryRun".to_owned(), "true".to_owned())),
        Spoil::Token => params.push(("ClientToken".to_owned(), format!("t-{}", dice.below(3)))),
        Spoil::WrongRegion => params.push((
            "RegionId".to_owned(),
            dice.pick(&["cn-hangzhou", "xx-nowhere", ""]).to_owned(),
        )),
        _ => {}
    }
}

/// A value that is not valid.
pub(crate) fn hostile(dice: &mut Dice, rows: &Rows) -> String {
    match dice.below(6) {
        0 => "x".repeat(3_000),
        1 => {
            let ids = rows.all_ids();
            if ids.is_empty() {
                String::new()
            } else {
                Value::from(ids).to_string()
            }
        }
        _ => (*dice.pick(HOSTILE)).to_owned(),
    }
}
