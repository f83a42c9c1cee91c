//! The server over a real socket: keep-alive, forms, chunks, absolute targets, and the pages beside
//! the API.

use std::time::Duration;

use serde_json::{Value, json};
use setpoint_openapi::credential::Credential;
use setpoint_openapi::wire::WireRequest;
use setpoint_sim::embedded::{Config, Embedded};
use setpoint_sim::fault::Fate;
use setpoint_sim::server::{StartLine, serve};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::client::{Hand, signed, signed_v1};

/// Runs a test against a server, within ten seconds.
fn with_server<F: Future<Output = ()>>(test: impl FnOnce(Embedded, StartLine) -> F) {
    with_server_of(Config::new(Config::system_clock()), test);
}

fn with_server_of<F: Future<Output = ()>>(
    config: Config,
    test: impl FnOnce(Embedded, StartLine) -> F,
) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let cloud = Embedded::open(config).expect("a world");
        let line = StartLine::new(listener.local_addr().expect("an address"), None, &cloud);
        let server = tokio::spawn(serve(listener, None, cloud.clone()));
        tokio::time::timeout(Duration::from_secs(10), test(cloud, line))
            .await
            .expect("in time");
        server.abort();
    });
}

async fn connect(line: &StartLine) -> TcpStream {
    let address = line.endpoint.strip_prefix("http://").expect("plain HTTP");
    TcpStream::connect(address).await.expect("listening")
}

/// The text of a request, its body as one piece or in chunks.
pub(crate) fn http(request: &WireRequest, target_prefix: &str, chunked: bool) -> Vec<u8> {
    let mark = if request.query.is_empty() { "" } else { "?" };
    let mut head = format!(
        "{} {target_prefix}{}{mark}{} HTTP/1.1\r\n",
        request.method, request.path, request.query
    );
    let host = ("host".to_owned(), request.host.clone());
    for (name, value) in std::iter::once(&host).chain(&request.headers) {
        head = head + name + ": " + value + "\r\n";
    }
    let mut bytes = Vec::new();
    if chunked {
        head.push_str("transfer-encoding: chunked\r\n\r\n");
        bytes.extend(head.into_bytes());
        for piece in request.body.chunks(7) {
            bytes.extend(format!("{:x}\r\n", piece.len()).into_bytes());
            bytes.extend(piece);
            bytes.extend(b"\r\n");
        }
        bytes.extend(b"0\r\n\r\n");
    } else {
        head = head + "content-length: " + &request.body.len().to_string() + "\r\n\r\n";
        bytes.extend(head.into_bytes());
        bytes.extend(&request.body);
    }
    bytes
}

/// Sends and reads one response; status 0 if the connection ends before it.
pub(crate) async fn exchange(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    bytes: &[u8],
) -> (u16, Value) {
    stream.write_all(bytes).await.expect("sent");
    let mut got = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&got).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .to_lowercase()
                .split("content-length: ")
                .nth(1)
                .and_then(|rest| rest.lines().next()?.trim().parse().ok());
            if length.is_some_and(|length: usize| body.len() >= length) {
                let status = head
                    .split(' ')
                    .nth(1)
                    .and_then(|code| code.parse().ok())
                    .unwrap_or(0);
                return (status, serde_json::from_str(body).unwrap_or_default());
            }
        }
        let mut buffer = [0; 4096];
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return (0, Value::Null),
            Ok(n) => got.extend(&buffer[..n]),
        }
    }
}

fn text<'a>(row: &'a Value, name: &str) -> &'a str {
    row[name].as_str().expect("a text")
}

fn now() -> setpoint_openapi::timestamp::Timestamp {
    (Config::system_clock())()
}

#[test]
fn one_connection_serves_both_schemes_in_every_form() {
    with_server(|cloud, line| async move {
        let mut stream = connect(&line).await;
        let key = cloud.credential();
        let v3 = signed(&key, now(), "vpc.CreateVpc", &[("VpcName", "web net *~")]);
        let (status, made) = exchange(&mut stream, &http(&v3, "", false)).await;
        assert_eq!(status, 200, "{made}");
        let v1 = signed_v1(&key, now(), "vpc.DescribeVpcs", &[]);
        let (status, listed) = exchange(&mut stream, &http(&v1, "", false)).await;
        assert_eq!(
            (status, &listed["Vpcs"]["Vpc"][0]["VpcName"]),
            (200, &"web net *~".into())
        );
        let absolute = signed(&key, now(), "sts.GetCallerIdentity", &[]);
        let (status, _) = exchange(
            &mut stream,
            &http(&absolute, "http://sts.aliyuncs.com", false),
        )
        .await;
        assert_eq!(status, 200);
        // Long enough to go into the form body, which is then sent in chunks.
        let long = "x".repeat(5_000);
        let form = signed(
            &key,
            now(),
            "ecs.DescribeInstances",
            &[("InstanceIds", &long)],
        );
        assert!(!form.body.is_empty());
        let (status, refused) = exchange(&mut stream, &http(&form, "", true)).await;
        assert_eq!(
            (status, &refused["Code"]),
            (400, &"InvalidInstanceIds.Malformed".into())
        );
    });
}

