//! Pages of a large world, and its memory.

use std::time::{Duration, Instant};

use setpoint_sim::embedded::Embedded;

use crate::world::{Signer, call, fill, world};
use crate::{Load, Report, say};

type Pairs<'a> = Vec<(&'a str, &'a str)>;

const STACK: [(&str, &str); 2] = [("Tag.1.Key", "setpoint:stack"), ("Tag.1.Value", "bench")];
const BATCH: [(&str, &str); 2] = [("Tag.1.Key", "batch"), ("Tag.1.Value", "1")];
const HUNDRED: (&str, &str) = ("PageSize", "100");

/// One page: its description, the action, its parameters, the number of its rows.
struct Page<'a>(&'a str, &'a str, Pairs<'a>, usize);

/// The values of words in the parameters.
struct Known<'a> {
    /// A machine.
    id: &'a str,
    /// The same as a list in JSON.
    ids: &'a str,
    vswitch: &'a str,
    /// The number of the last page of a hundred rows.
    last: &'a str,
}

pub(crate) fn measure(load: &Load, report: &mut Report) {
    let before = resident_mib();
    let (cloud, mut signer) = world(None);
    let begun = Instant::now();
    fill(&cloud, &mut signer, load.machines);
    say(&format!(
        "{} machines with disk and interface made in {:.1} s",
        load.machines,
        begun.elapsed().as_secs_f64()
    ));
    report.say("memory of it", resident_mib() - before, "MiB", 1024.0);
    let first_token = [STACK[0], STACK[1], ("MaxResults", "100")];
    let token = call(&cloud, &mut signer, "ecs.DescribeInstances", &first_token)["NextToken"]
        .as_str()
        .expect("a token")
        .to_owned();
    let (id, vswitch) = a_machine(&cloud, &mut signer);
    let (last, middle) = (
        (load.machines / 100).to_string(),
        (load.machines / 200).to_string(),
    );
    let page_of_stack =
        |number| -> Pairs<'_> { [&STACK[..], &[HUNDRED, ("PageNumber", number)]].concat() };
    let token = [&first_token[..], &[("NextToken", token.as_str())]].concat();
    let known = Known {
        id: &id,
        ids: &format!("[\"{id}\"]"),
        vswitch: &vswitch,
        last: &last,
    };
    let stack = [page_of_stack(&middle), page_of_stack(&last), token];
    let machines = pages_of_machines(&known, stack);
    for page in machines.into_iter().chain(pages_of_parts(&known)) {
        report.say(
            page.0,
            median_ms(&cloud, &mut signer, &page, load.reads, false),
            "ms",
            2.0,
        );
    }
    // A change discards the kept texts of rows.
    let page = Page(
        "machines by a tag right after a change",
        "ecs.DescribeInstances",
        [&STACK[..], &[HUNDRED]].concat(),
        100,
    );
    report.say(
        page.0,
        median_ms(&cloud, &mut signer, &page, load.reads, true),
        "ms",
        2.0,
    );
}

/// A machine of the batch: its id and its VSwitch.
fn a_machine(cloud: &Embedded, signer: &mut Signer) -> (String, String) {
    let one = call(
        cloud,
        signer,
        "ecs.DescribeInstances",
        &[BATCH[0], BATCH[1]],
    )["Instances"]["Instance"][0]
        .clone();
    let text = |path: &str| {
        one.pointer(path)
            .and_then(|id| id.as_str())
            .expect("an id")
            .to_owned()
    };
    (text("/InstanceId"), text("/VpcAttributes/VSwitchId"))
}

