//! Cases of exclusive values: the pictures of the page.

use expect_test::expect;

use crate::order::tests::Case;

pub(super) static CASES: &[Case] = &[
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
