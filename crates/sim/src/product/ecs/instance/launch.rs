//! RunInstances and CreateInstance.
//!
//! Invariant: all or nothing. A call is checked as a whole before its first instance is created.
//! Instances, disks and interfaces carry the tags of the call from the start.

use serde_json::json;

use crate::base::Base;
use crate::call::{Answer, Call};
use crate::product::Actions;
use crate::product::ecs::disk::{self, DiskDraft};
use crate::product::ecs::instance::draft::{self, Machine};
use crate::product::ecs::instance::extras::Extras;
use crate::product::ecs::instance::{
    Instance, Internet, MetadataOptions, Spot, State, interfaces, prepaid, spot,
};
use crate::product::ecs::network_interface::{self, NetworkInterface, ipv6};
use crate::product::ecs::{deployment_set, image, instance_type, launch_template};
use crate::product::vpc::vswitch::VSwitch;
use crate::refusal::Refusal;
use crate::tags;
use crate::world::World;

pub(crate) const ACTIONS: Actions = &[("RunInstances", run), ("CreateInstance", create)];

/// A checked order of equal instances.
struct Order {
    machine: Machine,
    vswitch: VSwitch,
    groups: Vec<String>,
    system_disk: DiskDraft,
    data_disks: Vec<DiskDraft>,
    template: Instance,
    unique_suffix: bool,
    address: Option<String>,
}

fn run(world: &mut World, call: &Call<'_>) -> Answer {
    let with_template = launch_template::laid_under(world, call)?;
    let call = &with_template
        .as_ref()
        .map_or_else(|| call.with(call.params()), |params| call.with(params));
    let in_place = interfaces::primary_in_place(call)?;
    let call = &in_place
        .as_ref()
        .map_or_else(|| call.with(call.params()), |params| call.with(params));
    let answer = run_checked(world, call)?;
    // The parameters of a template must not be ignored either.
    call.unread()
        .map_or(Ok(answer), |name| Err(Refusal::not_modelled(name)))
}

fn run_checked(world: &mut World, call: &Call<'_>) -> Answer {
    let amount = call.int("Amount")?.unwrap_or(1);
    let least = call.int("MinAmount")?.unwrap_or(amount);
    if !(1..=100).contains(&amount) || !(1..=amount).contains(&least) {
        return Err(Refusal::bad(
            "InvalidAmount.NotSupported",
            "Amount must be 1 to 100, MinAmount at most Amount.",
        ));
    }
    let groups = draft::group_ids(call)?;
    let order = order(world, call, &groups, amount, true)?;
    let mut ids = Vec::new();
    for number in 1..=amount {
        let id = build(world, &order, number, amount)?;
        give_ipv6(world, call, &id)?;
        interfaces::add(world, call, &id, amount)?;
        ids.push(id);
    }
    Ok(json!({ "InstanceIdSets": { "InstanceIdSet": ids } }))
}

/// The IPv6 addresses of the primary interface.
fn give_ipv6(world: &mut World, call: &Call<'_>, machine: &str) -> Result<(), Refusal> {
    let Some(interface) = world
        .tables
        .instances
        .get(machine)
        .map(|row| row.interface.clone())
    else {
        return Ok(());
    };
    ipv6::assign(world, call, &interface)?;
    ipv6::require_room(world, call, &interface)
}

fn create(world: &mut World, call: &Call<'_>) -> Answer {
    call.harmless(&["UseAdditionalService"]);
    let groups = vec![call.need("SecurityGroupId")?];
    let order = order(world, call, &groups, 1, false)?;
    let id = build(world, &order, 1, 1)?;
    Ok(json!({ "InstanceId": id }))
}

