//! The cases, in the order of the page.

use expect_test::expect;

use super::Case;

pub(super) fn cases() -> impl Iterator<Item = &'static Case> {
    let all = [
        UP_AND_DOWN,
        REPLACEMENT,
        WHAT_STAYS,
        EXCLUSIVE,
        IN_PICTURES,
        ROLLING,
        PARENTS,
    ];
    all.into_iter().flatten()
}

/// Up and down, groups that name each other, rules, windows.
static UP_AND_DOWN: &[Case] = &[
    Case {
        rows: &["up", "references"],
        before: &[],
        after: &[
            "vpc network block=10.0.0.0/16",
            "vsw subnet network=@vpc block=10.0.1.0/24",
            "web group network=@vpc name=web open=a",
            "key key name=ops",
            "app machine subnet=@vsw groups=@web key=@key",
        ],
        plan: expect![[r#"
            + app NotThere
            + key NotThere
            + vpc NotThere
            + vsw NotThere
            + web NotThere
            + vpc: create ▸ Available ▮
            + web: create ▮ ▸ authorize
            + vsw: create ▸ Available ▮ (locks vpc)
            + key: create ▮
            + app: create ▸ Running ▮
            + vpc Available → + web create
            + vpc Available → + vsw create
            + web create → + app create
            + vsw Available → + app create
            + key create → + app create
        "#]],
    },
    Case {
        rows: &["references"],
        before: &[],
        after: &[
            "web group name=web open=a",
            "app machine image=a +after=web",
        ],
        plan: expect![[r#"
            + app NotThere
            + web NotThere
            + web: create ▮ ▸ authorize
            + app: create ▸ Running ▮
            + web authorize → + app create
        "#]],
    },
    Case {
        rows: &["row"],
        before: &[],
        after: &[
            "a group name=a",
            "b group name=b",
            "c group name=c peers=@a,@b",
        ],
        plan: expect![[r#"
            + a NotThere
            + b NotThere
            + c NotThere
            + c: create ▮ ▸ rule · rule
            + b: create ▮
            + a: create ▮
            + b create → + c rule
            + a create → + c rule
        "#]],
    },
    Case {
        rows: &["window-needs"],
        before: &[
            "vsw subnet network=net block=10.0.1.0/24",
            "app machine subnet=@vsw",
        ],
        after: &[
            "vsw subnet network=net block=10.0.1.0/24",
            "new subnet network=net block=10.0.2.0/24",
            "app machine subnet=@new",
        ],
        plan: expect![[r#"
            ~ app Differs
            + new NotThere
            = vsw Matches
            + new: create ▸ Available ▮ (locks net)
            ~ app: mark ▸ stop ▸ Stopped ▸ move ▸ start ▸ Running ▸ unmark ▮
            + new Available → ~ app mark
        "#]],
    },
    Case {
        rows: &["down", "letting-go", "destroy"],
        before: &[
            "vpc network block=10.0.0.0/16",
            "vsw subnet network=@vpc block=10.0.1.0/24",
            "web group network=@vpc name=web",
            "key key name=ops",
            "app machine subnet=@vsw groups=@web key=@key",
        ],
        after: &["! destroy"],
        plan: expect![[r#"
            - app Destroy
            - key Destroy
            - vpc Destroy
            - vsw Destroy
            - web Destroy
            - app: delete ▸ gone ▮
            - web: delete ▮
            - vsw: delete ▸ gone ▮ (locks id-vpc)
            - vpc: delete ▸ gone ▮
            - key: delete ▮
            - app gone → - web delete
            - app gone → - vsw delete
            - web delete → - vpc delete
            - vsw gone → - vpc delete
            - app gone → - key delete
        "#]],
    },
    Case {
        rows: &["groups-up"],
        before: &[],
        after: &["a group name=a peers=@b", "b group name=b peers=@a"],
        plan: expect![[r#"
            + a NotThere
            + b NotThere
            + b: create ▮ ▸ rule
            + a: create ▮ ▸ rule
            + a create → + b rule
            + b create → + a rule
        "#]],
    },
    Case {
        rows: &["groups-down"],
        before: &["a group name=a peers=@b", "b group name=b peers=@a"],
        after: &["! destroy"],
        plan: expect![[r#"
            - a Destroy
            - b Destroy
            - b: revoke ▮ ▸ delete
            - a: revoke ▮ ▸ delete
            - a revoke → - b delete
            - b revoke → - a delete
        "#]],
    },
    Case {
        rows: &["rules"],
        before: &["web group open=a said=a shut=a"],
        after: &["web group open=b said=b shut=b"],
        plan: expect![[r#"
            ~ web Differs
            ~ web: authorize ▸ reword ▸ revoke ▮
        "#]],
    },
    Case {
        rows: &["window"],
        before: &["app machine size=1 number=1 subnet=vsw-1"],
        after: &["app machine size=2 number=2 subnet=vsw-2"],
        plan: expect![[r#"
            ~ app Differs
            ~ app: mark ▸ stop ▸ Stopped ▸ resize ▸ renumber ▸ move ▸ start ▸ Running ▸ unmark ▮
        "#]],
    },
];

/// Replacement.
static REPLACEMENT: &[Case] = &[
    Case {
        rows: &["user-apart", "replacement", "subnet-apart"],
        before: &[
            "vsw subnet network=net block=10.0.1.0/24",
            "app machine subnet=@vsw",
        ],
        after: &[
            "vsw subnet network=net block=10.0.2.0/24",
            "app machine subnet=@vsw",
        ],
        plan: expect![[r#"
            ~ app Differs
            +/- vsw FieldForcesReplacement
            + vsw: create ▸ Available ▮ (locks net)
            ~ app: mark ▸ stop ▸ Stopped ▸ move ▸ start ▸ Running ▸ unmark ▮
            - vsw: delete ▸ gone ▮ (locks net)
            + vsw Available → ~ app mark
            ~ app unmark → - vsw delete
        "#]],
    },
    Case {
        rows: &["user-leaves", "key-renamed"],
        before: &["key key name=ops", "app machine key=@key"],
        after: &[
            "key key name=ops hint=x",
            "app machine key=@key",
            "! replace key",
        ],
        plan: expect![[r#"
            ~ app Differs
            -/+ key ReplaceAsked
            ~ app: detach ▮ · attach ▮
            - key: delete ▮
            + key: create ▮
            ~ app detach → - key delete
            - key delete → + key create
            + key create → ~ app attach
        "#]],
    },
    Case {
        rows: &["user-replaced", "subnet-overlaps"],
        before: &[
            "vsw subnet network=net block=10.0.1.0/24",
            "app machine subnet=@vsw",
        ],
        after: &[
            "vsw subnet network=net block=10.0.1.0/25",
            "app machine subnet=@vsw",
        ],
        plan: expect![[r#"
            -/+ app ParentCannotCoexist
            -/+ vsw FieldForcesReplacement
            - app: delete ▸ gone ▮
            - vsw: delete ▸ gone ▮ (locks net)
            + vsw: create ▸ Available ▮ (locks net)
            + app: create ▸ Running ▮
            - app gone → - vsw delete
            - vsw gone → + vsw create
            + vsw Available → + app create
        "#]],
    },
    Case {
        rows: &["alone"],
        before: &["vsw subnet network=net block=10.0.1.0/24"],
        after: &["vsw subnet network=net block=10.0.2.0/24"],
        plan: expect![[r#"
            -/+ vsw FieldForcesReplacement
            - vsw: delete ▸ gone ▮ (locks net)
            + vsw: create ▸ Available ▮ (locks net)
            - vsw gone → + vsw create
        "#]],
    },
    Case {
        rows: &["alone-create-first"],
        before: &["vsw subnet network=net block=10.0.1.0/24"],
        after: &["vsw subnet network=net block=10.0.2.0/24 +create_first"],
        plan: expect![[r#"
            +/- vsw FieldForcesReplacement
            + vsw: create ▸ Available ▮ (locks net)
            - vsw: delete ▸ gone ▮ (locks net)
            + vsw Available → - vsw delete
        "#]],
    },
    Case {
        rows: &["alone-overlap"],
        before: &["vsw subnet network=net block=10.0.1.0/24"],
        after: &["vsw subnet network=net block=10.0.1.0/25 +create_first"],
        plan: expect![[r#"
            -/+ vsw FieldForcesReplacement
            - vsw: delete ▸ gone ▮ (locks net)
            + vsw: create ▸ Available ▮ (locks net)
            - vsw gone → + vsw create
        "#]],
    },
    Case {
        rows: &["user-holds-on"],
        before: &[
            "vsw subnet network=net block=10.0.1.0/24",
            "app machine home=@vsw label=a",
        ],
        after: &[
            "vsw subnet network=net block=10.0.2.0/24",
            "app machine home=@vsw label=b",
        ],
        plan: expect![[r#"
            -/+ app ParentReplaced
            -/+ vsw FieldForcesReplacement
            - app: delete ▸ gone ▮
            - vsw: delete ▸ gone ▮ (locks net)
            + vsw: create ▸ Available ▮ (locks net)
            + app: create ▸ Running ▮
            - app gone → - vsw delete
            - vsw gone → + vsw create
            + vsw Available → + app create
        "#]],
    },
    Case {
        rows: &["group-replaced"],
        before: &["web group name=a", "app machine groups=@web"],
        after: &["web group name=b", "app machine groups=@web"],
        plan: expect![[r#"
            ~ app Differs
            +/- web FieldForcesReplacement
            + web: create ▮
            ~ app: set-groups ▮
            - web: delete ▮
            + web create → ~ app set-groups
            ~ app set-groups → - web delete
        "#]],
    },
    Case {
        rows: &["pulled"],
        before: &[
            "vsw subnet network=net block=10.0.1.0/24",
            "app machine fixed=@vsw",
            "ip eip on=@app",
        ],
        after: &[
            "vsw subnet network=net block=10.0.2.0/24",
            "app machine fixed=@vsw",
            "ip eip on=@app",
        ],
        plan: expect![[r#"
            +/- app ParentReplaced
            ~ ip Differs
            +/- vsw FieldForcesReplacement
            + vsw: create ▸ Available ▮ (locks net)
            + app: create ▸ Running ▮
            ~ ip: bind ▮
            - app: delete ▸ gone ▮
            - vsw: delete ▸ gone ▮ (locks net)
            + vsw Available → + app create
            + app Running → ~ ip bind
            ~ ip bind → - app delete
            - app gone → - vsw delete
        "#]],
    },
    Case {
        rows: &["pushed-back"],
        before: &[
            "vsw subnet network=net block=10.0.1.0/24",
            "app machine fixed=@vsw",
        ],
        after: &[
            "vsw subnet network=net block=10.0.1.0/25",
            "app machine fixed=@vsw +create_first",
        ],
        plan: expect![[r#"
            -/+ app ParentReplaced
            -/+ vsw FieldForcesReplacement
            - app: delete ▸ gone ▮
            - vsw: delete ▸ gone ▮ (locks net)
            + vsw: create ▸ Available ▮ (locks net)
            + app: create ▸ Running ▮
            - app gone → - vsw delete
            - vsw gone → + vsw create
            + vsw Available → + app create
        "#]],
    },
    Case {
        rows: &["cut-off"],
        before: &[
            "vsw subnet network=net block=10.0.1.0/24",
            "vsw subnet network=net block=10.0.2.0/24 +i1",
            "app machine subnet=@vsw",
        ],
        after: &[
            "vsw subnet network=net block=10.0.2.0/24",
            "app machine subnet=@vsw",
        ],
        plan: expect![[r#"
            ~ app Differs
            = vsw Matches
            - vsw Superseded
            ~ app: mark ▸ stop ▸ Stopped ▸ move ▸ start ▸ Running ▸ unmark ▮
            - vsw: delete ▸ gone ▮ (locks net)
            ~ app unmark → - vsw delete
        "#]],
    },
];

/// What stays though the file has it no longer.
static WHAT_STAYS: &[Case] = &[
    Case {
        rows: &["kept-holds-on"],
        before: &[
            "vsw subnet network=net block=10.0.1.0/24",
            "app machine subnet=@vsw +keep",
        ],
        after: &[],
        plan: expect![[r#"
            ! app NotInSpec
            ! vsw StoodOn
            note: app kept
            note: vsw kept
        "#]],
    },
    Case {
        rows: &["kept-lets-go"],
        before: &["app machine image=a", "ip eip on=@app +keep"],
        after: &[],
        plan: expect![[r#"
            - app NotInSpec
            ! ip NotInSpec
            ~ ip: unbind ▮
            - app: delete ▸ gone ▮
            ~ ip unbind → - app delete
            note: ip kept
        "#]],
    },
    Case {
        rows: &["forgotten"],
        before: &["app machine image=a"],
        after: &["! forget app"],
        plan: expect![[r#"
            x app ForgetAsked
            ~ app: UntagResources ▮
        "#]],
    },
    Case {
        rows: &["moved"],
        before: &["app machine image=a"],
        after: &["web machine image=a", "! move app web"],
        plan: expect![[r#"
            ~ web Moved
            ~ web: TagResources ▮
        "#]],
    },
];

/// Exclusive values: the table.
static EXCLUSIVE: &[Case] = &[
    Case {
        rows: &["value-deleted", "exclusive", "new-name"],
        before: &["key key name=ops"],
        after: &["ops key name=ops"],
        plan: expect![[r#"
            - key NotInSpec
            + ops NotThere
            - key: delete ▮
            + ops: create ▮
            - key delete → + ops create
        "#]],
    },
    Case {
        rows: &["value-replaced"],
        before: &["a key name=x", "b key name=y"],
        after: &["a key name=y", "b key name=z"],
        plan: expect![[r#"
            -/+ a FieldForcesReplacement
            -/+ b FieldForcesReplacement
            - b: delete ▮
            + b: create ▮
            - a: delete ▮
            + a: create ▮
            - b delete → + b create
            - b delete → + a create
            - a delete → + a create
        "#]],
    },
    Case {
        rows: &["value-changed"],
        before: &["a key name=x number=1"],
        after: &["a key name=x number=2", "b key name=y number=1"],
        plan: expect![[r#"
            ~ a Differs
            + b NotThere
            ~ a: renumber ▮
            + b: create ▮
            ~ a renumber → + b create
        "#]],
    },
    Case {
        rows: &["value-stays"],
        before: &["a key name=x"],
        after: &["a key name=x", "b key name=x"],
        plan: expect![[r#"
            Refused: `b` needs the name `x`, but `a` (id-a) has it and keeps it; choose another name
        "#]],
    },
    Case {
        rows: &["value-kept"],
        before: &["a key name=x number=1 +keep"],
        after: &["b key name=y number=1"],
        plan: expect![[r#"
            Refused: `b` needs the number 1, but `a` (id-a) has it and is kept when it is removed from the stack; choose another number
        "#]],
    },
    Case {
        rows: &["value-forgotten"],
        before: &["a key name=x number=1"],
        after: &["b key name=y number=1", "! forget a"],
        plan: expect![[r#"
            Refused: `b` needs the number 1, but `a` (id-a) has it and is forgotten, not deleted; remove `a` from `forget` to delete it, or choose another number
        "#]],
    },
    Case {
        rows: &["value-no-target"],
        before: &["a key name=x"],
        after: &["b key name=x", "! target b"],
        plan: expect![[r#"
            Refused: `b` needs the name `x`, but `a` (id-a) has it and is not one of the targets; add `--target a`, or choose another name
        "#]],
    },
    Case {
        rows: &["value-outside"],
        before: &[],
        after: &[
            "vsw subnet network=net block=10.0.1.0/25",
            "! existing old subnet network=net block=10.0.1.0/24",
        ],
        plan: expect![[r#"
            Refused: `vsw` needs the block 10.0.1.0/25, but `old` (id-old) has the block 10.0.1.0/24 and does not belong to this stack; choose another block
        "#]],
    },
    Case {
        rows: &["value-user-stays"],
        before: &[
            "old subnet network=net block=10.0.1.0/24",
            "app machine subnet=@old",
        ],
        after: &[
            "new subnet network=net block=10.0.1.0/25",
            "app machine subnet=@new",
        ],
        plan: expect![[r#"
            Cycle: `new` needs the block 10.0.1.0/25 before `old` (id-old) can give up the block 10.0.1.0/24: `app` has to move from one to the other; replace its users too, with `--replace app`
        "#]],
    },
    Case {
        rows: &["value-on-cycle", "swapped"],
        before: &[
            "a subnet network=net block=10.0.1.0/24",
            "b subnet network=net block=10.0.2.0/24",
            "app machine subnet=@a",
            "web machine subnet=@b",
        ],
        after: &[
            "a subnet network=net block=10.0.2.0/24",
            "b subnet network=net block=10.0.1.0/24",
            "app machine subnet=@a",
            "web machine subnet=@b",
        ],
        plan: expect![[r#"
            -/+ a FieldForcesReplacement
            -/+ app ParentCannotCoexist
            -/+ b FieldForcesReplacement
            -/+ web ParentCannotCoexist
            - web: delete ▸ gone ▮
            - b: delete ▸ gone ▮ (locks net)
            - app: delete ▸ gone ▮
            - a: delete ▸ gone ▮ (locks net)
            + b: create ▸ Available ▮ (locks net)
            + web: create ▸ Running ▮
            + a: create ▸ Available ▮ (locks net)
            + app: create ▸ Running ▮
            - web gone → - b delete
            - app gone → - a delete
            - b gone → + b create
            - a gone → + b create
            + b Available → + web create
            - b gone → + a create
            - a gone → + a create
            + a Available → + app create
        "#]],
    },
];

/// Exclusive values: the pictures.
static IN_PICTURES: &[Case] = &[
    Case {
        rows: &["split"],
        before: &["wide subnet network=net block=10.0.0.0/23"],
        after: &[
            "low subnet network=net block=10.0.0.0/24",
            "high subnet network=net block=10.0.1.0/24",
        ],
        plan: expect![[r#"
            + high NotThere
            + low NotThere
            - wide NotInSpec
            - wide: delete ▸ gone ▮ (locks net)
            + low: create ▸ Available ▮ (locks net)
            + high: create ▸ Available ▮ (locks net)
            - wide gone → + low create
            - wide gone → + high create
        "#]],
    },
    Case {
        rows: &["group-shifts"],
        before: &[
            "s[0] subnet network=net block=10.0.0.0/24",
            "s[1] subnet network=net block=10.0.1.0/24",
            "s[2] subnet network=net block=10.0.2.0/24",
        ],
        after: &[
            "s[0] subnet network=net block=10.0.1.0/24",
            "s[1] subnet network=net block=10.0.2.0/24",
        ],
        plan: expect![[r#"
            -/+ s[0] FieldForcesReplacement
            -/+ s[1] FieldForcesReplacement
            - s[2] NotInSpec
            - s[2]: delete ▸ gone ▮ (locks net)
            - s[1]: delete ▸ gone ▮ (locks net)
            + s[1]: create ▸ Available ▮ (locks net)
            - s[0]: delete ▸ gone ▮ (locks net)
            + s[0]: create ▸ Available ▮ (locks net)
            - s[2] gone → + s[1] create
            - s[1] gone → + s[1] create
            + s[1] Available → - s[0] delete
            - s[0] gone → + s[0] create
        "#]],
    },
    Case {
        rows: &["address-shifts"],
        before: &[
            "one machine subnet=vsw-1 number=5",
            "two machine subnet=vsw-1 number=6",
        ],
        after: &[
            "one machine subnet=vsw-1 number=6",
            "two machine subnet=vsw-1 number=7",
        ],
        plan: expect![[r#"
            ~ one Differs
            ~ two Differs
            ~ two: mark ▸ stop ▸ Stopped ▸ renumber ▸ start ▸ Running ▸ unmark ▮
            ~ one: mark ▸ stop ▸ Stopped ▸ renumber ▸ start ▸ Running ▸ unmark ▮
            ~ two unmark → ~ one mark
        "#]],
    },
    Case {
        rows: &["renamed-under-user"],
        before: &["service key name=web", "app machine key=@service"],
        after: &["other key name=web", "app machine key=@other"],
        plan: expect![[r#"
            Cycle: `other` needs the name `web` before `service` (id-service) can give it up: `app` has to move from one to the other; write `moved: [{from: service, to: other}]` if it is the same resource under a new name; to get a new one, replace its users with `--replace app`
        "#]],
    },
    Case {
        rows: &["vpc-moves"],
        before: &[
            "vpc network block=10.0.0.0/16",
            "vsw subnet network=@vpc block=10.0.1.0/24",
            "app machine subnet=@vsw",
        ],
        after: &[
            "vpc network block=172.16.0.0/16",
            "vsw subnet network=@vpc block=172.16.1.0/24",
            "app machine subnet=@vsw",
        ],
        plan: expect![[r#"
            -/+ app ParentCannotCoexist
            ~ vpc Differs
            -/+ vsw FieldForcesReplacement
            - app: delete ▸ gone ▮
            - vsw: delete ▸ gone ▮ (locks id-vpc)
            ~ vpc: modify ▮
            + vsw: create ▸ Available ▮ (locks id-vpc)
            + app: create ▸ Running ▮
            - app gone → - vsw delete
            - vsw gone → ~ vpc modify
            ~ vpc modify → + vsw create
            + vsw Available → + app create
        "#]],
    },
    Case {
        rows: &["vpc-grows"],
        before: &[
            "vpc network block=10.0.0.0/16",
            "vsw subnet network=@vpc block=10.0.1.0/24",
            "app machine subnet=@vsw",
        ],
        after: &[
            "vpc network block=10.0.0.0/15",
            "vsw subnet network=@vpc block=10.1.1.0/24",
            "app machine subnet=@vsw",
        ],
        plan: expect![[r#"
            ~ app Differs
            ~ vpc Differs
            +/- vsw FieldForcesReplacement
            ~ vpc: modify ▮
            + vsw: create ▸ Available ▮ (locks id-vpc)
            ~ app: mark ▸ stop ▸ Stopped ▸ move ▸ start ▸ Running ▸ unmark ▮
            - vsw: delete ▸ gone ▮ (locks id-vpc)
            ~ vpc modify → + vsw create
            + vsw Available → ~ app mark
            ~ app unmark → - vsw delete
        "#]],
    },
    Case {
        rows: &["vpc-shrinks"],
        before: &[
            "vpc network block=10.0.0.0/15",
            "vsw subnet network=@vpc block=10.1.1.0/24",
            "app machine subnet=@vsw",
        ],
        after: &[
            "vpc network block=10.0.0.0/16",
            "vsw subnet network=@vpc block=10.0.1.0/24",
            "app machine subnet=@vsw",
        ],
        plan: expect![[r#"
            ~ app Differs
            ~ vpc Differs
            +/- vsw FieldForcesReplacement
            + vsw: create ▸ Available ▮ (locks id-vpc)
            ~ app: mark ▸ stop ▸ Stopped ▸ move ▸ start ▸ Running ▸ unmark ▮
            - vsw: delete ▸ gone ▮ (locks id-vpc)
            ~ vpc: modify ▮
            + vsw Available → ~ app mark
            ~ app unmark → - vsw delete
            - vsw gone → ~ vpc modify
        "#]],
    },
];

/// Rolling.
static ROLLING: &[Case] = &[
    Case {
        rows: &["one-at-a-time", "rolling"],
        before: &[
            "web[0] machine size=1",
            "web[1] machine size=1",
            "web[2] machine size=1",
        ],
        after: &[
            "web[0] machine size=2",
            "web[1] machine size=2",
            "web[2] machine size=2",
        ],
        plan: expect![[r#"
            ~ web[0] Differs
            ~ web[1] Differs
            ~ web[2] Differs
            ~ web[0]: mark ▸ stop ▸ Stopped ▸ resize ▸ start ▸ Running ▸ unmark ▮
            ~ web[1]: mark ▸ stop ▸ Stopped ▸ resize ▸ start ▸ Running ▸ unmark ▮
            ~ web[2]: mark ▸ stop ▸ Stopped ▸ resize ▸ start ▸ Running ▸ unmark ▮
            ~ web[0] unmark → ~ web[1] mark
            ~ web[1] unmark → ~ web[2] mark
        "#]],
    },
    Case {
        rows: &["two-at-a-time"],
        before: &[
            "web[0] machine size=1",
            "web[1] machine size=1",
            "web[2] machine size=1",
        ],
        after: &[
            "web[0] machine size=2 +max=2",
            "web[1] machine size=2 +max=2",
            "web[2] machine size=2 +max=2",
        ],
        plan: expect![[r#"
            ~ web[0] Differs
            ~ web[1] Differs
            ~ web[2] Differs
            ~ web[1]: mark ▸ stop ▸ Stopped ▸ resize ▸ start ▸ Running ▸ unmark ▮
            ~ web[0]: mark ▸ stop ▸ Stopped ▸ resize ▸ start ▸ Running ▸ unmark ▮
            ~ web[2]: mark ▸ stop ▸ Stopped ▸ resize ▸ start ▸ Running ▸ unmark ▮
            ~ web[0] unmark → ~ web[2] mark
        "#]],
    },
    Case {
        rows: &["turns-by-need"],
        before: &[
            "s[0] machine subnet=vsw-1 number=1",
            "s[1] machine subnet=vsw-1 number=2",
        ],
        after: &[
            "s[0] machine subnet=vsw-1 number=2",
            "s[1] machine subnet=vsw-1 number=3",
        ],
        plan: expect![[r#"
            ~ s[0] Differs
            ~ s[1] Differs
            ~ s[1]: mark ▸ stop ▸ Stopped ▸ renumber ▸ start ▸ Running ▸ unmark ▮
            ~ s[0]: mark ▸ stop ▸ Stopped ▸ renumber ▸ start ▸ Running ▸ unmark ▮
            ~ s[1] unmark → ~ s[0] mark
        "#]],
    },
    Case {
        rows: &["together"],
        before: &[
            "vsw subnet network=net block=10.0.1.0/24",
            "web[0] machine subnet=@vsw",
            "web[1] machine subnet=@vsw",
        ],
        after: &[
            "vsw subnet network=net block=10.0.1.0/25",
            "web[0] machine subnet=@vsw",
            "web[1] machine subnet=@vsw",
        ],
        plan: expect![[r#"
            -/+ vsw FieldForcesReplacement
            -/+ web[0] ParentCannotCoexist
            -/+ web[1] ParentCannotCoexist
            - web[1]: delete ▸ gone ▮
            - web[0]: delete ▸ gone ▮
            - vsw: delete ▸ gone ▮ (locks net)
            + vsw: create ▸ Available ▮ (locks net)
            + web[1]: create ▸ Running ▮
            + web[0]: create ▸ Running ▮
            - web[1] gone → - vsw delete
            - web[0] gone → - vsw delete
            - vsw gone → + vsw create
            + vsw Available → + web[1] create
            + vsw Available → + web[0] create
            note: web[1] together
        "#]],
    },
];

/// Parents that change, locks, cycles.
static PARENTS: &[Case] = &[
    Case {
        rows: &["parents", "parent-grows"],
        before: &["vpc network block=10.0.0.0/16"],
        after: &[
            "vpc network block=10.0.0.0/15",
            "vsw subnet network=@vpc block=10.1.0.0/24",
        ],
        plan: expect![[r#"
            ~ vpc Differs
            + vsw NotThere
            ~ vpc: modify ▮
            + vsw: create ▸ Available ▮ (locks id-vpc)
            ~ vpc modify → + vsw create
        "#]],
    },
    Case {
        rows: &["parent-shrinks"],
        before: &[
            "vpc network block=10.0.0.0/15",
            "vsw subnet network=@vpc block=10.1.0.0/24",
        ],
        after: &["vpc network block=10.0.0.0/16"],
        plan: expect![[r#"
            ~ vpc Differs
            - vsw NotInSpec
            - vsw: delete ▸ gone ▮ (locks id-vpc)
            ~ vpc: modify ▮
            - vsw gone → ~ vpc modify
        "#]],
    },
    Case {
        rows: &["parent-rules"],
        before: &["web group open=a"],
        after: &["web group open=b", "app machine groups=@web"],
        plan: expect![[r#"
            + app NotThere
            ~ web Differs
            ~ web: authorize ▮
            + app: create ▸ Running ▮
            ~ web authorize → + app create
        "#]],
    },
    Case {
        rows: &["locks"],
        before: &["vpc network block=10.0.0.0/16"],
        after: &[
            "vpc network block=10.0.0.0/16",
            "a subnet network=@vpc block=10.0.1.0/24",
            "b subnet network=@vpc block=10.0.2.0/24",
        ],
        plan: expect![[r#"
            + a NotThere
            + b NotThere
            = vpc Matches
            + b: create ▸ Available ▮ (locks id-vpc)
            + a: create ▸ Available ▮ (locks id-vpc)
        "#]],
    },
    Case {
        rows: &["waits-for-each-other"],
        before: &["a key name=x number=1", "b key name=y number=2"],
        after: &["a key name=x number=2", "b key name=y number=1"],
        plan: expect![[r#"
            Cycle: `a` needs the number 2 before `b` (id-b) can give it up; make the change in two applies: first give one of them a value that is free
        "#]],
    },
];
