//! The simulated cloud killed with SIGKILL under four writers and started again on the same folder.
//!
//! Invariant: what was answered is there, what was not answered is there entirely or not at all.
//! `SETPOINT_KILLS` is how often; six times unless set.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader};
use std::process::Child;
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::time::{Duration, Instant};

use setpoint_openapi::action::{Action, ecs, vpc};
use setpoint_openapi::client::{Client, Config};
use setpoint_openapi::credential::Credential;
use setpoint_openapi::endpoint::Endpoints;
use setpoint_openapi::error::CallError;
use setpoint_openapi::http::{HttpConfig, HttpTransport};
use setpoint_openapi::page::{Listing, Next, Style, Walk};
use setpoint_openapi::reply::Reply;
use setpoint_openapi::request::Request;
use setpoint_openapi::sign::Scheme;
use setpoint_sim::embedded;

use crate::sandbox::Sandbox;

const WRITERS: usize = 4;

/// Far more than any state or any lag of a list lasts at this speed.
const PATIENCE: Duration = Duration::from_secs(20);

const INSTANCES: Listing = Listing {
    style: Style::Token { size: 100 },
    rows: "Instances.Instance",
    id: "InstanceId",
};
const DISKS: Listing = Listing {
    style: Style::Token { size: 500 },
    rows: "Disks.Disk",
    id: "DiskId",
};
const INTERFACES: Listing = Listing {
    style: Style::Token { size: 500 },
    rows: "NetworkInterfaceSets.NetworkInterfaceSet",
    id: "NetworkInterfaceId",
};

/// A server on the folder `world`. Dropping it kills it, and waits until its lock on the folder is
/// gone.
struct Server {
    child: Child,
    endpoint: String,
    key: [String; 2],
}

impl Server {
    fn start(sandbox: &Sandbox) -> Self {
        let mut child =
            sandbox.start("sim serve --listen 127.0.0.1:0 --data world --speed 1000 --quotas none");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe"))
            .read_line(&mut line)
            .expect("a start line");
        let line: serde_json::Value = serde_json::from_str(&line).expect("one line of JSON");
        let text = |name: &str| line[name].as_str().expect("a text").to_owned();
        Self {
            child,
            endpoint: text("endpoint"),
            key: [text("access_key_id"), text("access_key_secret")],
        }
    }

