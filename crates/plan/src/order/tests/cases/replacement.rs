//! Cases of replacements.

use expect_test::expect;

use crate::order::tests::Case;

pub(super) static CASES: &[Case] = &[
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
            note: vsw destroyed first
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
            note: app destroyed first
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
