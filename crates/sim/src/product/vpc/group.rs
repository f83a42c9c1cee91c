//! Moves resources to another resource group.

use crate::call::{Answer, Call};
use crate::product::Actions;
use crate::product::vpc::tag;
use crate::refusal::Refusal;
use crate::world::{World, done};

pub(crate) const ACTIONS: Actions = &[("MoveResourceGroup", move_to)];

/// Types are compared without regard to case, unlike in the tag actions.
fn move_to(world: &mut World, call: &Call<'_>) -> Answer {
    let kind = match call.need("ResourceType")?.to_uppercase().as_str() {
        "VPC" => "VPC",
        "EIP" => "EIP",
        "NATGATEWAY" => "NATGATEWAY",
        "COMMONBANDWIDTHPACKAGE" | "BANDWIDTHPACKAGE" => "COMMONBANDWIDTHPACKAGE",
        _ => return Err(Refusal::invalid("ResourceType")),
    };
    let (id, group) = (call.need("ResourceId")?, call.need("NewResourceGroupId")?);
    if !group.starts_with("rg-") {
        return Err(Refusal::absent(
            "InvalidResourceGroup.NotFound",
            format!("The resource group {group} does not exist."),
        ));
    }
    let base = tag::find(world, kind, call.region_needed()?, id);
    let base = base.ok_or_else(|| {
        Refusal::absent(
            "InvalidResource.NotFound",
            format!("The resource {id} does not exist."),
        )
    })?;
    group.clone_into(&mut base.resource_group);
    done()
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, text};

    #[test]
    fn a_resource_moves() {
        let mut bench = Bench::new();
        let eip = text(&bench.ok("vpc.AllocateEipAddress", &[]), "AllocationId");
        let to = [
            ("ResourceId", eip.as_str()),
            ("ResourceType", "eip"),
            ("NewResourceGroupId", "rg-other"),
        ];
        bench.ok("vpc.MoveResourceGroup", &to);
        assert_eq!(
            bench.ok(
                "vpc.DescribeEipAddresses",
                &[("ResourceGroupId", "rg-other")]
            )["TotalCount"],
            1
        );
        bench.refused(
            "vpc.MoveResourceGroup",
            &[to[0], to[1], ("NewResourceGroupId", "x")],
            "404 InvalidResourceGroup.NotFound",
        );
        bench.refused(
            "vpc.MoveResourceGroup",
            &[("ResourceId", "eip-x"), to[1], to[2]],
            "404 InvalidResource.NotFound",
        );
        bench.refused(
            "vpc.MoveResourceGroup",
            &[to[0], ("ResourceType", "CAT"), to[2]],
            "400 InvalidParameter",
        );
    }
}