/// Sends one signed call of an action.
async fn call(
    stream: &mut TcpStream,
    key: &Credential,
    action: &str,
    pairs: &[(&str, &str)],
) -> (u16, Value) {
    let request = signed(key, now(), action, pairs);
    exchange(stream, &http(&request, "", false)).await
}

#[test]
fn the_pages_beside_the_api() {
    with_server(|cloud, line| async move {
        let mut stream = connect(&line).await;
        let key = cloud.credential();
        call(
            &mut stream,
            &key,
            "vpc.CreateVpc",
            &[("Tag.1.Key", "k"), ("Tag.1.Value", "v")],
        )
        .await;
        let (_, clock) = exchange(
            &mut stream,
            &page("POST", "/_sim/clock", &json!({"seconds": 10})),
        )
        .await;
        assert!(clock["now"].is_string());
        let (_, resources) =
            exchange(&mut stream, &page("GET", "/_sim/resources", &Value::Null)).await;
        let vpc = resources
            .as_array()
            .expect("a list")
            .iter()
            .find(|row| row["kind"] == "vpc")
            .expect("the VPC")
            .clone();
        assert_eq!(
            (&vpc["state"], &vpc["tags"]["k"]),
            (&"Available".into(), &"v".into())
        );
        let (_, calls) = exchange(&mut stream, &page("GET", "/_sim/calls", &Value::Null)).await;
        assert_eq!(calls["actions"]["CreateVpc"]["total"], 1);
        call(
            &mut stream,
            &key,
            "ecs.CreateSecurityGroup",
            &[("VpcId", text(&vpc, "id"))],
        )
        .await;
        let (_, world) = exchange(&mut stream, &page("GET", "/_sim/world", &Value::Null)).await;
        let group = world["resources"]
            .as_array()
            .expect("a list")
            .iter()
            .find(|row| row["kind"] == "security_group")
            .expect("the group");
        assert_eq!(group["relations"], serde_json::json!([vpc["id"]]));
        assert_eq!(
            (&world["last"][0]["action"], &world["last"][0]["code"]),
            (&"CreateSecurityGroup".into(), &Value::Null)
        );
    });
}

#[test]
fn the_pages_count_calls_and_reset_the_world() {
    with_server(|cloud, line| async move {
        let mut stream = connect(&line).await;
        let key = cloud.credential();
        call(&mut stream, &key, "vpc.CreateVpc", &[]).await;
        let (_, listed) = call(&mut stream, &key, "vpc.DescribeVpcs", &[]).await;
        assert_eq!(listed["TotalCount"], 1);
        call(
            &mut stream,
            &key,
            "ecs.DescribeInstances",
            &[("DryRun", "true")],
        )
        .await;
        let (_, calls) = exchange(&mut stream, &page("GET", "/_sim/calls", &Value::Null)).await;
        let asked = &calls["actions"]["DescribeInstances"];
        assert_eq!(
            (&asked["total"], &asked["dry_runs"], &asked["failed"]),
            (&1.into(), &1.into(), &0.into())
        );
        let (status, _) = exchange(&mut stream, &page("GET", "/_sim/", &Value::Null)).await;
        assert_eq!(status, 200);
        exchange(&mut stream, &page("POST", "/_sim/reset", &Value::Null)).await;
        let (_, listed) = call(&mut stream, &key, "vpc.DescribeVpcs", &[]).await;
        assert_eq!(listed["TotalCount"], 0);
    });
}

