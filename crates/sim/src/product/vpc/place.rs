//! Regions and zones as VPC lists them.

use serde_json::json;

use crate::call::{Answer, Call};
use crate::product::Actions;
use crate::regions;
use crate::world::World;

pub(crate) const ACTIONS: Actions = &[("DescribeRegions", regions), ("DescribeZones", zones)];

fn regions(_world: &mut World, call: &Call<'_>) -> Answer {
    call.harmless(&["ProductType"]);
    let regions: Vec<_> = regions::ALL
        .iter()
        .map(|region| {
            json!({
                "RegionId": region.id,
                "LocalName": region.local_name,
                "RegionEndpoint": format!("vpc.{}.aliyuncs.com", region.id),
            })
        })
        .collect();
    Ok(json!({ "Regions": { "Region": regions } }))
}

fn zones(_world: &mut World, call: &Call<'_>) -> Answer {
    call.only("ZoneType", "AvailabilityZone")?;
    let region = regions::find(call.region_needed()?);
    let zones: Vec<_> = region
        .into_iter()
        .flat_map(|region| region.zones())
        .map(|zone| json!({"ZoneId": zone, "LocalName": zone, "ZoneType": "AvailabilityZone"}))
        .collect();
    Ok(json!({ "Zones": { "Zone": zones } }))
}
