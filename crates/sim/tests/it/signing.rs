//! Requests that real clients sent, and requests that must be refused, with the codes of the
//! published list.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use setpoint_openapi::action::{Action, vpc};
use setpoint_openapi::endpoint::Endpoint;
use setpoint_openapi::product::Product;
use setpoint_openapi::request::Request;
use setpoint_openapi::sign::{Stamp, roa, v3};
use setpoint_openapi::timestamp::Timestamp;
use setpoint_openapi::wire::WireRequest;
use setpoint_sim::account::Account;
use setpoint_sim::profile::Options;
use setpoint_sim::world::World;

use crate::client::{Hand, call, open, open_with, signed, signed_v1, text};

fn vectors() -> Value {
    let text = include_str!("../../../../testdata/signing/signing-vectors.json");
    serde_json::from_str(text).expect("the vectors are JSON")
}

fn wire(request: &Value) -> WireRequest {
    let text = |name: &str| request[name].as_str().unwrap_or_default().to_owned();
    let headers = request["headers"].as_array().expect("headers").iter();
    let pair = |header: &Value| {
        let part = |n: usize| header[n].as_str().unwrap_or_default().to_owned();
        (part(0).to_lowercase(), part(1))
    };
    let body = match request["body_encoding"].as_str() {
        Some("base64") => STANDARD.decode(text("body")).expect("base64"),
        _ => text("body").into_bytes(),
    };
    WireRequest {
        method: text("method"),
        scheme: "http",
        host: text("host"),
        path: text("path"),
        query: text("raw_query"),
        headers: headers.map(pair).collect(),
        body,
    }
}

fn world(key_id: &str, secret: &str, now: Timestamp) -> World {
    let mut world = World::new(1, now, Options::default());
    world.set_account(Account {
        id: "1234567890123456".to_owned(),
        access_key_id: key_id.to_owned(),
        access_key_secret: secret.to_owned(),
    });
    world
}

/// Status and code of an answer in either form.
fn outcome(world: &mut World, now: Timestamp, request: &WireRequest) -> (u16, String, String) {
    let response = world.handle(now, request);
    let body = String::from_utf8(response.body).expect("answers are UTF-8");
    let between = |start: &str, end: &str| {
        let rest = body.split_once(start).map(|(_, rest)| rest)?;
        rest.split_once(end).map(|(value, _)| value.to_owned())
    };
    let code = between("\"Code\":\"", "\"")
        .or_else(|| between("<Code>", "</Code>"))
        .unwrap_or_default();
    (response.status, code, body)
}

/// Fact 9 of the tests with the vendor's clients: path-style calls got XML.
#[test]
fn path_style_calls_are_refused_in_json() {
    let now = Timestamp::parse("2026-01-01T00:00:00Z").expect("a time");
    let mut world = world("LTAI", "secret", now);
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut request = WireRequest {
        method: "DELETE".to_owned(),
        scheme: "http",
        host: "cs.cn-beijing.aliyuncs.com".to_owned(),
        path: "/clusters/c1".to_owned(),
        query: String::new(),
        headers: vec![
            header("date", &now.http()),
            header("x-acs-signature-nonce", "n-1"),
            header("x-acs-version", "2015-12-15"),
        ],
        body: Vec::new(),
    };
    let text = roa::string_to_sign(&request, roa::EmptyValue::Bare);
    let signature = roa::signature(&text, "secret");
    let authorization = format!("acs LTAI:{signature}");
    request
        .headers
        .push(header("authorization", &authorization));
    let (status, code, body) = outcome(&mut world, now, &request);
    assert_eq!(
        (status, code.as_str()),
        (400, "Simulator.NotModelled"),
        "{body}"
    );
    assert!(
        body.contains("DELETE /clusters/c1 of CS 2015-12-15"),
        "{body}"
    );
    request.headers.pop();
    request
        .headers
        .push(header("authorization", "acs LTAI:wrong"));
    let (status, code, body) = outcome(&mut world, now, &request);
    assert_eq!(
        (status, code.as_str()),
        (400, "SignatureDoesNotMatch"),
        "{body}"
    );
}

/// Fact 1 of the tests with the vendor's clients: Packer calls actions of networks as actions of
/// ECS, where they once were.
#[test]
fn old_network_actions_of_ecs_are_those_of_the_vpc() {
    static CREATE_VPC: Action = Action {
        product: Product::Ecs,
        name: "CreateVpc",
        params: vpc::CREATE_VPC.params,
    };
    let hand = Hand::new();
    let cloud = open(&hand);
    let request = Request {
        action: &CREATE_VPC,
        region: "cn-beijing".to_owned(),
        params: vec![("CidrBlock".to_owned(), "10.0.0.0/8".to_owned())],
    };
    let endpoint = Endpoint {
        scheme: "http",
        host: "ecs.cn-beijing.aliyuncs.com".to_owned(),
    };
    let stamp = Stamp {
        nonce: "old-1".to_owned(),
        timestamp: hand.now(),
    };
    let wire = v3::sign(&request, &cloud.credential(), &endpoint, &stamp);
    let made = cloud.answer(&wire).expect("an answer");
    let made: Value = serde_json::from_slice(&made.body).expect("JSON");
    let listed = call(&cloud, &hand, "vpc.DescribeVpcs", &[]).expect("a list");
    assert_eq!(listed["Vpcs"]["Vpc"][0]["VpcId"], made["VpcId"], "{made}");
}