#[test]
fn the_pages_check_what_they_are_given() {
    with_server(|_, line| async move {
        let mut stream = connect(&line).await;
        for (body, expected) in [
            (json!({"id": "i-1", "profile": "busy"}), 404),
            (json!({"id": "i-1", "profile": "mad"}), 400),
        ] {
            let (status, _) = exchange(&mut stream, &page("POST", "/_sim/load", &body)).await;
            assert_eq!(status, expected, "{body}");
        }
        for (path, body, expected) in [
            (
                "/_sim/guest",
                json!({"contains": "curl", "output": "200"}),
                200,
            ),
            ("/_sim/guest", json!({}), 400),
            (
                "/_sim/lock",
                json!({"instance": "i-1", "reason": "security"}),
                404,
            ),
            ("/_sim/spot", json!({"instance": "i-1"}), 404),
            ("/_sim/spot", json!({}), 400),
            (
                "/_sim/clock",
                json!({"seconds": 9_000_000_000_000_000_i64}),
                400,
            ),
            (
                "/_sim/stock",
                json!({"zone": "cn-beijing-z", "instance_type": "ecs.c7.large", "in_stock": false}),
                404,
            ),
            (
                "/_sim/stock",
                json!({"zone": "cn-beijing-h", "instance_type": "ecs.c9.large", "in_stock": false}),
                404,
            ),
            (
                "/_sim/stock",
                json!({"zone": "cn-beijing-h", "instance_type": "ecs.c7.large", "in_stock": false}),
                200,
            ),
            (
                "/_sim/faults",
                json!([{"action": "RunInstance", "fate": "cut_reply"}]),
                400,
            ),
            (
                "/_sim/events",
                json!({"instance": "i-1", "type": "SystemMaintenance.Reboot"}),
                404,
            ),
        ] {
            let (status, _) = exchange(&mut stream, &page("POST", path, &body)).await;
            assert_eq!(status, expected, "{path} {body}");
        }
        let (status, _) = exchange(&mut stream, &page("GET", "/_sim/none", &Value::Null)).await;
        assert_eq!(status, 404);
    });
}

#[test]
fn the_pages_are_for_their_own_origin() {
    with_server(|_, line| async move {
        let mut stream = connect(&line).await;
        let keys = page_request("GET", "/_sim/keys", &Value::Null);
        let host = keys.host.clone();
        for (origin, expected) in [
            (format!("http://{host}"), 200),
            ("https://example.com".to_owned(), 403),
            ("http://example.com".to_owned(), 403),
            ("null".to_owned(), 403),
        ] {
            let mut request = keys.clone();
            request.headers.push(("origin".to_owned(), origin.clone()));
            assert_eq!(
                exchange(&mut stream, &http(&request, "", false)).await.0,
                expected,
                "{origin}"
            );
        }
    });
}

fn page(method: &str, path: &str, body: &Value) -> Vec<u8> {
    http(&page_request(method, path, body), "", false)
}

fn page_request(method: &str, path: &str, body: &Value) -> WireRequest {
    WireRequest {
        method: method.to_owned(),
        scheme: "http",
        host: "localhost".to_owned(),
        path: path.to_owned(),
        query: String::new(),
        headers: Vec::new(),
        body: if body.is_null() {
            Vec::new()
        } else {
            body.to_string().into_bytes()
        },
    }
}

#[test]
fn numbers_durations_and_switches_change_while_it_runs() {
    with_server(|cloud, line| async move {
        let mut stream = connect(&line).await;
        let key = cloud.credential();
        let create = |name: &str| {
            http(
                &signed(&key, now(), "vpc.CreateVpc", &[("ClientToken", name)]),
                "",
                false,
            )
        };
        let (status, held) =
            exchange(&mut stream, &page("GET", "/_sim/options", &Value::Null)).await;
        assert_eq!((status, &held["quotas"]["vpcs"]), (200, &10.into()));
        let changes = json!({"quotas": {"vpcs": 1}, "profile": {"vpc_create_ms": 0}, "failed_call_consumes_token": true});
        let (status, held) = exchange(&mut stream, &page("POST", "/_sim/options", &changes)).await;
        assert_eq!(
            (
                status,
                &held["quotas"]["vpcs"],
                &held["quotas"]["vswitches"]
            ),
            (200, &1.into(), &150.into())
        );
        assert_eq!(exchange(&mut stream, &create("a")).await.0, 200);
        assert_eq!(
            exchange(&mut stream, &create("b")).await.1["Code"],
            "QuotaExceeded.Vpc"
        );
        let (_, listed) = exchange(
            &mut stream,
            &http(&signed(&key, now(), "vpc.DescribeVpcs", &[]), "", false),
        )
        .await;
        assert_eq!(listed["Vpcs"]["Vpc"][0]["Status"], "Available");
        exchange(
            &mut stream,
            &page("POST", "/_sim/options", &json!({"quotas": {"vpcs": 2}})),
        )
        .await;
        assert_eq!(
            exchange(&mut stream, &create("b")).await.1["Code"],
            "QuotaExceeded.Vpc",
            "its token is used up"
        );
        assert_eq!(exchange(&mut stream, &create("c")).await.0, 200);
        let (status, wrong) = exchange(
            &mut stream,
            &page("POST", "/_sim/options", &json!({"quota": {}})),
        )
        .await;
        assert!(
            status == 400
                && wrong["error"]
                    .as_str()
                    .is_some_and(|text| text.contains("quota")),
            "{wrong}"
        );
    });
}