fn order(
    world: &mut World,
    call: &Call<'_>,
    groups: &[&str],
    amount: i64,
    starts: bool,
) -> Result<Order, Refusal> {
    let machine = draft::machine(world, call)?;
    let vswitch = draft::subnet(world, call)?;
    let joining = usize::try_from(amount).unwrap_or(usize::MAX);
    draft::check_groups(world, call, &vswitch.vpc, groups, joining)?;
    accept_the_usual(call)?;
    let mut template = template(world, call, &machine, &vswitch)?;
    template.starts_next = starts;
    spot::check_bid(world, &template, || {
        Refusal::bad(
            "InvalidSpotPriceLimit.LowerThanPublicPrice",
            "The specified SpotPriceLimit is lower than the price of the moment.",
        )
    })?;
    let system_disk = disk::system_draft(call, machine.image.size_gib)?;
    let mut data_disks = image::data_disks(world, &machine.image.id);
    data_disks.extend(disk::data_drafts(
        world,
        call,
        world.options.quotas.data_disks,
    )?);
    if !world.in_stock(&vswitch.zone, &machine.kind.id) {
        let message = format!(
            "The resource {} is out of stock in {}.",
            machine.kind.id, vswitch.zone
        );
        return Err(Refusal::denied("OperationDenied.NoStock", message));
    }
    if template.charge_type == "PostPaid"
        && used_vcpus(world, &vswitch.base.region) + machine.kind.cpu * amount
            > world.options.quotas.vcpus
    {
        return Err(Refusal::denied(
            "QuotaExceed.ElasticQuota",
            "The vCPU quota of pay-as-you-go instances in this region is exceeded.",
        ));
    }
    let address = call.given("PrivateIpAddress").map(str::to_owned);
    if address.is_some() && amount > 1 {
        return Err(Refusal::not_modelled("PrivateIpAddress"));
    }
    if call.any("Ipv6Address") && amount > 1 {
        return Err(Refusal::bad(
            "InvalidParameter",
            "With Ipv6Address, Amount must be 1.",
        ));
    }
    Ok(Order {
        machine,
        vswitch,
        groups: groups.iter().map(|id| (*id).to_owned()).collect(),
        system_disk,
        data_disks,
        template,
        unique_suffix: call.flag("UniqueSuffix")?.unwrap_or(false),
        address,
    })
}

/// Parameters that are accepted only with the value of the simulator's behaviour, and hints that no
/// answer shows.
fn accept_the_usual(call: &Call<'_>) -> Result<(), Refusal> {
    call.only("IoOptimized", "optimized")?;
    call.only("Tenancy", "default")?;
    call.only("PrivatePoolOptions.MatchCriteria", "None")?;
    call.only("HibernationOptions.Configured", "false")?;
    call.harmless(&[
        "SecurityEnhancementStrategy",
        "Isp",
        "AutoRenew",
        "AutoRenewPeriod",
        "Period",
        "PeriodUnit",
    ]);
    Ok(())
}

/// The attributes that all instances of an order share.
fn template(
    world: &mut World,
    call: &Call<'_>,
    machine: &Machine,
    vswitch: &VSwitch,
) -> Result<Instance, Refusal> {
    let (name, description) = (
        call.given("InstanceName").unwrap_or_default(),
        call.given("Description").unwrap_or_default(),
    );
    if !name.is_empty() {
        draft::check_name(name)?;
    }
    if !description.is_empty() {
        draft::check_description(description)?;
    }
    let host_name = call.given("HostName").unwrap_or_default();
    if !host_name.is_empty() {
        draft::check_host_name(host_name, &machine.image.os_type)?;
    }
    let user_data = call.given("UserData").unwrap_or_default();
    draft::check_user_data(user_data)?;
    let key_pair = draft::check_login(world, call, &machine.image.os_type)?;
    let charge_type = draft::charge_type(call)?;
    let base = Base {
        region: vswitch.base.region.clone(),
        created_ms: world.now_ms(),
        name: name.to_owned(),
        description: description.to_owned(),
        resource_group: call
            .given("ResourceGroupId")
            .unwrap_or(crate::base::DEFAULT_RESOURCE_GROUP)
            .to_owned(),
        tags: tags::of_create(call)?,
        ..Base::default()
    };
    let deletion_protection = call.flag("DeletionProtection")?.unwrap_or(false);
    if deletion_protection && charge_type != "PostPaid" {
        return Err(Refusal::denied(
            "ChargeTypeViolation",
            "Only pay-as-you-go instances can be protected.",
        ));
    }
    let spot = draft::spot(call, &charge_type)?;
    let due_ms = Some(world.now_ms() + world.options.profile.instance_create_ms);
    let extras = extras(world, call, &charge_type, vswitch)?;
    Ok(Instance {
        state: State::Pending,
        due_ms,
        host_name: host_name.to_owned(),
        user_data: user_data.to_owned(),
        ram_role: role(call)?,
        auto_release_ms: draft::auto_release(world, call)?,
        internet: draft::internet(call)?,
        credit: credit(call, machine)?,
        metadata: draft::metadata(call, &MetadataOptions::usual())?,
        login_as_non_root: call.flag("ImageOptions.LoginAsNonRoot")?.unwrap_or(false),
        jumbo_frame: call
            .flag("NetworkOptions.EnableJumboFrame")?
            .unwrap_or(true),
        charge_type,
        spot,
        deletion_protection,
        key_pair,
        extras,
        ..blank(base, machine, vswitch)
    })
}

