//! Every action against the published descriptions: names, types, mandatory parameters, answers;
//! and the table of actions in the documents against the code.
//!
//! `SETPOINT_REFERENCE` names a folder with `openapi/<product>.json`; without it the tests that
//! need it say that they skip.

pub(crate) mod answers;
mod contract;
mod table;

use std::path::PathBuf;

use serde_json::{Map, Value};
use setpoint_openapi::action::{self, Action};
use setpoint_openapi::product::Product;
use setpoint_openapi::request::Request;
use setpoint_openapi::sign::{Stamp, v3};
use setpoint_sim::coverage::{self, Depth};
use setpoint_sim::embedded::Embedded;

use crate::client::{Hand, open};

/// The products that are described.
const PRODUCTS: [Product; 6] = [
    Product::Ecs,
    Product::Vpc,
    Product::Cms,
    Product::Sts,
    Product::Oos,
    Product::Tag,
];

/// The descriptions of a product's actions by name; none: the reference is not at hand.
#[expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "reads the reference that a developer points to, or says that there is none"
)]
fn described(product: Product) -> Option<Map<String, Value>> {
    let Some(folder) = std::env::var_os("SETPOINT_REFERENCE") else {
        eprintln!("skipped: SETPOINT_REFERENCE is not set");
        return None;
    };
    let path = PathBuf::from(folder)
        .join("openapi")
        .join(format!("{}.json", product.code()));
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let whole: Value = serde_json::from_str(&text).expect("the description is JSON");
    Some(
        whole["actions"]
            .as_object()
            .expect("actions by name")
            .clone(),
    )
}

/// A world with a client that sends anything, also what a well-behaved one would not.
struct Caller {
    cloud: Embedded,
    hand: Hand,
    sent: u64,
}

impl Caller {
    fn new() -> Self {
        let hand = Hand::new();
        Self {
            cloud: open(&hand),
            hand,
            sent: 0,
        }
    }

    /// Status and body; `region` may be empty, which is as good as not sent.
    fn send(
        &mut self,
        action: &'static Action,
        region: &str,
        pairs: &[(String, String)],
    ) -> (u16, Value) {
        self.sent += 1;
        let mut params = pairs.to_vec();
        params.sort();
        let request = Request {
            action,
            region: region.to_owned(),
            params,
        };
        let stamp = Stamp {
            nonce: format!("conformance-{}", self.sent),
            timestamp: self.hand.now(),
        };
        let endpoint = setpoint_openapi::endpoint::Endpoint {
            scheme: "http",
            host: format!("{}.cn-beijing.aliyuncs.com", action.product),
        };
        let wire = v3::sign(&request, &self.cloud.credential(), &endpoint, &stamp);
        let response = self.cloud.answer(&wire).expect("no faults are set");
        (
            response.status,
            serde_json::from_slice(&response.body).unwrap_or_default(),
        )
    }

    /// The code of a refusal, empty for an answer.
    fn code(
        &mut self,
        action: &'static Action,
        region: &str,
        pairs: &[(String, String)],
    ) -> String {
        let (status, body) = self.send(action, region, pairs);
        if status == 200 {
            String::new()
        } else {
            body["Code"].as_str().unwrap_or_default().to_owned()
        }
    }
}

/// The actions of a product that are performed, with their descriptions.
fn performed(product: Product) -> Vec<(&'static Action, Value)> {
    let Some(described) = described(product) else {
        return Vec::new();
    };
    let actions = action::table(product)
        .iter()
        .filter(|action| coverage::depth(action) != Depth::Refused);
    actions
        .map(|action| {
            let one = described
                .get(action.name)
                .unwrap_or_else(|| panic!("{product} {} is not described", action.name));
            (*action, one.clone())
        })
        .collect()
}