    fn caller(&self) -> Caller {
        let http = HttpConfig {
            plain_only: true,
            proxy: false,
            ..HttpConfig::default()
        };
        let [id, secret] = self.key.clone();
        let key = Credential::long_lived(id, secret);
        let client = Client::new(Config {
            transport: Arc::new(HttpTransport::new(&http).expect("plain HTTP needs nothing")),
            endpoints: Endpoints::single(&self.endpoint).expect("the start line has an address"),
            credentials: Arc::new(move || Ok(key.clone())),
            clock: embedded::Config::system_clock(),
            nonces: Arc::new(nonce),
            scheme: Scheme::V3,
        });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("an event loop");
        Caller { runtime, client }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn nonce() -> String {
    let mut bits = [0_u8; 16];
    getrandom::fill(&mut bits).expect("random bits");
    bits.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A client with connections of its own.
struct Caller {
    runtime: tokio::runtime::Runtime,
    client: Client,
}

impl Caller {
    fn call(
        &self,
        action: &'static Action,
        params: &[(String, String)],
    ) -> Result<Reply, CallError> {
        let request = Request {
            action,
            region: "cn-beijing".to_owned(),
            params: params.to_vec(),
        };
        self.runtime.block_on(self.client.call(&request))
    }

    #[track_caller]
    fn ok(&self, action: &'static Action, params: &[(&str, &str)]) -> Reply {
        self.call(action, &pairs(params))
            .unwrap_or_else(|error| panic!("{error}"))
    }

    /// Reads by id until what was made can be used.
    fn wait(&self, action: &'static Action, id: (&str, &str), rows: &str) {
        let end = Instant::now() + PATIENCE;
        while self
            .ok(action, &[id])
            .json
            .need_list(rows)
            .expect("a list")
            .iter()
            .all(|row| row.need_text("Status").as_deref() != Ok("Available"))
        {
            assert!(Instant::now() < end, "{} is not ready", id.1);
        }
    }

    /// A whole list: one field of each row.
    fn list(
        &self,
        action: &'static Action,
        listing: Listing,
        filter: &[(&str, &str)],
        field: &str,
    ) -> Vec<String> {
        let mut walk = Walk::new(action, listing);
        let mut values = Vec::new();
        loop {
            let mut params = walk.params();
            params.extend(pairs(filter));
            params.sort();
            let reply = self
                .call(action, &params)
                .unwrap_or_else(|error| panic!("{error}"));
            let next = walk
                .accept(&reply.json)
                .unwrap_or_else(|error| panic!("{error}"));
            let rows = reply.json.need_list(listing.rows).expect("a list");
            values.extend(rows.iter().map(|row| row.need_text(field).expect("a text")));
            if next == Next::Done {
                return values;
            }
        }
    }
}

fn pairs(params: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut pairs: Vec<_> = params
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    pairs.sort();
    pairs
}

/// Makes the network; gives what each machine is ordered with.
fn network(caller: &Caller) -> Vec<(String, String)> {
    let vpc = caller
        .ok(&vpc::CREATE_VPC, &[("CidrBlock", "10.0.0.0/8")])
        .json
        .need_text("VpcId")
        .expect("an id");
    caller.wait(&vpc::DESCRIBE_VPCS, ("VpcId", &vpc), "Vpcs.Vpc");
    let subnet = [
        ("VpcId", vpc.as_str()),
        ("ZoneId", "cn-beijing-h"),
        ("CidrBlock", "10.0.0.0/16"),
    ];
    let subnet = caller
        .ok(&vpc::CREATE_VSWITCH, &subnet)
        .json
        .need_text("VSwitchId")
        .expect("an id");
    caller.wait(
        &vpc::DESCRIBE_VSWITCHES,
        ("VSwitchId", &subnet),
        "VSwitches.VSwitch",
    );
    let group = caller
        .ok(&ecs::CREATE_SECURITY_GROUP, &[("VpcId", &vpc)])
        .json
        .need_text("SecurityGroupId")
        .expect("an id");
    pairs(&[
        ("ImageFamily", "acs:ubuntu_24_04_x64"),
        ("InstanceType", "ecs.t6-c1m1.large"),
        ("VSwitchId", &subnet),
        ("SecurityGroupId", &group),
    ])
}

/// Orders machines until the server is gone, telling of each answer; gives those that were
/// acknowledged.
fn write(caller: &Caller, order: &[(String, String)], answered: &Sender<()>) -> Vec<String> {
    let mut acknowledged = Vec::new();
    loop {
        match caller.call(&ecs::RUN_INSTANCES, order) {
            Ok(reply) => {
                acknowledged.extend(
                    reply
                        .json
                        .need_texts("InstanceIdSets.InstanceIdSet")
                        .expect("ids"),
                );
                // Nobody listens any more once the server is being killed.
                answered.send(()).unwrap_or_default();
            }
            Err(CallError::NoReply(_)) => return acknowledged,
            Err(error) => panic!("refused under load: {error}"),
        }
    }
}

/// Kills the server under load, once it has given so many answers; gives what it had acknowledged.
fn killed_under_load(server: Server, order: &[(String, String)], n_answers: usize) -> Vec<String> {
    let callers: Vec<Caller> = (0..WRITERS).map(|_| server.caller()).collect();
    let (answered, answers) = mpsc::channel();
    std::thread::scope(|scope| {
        let start = |caller: Caller| {
            let answered = answered.clone();
            scope.spawn(move || write(&caller, order, &answered))
        };
        let writers: Vec<_> = callers.into_iter().map(start).collect();
        let told = answers.iter().take(n_answers).count();
        assert_eq!(told, n_answers, "the writers ended by themselves");
        drop(server);
        writers
            .into_iter()
            .flat_map(|writer| writer.join().expect("a writer ends with the server"))
            .collect()
    })
}

/// How often each machine is named.
fn count(machines: Vec<String>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for machine in machines {
        *counts.entry(machine).or_default() += 1;
    }
    counts
}

/// Holds the world against what was acknowledged; gives the first thing that is wrong with it.
fn whole(
    caller: &Caller,
    acknowledged: &BTreeSet<String>,
    n_unanswered_max: usize,
) -> Result<(), String> {
    let listed: BTreeSet<String> = caller
        .list(&ecs::DESCRIBE_INSTANCES, INSTANCES, &[], "InstanceId")
        .into_iter()
        .collect();
    if let Some(lost) = acknowledged.difference(&listed).next() {
        return Err(format!("{lost} was acknowledged and is lost"));
    }
    let n_unanswered = listed.len() - acknowledged.len();
    if n_unanswered > n_unanswered_max {
        return Err(format!(
            "{n_unanswered} machines that nobody was told of, of at most {n_unanswered_max} \
             orders without an answer"
        ));
    }
    let disks = caller.list(
        &ecs::DESCRIBE_DISKS,
        DISKS,
        &[("DiskType", "system")],
        "InstanceId",
    );
    let interfaces = caller.list(
        &ecs::DESCRIBE_NETWORK_INTERFACES,
        INTERFACES,
        &[("Type", "Primary")],
        "InstanceId",
    );
    for (what, machines) in [("system disk", disks), ("primary interface", interfaces)] {
        let counts = count(machines);
        if let Some(machine) = listed
            .iter()
            .find(|machine| counts.get(*machine) != Some(&1))
        {
            return Err(format!(
                "{machine} has {} of one {what}",
                counts.get(machine).unwrap_or(&0)
            ));
        }
        if let Some(machine) = counts.keys().find(|machine| !listed.contains(*machine)) {
            return Err(format!(
                "a {what} is left of `{machine}`, which is not there"
            ));
        }
    }
    Ok(())
}

#[test]
fn killed_under_load_it_loses_nothing_and_keeps_nothing_by_halves() {
    let kills: usize = std::env::var("SETPOINT_KILLS").map_or(6, |kills| {
        kills.parse().expect("SETPOINT_KILLS is a number")
    });
    let sandbox = Sandbox::new();
    let mut server = Server::start(&sandbox);
    let (order, key) = (network(&server.caller()), server.key.clone());
    let mut acknowledged = BTreeSet::new();
    let mut n_unanswered_max = 0;
    for n in 0..kills {
        for id in killed_under_load(server, &order, 10 + (37 * n) % 90) {
            assert!(acknowledged.insert(id.clone()), "{id} was given twice");
        }
        n_unanswered_max += WRITERS;
        server = Server::start(&sandbox);
        assert_eq!(server.key, key, "the account is the same");
        let (caller, end) = (server.caller(), Instant::now() + PATIENCE);
        // A list may lag behind what was made last.
        while let Err(wrong) = whole(&caller, &acknowledged, n_unanswered_max) {
            assert!(Instant::now() < end, "kill {n}: {wrong}");
        }
    }
    assert!(
        !acknowledged.is_empty(),
        "the server was killed before it did anything"
    );
}
