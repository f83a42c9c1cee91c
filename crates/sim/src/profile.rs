//! How long things take and how many there may be, as data.
//!
//! Durations are milliseconds of the world's own time; a shell that wants a faster world gives it a faster clock.

use serde::{Deserialize, Serialize};

/// How long each state lasts, in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// A new VPC is `Pending`.
    pub vpc_create_ms: i64,
    /// A VPC whose blocks change is `Pending`.
    pub vpc_update_ms: i64,
    /// A deleted VPC is `Pending` before it is gone.
    pub vpc_delete_ms: i64,
    /// A new VSwitch is `Pending`.
    pub vswitch_create_ms: i64,
    /// A changed VSwitch is `Pending`.
    pub vswitch_update_ms: i64,
    /// A deleted VSwitch is `Pending` before it is gone from listings.
    pub vswitch_delete_ms: i64,
    /// What still counts as a dependency after it is gone from listings: VSwitches and groups for their VPC, interfaces,
    /// addresses and key pairs of deleted instances.
    pub late_release_ms: i64,
    /// A new instance is `Pending`.
    pub instance_create_ms: i64,
    /// A new instance of RunInstances is `Stopped` before it starts by itself.
    pub instance_settle_ms: i64,
    /// `Starting`, also of a reboot.
    pub instance_start_ms: i64,
    /// `Stopping`.
    pub instance_stop_ms: i64,
    /// `Stopping` by power-off.
    pub instance_force_stop_ms: i64,
    /// A deleted instance is still listed.
    pub instance_delete_ms: i64,
    /// A new disk is `Creating`.
    pub disk_create_ms: i64,
    /// `Attaching` and `Detaching`.
    pub disk_attach_ms: i64,
    /// A deleted disk is still listed.
    pub disk_delete_ms: i64,
    /// A changed instance type, bandwidth or alarm flag is not read back before this.
    pub read_back_ms: i64,
    /// A second change of an instance's type within this time is refused with `Throttling`.
    pub spec_cooldown_ms: i64,
}

impl Profile {
    /// Everything is done at the next call.
    #[must_use]
    pub const fn instant() -> Self {
        Self {
            vpc_create_ms: 0,
            vpc_update_ms: 0,
            vpc_delete_ms: 0,
            vswitch_create_ms: 0,
            vswitch_update_ms: 0,
            vswitch_delete_ms: 0,
            late_release_ms: 0,
            instance_create_ms: 0,
            instance_settle_ms: 0,
            instance_start_ms: 0,
            instance_stop_ms: 0,
            instance_force_stop_ms: 0,
            instance_delete_ms: 0,
            disk_create_ms: 0,
            disk_attach_ms: 0,
            disk_delete_ms: 0,
            read_back_ms: 0,
            spec_cooldown_ms: 0,
        }
    }

    /// The lower end of what the cloud takes; the default.
    #[must_use]
    pub const fn fast() -> Self {
        Self {
            vpc_create_ms: 2_000,
            vpc_update_ms: 1_000,
            vpc_delete_ms: 2_000,
            vswitch_create_ms: 3_000,
            vswitch_update_ms: 1_000,
            vswitch_delete_ms: 2_000,
            late_release_ms: 5_000,
            instance_create_ms: 3_000,
            instance_settle_ms: 500,
            instance_start_ms: 15_000,
            instance_stop_ms: 5_000,
            instance_force_stop_ms: 2_000,
            instance_delete_ms: 3_000,
            disk_create_ms: 1_000,
            disk_attach_ms: 3_000,
            disk_delete_ms: 1_000,
            read_back_ms: 1_000,
            spec_cooldown_ms: 0,
        }
    }

    /// The upper end of what production clients report.
    #[must_use]
    pub const fn realistic() -> Self {
        Self {
            vpc_create_ms: 5_000,
            vpc_update_ms: 5_000,
            vpc_delete_ms: 5_000,
            vswitch_create_ms: 8_000,
            vswitch_update_ms: 4_000,
            vswitch_delete_ms: 6_000,
            late_release_ms: 15_000,
            instance_create_ms: 5_000,
            instance_settle_ms: 1_000,
            instance_start_ms: 40_000,
            instance_stop_ms: 25_000,
            instance_force_stop_ms: 4_000,
            instance_delete_ms: 8_000,
            disk_create_ms: 4_000,
            disk_attach_ms: 15_000,
            disk_delete_ms: 4_000,
            read_back_ms: 8_000,
            spec_cooldown_ms: 300_000,
        }
    }
}

impl Default for Profile {
    fn default() -> Self {
        Self::fast()
    }
}

/// How many of each there may be. The numbers are an account's documented defaults.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quotas {
    /// VPCs in a region.
    pub vpcs: usize,
    /// Additional IPv4 blocks of a VPC.
    pub vpc_blocks: usize,
    /// VSwitches in a VPC.
    pub vswitches: usize,
    /// Security groups in a region.
    pub security_groups: usize,
    /// Rules of one direction in a group.
    pub rules: usize,
    /// Rules of a group that name another group.
    pub group_rules: usize,
    /// Groups of an instance.
    pub groups_of_instance: usize,
    /// Private addresses in a normal group.
    pub addresses_of_group: usize,
    /// Private addresses in an enterprise group.
    pub addresses_of_enterprise_group: usize,
    /// Key pairs in a region.
    pub key_pairs: usize,
    /// Pay-as-you-go vCPUs in a region.
    pub vcpus: i64,
    /// Data disks of an instance.
    pub data_disks: usize,
    /// Alert rules in the account.
    pub metric_rules: usize,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            vpcs: 10,
            vpc_blocks: 5,
            vswitches: 150,
            security_groups: 100,
            rules: 200,
            group_rules: 20,
            groups_of_instance: 5,
            addresses_of_group: 2_000,
            addresses_of_enterprise_group: 65_536,
            key_pairs: 500,
            vcpus: 20_000,
            data_disks: 16,
            metric_rules: 10_000,
        }
    }
}

/// What a client token answers after the thing it made is gone. The cloud's own behaviour is not documented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum TokenOfDeleted {
    /// The first answer again, with the id of what no longer exists.
    #[default]
    ReplayId,
    /// The token is free again: a new resource is made.
    CreateNew,
}

/// Behaviour that the cloud's documents leave open, as switches. Not stored: given anew at each start.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    /// How long states last.
    pub profile: Profile,
    /// How many of each there may be.
    pub quotas: Quotas,
    /// A new resource is missing from listings by filter for this long, in milliseconds.
    pub list_lag_ms: i64,
    /// A new resource is missing from reads by id for this long, in milliseconds.
    pub read_lag_ms: i64,
    /// What the token of a deleted thing answers.
    pub token_of_deleted: TokenOfDeleted,
    /// Whether a refused call uses its token up, so that the same refusal comes again.
    pub failed_call_consumes_token: bool,
    /// How long a token is remembered, in milliseconds. None: for ever.
    pub token_lifetime_ms: Option<i64>,
    /// Whether lowering the public bandwidth to zero takes the address away. Not documented; kept by default.
    pub zero_bandwidth_frees_address: bool,
}
