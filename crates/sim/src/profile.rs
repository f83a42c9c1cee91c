//! How long things take and how many there may be, as data.
//!
//! Durations are milliseconds of the world's own time; a shell that wants a faster world gives it a faster clock.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::limits::Rate;

/// How long each state lasts, in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
    /// A public address is `Associating`, `Unassociating` or `Releasing`.
    pub eip_ms: i64,
    /// A new NAT gateway is `Creating`.
    pub nat_create_ms: i64,
    /// A deleted NAT gateway is `Deleting`.
    pub nat_delete_ms: i64,
    /// An entry of a NAT or route table, a route table or a network ACL is `Pending`, `Modifying` or `Deleting`.
    pub entry_ms: i64,
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
    /// From the announcement that a spot instance is taken back until it is.
    pub spot_notice_ms: i64,
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
    /// `Attaching` and `Detaching` of a network interface.
    pub eni_attach_ms: i64,
    /// A deleted network interface is `Deleting` before it is gone.
    pub eni_delete_ms: i64,
    /// `ReIniting`: a disk goes back to its beginning or to a snapshot.
    pub disk_reinit_ms: i64,
    /// A disk changes its category.
    pub disk_task_ms: i64,
    /// A new snapshot is `progressing`.
    pub snapshot_create_ms: i64,
    /// A new custom image is `Creating`.
    pub image_create_ms: i64,
    /// A copied image or snapshot is on its way to its region.
    pub image_copy_ms: i64,
    /// A machine is `Running` before its Cloud Assistant answers.
    pub agent_ready_ms: i64,
    /// A machine is `Running` before cloud-init is done.
    pub cloud_init_ms: i64,
    /// A command runs, unless the guest says otherwise.
    pub invocation_ms: i64,
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
            eip_ms: 0,
            nat_create_ms: 0,
            nat_delete_ms: 0,
            entry_ms: 0,
            late_release_ms: 0,
            instance_create_ms: 0,
            instance_settle_ms: 0,
            instance_start_ms: 0,
            instance_stop_ms: 0,
            instance_force_stop_ms: 0,
            instance_delete_ms: 0,
            spot_notice_ms: 0,
            disk_create_ms: 0,
            disk_attach_ms: 0,
            disk_delete_ms: 0,
            read_back_ms: 0,
            spec_cooldown_ms: 0,
            eni_attach_ms: 0,
            eni_delete_ms: 0,
            disk_reinit_ms: 0,
            disk_task_ms: 0,
            snapshot_create_ms: 0,
            image_create_ms: 0,
            image_copy_ms: 0,
            agent_ready_ms: 0,
            cloud_init_ms: 0,
            invocation_ms: 0,
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
            eip_ms: 1_000,
            nat_create_ms: 60_000,
            nat_delete_ms: 10_000,
            entry_ms: 2_000,
            late_release_ms: 5_000,
            instance_create_ms: 3_000,
            instance_settle_ms: 500,
            instance_start_ms: 15_000,
            instance_stop_ms: 5_000,
            instance_force_stop_ms: 2_000,
            instance_delete_ms: 3_000,
            spot_notice_ms: 300_000,
            disk_create_ms: 1_000,
            disk_attach_ms: 3_000,
            disk_delete_ms: 1_000,
            read_back_ms: 1_000,
            spec_cooldown_ms: 0,
            eni_attach_ms: 2_000,
            eni_delete_ms: 1_000,
            disk_reinit_ms: 3_000,
            disk_task_ms: 10_000,
            snapshot_create_ms: 10_000,
            image_create_ms: 20_000,
            image_copy_ms: 30_000,
            agent_ready_ms: 2_000,
            cloud_init_ms: 6_000,
            invocation_ms: 1_000,
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
            eip_ms: 5_000,
            nat_create_ms: 180_000,
            nat_delete_ms: 30_000,
            entry_ms: 8_000,
            late_release_ms: 15_000,
            instance_create_ms: 5_000,
            instance_settle_ms: 1_000,
            instance_start_ms: 40_000,
            instance_stop_ms: 25_000,
            instance_force_stop_ms: 4_000,
            instance_delete_ms: 8_000,
            spot_notice_ms: 300_000,
            disk_create_ms: 4_000,
            disk_attach_ms: 15_000,
            disk_delete_ms: 4_000,
            read_back_ms: 8_000,
            spec_cooldown_ms: 300_000,
            eni_attach_ms: 5_000,
            eni_delete_ms: 2_000,
            disk_reinit_ms: 10_000,
            disk_task_ms: 300_000,
            snapshot_create_ms: 60_000,
            image_create_ms: 180_000,
            image_copy_ms: 300_000,
            agent_ready_ms: 15_000,
            cloud_init_ms: 60_000,
            invocation_ms: 3_000,
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
#[serde(deny_unknown_fields, default)]
pub struct Quotas {
    /// VPCs in a region.
    pub vpcs: usize,
    /// Additional IPv4 blocks of a VPC.
    pub vpc_blocks: usize,
    /// VSwitches in a VPC.
    pub vswitches: usize,
    /// Public addresses in the account.
    pub eips: usize,
    /// Route tables of a VPC beside the system's.
    pub route_tables: usize,
    /// Entries of a route table beside the system's.
    pub route_entries: usize,
    /// Entries of a forward table.
    pub forward_entries: usize,
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
    /// Network interfaces of a region, primary ones not counted.
    pub interfaces: usize,
    /// Manual snapshots of a disk.
    pub snapshots_of_disk: usize,
    /// Custom images in a region.
    pub images: usize,
    /// Automatic snapshot policies in a region.
    pub snapshot_policies: usize,
    /// Launch templates in a region.
    pub launch_templates: usize,
    /// Versions of a launch template.
    pub launch_template_versions: usize,
    /// Deployment sets in a region.
    pub deployment_sets: usize,
    /// Instances of a deployment set in one zone.
    pub members_of_deployment_set: usize,
    /// Commands in a region.
    pub commands: usize,
    /// Prefix lists in a region.
    pub prefix_lists: usize,
    /// Alert rules in the account.
    pub metric_rules: usize,
    /// Resources that a listing of ECS by tag shows at most. `TotalCount` and further pages leave
    /// out the rest too. VPC publishes no such number, and its listings have no such limit.
    pub tag_filter_matches: usize,
}

