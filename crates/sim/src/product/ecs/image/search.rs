//! The filters of `DescribeImages`.

use crate::base::Base;
use crate::call::Call;
use crate::names;
use crate::product::ecs::image::{ImageFacts, holds, is_public, used, visible};
use crate::product::ecs::instance_type;
use crate::refusal::Refusal;
use crate::tags;
use crate::world::World;

/// What a call of `DescribeImages` looks for; a filter that is not given fits every image.
pub(super) struct Search<'a> {
    region: &'a str,
    ids: Option<Vec<&'a str>>,
    name: Option<&'a str>,
    family: Option<&'a str>,
    owner: Option<&'a str>,
    statuses: Vec<&'a str>,
    architecture: Option<&'a str>,
    os_type: Option<&'a str>,
    /// The architecture of the instance type that the image must run on.
    runs_on: Option<&'static str>,
    public: Option<bool>,
    cloud_init: Option<bool>,
    optimized: Option<bool>,
    pub(super) tagged: tags::Filter,
    group: Option<&'a str>,
    snapshot: Option<&'a str>,
    usage: Option<&'a str>,
}

impl<'a> Search<'a> {
    pub(super) fn of(call: &Call<'a>, region: &'a str) -> Result<Self, Refusal> {
        let split = |list: &'a str| list.split(',').map(str::trim).collect();
        Ok(Self {
            region,
            ids: call.given("ImageId").map(split),
            name: call.given("ImageName"),
            family: call.given("ImageFamily"),
            owner: call.given("ImageOwnerAlias"),
            statuses: split(call.given("Status").unwrap_or("Available")),
            architecture: call.given("Architecture"),
            os_type: call.given("OSType"),
            public: call.flag("IsPublic")?,
            cloud_init: call.flag("IsSupportCloudinit")?,
            optimized: call.flag("IsSupportIoOptimized")?,
            runs_on: call
                .given("InstanceType")
                .map(|name| instance_type::find(name).map(|kind| kind.architecture.image_name()))
                .transpose()?,
            tagged: tags::Filter::of(call)?,
            group: call.given("ResourceGroupId"),
            snapshot: call.given("SnapshotId"),
            usage: call.given("Usage"),
        })
    }

    pub(super) fn fits(&self, world: &World, image: &ImageFacts) -> bool {
        self.fits_row(world, image)
            && self.fits_facts(image)
            && self
                .snapshot
                .is_none_or(|snapshot| holds(world, &image.id, snapshot))
            && self.usage.is_none_or(|usage| usage == used(world, &image.id))
            && self
                .public
                .is_none_or(|public| public == is_public(world, image))
            // Every image of this cloud has cloud-init and is I/O optimized.
            && self.cloud_init.is_none_or(|wanted| wanted)
            && self.optimized.is_none_or(|wanted| wanted)
    }

    /// Region, name, tags and group, which a custom image has as a resource.
    fn fits_row(&self, world: &World, image: &ImageFacts) -> bool {
        let nothing = Base::default();
        let row = world.tables.images.get(&image.id);
        let base = row.map_or(&nothing, |image| &image.base);
        let title = row.map_or(&image.id, |image| &image.base.name);
        visible(world, &image.id, self.region)
            && self.tagged.fits(&base.tags)
            && self.group.is_none_or(|group| group == base.resource_group)
            && self.name.is_none_or(|name| names::like(name, title))
    }

    /// What every image says of itself.
    fn fits_facts(&self, image: &ImageFacts) -> bool {
        self.ids
            .as_ref()
            .is_none_or(|ids| ids.contains(&image.id.as_str()))
            && self.family.is_none_or(|family| family == image.family)
            && self.owner.is_none_or(|owner| owner == image.owner_alias)
            && self.statuses.contains(&image.status.as_str())
            && self
                .architecture
                .is_none_or(|architecture| architecture == image.architecture)
            && self.os_type.is_none_or(|os_type| os_type == image.os_type)
            && self
                .runs_on
                .is_none_or(|architecture| architecture == image.architecture)
    }
}