/// Pages of instances; returns the one in the middle, the last one and the one by token.
fn pages_of_machines<'a>(
    known: &Known<'a>,
    [middle, last, token]: [Pairs<'a>; 3],
) -> Vec<Page<'a>> {
    let both = vec![
        BATCH[0],
        BATCH[1],
        ("Tag.2.Key", "setpoint:stack"),
        ("Tag.2.Value", "bench"),
        HUNDRED,
    ];
    vec![
        Page(
            "machines by a tag that all have, the first page",
            "ecs.DescribeInstances",
            [&STACK[..], &[HUNDRED]].concat(),
            100,
        ),
        Page("the middle page", "ecs.DescribeInstances", middle, 100),
        Page("the last page", "ecs.DescribeInstances", last, 100),
        Page("a page by token", "ecs.DescribeInstances", token, 100),
        Page(
            "machines by a tag that 100 have",
            "ecs.DescribeInstances",
            [&BATCH[..], &[HUNDRED]].concat(),
            100,
        ),
        Page("machines by two tags", "ecs.DescribeInstances", both, 100),
        Page(
            "machines of a VSwitch",
            "ecs.DescribeInstances",
            vec![("VSwitchId", known.vswitch), HUNDRED],
            100,
        ),
        Page(
            "one machine by id",
            "ecs.DescribeInstances",
            vec![("InstanceIds", known.ids)],
            1,
        ),
        Page(
            "the attributes of one machine",
            "ecs.DescribeInstanceAttribute",
            vec![("InstanceId", known.id)],
            1,
        ),
        Page(
            "states of 50 machines",
            "ecs.DescribeInstanceStatus",
            vec![("PageSize", "50")],
            50,
        ),
        Page(
            "the state of one machine",
            "ecs.DescribeInstanceStatus",
            vec![("InstanceId.1", known.id)],
            1,
        ),
    ]
}

/// Pages of disks and interfaces.
fn pages_of_parts<'a>(known: &Known<'a>) -> Vec<Page<'a>> {
    vec![
        Page(
            "disks, the first page",
            "ecs.DescribeDisks",
            vec![HUNDRED],
            100,
        ),
        Page(
            "disks, the last page",
            "ecs.DescribeDisks",
            vec![HUNDRED, ("PageNumber", known.last)],
            100,
        ),
        Page(
            "disks by token",
            "ecs.DescribeDisks",
            vec![("MaxResults", "100")],
            100,
        ),
        Page(
            "disks of one machine",
            "ecs.DescribeDisks",
            vec![("InstanceId", known.id)],
            1,
        ),
        Page(
            "interfaces, the first page",
            "ecs.DescribeNetworkInterfaces",
            vec![HUNDRED],
            100,
        ),
        Page(
            "interfaces, the last page",
            "ecs.DescribeNetworkInterfaces",
            vec![HUNDRED, ("PageNumber", known.last)],
            100,
        ),
        Page(
            "interfaces of one machine",
            "ecs.DescribeNetworkInterfaces",
            vec![("InstanceId", known.id)],
            1,
        ),
        Page(
            "interfaces of a VSwitch",
            "ecs.DescribeNetworkInterfaces",
            vec![("VSwitchId", known.vswitch), HUNDRED],
            100,
        ),
    ]
}

/// The median of several calls, signature and rendering included.
fn median_ms(
    cloud: &Embedded,
    signer: &mut Signer,
    page: &Page<'_>,
    reads: usize,
    changing: bool,
) -> f64 {
    let Page(what, action, pairs, rows) = page;
    let mut times: Vec<Duration> = (0..reads)
        .map(|_| {
            if changing {
                call(cloud, signer, "vpc.CreateVpc", &[]);
            }
            let request = signer.sign(action, pairs);
            let begun = Instant::now();
            let response = cloud.answer(&request).expect("an answer");
            let took = begun.elapsed();
            let body = String::from_utf8(response.body).expect("text");
            assert_eq!(
                body.matches("\"Status\":\"").count(),
                *rows,
                "{what}: {body}"
            );
            took
        })
        .collect();
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1000.0
}

/// The memory of this process, where the system reports it.
fn resident_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().split(' ').next()?.parse::<f64>().ok())
        .map_or(0.0, |kib| kib / 1024.0)
}
