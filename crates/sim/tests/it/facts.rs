//! Facts of the real cloud that clients which nobody here wrote have found, one test for each: the
//! vendor's command line and SDKs, Packer, and the acceptance tests of the vendor's Terraform
//! provider, which the vendor runs against the real cloud. The numbers are those of that list.

use serde_json::{Value, json};
use setpoint_sim::embedded::Embedded;

use crate::client::{Hand, call, open, text};

/// A cloud with a network, a group and a running machine.
struct Scene {
    hand: Hand,
    cloud: Embedded,
    vswitch: String,
    group: String,
    instance: String,
}

impl Scene {
    fn new() -> Self {
        let hand = Hand::new();
        let cloud = open(&hand);
        let made = |name: &str, pairs: &[(&str, &str)], id: &str| {
            let answer = call(&cloud, &hand, name, pairs).expect("accepted");
            hand.wait(60_000);
            answer[id].as_str().unwrap_or_default().to_owned()
        };
        let vpc = made("vpc.CreateVpc", &[("CidrBlock", "10.0.0.0/8")], "VpcId");
        let subnet = [
            ("VpcId", vpc.as_str()),
            ("ZoneId", "cn-beijing-h"),
            ("CidrBlock", "10.0.0.0/16"),
        ];
        let vswitch = made("vpc.CreateVSwitch", &subnet, "VSwitchId");
        let of_vpc = [("VpcId", vpc.as_str())];
        let group = made("ecs.CreateSecurityGroup", &of_vpc, "SecurityGroupId");
        let order = [
            ("ImageFamily", "acs:ubuntu_24_04_x64"),
            ("InstanceType", "ecs.c7.large"),
            ("VSwitchId", vswitch.as_str()),
            ("SecurityGroupId", group.as_str()),
        ];
        let ordered = call(&cloud, &hand, "ecs.RunInstances", &order).expect("accepted");
        hand.wait(120_000);
        let instance = &ordered["InstanceIdSets"]["InstanceIdSet"][0];
        let instance = instance.as_str().expect("an id").to_owned();
        Self {
            hand,
            cloud,
            vswitch,
            group,
            instance,
        }
    }