impl Quotas {
    /// As many as fit, but for what a machine has by its nature: disks and groups.
    #[must_use]
    pub fn boundless() -> Self {
        const MANY: usize = usize::MAX / 4;
        Self {
            vpcs: MANY,
            vswitches: MANY,
            eips: MANY,
            route_tables: MANY,
            route_entries: MANY,
            forward_entries: MANY,
            security_groups: MANY,
            addresses_of_group: MANY,
            addresses_of_enterprise_group: MANY,
            key_pairs: MANY,
            vcpus: i64::MAX / 4,
            metric_rules: MANY,
            ..Self::default()
        }
    }
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            vpcs: 10,
            vpc_blocks: 5,
            vswitches: 150,
            eips: 20,
            route_tables: 9,
            route_entries: 200,
            forward_entries: 100,
            security_groups: 100,
            rules: 200,
            group_rules: 20,
            groups_of_instance: 5,
            addresses_of_group: 2_000,
            addresses_of_enterprise_group: 65_536,
            key_pairs: 500,
            vcpus: 20_000,
            data_disks: 16,
            interfaces: 500,
            snapshots_of_disk: 256,
            images: 100,
            snapshot_policies: 100,
            launch_templates: 30,
            launch_template_versions: 30,
            deployment_sets: 100,
            members_of_deployment_set: 7,
            commands: 500,
            prefix_lists: 100,
            metric_rules: 10_000,
            tag_filter_matches: 1_000,
        }
    }
}

/// What a client token answers after the thing it made is gone. The cloud's own behaviour is not documented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenOfDeleted {
    /// The first answer again, with the id of what no longer exists.
    #[default]
    ReplayId,
    /// The token is free again: a new resource is made.
    CreateNew,
}

/// Between which calls a client token is one and the same. The cloud's own scope is not documented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenScope {
    /// Calls of one action in one region.
    #[default]
    Action,
    /// Calls of one product in one region: with another action it is a token with other parameters.
    Region,
    /// Calls of one product anywhere.
    Account,
}

/// How a call is refused whose client token came with other parameters before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenMismatch {
    /// The code.
    pub code: String,
    /// The HTTP status, 400 to 599.
    pub status: u16,
}

/// Behaviour that the cloud's documents leave open, as switches. Not stored: given anew at each start.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// How long states last.
    pub profile: Profile,
    /// How many of each there may be.
    pub quotas: Quotas,
    /// How often actions may be called. None: as often as one likes.
    pub rates: Vec<Rate>,
    /// A new resource is missing from listings by filter for this long, in milliseconds.
    pub list_lag_ms: i64,
    /// A new resource is missing from reads by id for this long, in milliseconds.
    pub read_lag_ms: i64,
    /// What the token of a deleted thing answers.
    pub token_of_deleted: TokenOfDeleted,
    /// Whether CloudMonitor's refusals come with HTTP 200 and `Success: false`, as some of the cloud's do.
    pub cms_fails_with_200: bool,
    /// Whether a refused call uses its token up, so that the same refusal comes again.
    pub failed_call_consumes_token: bool,
    /// How long a token is remembered, in milliseconds. None: for ever.
    pub token_lifetime_ms: Option<i64>,
    /// Between which calls a token is one and the same.
    pub token_scope: TokenScope,
    /// How actions refuse a token that came with other parameters before, where it is not as documented; by action.
    pub token_mismatch: BTreeMap<String, TokenMismatch>,
    /// Whether AllocateEipAddress takes tags without keeping them.
    pub allocation_drops_tags: bool,
    /// Whether the disk that ReplaceSystemDisk makes comes without the tags of the old one.
    pub replaced_disk_loses_tags: bool,
    /// Whether `[` and `]` in the value of a tag are refused.
    pub tag_values_refuse_brackets: bool,
    /// Market prices of spot machines in CNY an hour, in place of the model's; by instance type.
    pub spot_prices: BTreeMap<String, f64>,
    /// Whether lowering the public bandwidth to zero takes the address away. Not documented; kept by default.
    pub zero_bandwidth_frees_address: bool,
}