/// Fact 1 of the acceptance tests: the cloud ignores unknown parameters. The call log names them.
#[test]
fn unknown_parameters_are_ignored_unless_the_cloud_is_strict() {
    let hand = Hand::new();
    let lenient = open_with(&hand, Options::default());
    let id = text(
        &call(
            &lenient,
            &hand,
            "vpc.CreateVpc",
            &[("CidrBlock", "10.0.0.0/8")],
        )
        .expect("made"),
        "VpcId",
    );
    let filter = [("VpcID", "vpc-other"), ("Tag.0.Key", "a")];
    let listed = call(&lenient, &hand, "vpc.DescribeVpcs", &filter).expect("a list");
    assert_eq!(listed["Vpcs"]["Vpc"][0]["VpcId"], id);
    lenient.with(|world| {
        let last = world.calls().last().next_back().expect("a call");
        assert_eq!(last.ignored, ["Tag.0.Key", "VpcID"]);
    });
}

const BAD_SIGNATURE: [&str; 6] = [
    "SignatureDoesNotMatch",
    "IncompleteSignature",
    "InvalidTimeStamp.Expired",
    "InvalidTimeStamp.Format",
    "InvalidAccessKeyId.NotFound",
    "SignatureNonceUsed",
];

#[test]
fn requests_of_real_clients_pass_the_door() {
    let mut passed = 0;
    for vector in vectors()["vectors"].as_array().expect("vectors") {
        let text = |name: &str| vector[name].as_str().unwrap_or_default();
        // The one key of the world is not a temporary one.
        if vector["action"].is_null() || !vector["security_token"].is_null() {
            continue;
        }
        let now = Timestamp::parse(text("timestamp"));
        let now = now.or_else(|| Timestamp::parse_http(text("timestamp")));
        let now = now.expect("a time");
        let mut world = world(text("access_key_id"), text("access_key_secret"), now);
        let (_, code, body) = outcome(&mut world, now, &wire(&vector["request"]));
        if vector["conformant"] == true {
            assert!(
                !BAD_SIGNATURE.contains(&code.as_str()),
                "{}: {code}: {body}",
                text("id")
            );
            // Clients of path-style products read JSON alone, whatever they ask for.
            let is_path_style = text("scheme") == "ROA-HMAC-SHA1";
            assert!(!is_path_style || body.starts_with('{'), "{body}");
            passed += 1;
        } else {
            assert_eq!(code, "SignatureDoesNotMatch", "{}", text("id"));
        }
    }
    assert!(passed > 50, "only {passed} vectors apply");
}

#[test]
fn forgeries_are_refused_with_the_published_codes() {
    for negative in vectors()["negatives"].as_array().expect("negatives") {
        let text = |name: &str| negative[name].as_str().unwrap_or_default();
        let now = Timestamp::parse(text("server_clock")).expect("a time");
        let known = negative["server_knows_access_key"] == true;
        let key = if known {
            text("access_key_id")
        } else {
            "another-key"
        };
        let mut world = world(
            key,
            negative["server_access_key_secret"]
                .as_str()
                .unwrap_or("none"),
            now,
        );
        let request = wire(&negative["request"]);
        if negative["send_base_vector_first"] == true {
            let (_, code, _) = outcome(&mut world, now, &request);
            assert!(
                !BAD_SIGNATURE.contains(&code.as_str()),
                "{}: first {code}",
                text("id")
            );
        }
        let (status, code, body) = outcome(&mut world, now, &request);
        let expected = (
            negative["expected_http_status"].as_u64(),
            text("expected_code").to_owned(),
        );
        assert_eq!(
            (Some(u64::from(status)), code.clone()),
            expected,
            "{}: {}",
            text("id"),
            text("description")
        );
        if code == "SignatureDoesNotMatch" && text("scheme").starts_with("RPC") {
            assert!(body.contains("server string to sign is:"), "{}", text("id"));
        }
    }
}

#[test]
fn v1_answers_in_xml_unless_it_asks_for_json() {
    let hand = Hand::new();
    let cloud = open(&hand);
    let request = signed_v1(
        &cloud.credential(),
        hand.now(),
        "sts.GetCallerIdentity",
        &[],
    );
    let json = cloud.answer(&request).expect("an answer");
    assert_eq!(
        json.header("content-type"),
        Some("application/json;charset=utf-8")
    );
    let unsigned = WireRequest {
        query: "Action=DescribeRegions&Version=2014-05-26".to_owned(),
        headers: Vec::new(),
        ..request
    };
    let refused = cloud.answer(&unsigned).expect("an answer");
    assert_eq!(
        (refused.status, refused.header("content-type")),
        (400, Some("text/xml;charset=utf-8"))
    );
    assert!(String::from_utf8_lossy(&refused.body).contains("<Code>IncompleteSignature</Code>"));
}

