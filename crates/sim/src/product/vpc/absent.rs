//! What the simulator has none of, answered as an account that has none of it: IPv6 addresses, fine-grained monitoring
//! logs, and specifications of NAT gateways that are paid by use.

use serde_json::json;

use crate::call::{Answer, Call};
use crate::product::Actions;
use crate::product::vpc::{eip, nat};
use crate::refusal::Refusal;
use crate::world::World;

pub(crate) const ACTIONS: Actions = &[
    ("DescribeIpv6Addresses", ipv6_addresses),
    ("DescribeHighDefinitionMonitorLogAttribute", monitor_log),
    ("ModifyNatGatewaySpec", nat_spec),
];

fn ipv6_addresses(_world: &mut World, call: &Call<'_>) -> Answer {
    let filters = [
        "AddressType",
        "AssociatedInstanceId",
        "AssociatedInstanceType",
        "IncludeReservationData",
        "Ipv6Address",
        "Ipv6AddressId",
        "Ipv6InternetBandwidthId",
        "Name",
        "NetworkType",
        "ResourceGroupId",
        "ServiceManaged",
        "VSwitchId",
        "VpcId",
    ];
    call.harmless(&filters);
    let _tags = crate::tags::Filter::of(call)?;
    let (number, size) = (call.int("PageNumber")?.unwrap_or(1), call.int("PageSize")?.unwrap_or(10));
    Ok(json!({"PageNumber": number, "PageSize": size, "TotalCount": 0, "Ipv6Addresses": {"Ipv6Address": []}}))
}

/// `Success` is a text here.
fn monitor_log(world: &mut World, call: &Call<'_>) -> Answer {
    call.only("InstanceType", "EIP")?;
    let id = call.need("InstanceId")?;
    eip::find(world, call, id)?;
    Ok(json!({"InstanceId": id, "InstanceType": "EIP", "LogProject": "", "LogStore": "", "Success": "true"}))
}

fn nat_spec(world: &mut World, call: &Call<'_>) -> Answer {
    call.harmless(&["AutoPay", "Spec"]);
    nat::find(world, call, call.need("NatGatewayId")?)?;
    Err(Refusal::bad("OperationUnsupported.PostPaid", "A gateway that is paid by use has no specification."))
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, text};

    #[test]
    fn nothing_is_there() {
        let mut bench = Bench::new();
        assert_eq!(bench.ok("vpc.DescribeIpv6Addresses", &[("VpcId", "vpc-x")])["TotalCount"], 0);
        let eip = text(&bench.ok("vpc.AllocateEipAddress", &[]), "AllocationId");
        assert_eq!(bench.ok("vpc.DescribeHighDefinitionMonitorLogAttribute", &[("InstanceId", &eip)])["Success"], "true");
    }
}
