//! Users with few permissions, and callers with a bearer token instead of a signature.

use serde_json::{Value, json};
use setpoint_openapi::credential::Credential;
use setpoint_openapi::wire::WireRequest;
use setpoint_sim::embedded::Embedded;

use crate::client::{Hand, call, open, signed, signed_v1};

fn with_users(hand: &Hand, users: &Value) -> Embedded {
    let cloud = open(hand);
    let users = serde_json::from_value(users.clone()).expect("users");
    cloud
        .with(|world| world.set_users(users))
        .expect("they make sense");
    cloud
}

/// Status and body as one user is answered.
fn ask(
    cloud: &Embedded,
    hand: &Hand,
    key: &Credential,
    name: &str,
    pairs: &[(&str, &str)],
) -> (u16, Value) {
    let response = cloud
        .answer(&signed(key, hand.now(), name, pairs))
        .expect("an answer");
    (
        response.status,
        serde_json::from_slice(&response.body).expect("JSON"),
    )
}

#[test]
fn a_user_may_what_the_list_says_and_each_product_refuses_in_its_own_words() {
    let hand = Hand::new();
    let cloud = with_users(
        &hand,
        &json!([{"user": "reader", "allow": ["vpc:Describe*", "ecs:DescribeVSwitches"]}]),
    );
    let key = cloud.credential_of("reader").expect("a key");
    assert_eq!(ask(&cloud, &hand, &key, "vpc.DescribeVpcs", &[]).0, 200);
    for (name, pairs, expected) in [
        ("vpc.CreateVpc", &[] as &[(&str, &str)], "Forbidden.RAM"),
        ("ecs.DescribeDisks", &[], "Forbidden.RAM"),
        ("cms.DescribeContactGroupList", &[], "AccessForbidden"),
        ("oos.GetParameter", &[("Name", "x")], "NoPermission"),
        ("tag.ListTagKeys", &[], "NoPermission"),
        (
            "sts.AssumeRole",
            &[("RoleArn", "acs:ram::1:role/x"), ("RoleSessionName", "ci")],
            "NoPermission",
        ),
    ] {
        let (status, body) = ask(&cloud, &hand, &key, name, pairs);
        assert_eq!(
            (status, &body["Code"]),
            (403, &expected.into()),
            "{name}: {body}"
        );
        assert_eq!(
            body["AccessDeniedDetail"]["AuthAction"],
            name.replacen('.', ":", 1),
            "{body}"
        );
    }
    assert_eq!(
        call(&cloud, &hand, "vpc.DescribeVpcs", &[]).expect("listed")["TotalCount"],
        0,
        "nothing was made"
    );
    // A call that is wrong in itself is refused for that.
    assert_eq!(
        ask(
            &cloud,
            &hand,
            &key,
            "ecs.DescribeDisks",
            &[("Nonsense", "1")]
        )
        .1["Code"],
        "UnsupportedParameter"
    );
    let (_, caller) = ask(&cloud, &hand, &key, "sts.GetCallerIdentity", &[]);
    assert_eq!(caller["IdentityType"], "RAMUser", "{caller}");
    assert!(
        caller["Arn"]
            .as_str()
            .is_some_and(|arn| arn.ends_with(":user/reader")),
        "{caller}"
    );
}

#[test]
fn who_may_not_list_machines_sees_none_and_a_dry_run_tells_the_truth() {
    let hand = Hand::new();
    let cloud = with_users(
        &hand,
        &json!([{"user": "none"}, {"user": "ecs", "allow": ["ecs:*"]}]),
    );
    let (none, ecs) = (
        cloud.credential_of("none").expect("a key"),
        cloud.credential_of("ecs").expect("a key"),
    );
    crate::embedded::machine(&cloud, &hand);
    assert_eq!(
        ask(&cloud, &hand, &ecs, "ecs.DescribeInstances", &[]).1["TotalCount"],
        1
    );
    for pairs in [
        &[("PageSize", "10")] as &[(&str, &str)],
        &[("MaxResults", "10")],
    ] {
        let (status, body) = ask(&cloud, &hand, &none, "ecs.DescribeInstances", pairs);
        assert_eq!(
            (status, &body["Instances"]["Instance"], &body["NextToken"]),
            (200, &json!([]), &"".into()),
            "{body}"
        );
        assert!(
            body["TotalCount"].is_null() || body["TotalCount"] == 0,
            "{body}"
        );
    }
    let dry = [("DryRun", "true")];
    assert_eq!(
        ask(&cloud, &hand, &none, "ecs.DescribeInstances", &dry).1["Code"],
        "Forbidden.RAM"
    );
    assert_eq!(
        ask(&cloud, &hand, &ecs, "ecs.DescribeInstances", &dry).1["Code"],
        "DryRunOperation"
    );
    assert_eq!(
        ask(
            &cloud,
            &hand,
            &none,
            "ecs.DescribeInstances",
            &[("InstanceIds", "x")]
        )
        .1["Code"],
        "InvalidInstanceIds.Malformed"
    );
}