/// Attributes that few orders set.
fn extras(
    world: &World,
    call: &Call<'_>,
    charge_type: &str,
    vswitch: &VSwitch,
) -> Result<Extras, Refusal> {
    let mut extras = Extras::default();
    if charge_type == "PrePaid" {
        let (period, unit) = (
            call.int("Period")?.unwrap_or(1),
            call.given("PeriodUnit").unwrap_or("Month"),
        );
        extras.expires_ms = Some(world.now_ms() + prepaid::term_ms(period, unit));
        if call.flag("AutoRenew")?.unwrap_or(false) {
            extras.renewal.status = "AutoRenewal".to_owned();
            extras.renewal.duration = call.int("AutoRenewPeriod")?.unwrap_or(1);
        }
    }
    if let Some(set) = call.given("DeploymentSetId") {
        deployment_set::find(world, call, set)?;
        deployment_set::require_room(world, set, &vswitch.zone, call.int("Amount")?.unwrap_or(1))?;
        set.clone_into(&mut extras.deployment_set);
        extras.deployment_group = call.int("DeploymentSetGroupNo")?.unwrap_or(0);
    }
    Ok(extras)
}

/// An instance of this type, image and VSwitch with defaults for everything else.
fn blank(base: Base, machine: &Machine, vswitch: &VSwitch) -> Instance {
    Instance {
        base,
        state: State::Pending,
        due_ms: None,
        going: false,
        starts_next: false,
        network_unsettled: true,
        zone: vswitch.zone.clone(),
        vpc: vswitch.vpc.clone(),
        vswitch: vswitch.base.id.clone(),
        interface: String::new(),
        instance_type: machine.kind.id.clone(),
        image: machine.image.id.clone(),
        os_name: machine.image.os_name.clone(),
        os_type: machine.image.os_type.clone(),
        serial: String::new(),
        host_name: String::new(),
        key_pair: String::new(),
        user_data: String::new(),
        ram_role: String::new(),
        charge_type: "PostPaid".to_owned(),
        auto_release_ms: None,
        internet: Internet {
            charge_type: "PayByTraffic".to_owned(),
            bandwidth_in: 10,
            bandwidth_out: 0,
            address: None,
        },
        spot: Spot {
            strategy: "NoSpot".to_owned(),
            price_limit: 0.0,
            duration: 0,
            interruption: "Terminate".to_owned(),
        },
        deletion_protection: false,
        credit: String::new(),
        metadata: MetadataOptions::usual(),
        login_as_non_root: false,
        jumbo_frame: true,
        stopped_mode: "Not-applicable".to_owned(),
        started_ms: None,
        spec_changed_ms: None,
        stale: None,
        extras: Extras::default(),
    }
}

impl MetadataOptions {
    /// The defaults.
    pub(crate) fn usual() -> Self {
        Self {
            endpoint: "enabled".to_owned(),
            tokens: "optional".to_owned(),
            hop_limit: 1,
            tags: "disabled".to_owned(),
        }
    }
}

fn role(call: &Call<'_>) -> Result<String, Refusal> {
    let name = call.given("RamRoleName").unwrap_or_default();
    super::role::check_name(name).map(|()| name.to_owned())
}

