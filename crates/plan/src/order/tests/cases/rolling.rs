//! Cases of rolling changes.

use expect_test::expect;

use crate::order::tests::Case;

pub(super) static CASES: &[Case] = &[
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
        rows: &["down-first"],
        before: &[
            "web[0] machine size=1 status=Running",
            "web[1] machine size=2 status=Stopped +mark=restarting",
            "web[2] machine size=1 status=Running",
        ],
        after: &[
            "web[0] machine size=2",
            "web[1] machine size=2",
            "web[2] machine size=2",
            "web[3] machine size=2",
        ],
        plan: expect![[r#"
            ~ web[0] Differs
            ~ web[1] LeftStopped
            ~ web[2] Differs
            + web[3] NotThere
            + web[3]: create ▸ Running ▮
            ~ web[1]: TagResources ▮
            ~ web[0]: mark ▸ stop ▸ Stopped ▸ resize ▸ start ▸ Running ▸ unmark ▮
            ~ web[2]: mark ▸ stop ▸ Stopped ▸ resize ▸ start ▸ Running ▸ unmark ▮
            + web[3] Running → ~ web[0] mark
            ~ web[1] TagResources → ~ web[0] mark
            ~ web[0] unmark → ~ web[2] mark
        "#]],
    },
    Case {
        rows: &["two-down"],
        before: &[
            "web[0] machine size=1 status=Running",
            "web[1] machine size=1 status=Running",
            "web[2] machine size=1 status=Stopped",
            "web[3] machine size=1 status=Starting",
        ],
        after: &[
            "web[0] machine size=2 +max=2",
            "web[1] machine size=2 +max=2",
            "web[2] machine size=2 +max=2",
            "web[3] machine size=2 +max=2",
            "web[4] machine size=2 +max=2",
        ],
        plan: expect![[r#"
            ~ web[0] Differs
            ~ web[1] Differs
            ~ web[2] Differs
            ~ web[3] Differs
            + web[4] NotThere
            + web[4]: create ▸ Running ▮
            ~ web[3]: mark ▸ stop ▸ Stopped ▸ resize ▸ start ▸ Running ▸ unmark ▮
            ~ web[2]: mark ▸ stop ▸ Stopped ▸ resize ▸ start ▸ Running ▸ unmark ▮
            ~ web[1]: mark ▸ stop ▸ Stopped ▸ resize ▸ start ▸ Running ▸ unmark ▮
            ~ web[0]: mark ▸ stop ▸ Stopped ▸ resize ▸ start ▸ Running ▸ unmark ▮
            + web[4] Running → ~ web[1] mark
            ~ web[3] unmark → ~ web[1] mark
            ~ web[2] unmark → ~ web[1] mark
            ~ web[3] unmark → ~ web[0] mark
            ~ web[2] unmark → ~ web[0] mark
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
