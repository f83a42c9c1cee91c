//! `image`: a machine image, looked up or created from an instance of the stack.
//!
//! An image is `Creating` for some minutes, then `Available`, or `CreateFailed` for good; a user
//! can make it `Deprecated`. It is a copy of all disks of its instance at one time: the instance
//! may change or be deleted afterwards, and another `instance` creates no new image. Its name is
//! unique in a region. A look-up that matches several images returns the newest.
//!
//! The copy consists of snapshots, which cost money and remain when the image is deleted. The
//! snapshots of an image that Setpoint created are deleted after it; the API refuses the other
//! order. The guard tag marks such images, because an adopted image may be based on snapshots with
//! other users. A run that dies between the two deletions leaves the snapshots behind.
//!
//! Sources: CreateImage, ModifyImageAttribute, DeleteImage, DeleteSnapshot, DescribeImages (ECS
//! 2014-05-26). DescribeImages lists only `Available` images unless it is given the states.

use setpoint_openapi::action::ecs as api;
use setpoint_openapi::json::{Node, Odd};
use setpoint_openapi::page::{Listing, Style};
use setpoint_plan::claim::Claim;
use setpoint_plan::decode::{TagNames, plain};
use setpoint_plan::desired::Desired;
use setpoint_plan::diff::glob_match;
use setpoint_plan::field::{Field, Judged, Verdict};
use setpoint_plan::kind::{Cx, Finder, Kind, LookUp};
use setpoint_plan::live::Live;
use setpoint_plan::procedure::{
    Anchor, Args, Call, Codes, Cond, Procedure, Retry, Step, Wait, Window, minutes, seconds,
};
use setpoint_plan::update::Update;
use setpoint_plan::view::{Decode, Fixed, Ids, Proof, View, tags_filter};
use setpoint_plan::{Map, Value};
use setpoint_spec::naming::{self, LookUpKey, Naming};
use setpoint_spec::schema::Type;

use crate::instance;
use crate::shared::{display_name, own_tags, params};

/// The kind.
pub static IMAGE: Kind = Kind {
    doc: "A machine image, created from an instance of the stack.",
    hints: &[
        ("image_name", "`name`"),
        ("image_family", "`family`"),
        ("instance_id", "`instance`"),
        (
            "os_name",
            "declare an existing image under `existing`, or look it up in `image`",
        ),
    ],
    example: "
net: {type: vpc, cidr_block: 10.0.0.0/16}
subnet: {type: vswitch, vpc: net, zone: cn-beijing-h, cidr_block: 10.0.1.0/24}
group: {type: security_group, vpc: net}
app:
  type: instance
  count: 2
  instance_type: ecs.c7.large
  image: {family: acs:alibaba_cloud_linux_3_2104_lts_x64}
  vswitch: subnet
  security_groups: [group]
it: {type: image, instance: 'app[0]'}
",
    naming: NAMING,
    tag_api: Some(instance::tag_api("image")),
    tag_names: TagNames::Prefixed,
    look_up: LookUp::Newest("creation_time"),
    finder: Some(Finder {
        view: &FOUND,
        args: look_up_args,
        fits,
    }),
    desire: |_, _, live, want| {
        want.guard.marks.insert(OWN_SNAPSHOTS.to_owned());
        // An image that is still being created, or whose creation failed, cannot be used yet.
        if live.is_some_and(|live| !is_made(live)) {
            want.attrs
                .insert("status".to_owned(), Value::text("Available"));
        }
        Ok(())
    },
    claims: |of| {
        Claim::name("name", Value::Null, &of("name"))
            .into_iter()
            .collect()
    },
    loses: Some(|live, _| {
        let size = live.attr("size").as_int().unwrap_or_default();
        Some(format!("image {}, {size} GiB", live.id))
    }),
    ..Kind::new("image", FIELDS, &LIST, create, delete)
};

/// How images are named. The id of an image of the vendor is the name of a file, which ends with
/// `.vhd`.
const NAMING: Naming = Naming {
    id_suffixes: &[".vhd"],
    look_up: &[
        naming::ID,
        naming::NAME,
        naming::TAGS,
        LookUpKey::finding("family"),
        LookUpKey::finding("os_name"),
        LookUpKey::beside("owner", WORD),
        LookUpKey::beside("architecture", WORD),
        LookUpKey::beside("follow", Type::Bool),
    ],
    finds_newest: true,
    outside: "an image family is `{family: NAME}`, an image `{name: NAME}` or its id",
    ..Naming::ids(&["m"])
};

const WORD: Type = Type::Text { min: 1, max: 256 };

/// The mark of an image whose snapshots were created with it, and are deleted with it.
pub(crate) const OWN_SNAPSHOTS: &str = "snapshots";

const TEXT: Type = Type::Text { min: 0, max: 128 };

