//! Worlds to measure, and signed requests for them.

use serde_json::Value;
use setpoint_openapi::action::find;
use setpoint_openapi::credential::Credential;
use setpoint_openapi::endpoint::Endpoint;
use setpoint_openapi::product::Product;
use setpoint_openapi::request::Request;
use setpoint_openapi::sign::{Scheme, Stamp, v1, v3};
use setpoint_openapi::wire::WireRequest;
use setpoint_sim::embedded::{Config, Embedded};
use setpoint_sim::limits::Limits;
use setpoint_sim::profile::{Options, Profile, Quotas};

/// The number of instances of one call, which share a VSwitch and a group.
pub(crate) const BATCH: usize = 100;

/// Signs for one world, with a new nonce for each request.
#[derive(Clone)]
pub(crate) struct Signer {
    pub(crate) key: Credential,
    pub(crate) scheme: Scheme,
    /// The first number of its nonces; signers of one world have different ones.
    pub(crate) count: u64,
}

impl Signer {
    pub(crate) fn sign(&mut self, name: &str, pairs: &[(&str, &str)]) -> WireRequest {
        let (code, action) = name.split_once('.').expect("written as product.Action");
        let product = Product::ALL
            .into_iter()
            .find(|product| product.code() == code)
            .expect("a product");
        let mut params: Vec<(String, String)> = pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        params.sort();
        self.count += 1;
        let request = Request {
            action: find(product, action).expect("an action"),
            region: "cn-beijing".to_owned(),
            params,
        };
        let endpoint = Endpoint {
            scheme: "http",
            host: "127.0.0.1".to_owned(),
        };
        let stamp = Stamp {
            nonce: format!("bench-{}", self.count),
            timestamp: (Config::system_clock())(),
        };
        let sign = if self.scheme == Scheme::V1 {
            v1::sign
        } else {
            v3::sign
        };
        sign(&request, &self.key, &endpoint, &stamp)
    }
}

/// A new world without durations and limits, in memory or in a folder.
pub(crate) fn world(dir: Option<&std::path::Path>) -> (Embedded, Signer) {
    let limits = Limits::none();
    let options = Options {
        profile: Profile::instant(),
        quotas: Quotas {
            tag_filter_matches: usize::MAX,
            ..limits.counts
        },
        rates: limits.rates,
        ..Options::default()
    };
    let config = Config {
        options,
        dir: dir.map(Into::into),
        ..Config::new(Config::system_clock())
    };
    let cloud = Embedded::open(config).expect("a world");
    let signer = Signer {
        key: cloud.credential(),
        scheme: Scheme::V3,
        count: 0,
    };
    (cloud, signer)
}

pub(crate) fn call(
    cloud: &Embedded,
    signer: &mut Signer,
    name: &str,
    pairs: &[(&str, &str)],
) -> Value {
    let response = cloud.answer(&signer.sign(name, pairs)).expect("an answer");
    let body = serde_json::from_slice(&response.body).expect("JSON");
    assert_eq!(response.status, 200, "{name}: {body}");
    body
}

/// Creates instances with a disk and an interface each, tagged with their stack and their batch.
pub(crate) fn fill(cloud: &Embedded, signer: &mut Signer, machines: usize) {
    let id = |body: &Value, name: &str| body[name].as_str().expect("an id").to_owned();
    let vpc = id(
        &call(
            cloud,
            signer,
            "vpc.CreateVpc",
            &[("CidrBlock", "10.0.0.0/8")],
        ),
        "VpcId",
    );
    for batch in 0..machines / BATCH {
        let block = format!("10.{}.{}.0/24", batch / 256, batch % 256);
        let pairs = [
            ("VpcId", vpc.as_str()),
            ("ZoneId", "cn-beijing-h"),
            ("CidrBlock", &block),
        ];
        let vswitch = id(
            &call(cloud, signer, "vpc.CreateVSwitch", &pairs),
            "VSwitchId",
        );
        let group = id(
            &call(cloud, signer, "ecs.CreateSecurityGroup", &[("VpcId", &vpc)]),
            "SecurityGroupId",
        );
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