#[test]
fn a_key_that_is_switched_off() {
    let hand = Hand::new();
    let cloud = with_users(
        &hand,
        &json!([{"user": "gone", "inactive": true, "allow": ["*"], "bearer_token": "tok-9"}]),
    );
    for (token, code) in [
        ("tok-9", "InvalidAccessKeyId.Inactive"),
        ("", "InvalidSecurityToken.Malformed"),
    ] {
        let response = cloud
            .answer(&by_header(&cloud, &hand, "vpc.DescribeVpcs", token))
            .expect("an answer");
        let body: Value = serde_json::from_slice(&response.body).expect("JSON");
        assert_eq!(body["Code"], code, "`{token}`");
    }
    let key = cloud.credential_of("gone").expect("a key");
    let (status, body) = ask(&cloud, &hand, &key, "vpc.DescribeVpcs", &[]);
    assert_eq!(
        (status, &body["Code"]),
        (400, &"InvalidAccessKeyId.Inactive".into())
    );
    cloud.reset().expect("emptied");
    assert!(
        cloud.credential_of("gone").is_some(),
        "a reset keeps the users"
    );
}

/// A request as the current SDKs send it: the token in a header, the kind of signature in the
/// query, and nothing signed.
fn by_header(cloud: &Embedded, hand: &Hand, name: &str, token: &str) -> WireRequest {
    let mut request = signed(&cloud.credential(), hand.now(), name, &[]);
    request
        .headers
        .retain(|(header, _)| header != "authorization");
    request
        .headers
        .push(("x-acs-bearer-token".to_owned(), token.to_owned()));
    let joint = if request.query.is_empty() { "" } else { "&" };
    request.query = format!("{}{joint}SignatureType=BEARERTOKEN", request.query);
    request
}

/// The same as older clients send it: everything in the query.
fn by_query(cloud: &Embedded, hand: &Hand, name: &str, token: &str) -> WireRequest {
    let mut request = signed_v1(&cloud.credential(), hand.now(), name, &[]);
    let signature = [
        "Signature=",
        "AccessKeyId=",
        "SignatureMethod=",
        "SignatureVersion=",
        "SignatureType=",
    ];
    let kept: Vec<&str> = request
        .query
        .split('&')
        .filter(|pair| !signature.iter().any(|name| pair.starts_with(name)))
        .collect();
    request.query = format!(
        "{}&SignatureType=BEARERTOKEN&BearerToken={token}",
        kept.join("&")
    );
    request
}

#[test]
fn a_bearer_token_stands_for_its_user_until_it_expires() {
    let hand = Hand::new();
    let cloud = with_users(
        &hand,
        &json!([{"user": "ci", "allow": ["vpc:*"], "bearer_token": "tok-1", "bearer_expires": "2026-01-01T00:10:00Z"}]),
    );
    let send = |request: &WireRequest| {
        let response = cloud.answer(request).expect("an answer");
        (
            response.status,
            serde_json::from_slice::<Value>(&response.body).expect("JSON"),
        )
    };
    for form in [by_header, by_query] {
        let (status, caller) = send(&form(&cloud, &hand, "sts.GetCallerIdentity", "tok-1"));
        assert_eq!(
            (status, &caller["IdentityType"]),
            (200, &"RAMUser".into()),
            "{caller}"
        );
        let request = form(&cloud, &hand, "vpc.DescribeVpcs", "tok-1");
        assert_eq!(send(&request).0, 200);
        assert_eq!(send(&request).1["Code"], "SignatureNonceUsed");
        assert_eq!(
            send(&form(&cloud, &hand, "ecs.DescribeDisks", "tok-1")).1["Code"],
            "Forbidden.RAM"
        );
        assert_eq!(
            send(&form(&cloud, &hand, "vpc.DescribeVpcs", "tok-2")).1["Code"],
            "InvalidSecurityToken.Malformed"
        );
        let mut silent = form(&cloud, &hand, "vpc.DescribeVpcs", "tok-1");
        silent.query = silent.query.replace("SignatureType=BEARERTOKEN", "");
        assert_eq!(
            send(&silent).1["Code"],
            "IncompleteSignature",
            "a token that nobody declares is none"
        );
    }
    let old = by_header(&cloud, &hand, "vpc.DescribeVpcs", "tok-1");
    hand.wait(600_000);
    assert_eq!(
        send(&by_header(&cloud, &hand, "vpc.DescribeVpcs", "tok-1")).1["Code"],
        "InvalidSecurityToken.Expired"
    );
    hand.wait(600_000);
    assert_eq!(send(&old).1["Code"], "InvalidTimeStamp.Expired");
}