static FIELDS: &[Field] = &[
    Field::display_name("ImageName", 2, 128)
        .at("ImageName")
        .update(&ATTRIBUTES)
        .samples("first", "second")
        .captured(),
    Field::description()
        .at("Description")
        .update(&ATTRIBUTES)
        .samples("One image", "Another one")
        .captured(),
    Field::new(
        "instance",
        Type::Ref("instance"),
        "The instance that the image is created from, once that is ready. Another instance, or a \
         change of this one, does not create another image.",
    )
    .required()
    .param("InstanceId")
    .judge(|_| Verdict::Same, "once")
    .samples("\"app[0]\"", "\"app[1]\"")
    .loose(),
    Field::new(
        "family",
        Type::Text { min: 2, max: 128 },
        "Image family, by which the image can be looked up.",
    )
    .param("ImageFamily")
    .at("ImageFamily")
    .update(&ATTRIBUTES)
    .samples("golden", "silver")
    .captured(),
    Field::new(
        "boot_mode",
        Type::Enum(&["BIOS", "UEFI", "UEFI-Preferred"]),
        "Boot mode.",
    )
    .param("BootMode")
    .at_or_absent("BootMode")
    .update(&ATTRIBUTES)
    .samples("BIOS", "UEFI")
    .captured(),
    Field::output(
        "status",
        TEXT,
        "`Creating`, `Available`, `Deprecated` or `CreateFailed`.",
    )
    .at("Status")
    .judge(judge_made, "none")
    .transient()
    .captured(),
    Field::output("creation_time", TEXT, "Time of creation.")
        .at("CreationTime")
        .captured(),
    Field::output(
        "size",
        SIZE,
        "Smallest size of a system disk with this image, in GiB.",
    )
    .at("Size")
    .captured(),
    Field::output("os_name", TEXT, "Name of the operating system.")
        .at("OSName")
        .captured(),
    Field::output("architecture", TEXT, "`x86_64` or `arm64`.")
        .at("Architecture")
        .captured(),
    Field::derived("snapshots").never().by(snapshots),
];

const SIZE: Type = Type::Int {
    min: 0,
    max: i64::MAX,
    unit: "GiB",
};

/// Changes the name, the description, the family and the boot mode. The API shows the new values
/// only some seconds later.
static ATTRIBUTES: Update = Update::online("attributes", |change| {
    let attrs = ["name", "description", "family", "boot_mode"];
    let is = |attr| Some(Cond::Is(attr, vec![change.want.attrs.get(attr)?.clone()]));
    let shown = Cond::All(attrs.into_iter().filter_map(is).collect());
    let args = [vec![("ImageId", change.id())], change.params(&ATTRIBUTES)].concat();
    let call = Call {
        retry: BUSY,
        ..Call::new(&api::MODIFY_IMAGE_ATTRIBUTE, args)
    };
    vec![
        Step::call(call),
        Step::wait(Wait::own(shown, seconds(2), minutes(2))),
    ]
});
/// Waits for an image whose creation an earlier run did not see finish.
static WAIT: Update = Update::online("wait", |_| vec![available()]);

const ROWS: Listing = Listing {
    style: Style::Number { size: 100 },
    rows: "Images.Image",
    id: "ImageId",
};

/// The images of a stack, in every state.
static LIST: View = View {
    fixed: &[(
        "Status",
        Fixed::Text("Creating,Waiting,Available,UnAvailable,CreateFailed,Deprecated"),
    )],
    ids: Ids::One("ImageId"),
    named: "ImageName",
    proof: Proof::DryRun,
    ..View::new("list", &api::DESCRIBE_IMAGES, ROWS, Decode::Rows(plain))
};

/// The images that a look-up finds: those from which instances can be created.
static FOUND: View = View::new("found", &api::DESCRIBE_IMAGES, ROWS, Decode::Rows(plain));

/// The disks of the instance are already being copied, or it is between two states.
const BUSY: Retry = &[(
    &[
        "IncorrectInstanceStatus",
        "IncorrectDiskStatus.CreatingSnapshot",
        "IncorrectDiskStatus.Transferring",
        "IncorrectDiskStatus",
        "OperationConflict",
        "InternalError",
    ],
    Window::For(minutes(10)),
)];
/// Instances that were created from the image count as its users for a while after their deletion.
const IN_USE: Retry = &[(&["ImageUsingByInstance"], Window::AfterRelease(minutes(10)))];
/// The image that was created from the snapshot still counts as its user after its deletion.
const HELD: Retry = &[(
    &[
        "SnapshotCreatedImage",
        "Operation.Conflict",
        "OperationConflict",
    ],
    Window::For(minutes(5)),
)];
const GONE: Codes = &["InvalidImageId.NotFound"];
const SNAPSHOT_GONE: Codes = &["InvalidSnapshotId.NotFound", "InvalidResource.NotFound"];

