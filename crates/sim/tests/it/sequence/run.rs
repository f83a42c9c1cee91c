//! Drives a world through a sequence and checks it at each step.
//!
//! Requests are not signed: signatures have tests of their own and would take most of the time.
//! Invariant: every change of a row is seen here, whether a call or time has made it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::OnceLock;

use serde_json::Value;
use setpoint_openapi::action::find;
use setpoint_openapi::product::Product;
use setpoint_openapi::timestamp::Timestamp;
use setpoint_openapi::wire::WireRequest;
use setpoint_sim::profile::{Options, Profile};
use setpoint_sim::world::World;

use super::draw::{self, Sent, Spoil, Step};
use super::edges;
use super::property::Property;
use super::rows::Rows;
use super::vocabulary;
use crate::client::START;
use crate::conformance::answers::misfit;

/// The initial state of a world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begin {
    Nothing,
    /// A VPC, a security group and a running instance.
    Machine,
    /// The same, and a resource of nearly every kind.
    Furnished,
}

/// A world that is checked.
pub(crate) struct Run {
    world: World,
    now_ms: i64,
    pub(crate) rows: Rows,
    /// Every call so far, for a report.
    pub(crate) said: Vec<Sent>,
    tokens: BTreeMap<String, (Vec<(String, String)>, Value)>,
}

/// The result of a call.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Came {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Run {
    /// A new world in its initial state.
    pub(crate) fn new(profile: Profile, begin: Begin) -> Self {
        let options = Options {
            strict_parameters: true,
            profile,
            ..Options::default()
        };
        let mut world = World::new(11, Timestamp(START), options);
        world.forget_changes();
        let rows = Rows::new(world.rows());
        let mut run = Self {
            world,
            now_ms: START,
            rows,
            said: Vec::new(),
            tokens: BTreeMap::new(),
        };
        if begin != Begin::Nothing {
            run.machine();
        }
        if begin == Begin::Furnished {
            run.furnish();
        }
        run
    }

    fn furnish(&mut self) {
        for line in vocabulary::FURNISHED
            .lines()
            .filter(|line| !line.is_empty())
        {
            let (wait, line) = line
                .split_once(' ')
                .filter(|(wait, _)| wait.parse::<i64>().is_ok())
                .unwrap_or(("0", line));
            self.pass(wait.parse().expect("a number"))
                .unwrap_or_else(|wrong| panic!("{line}: {wrong}"));
            let sent = draw::furnishing(line, &self.rows);
            let came = self
                .call(&sent)
                .unwrap_or_else(|wrong| panic!("{sent:?}: {wrong}"));
            assert_eq!(came.status, 200, "{sent:?}: {}", came.body);
        }
    }

    fn machine(&mut self) {
        let mut make = |wait_ms: i64, name: &str, pairs: &[(&str, &str)], field: &str| {
            let params = pairs
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect();
            let came = self
                .call(&Sent {
                    wait_ms,
                    name: name.to_owned(),
                    params,
                })
                .unwrap_or_else(|wrong| panic!("{name}: {wrong}"));
            assert_eq!(came.status, 200, "{name}: {}", came.body);
            came.body[field].as_str().unwrap_or_default().to_owned()
        };
        let vpc = make(
            0,
            "vpc.CreateVpc",
            &[("CidrBlock", "172.16.0.0/12")],
            "VpcId",
        );
        let place = [
            ("VpcId", vpc.as_str()),
            ("ZoneId", "cn-beijing-h"),
            ("CidrBlock", "172.16.1.0/24"),
        ];
        let vswitch = make(5_000, "vpc.CreateVSwitch", &place, "VSwitchId");
        let group = make(
            5_000,
            "ecs.CreateSecurityGroup",
            &[("VpcId", &vpc)],
            "SecurityGroupId",
        );
        let machine = [
            ("ImageFamily", "acs:debian_12_x64"),
            ("InstanceType", "ecs.c7.large"),
            ("VSwitchId", vswitch.as_str()),
        ];
        make(
            0,
            "ecs.RunInstances",
            &[&machine[..], &[("SecurityGroupId", group.as_str())]].concat(),
            "RequestId",
        );
        make(20_000, "vpc.DescribeVpcs", &[], "RequestId");
    }

    /// Performs one step: a pause, then the call, once or twice.
    pub(crate) fn step(&mut self, step: &Step, sent: &Sent) -> Result<Came, String> {
        self.said.push(sent.clone());
        let came = self.call(sent)?;
        if step.spoil == Spoil::Twice {
            let again = Sent {
                wait_ms: 0,
                ..sent.clone()
            };
            self.said.push(again.clone());
            return self.call(&again);
        }
        Ok(came)
    }

    /// Lets time pass, and checks all properties.
    pub(crate) fn pass(&mut self, ms: i64) -> Result<(), String> {
        self.now_ms += ms;
        self.world.advance(Timestamp(self.now_ms));
        let changes = self.world.take_changes();
        if changes.is_empty() {
            return Ok(());
        }
        for change in self.rows.take(changes)? {
            edges::by_time(&change).map_or(Ok(()), Err)?;
        }
        self.holds()
    }

    /// Makes a call after its pause.
    pub(crate) fn call(&mut self, sent: &Sent) -> Result<Came, String> {
        self.pass(sent.wait_ms)?;
        let came = self.send(&sent.name, &sent.params)?;
        let changes = self.world.take_changes();
        let given = |name: &str| {
            sent.params
                .iter()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.as_str())
        };
        let dry = given("DryRun") == Some("true");
        if came.status != 200 && !changes.is_empty() {
            return Err(format!(
                "{} {} changed {changes:?}",
                came.status, came.body["Code"]
            ));
        }
        if dry && came.status == 200 {
            return Err("a dry run was answered with success".to_owned());
        }
        self.replays(sent, given("ClientToken"), &came)?;
        if !changes.is_empty() {
            for change in self.rows.take(changes)? {
                edges::by_call(&change).map_or(Ok(()), Err)?;
            }
            self.holds()?;
        }
        Ok(came)
    }

    /// A read for the checks, which must succeed and must not change anything.
    pub(crate) fn read(&mut self, name: &str, pairs: &[(&str, &str)]) -> Result<Value, String> {
        let params: Vec<(String, String)> = pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        // A change that is due at once was caused by the last call.
        self.pass(0)?;
        let came = self.send(name, &params)?;
        let changes = self.world.take_changes();
        if came.status != 200 || !changes.is_empty() {
            return Err(format!(
                "{name} {params:?}: {} {}, changed {changes:?}",
                came.status, came.body
            ));
        }
        Ok(came.body)
    }

    /// Sends a call. Its answer must have the published shape and must not be a failure of the
    /// simulator.
    fn send(&mut self, name: &str, params: &[(String, String)]) -> Result<Came, String> {
        let response = self
            .world
            .repeat(Timestamp(self.now_ms), &request(name, params));
        let body: Value = serde_json::from_slice(&response.body)
            .map_err(|error| format!("{name} answers no JSON: {error}"))?;
        let (product, action) = name.split_once('.').expect("written as product.Action");
        if response.status >= 500
            || body["Code"]
                .as_str()
                .is_some_and(|code| code.starts_with("InternalError"))
        {
            return Err(format!("{name} answers {} {body}", response.status));
        }
        let shape = &shapes()[product][action];
        if response.status == 200 && !shape.is_null() {
            misfit(name, shape, &body).map_or(Ok(()), Err)?;
        }
        if response.status != 200 && body["Code"].as_str().is_none_or(str::is_empty) {
            return Err(format!("{name} is refused without a code: {body}"));
        }
        Ok(Came {
            status: response.status,
            body,
        })
    }

    /// The same call with the same token must have the same body.
    fn replays(&mut self, sent: &Sent, token: Option<&str>, came: &Came) -> Result<(), String> {
        let (Some(token), 200) = (token, came.status) else {
            return Ok(());
        };
        let makes = ["Create", "Run", "Allocate"]
            .iter()
            .any(|verb| sent.name.contains(&format!(".{verb}")));
        if !makes {
            return Ok(());
        }
        let mut body = came.body.clone();
        body["RequestId"] = Value::Null;
        match self.tokens.get(&format!("{}/{token}", sent.name)) {
            None => drop(self.tokens.insert(
                format!("{}/{token}", sent.name),
                (sent.params.clone(), body),
            )),
            Some((params, first)) if *params == sent.params && *first == body => {}
            Some(first) => return Err(format!("the token of {first:?} is answered with {body}")),
        }
        Ok(())
    }

    fn holds(&self) -> Result<(), String> {
        let broken = Property::ALL.into_iter().find_map(|property| {
            property
                .broken(&self.rows, self.now_ms)
                .map(|wrong| (property, wrong))
        });
        broken.map_or(Ok(()), |(property, wrong)| {
            Err(format!("{property:?}: {wrong}"))
        })
    }

    /// The copy must equal the rows that the world would store, and a world restored from them must
    /// store the same.
    pub(crate) fn stores(&self) -> Result<(), String> {
        let rows = self.world.rows();
        let kept: Vec<(&str, &str, &Value)> = self.rows.iter().collect();
        let mut stored = Rows::new(rows.clone());
        let same = stored.iter().eq(kept);
        let again = World::from_rows(rows.clone(), self.world.options.clone())
            .map_err(|error| error.to_string())?;
        if same && again.rows() == rows {
            return Ok(());
        }
        stored = Rows::new(again.rows());
        Err(format!(
            "what is stored differs: {} rows, {} here",
            stored.iter().count(),
            self.rows.iter().count()
        ))
    }

    /// The world's time.
    pub(crate) fn now_ms(&self) -> i64 {
        self.now_ms
    }
}

