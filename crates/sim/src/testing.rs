//! The bench that unit tests drive a world with: real signatures and a clock set by hand. Every
//! answer is compared with the published shape of its action, and its XML form, parsed by another
//! library, with its JSON form.

use serde_json::{Value, json};
use setpoint_openapi::action::{Action, cms, ecs, location, oos, sts, tag, vpc};
use setpoint_openapi::credential::Credential;
use setpoint_openapi::endpoint::Endpoint;
use setpoint_openapi::request::Request;
use setpoint_openapi::sign::{Stamp, v3};
use setpoint_openapi::timestamp::Timestamp;

use crate::profile::Options;
use crate::render;
use crate::world::World;

/// 2026-01-01T00:00:00Z.
const START: i64 = 1_767_225_600_000;

/// The values of names such as `$disk` in tables of calls.
pub(crate) type Names = std::collections::BTreeMap<&'static str, String>;

/// A world with a client and a clock.
pub(crate) struct Bench {
    pub(crate) world: World,
    now_ms: i64,
    nonce: u64,
    shapes: Value,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(Options::default())
    }

    pub(crate) fn with(options: Options) -> Self {
        let shapes = include_str!("../../../testdata/sim/response-shapes.json");
        let mut shapes: Value = serde_json::from_str(shapes).expect("the file of shapes is JSON");
        // The location service publishes no description; this is what its clients read.
        shapes["location"] = json!({"DescribeEndpoints": {
            "RequestId": "string", "Success": "boolean",
            "Endpoints": {"Endpoint": [{
                "Endpoint": "string", "Id": "string", "Namespace": "string",
                "SerivceCode": "string", "Type": "string",
                "Protocols": {"Protocols": ["string"]},
            }]},
        }});
        Self {
            world: World::new(
                7,
                Timestamp(START),
                Options {
                    strict_parameters: true,
                    ..options
                },
            ),
            now_ms: START,
            nonce: 0,
            shapes,
        }
    }

    /// Moves the clock forward.
    pub(crate) fn wait(&mut self, ms: i64) {
        self.now_ms += ms;
    }

    /// Calls an action in cn-beijing. A refusal is returned as `404 InvalidVpcId.NotFound`.
    pub(crate) fn call(&mut self, name: &str, pairs: &[(&str, &str)]) -> Result<Value, String> {
        let (product, action) = name.split_once('.').expect("written as product.Action");
        let action = find(product, action);
        let mut params: Vec<(String, String)> = pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        params.sort();
        let request = Request {
            action,
            region: "cn-beijing".to_owned(),
            params,
        };
        let account = self.world.account().clone();
        let credential = Credential::long_lived(account.access_key_id, account.access_key_secret);
        self.nonce += 1;
        let stamp = Stamp {
            nonce: format!("nonce-{}", self.nonce),
            timestamp: Timestamp(self.now_ms),
        };
        let endpoint = Endpoint {
            scheme: "https",
            host: format!("{product}.cn-beijing.aliyuncs.com"),
        };
        let wire = v3::sign(&request, &credential, &endpoint, &stamp);
        let response = self.world.handle(Timestamp(self.now_ms), &wire);
        let body: Value = serde_json::from_slice(&response.body).expect("answers are JSON");
        let written = render::xml("Answer", &body);
        let read = roxmltree::Document::parse(&written)
            .unwrap_or_else(|error| panic!("{name}: {error}: {written}"));
        assert_says(name, read.root_element(), &body);
        if response.status == 200 {
            let shape = &self.shapes[product][action.name];
            assert!(
                !shape.is_null(),
                "no shape for {name}: see tests/it/shapes.rs"
            );
            conform(name, shape, &body);
            return Ok(body);
        }
        Err(format!(
            "{} {}",
            response.status,
            body["Code"].as_str().unwrap_or_default()
        ))
    }

    /// Calls an action with names replaced by their values; returns the refusal, empty if the call
    /// is accepted.
    pub(crate) fn outcome(&mut self, name: &str, pairs: &[(&str, &str)], names: &Names) -> String {
        let filled: Vec<(&str, &str)> = pairs
            .iter()
            .map(|(key, value)| (*key, names.get(value).map_or(*value, String::as_str)))
            .collect();
        self.call(name, &filled).err().unwrap_or_default()
    }

    /// A call that must succeed.
    #[track_caller]
    pub(crate) fn ok(&mut self, name: &str, pairs: &[(&str, &str)]) -> Value {
        self.call(name, pairs)
            .unwrap_or_else(|refusal| panic!("{name} {pairs:?}: {refusal}"))
    }

    /// A call that must be refused with this status and code.
    #[track_caller]
    pub(crate) fn refused(&mut self, name: &str, pairs: &[(&str, &str)], expected: &str) {
        assert_eq!(
            self.call(name, pairs).map(|_| ()),
            Err(expected.to_owned()),
            "{name} {pairs:?}"
        );
    }

    /// Creates a VPC and waits until it is Available.
    pub(crate) fn vpc(&mut self) -> String {
        let id = text(
            &self.ok("vpc.CreateVpc", &[("CidrBlock", "172.16.0.0/12")]),
            "VpcId",
        );
        self.wait(3_000);
        id
    }

    /// Creates a VSwitch in zone h and waits until it is Available.
    pub(crate) fn vswitch(&mut self, vpc: &str, block: &str) -> String {
        let pairs = [
            ("VpcId", vpc),
            ("ZoneId", "cn-beijing-h"),
            ("CidrBlock", block),
        ];
        let id = text(&self.ok("vpc.CreateVSwitch", &pairs), "VSwitchId");
        self.wait(4_000);
        id
    }

    /// Creates a security group.
    pub(crate) fn group(&mut self, vpc: &str) -> String {
        text(
            &self.ok(
                "ecs.CreateSecurityGroup",
                &[("VpcId", vpc), ("SecurityGroupName", "web")],
            ),
            "SecurityGroupId",
        )
    }

    /// Orders an instance, with its network; returns (instance, VSwitch, group). It is Pending.
    pub(crate) fn machine(&mut self, more: &[(&str, &str)]) -> (String, String, String) {
        let vpc = self.vpc();
        let (vswitch, group) = (self.vswitch(&vpc, "172.16.1.0/24"), self.group(&vpc));
        let mut pairs = vec![
            ("ImageFamily", "acs:ubuntu_24_04_x64"),
            ("InstanceType", "ecs.c7.large"),
            ("VSwitchId", vswitch.as_str()),
            ("SecurityGroupIds.1", group.as_str()),
        ];
        pairs.extend_from_slice(more);
        let answer = self.ok("ecs.RunInstances", &pairs);
        let id = answer["InstanceIdSets"]["InstanceIdSet"][0]
            .as_str()
            .expect("one id")
            .to_owned();
        (id, vswitch, group)
    }

    /// The one row of DescribeInstances.
    #[track_caller]
    pub(crate) fn instance(&mut self, id: &str) -> Value {
        let ids = format!("[\"{id}\"]");
        let attributes = [
            ("InstanceIds", ids.as_str()),
            ("AdditionalAttributes.1", "META_OPTIONS"),
        ];
        let answer = self.ok("ecs.DescribeInstances", &attributes);
        answer["Instances"]["Instance"]
            .get(0)
            .cloned()
            .unwrap_or_default()
    }
}