/// Returns the filters of a look-up that the API applies. Without `owner` and `tags`, only public
/// images are looked up.
pub(crate) fn look_up_args(by: &Map) -> Args {
    let public = (!by.contains_key("tags")).then(|| Value::text("system"));
    let owner = by.get("owner").cloned().or(public);
    let mut filter: Args = owner
        .into_iter()
        .map(|owner| ("ImageOwnerAlias", owner))
        .collect();
    let names = [
        ("family", "ImageFamily"),
        ("name", "ImageName"),
        ("architecture", "Architecture"),
    ];
    for (name, param) in names {
        filter.extend(by.get(name).map(|value| (param, value.clone())));
    }
    if let Some(Value::Map(tags)) = by.get("tags") {
        filter.extend(tags_filter(tags));
    }
    filter
}

/// Returns whether an image passes the filters that the API lacks or applies loosely.
fn fits(by: &Map, live: &Live) -> bool {
    let is = |key: &str| by.get(key).is_none_or(|wanted| *wanted == live.attr(key));
    let glob = by.get("name").and_then(Value::as_text);
    let name = live.attr("name");
    let is_named =
        glob.is_none_or(|glob| name.as_text().is_some_and(|name| glob_match(glob, name)));
    is("os_name") && is("family") && is_named
}

/// Judges the state: an image whose creation failed is replaced, one that is being created is
/// waited for.
fn judge_made(judged: &Judged<'_>) -> Verdict {
    if judged.row.attr("status") == Value::text("CreateFailed") {
        Verdict::Replace
    } else {
        Verdict::Update(&WAIT)
    }
}

/// Creates the image once its instance is ready, under the lock of the instance.
fn create(cx: &Cx<'_>, want: &Desired) -> Procedure {
    let machine = want.attrs.get("instance").cloned().unwrap_or(Value::Null);
    let mut args = params(&IMAGE, want);
    if !want.attrs.contains_key("name") {
        args.push(("ImageName", Value::text(name_of(cx, want))));
    }
    args.push(own_tags(cx, want));
    let call = Call {
        retry: BUSY,
        ..Call::create(&api::CREATE_IMAGE, args, &[("id", "ImageId")])
    };
    // Without the lock, timing would decide whether a disk that is attached or detached meanwhile
    // is part of the copy.
    let steps = [Step::call(call).needing(Anchor::Ready), available()];
    Procedure::ending_at_pivot(steps.map(|step| step.locked(machine.clone())).into())
}

/// Returns `{stack}-{address}`, with `-{incarnation}` from the first replacement on, since names
/// are unique in a region.
fn name_of(cx: &Cx<'_>, want: &Desired) -> String {
    let base = display_name(cx.stack, &want.address, 120);
    match want.guard.incarnation {
        0 => base,
        n => format!("{base}-{n}"),
    }
}

/// Returns the wait until the image can be used, for up to an hour.
fn available() -> Step {
    let failed = ["CreateFailed", "UnAvailable"].map(Value::text).into();
    Step::wait(Wait {
        never: Some(Cond::Is("status", failed)),
        ..Wait::own(Cond::is("status", "Available"), seconds(180), minutes(60))
    })
}

/// Deletes the image and then its snapshots, if Setpoint created them.
fn delete(_: &Cx<'_>, live: &Live) -> Procedure {
    let call = Call {
        done_on: GONE,
        retry: IN_USE,
        ..Call::new(&api::DELETE_IMAGE, vec![("ImageId", Value::text(&live.id))])
    };
    let mut steps = vec![
        Step::call(call),
        Step::wait(Wait::gone(seconds(3), minutes(10))),
    ];
    let snapshots = live.attr("snapshots");
    let own = live
        .is_marked(Some(OWN_SNAPSHOTS))
        .then(|| snapshots.as_list())
        .flatten();
    steps.extend(own.unwrap_or_default().iter().map(|snapshot| {
        let args = vec![
            ("SnapshotId", snapshot.clone()),
            ("Force", Value::Bool(true)),
        ];
        Step::call(Call {
            done_on: SNAPSHOT_GONE,
            retry: HELD,
            ..Call::new(&api::DELETE_SNAPSHOT, args)
        })
    }));
    Procedure::ending_at_pivot(steps)
}

/// Returns whether the creation of an image has succeeded. A deprecated image was created too.
fn is_made(live: &Live) -> bool {
    let unmade = ["Creating", "Waiting", "CreateFailed"].map(Value::text);
    !unmade.contains(&live.attr("status"))
}

/// Returns the snapshots that the image is based on; `None` for a public image, which shows none.
fn snapshots(row: Node<'_>) -> Result<Option<Value>, Odd> {
    let disks = row
        .may_list("DiskDeviceMappings.DiskDeviceMapping")?
        .unwrap_or_default();
    let mut found = Vec::new();
    for disk in disks {
        found.extend(
            disk.may_text("SnapshotId")?
                .filter(|id| !id.is_empty())
                .map(Value::text),
        );
    }
    Ok((!found.is_empty()).then_some(Value::List(found)))
}