/// An unsigned request, which must not be sent through the front door.
fn request(name: &str, params: &[(String, String)]) -> WireRequest {
    let (code, action) = name.split_once('.').expect("written as product.Action");
    let product = Product::ALL
        .into_iter()
        .find(|product| product.code() == code)
        .expect("a known product");
    assert!(
        find(product, action).is_some(),
        "{name} is not in the tables"
    );
    let mut query = format!("Action={action}&Version={}&Format=JSON", product.version());
    let region = ("RegionId".to_owned(), "cn-beijing".to_owned());
    let named = params.iter().any(|(key, _)| key == "RegionId");
    for (key, value) in params.iter().chain((!named).then_some(&region)) {
        query.push('&');
        encode(key, &mut query);
        query.push('=');
        encode(value, &mut query);
    }
    WireRequest {
        method: "POST".to_owned(),
        scheme: "http",
        host: format!("{code}.cn-beijing.aliyuncs.com"),
        path: "/".to_owned(),
        query,
        headers: Vec::new(),
        body: Vec::new(),
    }
}

fn encode(text: &str, into: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            into.push(char::from(byte));
        } else {
            write!(into, "%{byte:02X}").expect("a text");
        }
    }
}

fn shapes() -> &'static Value {
    static SHAPES: OnceLock<Value> = OnceLock::new();
    SHAPES.get_or_init(|| {
        let text = include_str!("../../../../../testdata/sim/response-shapes.json");
        serde_json::from_str(text).expect("the file of shapes is JSON")
    })
}