fn credit(call: &Call<'_>, machine: &Machine) -> Result<String, Refusal> {
    match (call.given("CreditSpecification"), machine.kind.burstable) {
        (None, true) => Ok("Standard".to_owned()),
        (None, false) => Ok(String::new()),
        (Some(text @ ("Standard" | "Unlimited")), true) => Ok(text.to_owned()),
        (Some(_), _) => Err(Refusal::bad(
            "InvalidParameter.CreditSpecification",
            "The instance type is not burstable, or the value is unknown.",
        )),
    }
}

/// vCPUs of pay-as-you-go machines in a region.
fn used_vcpus(world: &World, region: &str) -> i64 {
    let running = world.tables.instances.values().filter(|row| {
        row.base.region == region && row.charge_type == "PostPaid" && !row.base.released
    });
    running
        .map(|row| instance_type::find(&row.instance_type).map_or(0, |kind| kind.cpu))
        .sum()
}

/// Creates one instance with its disks and its interface.
fn build(world: &mut World, order: &Order, number: i64, amount: i64) -> Result<String, Refusal> {
    let region = order.vswitch.base.region.clone();
    let id = world.next_id("i", &region);
    let address = network_interface::claim_address(
        world,
        &order.vswitch.base.id,
        order.vswitch.cidr_block,
        order.address.as_deref(),
    )?;
    let mut instance = order.template.clone();
    instance.base.id.clone_from(&id);
    if instance.base.name.is_empty() {
        instance.base.name.clone_from(&id);
    } else if order.unique_suffix && amount > 1 {
        instance.base.name = format!("{}{number:03}", instance.base.name);
    }
    if instance.host_name.is_empty() {
        instance.host_name = format!("iZ{}Z", id.trim_start_matches("i-"));
    } else if order.unique_suffix && amount > 1 {
        instance.host_name = format!("{}{number:03}", instance.host_name);
    }
    instance.serial = crate::ids::request(world.next_u64("serial"), 1).to_ascii_lowercase();
    let mut base = world.new_base("eni", &region);
    let inherited = &instance.base;
    (base.tags, base.resource_group) = (inherited.tags.clone(), inherited.resource_group.clone());
    instance.interface.clone_from(&base.id);
    let interface = NetworkInterface {
        mac: network_interface::new_mac(world),
        base,
        due_ms: None,
        instance: id.clone(),
        vswitch: order.vswitch.base.id.clone(),
        address,
        security_groups: order.groups.clone(),
        state: network_interface::State::InUse,
        secondary: None,
        more_addresses: Vec::new(),
        ipv6: Vec::new(),
    };
    world
        .tables
        .network_interfaces
        .insert(&instance.interface, interface);
    disk::make_for_instance(
        world,
        &instance,
        &order.system_disk,
        &order.data_disks,
        &order.machine.image.id,
    );
    world.tables.instances.insert(&id, instance);
    Ok(id)
}

/// An address from the block that RFC 2544 reserves for benchmarks, so that it belongs to nobody.
pub(crate) fn new_public_address(world: &mut World) -> String {
    let number = (world.next_number("public_address") - 1) % 131_070 + 1;
    format!(
        "198.{}.{}.{}",
        18 + number / 65_536,
        number / 256 % 256,
        number % 256
    )
}

#[cfg(test)]
mod tests {
    use crate::profile::{Options, Quotas};
    use crate::testing::{Bench, text};

    fn status(bench: &mut Bench, id: &str) -> String {
        text(&bench.instance(id), "Status")
    }

