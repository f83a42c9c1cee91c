//! How fast the simulated cloud answers, and how much memory a large one takes.
//!
//! `cargo bench -p setpoint-sim` measures and fails if a target is missed; without `--bench` the same is done with a small
//! world and no targets, so that it cannot rot. Everything is bounded: so many calls, so many machines.

#![expect(clippy::disallowed_types, clippy::disallowed_methods, reason = "measures a clock, a socket and its own memory")]

use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::Value;
use setpoint_openapi::action::find;
use setpoint_openapi::credential::Credential;
use setpoint_openapi::endpoint::Endpoint;
use setpoint_openapi::product::Product;
use setpoint_openapi::request::Request;
use setpoint_openapi::sign::{Stamp, v3};
use setpoint_openapi::wire::WireRequest;
use setpoint_sim::embedded::{Config, Embedded};
use setpoint_sim::limits::Limits;
use setpoint_sim::profile::{Options, Profile};
use setpoint_sim::server;

/// Machines that one call makes, and that share a VSwitch and a group.
const BATCH: usize = 100;

/// What is measured, and how much of it.
struct Load {
    machines: usize,
    reads: usize,
    calls: usize,
}

fn main() {
    let full = std::env::args().any(|arg| arg == "--bench");
    let load = if full { Load { machines: 100_000, reads: 200, calls: 60_000 } } else { Load { machines: 400, reads: 5, calls: 50 } };
    let mut report = Report { full, missed: false };
    large(&load, &mut report);
    served(&load, &mut report);
    if report.missed {
        panic!("a target is missed");
    }
}

/// Prints figures and holds them against targets.
struct Report {
    full: bool,
    missed: bool,
}

impl Report {
    fn say(&mut self, what: &str, figure: f64, unit: &str, most: f64) {
        let missed = self.full && figure > most;
        self.missed |= missed;
        let verdict = if missed { "MISSED" } else { "ok" };
        say(&format!("{what:<66} {figure:>10.2} {unit:<8} (at most {most} {unit}) {verdict}"));
    }
}

#[expect(clippy::print_stdout, reason = "the figures are the output")]
fn say(line: &str) {
    println!("{line}");
}

/// A client that signs for one world.
struct Signer {
    key: Credential,
    count: u64,
}

impl Signer {
    fn sign(&mut self, name: &str, pairs: &[(&str, &str)]) -> WireRequest {
        let (code, action) = name.split_once('.').expect("written as product.Action");
        let product = Product::ALL.into_iter().find(|product| product.code() == code).expect("a product");
        let mut params: Vec<(String, String)> = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        params.sort();
        self.count += 1;
        let request = Request { action: find(product, action).expect("an action"), region: "cn-beijing".to_owned(), params };
        let endpoint = Endpoint { scheme: "http", host: "127.0.0.1".to_owned() };
        let stamp = Stamp { nonce: format!("bench-{}", self.count), timestamp: (Config::system_clock())() };
        v3::sign(&request, &self.key, &endpoint, &stamp)
    }
}

fn world() -> (Embedded, Signer) {
    let limits = Limits::none();
    let options = Options { profile: Profile::instant(), quotas: limits.counts, rates: limits.rates, ..Options::default() };
    let cloud = Embedded::open(Config { options, ..Config::new(Config::system_clock()) }).expect("a world in memory");
    let signer = Signer { key: cloud.credential(), count: 0 };
    (cloud, signer)
}

fn call(cloud: &Embedded, signer: &mut Signer, name: &str, pairs: &[(&str, &str)]) -> Value {
    let response = cloud.answer(&signer.sign(name, pairs)).expect("an answer");
    let body = serde_json::from_slice(&response.body).expect("JSON");
    assert_eq!(response.status, 200, "{name}: {body}");
    body
}

/// Makes machines with a disk and an interface each, tagged with their stack and their batch.
fn fill(cloud: &Embedded, signer: &mut Signer, machines: usize) {
    let id = |body: &Value, name: &str| body[name].as_str().expect("an id").to_owned();
    let vpc = id(&call(cloud, signer, "vpc.CreateVpc", &[("CidrBlock", "10.0.0.0/8")]), "VpcId");
    for batch in 0..machines / BATCH {
        let block = format!("10.{}.{}.0/24", batch / 256, batch % 256);
        let pairs = [("VpcId", vpc.as_str()), ("ZoneId", "cn-beijing-h"), ("CidrBlock", &block)];
        let vswitch = id(&call(cloud, signer, "vpc.CreateVSwitch", &pairs), "VSwitchId");
        let group = id(&call(cloud, signer, "ecs.CreateSecurityGroup", &[("VpcId", &vpc)]), "SecurityGroupId");
        let name = batch.to_string();
        let amount = BATCH.to_string();
        let order = [
            ("ImageFamily", "acs:ubuntu_24_04_x64"),
            ("InstanceType", "ecs.c7.large"),
            ("VSwitchId", vswitch.as_str()),
            ("SecurityGroupId", group.as_str()),
            ("InstanceName", "web"),
            ("Amount", &amount),
            ("Tag.1.Key", "setpoint:stack"),
            ("Tag.1.Value", "bench"),
            ("Tag.2.Key", "batch"),
            ("Tag.2.Value", &name),
        ];
        call(cloud, signer, "ecs.RunInstances", &order);
    }
}