/// Compares an XML element with the JSON value that it stands for.
fn assert_says(name: &str, node: roxmltree::Node<'_, '_>, value: &Value) {
    let Value::Object(fields) = value else {
        let expected = value.as_str().map_or_else(
            || {
                if value.is_null() {
                    String::new()
                } else {
                    value.to_string()
                }
            },
            str::to_owned,
        );
        assert_eq!(
            node.text().unwrap_or_default(),
            expected,
            "{name}: {}",
            node.tag_name().name()
        );
        return;
    };
    let children: Vec<_> = node
        .children()
        .filter(roxmltree::Node::is_element)
        .collect();
    let mut count = 0;
    for (key, inner) in fields {
        let items = inner
            .as_array()
            .map_or_else(|| std::slice::from_ref(inner), Vec::as_slice);
        let named: Vec<_> = children
            .iter()
            .filter(|child| child.has_tag_name(key.as_str()))
            .collect();
        assert_eq!(named.len(), items.len(), "{name}: {key}");
        named
            .into_iter()
            .zip(items)
            .for_each(|(child, item)| assert_says(name, *child, item));
        count += items.len();
    }
    assert_eq!(children.len(), count, "{name}: {}", node.tag_name().name());
}

fn find(product: &str, action: &str) -> &'static Action {
    let table: &[&'static Action] = match product {
        "ecs" => ecs::ALL,
        "vpc" => vpc::ALL,
        "cms" => cms::ALL,
        "oos" => oos::ALL,
        "tag" => tag::ALL,
        "location" => location::ALL,
        _ => sts::ALL,
    };
    table
        .iter()
        .find(|known| known.name == action)
        .unwrap_or_else(|| panic!("{product} has no {action}"))
}

/// A text of an answer.
#[track_caller]
pub(crate) fn text(body: &Value, name: &str) -> String {
    body[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} in {body}"))
        .to_owned()
}

/// Compares an answer with the published shape: no unknown field, every value of its type.
#[track_caller]
pub(crate) fn conform(path: &str, shape: &Value, value: &Value) {
    match (shape, value) {
        // Some descriptions write a wrapper as a list of one; on the wire it is an object.
        (Value::Array(element), Value::Object(_)) => conform(path, &element[0], value),
        (Value::Array(element), Value::Array(items)) => items
            .iter()
            .for_each(|item| conform(path, &element[0], item)),
        (Value::Object(fields), Value::Object(members)) => {
            for (name, member) in members {
                let shape = fields
                    .get(name)
                    .unwrap_or_else(|| panic!("{path} has no field {name}"));
                conform(&format!("{path}.{name}"), shape, member);
            }
        }
        (Value::String(kind), value) => {
            let fits = match kind.as_str() {
                // Three official clients read tags of parameters as an object, though the
                // description says that they are a text.
                "string" if value.is_object() => {
                    path.ends_with(".Tags") && path.contains("Parameter")
                }
                "string" => value.is_string(),
                "boolean" => value.is_boolean(),
                "integer" => value.is_i64() || value.is_u64(),
                _ => value.is_number(),
            };
            assert!(fits, "{path} should be {kind}, is {value}");
        }
        _ => panic!("{path}: {value} does not fit {shape}"),
    }
}