    #[test]
    fn run_instances_goes_its_way() {
        let mut bench = Bench::new();
        let (id, vswitch, group) = bench.machine(&[
            ("InternetMaxBandwidthOut", "10"),
            ("Tag.1.Key", "k"),
            ("Tag.1.Value", "v"),
        ]);
        let mut seen = vec![status(&mut bench, &id)];
        assert_eq!(
            bench.instance(&id)["PublicIpAddress"]["IpAddress"]
                .as_array()
                .map(Vec::len),
            Some(0)
        );
        for _ in 0..40 {
            bench.wait(500);
            seen.push(status(&mut bench, &id));
        }
        seen.dedup();
        assert_eq!(seen, ["Pending", "Stopped", "Starting", "Running"]);
        let row = bench.instance(&id);
        assert_eq!(row["PublicIpAddress"]["IpAddress"][0], "198.18.0.1");
        assert_eq!(
            (
                &row["VpcAttributes"]["VSwitchId"],
                &row["SecurityGroupIds"]["SecurityGroupId"][0]
            ),
            (&vswitch.into(), &group.into())
        );
        assert_eq!(
            (&row["Cpu"], &row["Memory"], &row["InstanceName"]),
            (&2.into(), &4096.into(), &id.clone().into())
        );
        for kind in ["instance", "disk", "eni"] {
            let tagged = bench.ok(
                "ecs.ListTagResources",
                &[("ResourceType", kind), ("Tag.1.Key", "k")],
            );
            assert_eq!(
                tagged["TagResources"]["TagResource"]
                    .as_array()
                    .map(Vec::len),
                Some(1),
                "{kind}"
            );
        }
        assert_eq!(
            bench.ok("vpc.DescribeVSwitches", &[])["VSwitches"]["VSwitch"][0]["AvailableIpAddressCount"],
            251
        );
    }

    #[test]
    fn create_instance_stays_stopped_and_has_no_address() {
        let mut bench = Bench::new();
        let vpc = bench.vpc();
        let (vswitch, group) = (bench.vswitch(&vpc, "172.16.1.0/24"), bench.group(&vpc));
        let pairs = [
            ("ImageId", "ubuntu_24_04_x64_20G_alibase_20240812.vhd"),
            ("InstanceType", "ecs.c7.large"),
            ("VSwitchId", vswitch.as_str()),
            ("SecurityGroupId", group.as_str()),
            ("InternetMaxBandwidthOut", "5"),
        ];
        let id = text(&bench.ok("ecs.CreateInstance", &pairs), "InstanceId");
        bench.refused(
            "ecs.StartInstance",
            &[("InstanceId", &id)],
            "403 IncorrectInstanceStatus",
        );
        bench.refused(
            "ecs.DeleteInstance",
            &[("InstanceId", &id)],
            "403 IncorrectInstanceStatus.Initializing",
        );
        bench.wait(60_000);
        assert_eq!(status(&mut bench, &id), "Stopped");
        assert_eq!(
            bench.instance(&id)["PublicIpAddress"]["IpAddress"]
                .as_array()
                .map(Vec::len),
            Some(0)
        );
        let address = text(
            &bench.ok("ecs.AllocatePublicIpAddress", &[("InstanceId", &id)]),
            "IpAddress",
        );
        assert_eq!(
            text(
                &bench.ok("ecs.AllocatePublicIpAddress", &[("InstanceId", &id)]),
                "IpAddress"
            ),
            address
        );
        bench.ok("ecs.StartInstance", &[("InstanceId", &id)]);
        bench.wait(15_000);
        assert_eq!(status(&mut bench, &id), "Running");
    }

    /// A parameter, a value that it must not have, and the refusal.
    const REFUSED: &[(&str, &str, &str)] = &[
        (
            "InstanceType",
            "ecs.none.large",
            "400 InvalidInstanceType.ValueNotSupported",
        ),
        ("ImageFamily", "acs:none", "404 InvalidImageFamily.NotFound"),
        (
            "ImageFamily",
            "acs:ubuntu_24_04_arm64",
            "403 ImageNotSupportInstanceType",
        ),
        ("VSwitchId", "vsw-none", "404 InvalidVSwitchId.NotFound"),
        (
            "SecurityGroupId",
            "sg-none",
            "404 InvalidSecurityGroupId.NotFound",
        ),
        ("ZoneId", "cn-beijing-g", "400 InvalidParameter.Mismatch"),
        ("KeyPairName", "none", "400 InvalidKeyPairName.NotFound"),
        ("Password", "weak", "400 InvalidPassword.Malformed"),
        ("UserData", "***", "400 InvalidUserData.Base64FormatInvalid"),
        (
            "PrivateIpAddress",
            "10.0.0.1",
            "400 InvalidPrivateIpAddress",
        ),
        (
            "SystemDisk.Size",
            "10",
            "404 InvalidSystemDiskSize.LessThanMinSize",
        ),
        (
            "SystemDisk.Category",
            "cloud_none",
            "400 InvalidSystemDiskCategory.ValueNotSupported",
        ),
        (
            "LaunchTemplateId",
            "lt-1",
            "404 InvalidLaunchTemplate.NotFound",
        ),
        ("Ipv6AddressCount", "1", "400 InvalidParameter"),
        ("HostName", "-web", "400 InvalidHostName.Malformed"),
        ("Amount", "101", "400 InvalidAmount.NotSupported"),
    ];

