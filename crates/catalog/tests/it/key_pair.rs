//! Changes of a `key_pair` that an instance uses.

use setpoint_testkit::local::PUBLIC_KEY;
use setpoint_testkit::run::lives;

/// Another public key of 2048 bits. Nobody has its private half.
const OTHER: &str = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQCafjz8hy48Zrw72QCi/5R0goBTQRBzM0UcdEmYREtHtVd9hbltLxDhh2ijxTChL6ftVnzE71LsAMjEWuQRJy1Afm70HZgPFHNIVjAjjFxUol4n0aDW+LV8it5oIbepvvZA4YLlLyY3JnisBl2r9Yn8wGeQb59DV4HjkEZafUBcjQts2Hl37Co+GoAADYqTwe+mvN5457roIS0krYizEVa4N0Khy/yfxAdJBdFC+FtIYEhArV3o6Gww+KixPE3LtCV+hzX8A5OAIEMhxtpnLC+Zp4VIULSLnTUJjLuDCL6KtWv53tqZ59ST/USi1uaqW/hDVTTI2wkwu62WQliV2NK5";

fn stack(name: &str, key: &str) -> String {
    format!(
        "stack: test
region: cn-beijing
resources:
  net: {{type: vpc, cidr_block: 10.0.0.0/16}}
  a: {{type: vswitch, vpc: net, zone: cn-beijing-h, cidr_block: 10.0.1.0/24}}
  sg: {{type: security_group, vpc: net}}
  key: {{type: key_pair, {name}public_key: \"{key}\"}}
  box:
    type: instance
    instance_type: ecs.t6-c1m1.large
    image: {{family: acs:ubuntu_24_04_x64}}
    vswitch: a
    security_groups: [sg]
    key_pair: key
"
    )
}

/// A name that Setpoint chose gets a suffix, so that the instance moves to the new key before the
/// old one is deleted.
#[tokio::test(start_paused = true)]
async fn another_key_with_a_chosen_name_is_created_first() {
    lives(
        &stack("", PUBLIC_KEY),
        &stack("", OTHER),
        &["~ box (key_pair) none", "+/- key (public_key) replace"],
    )
    .await;
}

/// A given name can exist only once: the key is detached from the instance, replaced, and the new
/// one is attached.
#[tokio::test(start_paused = true)]
async fn another_key_with_a_given_name_is_deleted_first() {
    lives(
        &stack("name: ops, ", PUBLIC_KEY),
        &stack("name: ops, ", OTHER),
        &["~ box (key_pair) none", "-/+ key (public_key) replace"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn another_comment_is_not_another_key() {
    lives(
        &stack("", PUBLIC_KEY),
        &stack("", &format!("{PUBLIC_KEY} ops@office")),
        &[],
    )
    .await;
}