#[test]
fn a_forged_request_does_not_burn_its_nonce() {
    let hand = Hand::new();
    let cloud = open(&hand);
    let good = signed(
        &cloud.credential(),
        hand.now(),
        "sts.GetCallerIdentity",
        &[],
    );
    let mut forged = good.clone();
    forged.query = "RegionId=elsewhere".to_owned();
    assert_eq!(cloud.answer(&forged).expect("an answer").status, 400);
    assert_eq!(cloud.answer(&good).expect("an answer").status, 200);
    let again = cloud.answer(&good).expect("an answer");
    assert!(String::from_utf8_lossy(&again.body).contains("SignatureNonceUsed"));
}

#[test]
fn unknown_versions_actions_and_regions() {
    let hand = Hand::new();
    let cloud = open(&hand);
    let body = |name: &str, pairs: &[(&str, &str)]| {
        call(&cloud, &hand, name, pairs).expect_err("a refusal")
    };
    assert_eq!(
        body("oos.GetParameter", &[("Name", "x")]),
        "404 EntityNotExists.Parameter"
    );
    assert_eq!(
        body("ecs.DescribeZones", &[("RegionId", "mars-north-1")]),
        "404 InvalidRegionId.NotFound"
    );
    assert_eq!(
        body("vpc.DescribeVpcs", &[("VpcID", "x")]),
        "400 UnsupportedParameter"
    );
}

/// The key that an answer of STS gives.
fn temporary(answer: &Value) -> setpoint_openapi::credential::Credential {
    let text = |name: &str| {
        answer["Credentials"][name]
            .as_str()
            .expect("a text")
            .to_owned()
    };
    let key = setpoint_openapi::credential::Credential::long_lived(
        text("AccessKeyId"),
        text("AccessKeySecret"),
    );
    setpoint_openapi::credential::Credential {
        security_token: Some(text("SecurityToken").into()),
        ..key
    }
}

#[test]
fn a_temporary_key_signs_until_it_expires() {
    let hand = Hand::new();
    let cloud = open(&hand);
    let account = cloud.with(|world| world.account().id.clone());
    let role = format!("acs:ram::{account}:role/deployer");
    let assume = [
        ("RoleArn", role.as_str()),
        ("RoleSessionName", "ci"),
        ("DurationSeconds", "900"),
    ];
    let key = temporary(&call(&cloud, &hand, "sts.AssumeRole", &assume).expect("a key"));
    let ask = |key: &setpoint_openapi::credential::Credential, v1: bool| {
        let sign = if v1 { signed_v1 } else { signed };
        let answer = cloud
            .answer(&sign(key, hand.now(), "sts.GetCallerIdentity", &[]))
            .expect("an answer");
        serde_json::from_slice::<Value>(&answer.body).expect("JSON")
    };
    for v1 in [false, true] {
        let caller = ask(&key, v1);
        assert_eq!(
            (&caller["IdentityType"], &caller["UserId"]),
            (&"AssumedRoleUser".into(), &Value::Null),
            "{caller}"
        );
    }
    let without = setpoint_openapi::credential::Credential {
        security_token: None,
        ..key.clone()
    };
    assert_eq!(ask(&without, false)["Code"], "InvalidAccessKeyId.NotFound");
    let another = setpoint_openapi::credential::Credential {
        security_token: Some("another".to_owned().into()),
        ..key.clone()
    };
    assert_eq!(
        ask(&another, false)["Code"],
        "InvalidSecurityToken.MismatchWithAccessKey"
    );
    hand.wait(900_000);
    assert_eq!(ask(&key, false)["Code"], "InvalidSecurityToken.Expired");
}

#[test]
fn an_identity_token_needs_no_signature() {
    let hand = Hand::new();
    let cloud = open(&hand);
    let account = cloud.with(|world| world.account().id.clone());
    // {"sub":"repo","iss":"https://x","aud":"sts"}
    let token = "e30.eyJzdWIiOiJyZXBvIiwiaXNzIjoiaHR0cHM6Ly94IiwiYXVkIjoic3RzIn0.c2ln";
    let query = format!(
        "Action=AssumeRoleWithOIDC&Version=2015-04-01&Format=JSON&RoleArn=acs:ram::{account}:role/ci&RoleSessionName=run\
         &OIDCProviderArn=acs:ram::{account}:oidc-provider/forge&OIDCToken={token}"
    );
    let plain = signed_v1(
        &cloud.credential(),
        hand.now(),
        "sts.GetCallerIdentity",
        &[],
    );
    let answer = cloud
        .answer(&WireRequest {
            query,
            headers: Vec::new(),
            ..plain
        })
        .expect("an answer");
    let body: Value = serde_json::from_slice(&answer.body).expect("JSON");
    assert_eq!(
        (answer.status, &body["OIDCTokenInfo"]["Subject"]),
        (200, &"repo".into()),
        "{body}"
    );
    let key = temporary(&body);
    let made = cloud
        .answer(&signed(&key, hand.now(), "vpc.CreateVpc", &[]))
        .expect("an answer");
    assert_eq!(made.status, 200);
}