    #[test]
    fn what_run_instances_refuses() {
        let mut bench = Bench::new();
        let vpc = bench.vpc();
        let group = bench.group(&vpc);
        let pending = text(
            &bench.ok(
                "vpc.CreateVSwitch",
                &[
                    ("VpcId", &vpc),
                    ("ZoneId", "cn-beijing-h"),
                    ("CidrBlock", "172.16.1.0/24"),
                ],
            ),
            "VSwitchId",
        );
        let base = [
            ("ImageFamily", "acs:ubuntu_24_04_x64"),
            ("InstanceType", "ecs.c7.large"),
            ("VSwitchId", pending.as_str()),
            ("SecurityGroupId", group.as_str()),
        ];
        bench.refused("ecs.RunInstances", &base, "400 IncorrectVSwitchStatus");
        bench.wait(3_000);
        for &(name, value, expected) in REFUSED {
            let mut pairs: Vec<(&str, &str)> = base
                .iter()
                .filter(|(known, _)| *known != name)
                .copied()
                .collect();
            pairs.push((name, value));
            bench.refused("ecs.RunInstances", &pairs, expected);
        }
        bench.world.set_stock("cn-beijing-h", "ecs.c7.large", false);
        bench.refused("ecs.RunInstances", &base, "403 OperationDenied.NoStock");
        assert!(
            bench
                .world
                .resources()
                .iter()
                .all(|row| !["instance", "disk"].contains(&row.kind.as_str()))
        );
    }

    #[test]
    fn all_or_nothing() {
        let mut bench = Bench::new();
        let vpc = bench.vpc();
        let (vswitch, group) = (bench.vswitch(&vpc, "172.16.1.0/29"), bench.group(&vpc));
        let order = |amount: &'static str| {
            [
                ("ImageFamily", "acs:ubuntu_24_04_x64"),
                ("InstanceType", "ecs.c7.large"),
                ("VSwitchId", vswitch.as_str()),
                ("SecurityGroupId", group.as_str()),
                ("Amount", amount),
            ]
        };
        bench.refused(
            "ecs.RunInstances",
            &order("5"),
            "403 InvalidVSwitchId.IpNotEnough",
        );
        assert_eq!(bench.ok("ecs.DescribeInstances", &[])["TotalCount"], 0);
        let ids =
            bench.ok("ecs.RunInstances", &order("4"))["InstanceIdSets"]["InstanceIdSet"].clone();
        assert_eq!(ids.as_array().map(Vec::len), Some(4));
        assert_eq!(
            bench.ok("vpc.DescribeVSwitches", &[])["VSwitches"]["VSwitch"][0]["AvailableIpAddressCount"],
            0
        );
    }

    #[test]
    fn the_quota_of_cores_holds() {
        let quotas = Quotas {
            vcpus: 3,
            ..Quotas::default()
        };
        let mut bench = Bench::with(Options {
            quotas,
            ..Options::default()
        });
        let (_, vswitch, group) = bench.machine(&[]);
        let second = [
            ("ImageFamily", "acs:ubuntu_24_04_x64"),
            ("InstanceType", "ecs.c7.large"),
            ("VSwitchId", vswitch.as_str()),
            ("SecurityGroupId", group.as_str()),
        ];
        bench.refused("ecs.RunInstances", &second, "403 QuotaExceed.ElasticQuota");
    }
}
