//! ReplaceSystemDisk: another image on the same machine. The old system disk is gone, the new one
//! has another id.

use serde_json::json;

use crate::call::{Answer, Call};
use crate::product::Actions;
use crate::product::ecs::disk;
use crate::product::ecs::instance::{self, State, draft};
use crate::product::ecs::{image, instance_type, key_pair};
use crate::refusal::Refusal;
use crate::world::World;

pub(crate) const ACTIONS: Actions = &[("ReplaceSystemDisk", replace)];

fn replace(world: &mut World, call: &Call<'_>) -> Answer {
    call.harmless(&[
        "UseAdditionalService",
        "SecurityEnhancementStrategy",
        "Architecture",
        "Platform",
    ]);
    call.only("Encrypted", "false")?;
    let id = call.need("InstanceId")?;
    let instance = instance::find(world, call, id)?;
    instance.paid("InstanceExpiredOrInArrears")?;
    if instance.acting_state() == State::Pending {
        return Err(Refusal::denied(
            "OperationDenied.InstanceCreating",
            "The specified instance is being created.",
        ));
    }
    instance.require(
        &[State::Stopped],
        Refusal::denied,
        "IncorrectInstanceStatus",
    )?;
    let image = image::find(world, call.need("ImageId")?)?;
    draft::check_fit(instance_type::find(&instance.instance_type)?, &image)?;
    if let Some(password) = call.given("Password") {
        draft::check_password(password, &image.os_type)?;
    }
    call.only("PasswordInherit", "false")?;
    let key_pair = call.given("KeyPairName").unwrap_or_default();
    if !key_pair.is_empty() {
        key_pair::require(world, &instance.base.region, key_pair)?;
    }
    let size = call.size("SystemDisk.Size")?;
    let disk_id = disk::replace_system(world, id, &image, size)?;
    let instance = instance::find_mut(world, call, id)?;
    instance.image.clone_from(&image.id);
    instance.os_name.clone_from(&image.os_name);
    instance.os_type.clone_from(&image.os_type);
    // Without a key pair in the call the binding is lost.
    key_pair.clone_into(&mut instance.key_pair);
    Ok(json!({ "DiskId": disk_id }))
}

#[cfg(test)]
mod tests {
    use crate::profile::Options;
    use crate::testing::Bench;

    #[test]
    fn whether_the_new_disk_has_the_tags_of_the_old_one_is_a_switch() {
        for loses in [false, true] {
            let mut bench = Bench::with(Options {
                replaced_disk_loses_tags: loses,
                ..Options::default()
            });
            let (id, _, _) = bench.machine(&[("Tag.1.Key", "k"), ("Tag.1.Value", "v")]);
            bench.wait(20_000);
            bench.ok("ecs.StopInstance", &[("InstanceId", &id)]);
            bench.wait(5_000);
            let image = bench.instance(&id)["ImageId"]
                .as_str()
                .expect("an image")
                .to_owned();
            bench.ok(
                "ecs.ReplaceSystemDisk",
                &[("InstanceId", &id), ("ImageId", &image)],
            );
            let tagged = [("InstanceId", id.as_str()), ("Tag.1.Key", "k")];
            assert_eq!(
                bench.ok("ecs.DescribeDisks", &tagged)["TotalCount"],
                i32::from(!loses)
            );
        }
    }
}