fn large(load: &Load, report: &mut Report) {
    let before = resident_mib();
    let (cloud, mut signer) = world();
    let begun = Instant::now();
    fill(&cloud, &mut signer, load.machines);
    say(&format!("{} machines with disk and interface made in {:.1} s", load.machines, begun.elapsed().as_secs_f64()));
    report.say("memory of it", resident_mib() - before, "MiB", 1024.0);
    let stack = [("Tag.1.Key", "setpoint:stack"), ("Tag.1.Value", "bench"), ("PageSize", "100")];
    let deep = (load.machines / 100).to_string();
    let batch = [("Tag.1.Key", "batch"), ("Tag.1.Value", "1"), ("PageSize", "100")];
    let both = [batch[0], batch[1], ("Tag.2.Key", "setpoint:stack"), ("Tag.2.Value", "bench"), ("PageSize", "100")];
    let first_token = [stack[0], stack[1], ("MaxResults", "100")];
    let token = call(&cloud, &mut signer, "ecs.DescribeInstances", &first_token)["NextToken"].as_str().expect("a token").to_owned();
    for (what, pairs) in [
        ("page of 100 by a tag that all have, the first", stack.to_vec()),
        ("page of 100 by a tag that all have, the last", [stack.as_slice(), &[("PageNumber", deep.as_str())]].concat()),
        ("page of 100 by a tag that all have, by token", [first_token.as_slice(), &[("NextToken", token.as_str())]].concat()),
        ("page of 100 by a tag that 100 have", batch.to_vec()),
        ("page of 100 by two tags", both.to_vec()),
    ] {
        report.say(what, median_ms(&cloud, &mut signer, &pairs, load.reads, false), "ms", 2.0);
    }
    // No text of a row is kept over a change.
    report.say("page of 100 right after a change", median_ms(&cloud, &mut signer, &stack, load.reads, true), "ms", 2.0);
}

/// The median over some calls, signature and rendering included.
fn median_ms(cloud: &Embedded, signer: &mut Signer, pairs: &[(&str, &str)], reads: usize, changing: bool) -> f64 {
    let mut times: Vec<Duration> = (0..reads)
        .map(|_| {
            if changing {
                call(cloud, signer, "vpc.CreateVpc", &[]);
            }
            let request = signer.sign("ecs.DescribeInstances", pairs);
            let begun = Instant::now();
            let response = cloud.answer(&request).expect("an answer");
            let took = begun.elapsed();
            assert_eq!(response.body.windows(13).filter(|window| *window == b"\"InstanceId\":").count(), 100);
            took
        })
        .collect();
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1000.0
}

/// Pages of ten of a thousand machines, over two connections that stay open.
fn served(load: &Load, report: &mut Report) {
    let (cloud, mut signer) = world();
    fill(&cloud, &mut signer, load.machines.min(1_000));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a port");
    let address = listener.local_addr().expect("an address");
    let server = runtime.spawn(server::serve(listener, None, cloud));
    let halves: Vec<Vec<Vec<u8>>> = (0..2)
        .map(|_| {
            let requests = (0..load.calls / 2).map(|_| signer.sign("ecs.DescribeInstances", &[("PageSize", "10")]));
            requests.map(|request| text(&request)).collect()
        })
        .collect();
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for requests in &halves {
            scope.spawn(|| drive(address, requests));
        }
    });
    let took = begun.elapsed().as_secs_f64();
    server.abort();
    #[expect(clippy::cast_precision_loss, reason = "thousands of calls")]
    let calls = load.calls as f64;
    say(&format!("{} DescribeInstances, pages of 10, two connections: {:.0} calls/s", load.calls, calls / took));
    report.say("time of one of them, both cores shared with the clients", took * 1e6 / calls, "us", 100.0);
}

fn text(request: &WireRequest) -> Vec<u8> {
    let mark = if request.query.is_empty() { "" } else { "?" };
    let mut head = format!("{} {}{mark}{} HTTP/1.1\r\nhost: {}\r\n", request.method, request.path, request.query, request.host);
    for (name, value) in &request.headers {
        write!(head, "{name}: {value}\r\n").expect("a text");
    }
    write!(head, "content-length: {}\r\n\r\n", request.body.len()).expect("a text");
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(&request.body);
    bytes
}

/// Sends requests one after another over one connection; every answer must be 200.
fn drive(address: SocketAddr, requests: &[Vec<u8>]) {
    let mut stream = TcpStream::connect(address).expect("listening");
    stream.set_nodelay(true).expect("an option");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("an option");
    let mut buffer = vec![0; 1 << 16];
    for request in requests {
        stream.write_all(request).expect("sent");
        let mut held = 0;
        loop {
            let read = stream.read(&mut buffer[held..]).expect("an answer");
            assert!(read > 0, "the connection ended");
            held += read;
            if let Some(length) = whole(&buffer[..held])
                && held >= length
            {
                break;
            }
        }
        assert!(buffer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&buffer[..held]));
    }
}

/// How long the answer is that begins here, once its head is there.
fn whole(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&bytes[..head]).ok()?;
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: "))?;
    Some(head + length.parse::<usize>().ok()?)
}

/// What this process holds in memory, where the system tells.
fn resident_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().split(' ').next()?.parse::<f64>().ok()).map_or(0.0, |kib| kib / 1024.0)
}
