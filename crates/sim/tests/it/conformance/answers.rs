//! Answers: every field is described, in this wrapper and with this type.

use std::collections::BTreeMap;

use serde_json::Value;
use setpoint_openapi::action::{self, Action};
use setpoint_openapi::product::Product;

use super::{Caller, PRODUCTS, described, performed};

/// Ids of the scene by the name of the parameter that takes them.
type Known = BTreeMap<&'static str, String>;

/// The difference, if there is one.
pub(crate) fn misfit(path: &str, shape: &Value, value: &Value) -> Option<String> {
    match (shape, value) {
        // Some descriptions write a wrapper as a list of one; on the wire it is an object.
        (Value::Array(element), Value::Object(_)) => misfit(path, &element[0], value),
        (Value::Array(element), Value::Array(items)) => items
            .iter()
            .find_map(|item| misfit(path, &element[0], item)),
        (Value::Object(fields), Value::Object(members)) => {
            members
                .iter()
                .find_map(|(name, member)| match fields.get(name) {
                    Some(shape) => misfit(&format!("{path}.{name}"), shape, member),
                    None => Some(format!("{path} has no field {name}")),
                })
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
            (!fits).then(|| format!("{path} should be {kind}, is {value}"))
        }
        _ => Some(format!("{path}: {value} does not fit {shape}")),
    }
}

/// A caller that compares every answer with its description.
struct Scene {
    caller: Caller,
    shapes: BTreeMap<Product, serde_json::Map<String, Value>>,
    answered: std::collections::BTreeSet<(Product, &'static str)>,
}

impl Scene {
    fn new() -> Option<Self> {
        let shapes = PRODUCTS
            .into_iter()
            .map(|product| described(product).map(|all| (product, all)))
            .collect::<Option<_>>()?;
        Some(Self {
            caller: Caller::new(),
            shapes,
            answered: std::collections::BTreeSet::new(),
        })
    }

    fn send(&mut self, action: &'static Action, pairs: &[(&str, &str)]) -> Option<Value> {
        let pairs: Vec<(String, String)> = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let (status, body) = self.caller.send(action, "cn-beijing", &pairs);
        if status != 200 {
            return None;
        }
        let shape = &self.shapes[&action.product][action.name]["response"];
        let misfit = misfit(&format!("{} {}", action.product, action.name), shape, &body);
        assert_eq!(misfit, None);
        self.answered.insert((action.product, action.name));
        Some(body)
    }

    #[track_caller]
    fn ok(&mut self, name: &str, pairs: &[(&str, &str)]) -> Value {
        let (code, action) = name.split_once('.').expect("written as product.Action");
        let product = PRODUCTS
            .into_iter()
            .find(|product| product.code() == code)
            .expect("a known product");
        let action = action::find(product, action).expect("a known action");
        let body = self
            .send(action, pairs)
            .unwrap_or_else(|| panic!("{name} {pairs:?} is refused"));
        self.caller.hand.wait(70_000);
        body
    }

