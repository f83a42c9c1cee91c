//! Options of the simulated cloud as data: durations, quotas, and behaviour that is not documented.
//!
//! Durations are milliseconds of the world's own time. To make the whole world faster, give it a
//! faster clock instead.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::limits::Rate;

/// How long each state lasts, in milliseconds. Each field names the state and who shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// `Pending` of a new VPC.
    pub vpc_create_ms: i64,
    /// `Pending` of a VPC whose address blocks change.
    pub vpc_update_ms: i64,
    /// `Pending` of a VPC that is being deleted.
    pub vpc_delete_ms: i64,
    /// `Pending` of a new VSwitch.
    pub vswitch_create_ms: i64,
    /// `Pending` of a VSwitch that was changed.
    pub vswitch_update_ms: i64,
    /// `Pending` of a VSwitch that is being deleted, until listings leave it out.
    pub vswitch_delete_ms: i64,
    /// `Associating`, `Unassociating` and `Releasing` of an EIP.
    pub eip_ms: i64,
    /// `Creating` of a NAT gateway.
    pub nat_create_ms: i64,
    /// `Deleting` of a NAT gateway.
    pub nat_delete_ms: i64,
    /// `Pending`, `Modifying` and `Deleting` of route and NAT entries, route tables and network
    /// ACLs.
    pub entry_ms: i64,
    /// How long a deleted resource still counts as a dependency after listings leave it out:
    /// VSwitches and security groups of their VPC; interfaces, addresses and key pairs of deleted
    /// instances.
    pub late_release_ms: i64,
    /// `Pending` of a new instance.
    pub instance_create_ms: i64,
    /// `Stopped` of a new instance of RunInstances, before it starts.
    pub instance_settle_ms: i64,
    /// `Starting` of an instance, also when it reboots.
    pub instance_start_ms: i64,
    /// `Stopping` of an instance.
    pub instance_stop_ms: i64,
    /// `Stopping` of an instance that is powered off.
    pub instance_force_stop_ms: i64,
    /// How long a deleted instance is still listed.
    pub instance_delete_ms: i64,
    /// From the announcement that a spot instance is reclaimed until it is released.
    pub spot_notice_ms: i64,
    /// `Creating` of a disk.
    pub disk_create_ms: i64,
    /// `Attaching` and `Detaching` of a disk.
    pub disk_attach_ms: i64,
    /// How long a deleted disk is still listed.
    pub disk_delete_ms: i64,
    /// How long reads show the old value of a changed instance type, bandwidth or alarm flag.
    pub read_back_ms: i64,
    /// How long a second change of an instance's type is refused with `Throttling`. 0: never.
    pub spec_cooldown_ms: i64,
    /// `Attaching` and `Detaching` of a network interface.
    pub eni_attach_ms: i64,
    /// `Deleting` of a network interface.
    pub eni_delete_ms: i64,
    /// `ReIniting` of a disk that is reset to its initial content or to a snapshot.
    pub disk_reinit_ms: i64,
    /// How long a change of a disk's category takes.
    pub disk_task_ms: i64,
    /// `progressing` of a snapshot.
    pub snapshot_create_ms: i64,
    /// `Creating` of a custom image.
    pub image_create_ms: i64,
    /// How long a copy of an image or snapshot to another region takes.
    pub image_copy_ms: i64,
    /// From `Running` of an instance until its Cloud Assistant answers.
    pub agent_ready_ms: i64,
    /// From `Running` of an instance until cloud-init has finished.
    pub cloud_init_ms: i64,
    /// How long a command runs, unless a guest rule says otherwise.
    pub invocation_ms: i64,
}

impl Profile {
    /// Every change of state is complete at the next call.
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

    /// The lower end of the times that the cloud takes; the default.
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

    /// The upper end of the times that production clients report.
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

/// How many resources of each kind there may be. The defaults are those documented for an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Quotas {
    /// VPCs in a region.
    pub vpcs: usize,
    /// Additional IPv4 blocks of a VPC.
    pub vpc_blocks: usize,
    /// VSwitches in a VPC.
    pub vswitches: usize,
    /// EIPs in the account.
    pub eips: usize,
    /// Custom route tables of a VPC.
    pub route_tables: usize,
    /// Custom entries of a route table.
    pub route_entries: usize,
    /// Entries of a forward table.
    pub forward_entries: usize,
    /// Security groups in a region.
    pub security_groups: usize,
    /// Rules of one direction in a group.
    pub rules: usize,
    /// Rules of a security group that name another group.
    pub group_rules: usize,
    /// Security groups of an instance.
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
    /// Secondary network interfaces in a region.
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
    /// No limits on the numbers that a large stack reaches: networks, routes, security groups,
    /// addresses, key pairs, vCPUs and alarms. All other quotas stay.
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

/// The answer to a client token whose resource was deleted. The cloud's behaviour is not
/// documented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenOfDeleted {
    /// The first answer again, with the id of the deleted resource.
    #[default]
    ReplayId,
    /// The token is free again: the call creates a new resource.
    CreateNew,
}

/// The scope of a client token. The cloud's scope is not documented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenScope {
    /// One action in one region.
    #[default]
    Action,
    /// One product in one region. A call of another action counts as one with other parameters.
    Region,
    /// One product in all regions.
    Account,
}

/// The refusal of a call whose client token was used with other parameters before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenMismatch {
    /// The error code.
    pub code: String,
    /// The HTTP status, 400 to 599.
    pub status: u16,
}

/// All options of a world. They are not stored: they are set anew at each start.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// How long states last.
    pub profile: Profile,
    /// How many resources of each kind there may be.
    pub quotas: Quotas,
    /// How often actions may be called. Empty: without a limit.
    pub rates: Vec<Rate>,
    /// How long listings leave out a new resource, in milliseconds.
    pub list_lag_ms: i64,
    /// How long reads by id do not find a new resource, in milliseconds.
    pub read_lag_ms: i64,
    /// The answer to a client token whose resource was deleted.
    pub token_of_deleted: TokenOfDeleted,
    /// Whether CloudMonitor refuses with HTTP 200 and `Success: false`, as some of its actions do.
    pub cms_fails_with_200: bool,
    /// Whether a refused call uses up its client token: the token then repeats the refusal.
    pub failed_call_consumes_token: bool,
    /// How long a client token is remembered, in milliseconds. `None`: for ever.
    pub token_lifetime_ms: Option<i64>,
    /// The scope of a client token.
    pub token_scope: TokenScope,
    /// By action, the refusal of a client token with other parameters, where it differs from the
    /// documented one.
    pub token_mismatch: BTreeMap<String, TokenMismatch>,
    /// Whether AllocateEipAddress accepts tags without keeping them.
    pub allocation_drops_tags: bool,
    /// Whether the new disk of ReplaceSystemDisk does not inherit the tags of the old one.
    pub replaced_disk_loses_tags: bool,
    /// Whether a parameter that the action does not have is refused. The cloud ignores it.
    pub strict_parameters: bool,
    /// Whether `[` and `]` in the value of a tag are refused.
    pub tag_values_refuse_brackets: bool,
    /// Market prices of spot instances in CNY an hour, by instance type. They replace the prices of
    /// the model.
    pub spot_prices: BTreeMap<String, f64>,
    /// Whether a public bandwidth of 0 removes the address of an instance. Not documented; off by
    /// default.
    pub zero_bandwidth_frees_address: bool,
}
