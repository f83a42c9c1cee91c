//! The location service: the host that serves a product.
//!
//! Every product is served by the host that the request was sent to, so that a client with the
//! simulator as its location service sends all other calls to the simulator too.

use serde_json::{Value, json};
use setpoint_openapi::product::Product;

use crate::call::{Answer, Call};
use crate::product::Actions;
use crate::regions;
use crate::world::World;

pub(crate) const ACTIONS: &[Actions] = &[&[("DescribeEndpoints", describe)]];

/// The field is spelt `SerivceCode` by the cloud. An unknown service or region has no endpoint.
fn describe(world: &mut World, call: &Call<'_>) -> Answer {
    call.only("Type", "openAPI")?;
    let (region, service) = (call.need("Id")?, call.need("ServiceCode")?);
    let known = regions::find(region).is_some()
        && Product::ALL
            .iter()
            .any(|product| product.code() == service.to_lowercase());
    let endpoint = json!({
        "Endpoint": world.caller.host, "Id": region, "Namespace": "26842", "SerivceCode": service,
        "Type": "openAPI",
        "Protocols": {"Protocols": ["HTTP", "HTTPS"]},
    });
    let endpoints: Vec<Value> = known.then_some(endpoint).into_iter().collect();
    Ok(json!({"Success": true, "Endpoints": {"Endpoint": endpoints}}))
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;

    #[test]
    fn the_host_that_was_asked_serves() {
        let mut bench = Bench::new();
        for (region, service, count) in [
            ("cn-beijing", "ecs", 1),
            ("cn-beijing", "rds", 0),
            ("mars", "ecs", 0),
        ] {
            let answer = bench.ok(
                "location.DescribeEndpoints",
                &[
                    ("Id", region),
                    ("ServiceCode", service),
                    ("Type", "openAPI"),
                ],
            );
            assert_eq!(
                answer["Endpoints"]["Endpoint"].as_array().map(Vec::len),
                Some(count),
                "{region} {service}"
            );
            if count == 1 {
                assert_eq!(
                    answer["Endpoints"]["Endpoint"][0]["Endpoint"],
                    "location.cn-beijing.aliyuncs.com"
                );
            }
        }
        bench.refused(
            "location.DescribeEndpoints",
            &[("Id", "cn-beijing")],
            "400 MissingParameter",
        );
    }
}