    #[track_caller]
    fn make(&mut self, name: &str, pairs: &[(&str, &str)], field: &str) -> String {
        let body = self.ok(name, pairs);
        body[field]
            .as_str()
            .unwrap_or_else(|| panic!("{field} in {body}"))
            .to_owned()
    }
}

/// Creates a resource of many kinds, so that listings have rows.
fn furnish(scene: &mut Scene) -> Known {
    let vpc = scene.make(
        "vpc.CreateVpc",
        &[
            ("CidrBlock", "172.16.0.0/12"),
            ("Tag.1.Key", "k"),
            ("Tag.1.Value", "v"),
        ],
        "VpcId",
    );
    let place = [
        ("VpcId", vpc.as_str()),
        ("ZoneId", "cn-beijing-h"),
        ("CidrBlock", "172.16.1.0/24"),
    ];
    let vswitch = scene.make("vpc.CreateVSwitch", &place, "VSwitchId");
    let (nat, eip) = gateway(scene, &vpc, &vswitch);
    let (table, acl) = routes(scene, &vpc, &vswitch, &nat);
    let package = scene.make(
        "vpc.CreateCommonBandwidthPackage",
        &[("Bandwidth", "5")],
        "BandwidthPackageId",
    );
    scene.ok(
        "vpc.AddCommonBandwidthPackageIp",
        &[("BandwidthPackageId", &package), ("IpInstanceId", &eip)],
    );
    let instance = machine(scene, &vpc, &vswitch);
    alarms(scene, &instance);
    scene.ok(
        "oos.CreateParameter",
        &[("Name", "app"), ("Type", "String"), ("Value", "x")],
    );
    let role = format!(
        "acs:ram::{}:role/r",
        scene.caller.cloud.with(|world| world.account().id.clone())
    );
    scene.ok(
        "sts.AssumeRole",
        &[("RoleArn", &role), ("RoleSessionName", "run")],
    );
    Known::from([
        ("VpcId", vpc),
        ("VSwitchId", vswitch),
        ("NatGatewayId", nat),
        ("NetworkAclId", acl),
        ("RouteTableId", table),
        ("InstanceId", instance),
        ("Namespace", "acs_ecs_dashboard".to_owned()),
        ("MetricName", "CPUUtilization".to_owned()),
        ("Orderby", "Average".to_owned()),
        ("RuleId", "r-1".to_owned()),
        ("Name", "app".to_owned()),
        ("Path", "app/".to_owned()),
        ("Key", "k".to_owned()),
        ("ResourceType", "VPC".to_owned()),
        ("ZoneId", "cn-beijing-h".to_owned()),
        ("InstanceType", "ecs.c7.large".to_owned()),
    ])
}

/// Creates a NAT gateway with an EIP and an entry of each kind; returns the ids of the gateway and
/// the EIP.
fn gateway(scene: &mut Scene, vpc: &str, vswitch: &str) -> (String, String) {
    let nat = scene.ok(
        "vpc.CreateNatGateway",
        &[("VpcId", vpc), ("VSwitchId", vswitch)],
    );
    let first = |list: &Value| list[0].as_str().expect("an id").to_owned();
    let (snat_table, forward_table) = (
        first(&nat["SnatTableIds"]["SnatTableId"]),
        first(&nat["ForwardTableIds"]["ForwardTableId"]),
    );
    let nat = nat["NatGatewayId"].as_str().expect("an id").to_owned();
    let eip = scene.ok(
        "vpc.AllocateEipAddress",
        &[("Tag.1.Key", "k"), ("Tag.1.Value", "v")],
    );
    let (address, eip) = (
        eip["EipAddress"].as_str().expect("an address"),
        eip["AllocationId"].as_str().expect("an id").to_owned(),
    );
    scene.ok(
        "vpc.AssociateEipAddress",
        &[
            ("AllocationId", &eip),
            ("InstanceId", &nat),
            ("InstanceType", "Nat"),
        ],
    );
    scene.ok(
        "vpc.CreateSnatEntry",
        &[
            ("SnatTableId", &snat_table),
            ("SnatIp", address),
            ("SourceVSwitchId", vswitch),
        ],
    );
    let way = [
        ("ForwardTableId", forward_table.as_str()),
        ("ExternalIp", address),
        ("ExternalPort", "2222"),
        ("PortBreak", "true"),
    ];
    let inside = [
        ("InternalIp", "172.16.1.9"),
        ("InternalPort", "22"),
        ("IpProtocol", "tcp"),
    ];
    scene.ok("vpc.CreateForwardEntry", &[&way[..], &inside[..]].concat());
    (nat, eip)
}

/// Creates a route table with a route, and a network ACL that is bound; returns their ids.
fn routes(scene: &mut Scene, vpc: &str, vswitch: &str, nat: &str) -> (String, String) {
    let table = scene.make("vpc.CreateRouteTable", &[("VpcId", vpc)], "RouteTableId");
    let route = [
        ("RouteTableId", table.as_str()),
        ("DestinationCidrBlock", "10.0.0.0/8"),
        ("NextHopId", nat),
        ("NextHopType", "NatGateway"),
    ];
    scene.ok("vpc.CreateRouteEntry", &route);
    let acl = scene.make("vpc.CreateNetworkAcl", &[("VpcId", vpc)], "NetworkAclId");
    let bind = [
        ("NetworkAclId", acl.as_str()),
        ("Resource.1.ResourceType", "VSwitch"),
        ("Resource.1.ResourceId", vswitch),
    ];
    scene.ok("vpc.AssociateNetworkAcl", &bind);
    (table, acl)
}

fn machine(scene: &mut Scene, vpc: &str, vswitch: &str) -> String {
    let group = scene.make(
        "ecs.CreateSecurityGroup",
        &[("VpcId", vpc), ("SecurityGroupName", "web")],
        "SecurityGroupId",
    );
    let machine = [
        ("ImageFamily", "acs:ubuntu_24_04_x64"),
        ("InstanceType", "ecs.c7.large"),
        ("VSwitchId", vswitch),
    ];
    let made = scene.ok(
        "ecs.RunInstances",
        &[&machine[..], &[("SecurityGroupIds.1", group.as_str())]].concat(),
    );
    made["InstanceIdSets"]["InstanceIdSet"][0]
        .as_str()
        .expect("an id")
        .to_owned()
}

fn alarms(scene: &mut Scene, instance: &str) {
    scene.ok(
        "cms.PutContact",
        &[
            ("ContactName", "ann"),
            ("Describe", "first"),
            ("Channels.Mail", "ann@example.com"),
        ],
    );
    scene.ok(
        "cms.PutContactGroup",
        &[("ContactGroupName", "team"), ("ContactNames.1", "ann")],
    );
    let resources = format!("[{{\"instanceId\":\"{instance}\"}}]");
    let rule = [
        ("RuleId", "r-1"),
        ("RuleName", "cpu"),
        ("Namespace", "acs_ecs_dashboard"),
        ("MetricName", "CPUUtilization"),
        ("Resources", resources.as_str()),
        ("ContactGroups", "team"),
        ("Escalations.Critical.Statistics", "Average"),
        (
            "Escalations.Critical.ComparisonOperator",
            "GreaterThanThreshold",
        ),
        ("Escalations.Critical.Threshold", "90"),
        ("Escalations.Critical.Times", "3"),
    ];
    scene.ok("cms.PutResourceMetricRule", &rule);
    scene.ok(
        "cms.PutMetricRuleTargets",
        &[
            ("RuleId", "r-1"),
            ("Targets.1.Id", "t"),
            ("Targets.1.Arn", "acs:mns:::x"),
        ],
    );
}

#[test]
fn every_read_answers_with_described_fields_only() {
    let Some(mut scene) = Scene::new() else {
        return;
    };
    let known = furnish(&mut scene);
    for (action, _) in PRODUCTS
        .into_iter()
        .flat_map(performed)
        .filter(|(action, _)| action.is_read())
    {
        let needed = action
            .params
            .iter()
            .filter(|param| param.required && !param.name.eq_ignore_ascii_case("RegionId"));
        let pairs: Vec<(&str, &str)> = needed
            .filter_map(|param| Some((param.name, known.get(param.name)?.as_str())))
            .collect();
        scene.send(action, &pairs);
    }
    let reads = |product: Product| {
        scene
            .answered
            .iter()
            .filter(|(of, name)| *of == product && name.starts_with("Describe"))
            .count()
    };
    assert!(
        reads(Product::Vpc) >= 18 && reads(Product::Cms) >= 12,
        "{:?}",
        scene.answered
    );
}

#[test]
fn failures_of_cloud_monitor_may_look_like_answers() {
    let mut caller = Caller::new();
    let action = action::find(Product::Cms, "DeleteContact").expect("a known action");
    let pairs = [("ContactName".to_owned(), "nobody".to_owned())];
    let (status, body) = caller.send(action, "cn-beijing", &pairs);
    assert_eq!(
        (status, &body["Code"], &body["Success"]),
        (404, &"ContactNotExists".into(), &false.into())
    );
    caller
        .cloud
        .with(|world| world.options.cms_fails_with_200 = true);
    let (status, body) = caller.send(action, "cn-beijing", &pairs);
    assert_eq!(
        (status, &body["Code"], &body["Success"]),
        (200, &"ContactNotExists".into(), &false.into())
    );
}
