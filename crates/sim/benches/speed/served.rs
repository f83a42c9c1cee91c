//! The server on the runtime of `sim serve`: reads of pages of ten of a thousand instances, and
//! writes that are on the disk before they are answered.

use std::net::SocketAddr;
use std::time::Instant;

use setpoint_openapi::sign::Scheme;
use setpoint_sim::embedded::Embedded;
use setpoint_sim::server;
use tokio::runtime::Runtime;

use crate::client::{Line, exchange, rate, text};
use crate::world::{Signer, call, fill, world};
use crate::{Load, Report, say};

/// A server that ends when it is dropped.
struct Served {
    _runtime: Runtime,
    address: SocketAddr,
}

fn serve(cloud: Embedded) -> Served {
    let runtime = server::runtime().expect("a runtime");
    let listener = runtime
        .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
        .expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(runtime.spawn(server::serve(listener, None, cloud)));
    Served {
        _runtime: runtime,
        address,
    }
}

const PAGE: [(&str, &str); 1] = [("PageSize", "10")];

pub(crate) fn reads(load: &Load, report: &mut Report) {
    let (cloud, mut signer) = world(None);
    fill(&cloud, &mut signer, load.machines.min(1_000));
    let served = serve(cloud);
    let mut prepared = |scheme: Scheme| -> Vec<Vec<u8>> {
        signer.scheme = scheme;
        (0..load.calls)
            .map(|_| text(&signer.sign("ecs.DescribeInstances", &PAGE)))
            .collect()
    };
    for (scheme, name) in [(Scheme::V3, "V3"), (Scheme::V1, "V1")] {
        for connections in [2, 32] {
            let per_second = rate(served.address, &prepared(scheme), connections);
            say(&format!(
                "{} DescribeInstances by {name}, pages of 10, {connections} connections: \
                 {per_second:.0} calls/s",
                load.calls
            ));
            report.say(
                "time of one of them, clients on the same cores",
                1e6 / per_second,
                "us",
                100.0,
            );
        }
    }
    let per_second = signing(served.address, &signer, load.calls / 2);
    say(&format!(
        "the same by two clients that sign as they go: {per_second:.0} calls/s"
    ));
}

/// Two connections whose clients sign each request before sending it; returns calls per second.
fn signing(address: SocketAddr, signer: &Signer, each: usize) -> f64 {
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for client in 1..=2 {
            let mut signer = Signer {
                scheme: Scheme::V3,
                count: client * 1_000_000_000,
                ..signer.clone()
            };
            scope.spawn(move || {
                let mut line = Line::open(address);
                (0..each).for_each(|_| {
                    exchange(
                        &mut line,
                        &text(&signer.sign("ecs.DescribeInstances", &PAGE)),
                    )
                });
            });
        }
    });
    #[expect(clippy::cast_precision_loss, reason = "thousands of calls")]
    let calls = (2 * each) as f64;
    calls / begun.elapsed().as_secs_f64()
}

/// Calls that change one row each. Their number depends on the disk, so there is no target.
pub(crate) fn writes(load: &Load) {
    let dir = tempfile::tempdir().expect("a folder");
    let (cloud, mut signer) = world(Some(dir.path()));
    let vpc = call(&cloud, &mut signer, "vpc.CreateVpc", &[])["VpcId"]
        .as_str()
        .expect("an id")
        .to_owned();
    call(&cloud, &mut signer, "vpc.DescribeVpcs", &[]);
    let served = serve(cloud);
    for connections in [1, 2, 16, 64] {
        // A single connection waits for the disk at each call.
        let calls = if connections <= 2 {
            load.writes / 4
        } else {
            load.writes
        };
        let names = (0..calls).map(|number| format!("net-{number}"));
        let requests = names.map(|name| {
            text(&signer.sign(
                "vpc.ModifyVpcAttribute",
                &[("VpcId", vpc.as_str()), ("VpcName", &name)],
            ))
        });
        let requests: Vec<Vec<u8>> = requests.collect();
        say(&format!(
            "{calls} writes kept on disk, {connections} connections: {:.0} calls/s",
            rate(served.address, &requests, connections)
        ));
    }
}
