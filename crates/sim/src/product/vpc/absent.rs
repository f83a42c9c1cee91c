//! Reads of resources that the simulator does not have, answered as for an account without them:
//! fine-grained monitoring logs, specifications of NAT gateways.

use serde_json::json;

use crate::call::{Answer, Call};
use crate::product::Actions;
use crate::product::vpc::{eip, nat};
use crate::refusal::Refusal;
use crate::world::World;

pub(crate) const ACTIONS: Actions = &[
    ("DescribeHighDefinitionMonitorLogAttribute", monitor_log),
    ("ModifyNatGatewaySpec", nat_spec),
];

/// `Success` is a text here.
fn monitor_log(world: &mut World, call: &Call<'_>) -> Answer {
    call.only("InstanceType", "EIP")?;
    let id = call.need("InstanceId")?;
    eip::find(world, call, id)?;
    Ok(json!({
        "InstanceId": id, "InstanceType": "EIP", "LogProject": "", "LogStore": "",
        "Success": "true",
    }))
}

fn nat_spec(world: &mut World, call: &Call<'_>) -> Answer {
    call.harmless(&["AutoPay", "Spec"]);
    nat::find(world, call, call.need("NatGatewayId")?)?;
    Err(Refusal::bad(
        "OperationUnsupported.PostPaid",
        "A gateway that is paid by use has no specification.",
    ))
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, text};

    #[test]
    fn nothing_is_there() {
        let mut bench = Bench::new();
        let eip = text(&bench.ok("vpc.AllocateEipAddress", &[]), "AllocationId");
        assert_eq!(
            bench.ok(
                "vpc.DescribeHighDefinitionMonitorLogAttribute",
                &[("InstanceId", &eip)]
            )["Success"],
            "true"
        );
    }
}