#[test]
fn users_come_and_go_while_it_runs() {
    with_server(|cloud, line| async move {
        let mut stream = connect(&line).await;
        let (status, made) = exchange(
            &mut stream,
            &page(
                "POST",
                "/_sim/keys",
                &json!([{"user": "r", "allow": ["vpc:*"]}]),
            ),
        )
        .await;
        assert_eq!(status, 200, "{made}");
        let key = Credential::long_lived(
            text(&made[0], "access_key_id"),
            text(&made[0], "access_key_secret"),
        );
        let ask = |name: &str| http(&signed(&key, now(), name, &[]), "", false);
        assert_eq!(exchange(&mut stream, &ask("vpc.DescribeVpcs")).await.0, 200);
        assert_eq!(
            exchange(&mut stream, &ask("ecs.DescribeDisks")).await.0,
            403
        );
        let (status, _) = exchange(
            &mut stream,
            &page(
                "POST",
                "/_sim/keys",
                &json!([{"user": "r", "allow": ["nonsense"]}]),
            ),
        )
        .await;
        assert_eq!(
            (status, cloud.with(|world| world.users().len())),
            (400, 1),
            "a list that is wrong changes nothing"
        );
        exchange(&mut stream, &page("POST", "/_sim/keys", &json!([]))).await;
        assert_eq!(
            exchange(&mut stream, &ask("vpc.DescribeVpcs")).await.1["Code"],
            "InvalidAccessKeyId.NotFound"
        );
        assert_eq!(
            exchange(&mut stream, &page("GET", "/_sim/keys", &Value::Null))
                .await
                .1,
            json!([])
        );
    });
}

/// What a server of a seed answers to the same calls at the same times.
fn told(seed: u64) -> Vec<Value> {
    let hand = Hand::new();
    let told = std::sync::Mutex::new(Vec::new());
    let config = Config {
        seed,
        ..Config::new(hand.clock())
    };
    let (hand, said) = (&hand, &told);
    with_server_of(config, |cloud, line| async move {
        let mut stream = connect(&line).await;
        for name in [
            "vpc.CreateVpc",
            "vpc.DescribeVpcs",
            "ecs.CreateKeyPair",
            "vpc.AllocateEipAddress",
            "vpc.DescribeEipAddresses",
        ] {
            let pairs: &[(&str, &str)] = if name == "ecs.CreateKeyPair" {
                &[("KeyPairName", "ops")]
            } else {
                &[]
            };
            let (status, body) = exchange(
                &mut stream,
                &http(
                    &signed(&cloud.credential(), hand.now(), name, pairs),
                    "",
                    false,
                ),
            )
            .await;
            assert_eq!(status, 200, "{body}");
            said.lock().expect("one at a time").push(body);
            hand.wait(700);
        }
    });
    told.into_inner().expect("it is done")
}

#[test]
fn the_same_seed_and_calls_give_the_same_answers_over_a_socket() {
    let first = told(7);
    assert_eq!(first, told(7));
    assert_ne!(first, told(8));
}

#[test]
fn a_lost_reply_ends_the_connection() {
    with_server(|cloud, line| async move {
        cloud.set_hook(Some(Box::new(|_| Fate::LoseReplyAfterExecuting)));
        let mut stream = connect(&line).await;
        let key = cloud.credential();
        let (status, _) = exchange(
            &mut stream,
            &http(&signed(&key, now(), "vpc.CreateVpc", &[]), "", false),
        )
        .await;
        assert_eq!(status, 0);
        assert_eq!(
            cloud.with(|world| world.calls().total("CreateVpc")),
            1,
            "it happened all the same"
        );
    });
}