    #[track_caller]
    fn ok(&self, name: &str, pairs: &[(&str, &str)]) -> Value {
        call(&self.cloud, &self.hand, name, pairs).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn interface(&self) -> String {
        let wanted = [
            ("VSwitchId", self.vswitch.as_str()),
            ("SecurityGroupId", self.group.as_str()),
        ];
        let made = self.ok("ecs.CreateNetworkInterface", &wanted);
        text(&made, "NetworkInterfaceId")
    }

    fn disk(&self) -> String {
        let wanted = [
            ("ZoneId", "cn-beijing-h"),
            ("Size", "20"),
            ("DiskCategory", "cloud_essd"),
        ];
        let made = self.ok("ecs.CreateDisk", &wanted);
        self.hand.wait(60_000);
        text(&made, "DiskId")
    }
}

/// Clients, 2: a size of 0 means that none was given. Packer sends it.
#[test]
fn a_size_of_zero_is_none() {
    let scene = Scene::new();
    let order = [
        ("ImageFamily", "acs:ubuntu_24_04_x64"),
        ("InstanceType", "ecs.c7.large"),
        ("VSwitchId", scene.vswitch.as_str()),
        ("SecurityGroupId", scene.group.as_str()),
        ("SystemDisk.Size", "0"),
    ];
    scene.ok("ecs.RunInstances", &order);
    scene.hand.wait(60_000);
    let listed = scene.ok("ecs.DescribeDisks", &[]);
    let disks = listed["Disks"]["Disk"].as_array().expect("a list");
    let sizes: Vec<&Value> = disks.iter().map(|disk| &disk["Size"]).collect();
    assert_eq!(sizes, [40, 40]);
}

/// Clients, 5: a numbered page carries the token of the next one, so that a client can go on by
/// token, and page numbers beside a token have no effect.
#[test]
fn pages_by_number_and_by_token_meet() {
    let scene = Scene::new();
    let mut made: Vec<String> = (0..14).map(|_| scene.interface()).collect();
    let ids = |answer: &Value| -> Vec<String> {
        let rows = &answer["NetworkInterfaceSets"]["NetworkInterfaceSet"];
        let rows = rows.as_array().expect("a list").iter();
        rows.map(|row| text(row, "NetworkInterfaceId")).collect()
    };
    let of_type = ("Type", "Secondary");
    let first = scene.ok("ecs.DescribeNetworkInterfaces", &[of_type]);
    let token = text(&first, "NextToken");
    let on = [
        of_type,
        ("NextToken", &token),
        ("PageSize", "1"),
        ("PageNumber", "7"),
    ];
    let second = scene.ok("ecs.DescribeNetworkInterfaces", &on);
    assert_eq!(second["NextToken"], "");
    let mut seen = [ids(&first), ids(&second)].concat();
    seen.sort();
    made.sort();
    assert_eq!(seen, made);
    let last = scene.ok(
        "ecs.DescribeNetworkInterfaces",
        &[of_type, ("PageNumber", "2")],
    );
    assert_eq!(
        (ids(&last).len(), text(&last, "NextToken")),
        (4, String::new())
    );
}

/// Clients, 6: tags of a parameter are an object, and a text with JSON only after an update.
#[test]
fn tags_of_parameters_are_an_object() {
    let scene = Scene::new();
    let wanted = [
        ("Name", "p"),
        ("Type", "String"),
        ("Value", "v"),
        ("Tags", "{\"a\":\"b\"}"),
    ];
    let made = scene.ok("oos.CreateParameter", &wanted);
    assert_eq!(made["Parameter"]["Tags"], json!({"a": "b"}));
    let read = scene.ok("oos.GetParameter", &[("Name", "p")]);
    assert_eq!(read["Parameter"]["Tags"], json!({"a": "b"}));
    let listed = scene.ok("oos.ListParameters", &[]);
    assert_eq!(listed["Parameters"][0]["Tags"], json!({"a": "b"}));
    let changed = scene.ok("oos.UpdateParameter", &[("Name", "p"), ("Value", "w")]);
    assert_eq!(changed["Parameter"]["Tags"], "{\"a\":\"b\"}");
}

/// Clients, 8: the numbers of system events.
#[test]
fn system_events_have_the_numbers_of_the_cloud() {
    let scene = Scene::new();
    for (kind, number) in [
        ("SystemFailure.Reboot", 65),
        ("SystemFailure.Delete", 66),
        ("SystemMaintenance.Redeploy", 9),
    ] {
        scene
            .cloud
            .with(|world| world.announce_event(&scene.instance, kind, 0, false));
        let wanted = [("InstanceEventType.1", kind)];
        let events = scene.ok("ecs.DescribeInstanceHistoryEvents", &wanted);
        let event = &events["InstanceSystemEventSet"]["InstanceSystemEventType"][0];
        assert_eq!(event["EventType"]["Code"], number, "{event}");
        assert_eq!(event["ExtendedAttribute"], json!({}), "{event}");
    }
}

/// Acceptance tests, 2: source and destination are not checked unless somebody asks for it.
#[test]
fn interfaces_do_not_check_source_and_destination() {
    let scene = Scene::new();
    let id = scene.interface();
    let listed = scene.ok(
        "ecs.DescribeNetworkInterfaces",
        &[("NetworkInterfaceId.1", &id)],
    );
    let row = &listed["NetworkInterfaceSets"]["NetworkInterfaceSet"][0];
    assert_eq!(row["SourceDestCheck"], false, "{row}");
}

/// Acceptance tests, 3: the default resource group reads back empty.
#[test]
fn the_default_resource_group_reads_back_empty() {
    let scene = Scene::new();
    let (interface, disk) = (scene.interface(), scene.disk());
    let attach = [("InstanceId", scene.instance.as_str()), ("DiskId", &disk)];
    scene.ok("ecs.AttachDisk", &attach);
    scene.hand.wait(60_000);
    scene.ok("ecs.CreateSnapshot", &[("DiskId", &disk)]);
    let policy = [
        ("regionId", "cn-beijing"),
        ("autoSnapshotPolicyName", "nightly"),
        ("timePoints", "[\"1\"]"),
        ("repeatWeekdays", "[\"1\"]"),
        ("retentionDays", "7"),
    ];
    scene.ok("ecs.CreateAutoSnapshotPolicy", &policy);
    for (name, wanted, path) in [
        ("ecs.DescribeInstances", vec![], "/Instances/Instance/0"),
        (
            "ecs.DescribeNetworkInterfaces",
            vec![("NetworkInterfaceId.1", interface.as_str())],
            "/NetworkInterfaceSets/NetworkInterfaceSet/0",
        ),
        ("ecs.DescribeSnapshots", vec![], "/Snapshots/Snapshot/0"),
        (
            "ecs.DescribeAutoSnapshotPolicyEx",
            vec![],
            "/AutoSnapshotPolicies/AutoSnapshotPolicy/0",
        ),
    ] {
        let answer = scene.ok(name, &wanted);
        let row = answer
            .pointer(path)
            .unwrap_or_else(|| panic!("{name}: {answer}"));
        assert_eq!(row["ResourceGroupId"], "", "{name}");
    }
}

/// Acceptance tests, 4: a new disk does not take its automatic snapshots with it.
#[test]
fn a_new_disk_keeps_its_automatic_snapshots() {
    let scene = Scene::new();
    let disk = scene.disk();
    let listed = scene.ok(
        "ecs.DescribeDisks",
        &[("DiskIds", &format!("[\"{disk}\"]"))],
    );
    assert_eq!(listed["Disks"]["Disk"][0]["DeleteAutoSnapshot"], false);
}

/// Acceptance tests, 5: `Not-applicable`, which listings show, is accepted by a stop.
#[test]
fn a_stop_takes_the_mode_that_listings_show() {
    let scene = Scene::new();
    let wanted = [
        ("InstanceId", scene.instance.as_str()),
        ("StoppedMode", "Not-applicable"),
    ];
    scene.ok("ecs.StopInstance", &wanted);
}

/// Acceptance tests, 7: an alarm rule takes a contact group that does not exist.
#[test]
fn an_alarm_takes_any_contact_group() {
    let scene = Scene::new();
    let rule = [
        ("RuleId", "r-1"),
        ("RuleName", "cpu"),
        ("Namespace", "acs_ecs_dashboard"),
        ("MetricName", "CPUUtilization"),
        ("Resources", "[{\"resource\":\"_ALL\"}]"),
        ("ContactGroups", "nobody"),
        ("Escalations.Critical.Statistics", "Average"),
        (
            "Escalations.Critical.ComparisonOperator",
            "GreaterThanThreshold",
        ),
        ("Escalations.Critical.Threshold", "90"),
        ("Escalations.Critical.Times", "3"),
    ];
    scene.ok("cms.PutResourceMetricRule", &rule);
    let listed = scene.ok("cms.DescribeMetricRuleList", &[]);
    assert_eq!(listed["Alarms"]["Alarm"][0]["ContactGroups"], "nobody");
}

/// Acceptance tests, 8: what a snapshot policy without copies says of them.
#[test]
fn a_snapshot_policy_without_copies_says_so() {
    let scene = Scene::new();
    let policy = [
        ("regionId", "cn-beijing"),
        ("autoSnapshotPolicyName", "nightly"),
        ("timePoints", "[\"22\",\"1\"]"),
        ("repeatWeekdays", "[\"1\"]"),
        ("retentionDays", "7"),
    ];
    scene.ok("ecs.CreateAutoSnapshotPolicy", &policy);
    let listed = scene.ok("ecs.DescribeAutoSnapshotPolicyEx", &[]);
    let row = &listed["AutoSnapshotPolicies"]["AutoSnapshotPolicy"][0];
    assert_eq!(row["TargetCopyRegions"], "[]", "{row}");
    assert_eq!(row["CopiedSnapshotsRetentionDays"], -1, "{row}");
    assert_eq!(row["TimePoints"], "[\"22\",\"1\"]", "{row}");
}

/// Acceptance tests, 12: the content of an RSA key is not looked at.
#[test]
fn any_text_of_the_form_of_an_rsa_key_is_imported() {
    let scene = Scene::new();
    let import = |name: &str, body: &str| {
        let wanted = [("KeyPairName", name), ("PublicKeyBody", body)];
        call(&scene.cloud, &scene.hand, "ecs.ImportKeyPair", &wanted)
    };
    let made = import(
        "odd",
        "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQnotakey ops@example",
    );
    assert_eq!(made.expect("accepted")["KeyPairName"], "odd");
    for body in [
        "ssh-rsa x",
        "ssh-rsa",
        "ssh-ed25519 AAAA",
        "ssh-rsa AAAAB3NzaC1yc2E!",
    ] {
        assert_eq!(
            import("bad", body),
            Err("400 InvalidPublicKeyBody.Malformed".to_owned()),
            "{body}"
        );
    }
}

/// Acceptance tests, 13: the language of a contact is empty where none was given.
#[test]
fn a_contact_has_no_language_of_its_own() {
    let scene = Scene::new();
    let wanted = [
        ("ContactName", "ops"),
        ("Describe", "d"),
        ("Channels.Mail", "ops@example.com"),
    ];
    scene.ok("cms.PutContact", &wanted);
    let listed = scene.ok("cms.DescribeContactList", &[]);
    assert_eq!(listed["Contacts"]["Contact"][0]["Lang"], "");
}
