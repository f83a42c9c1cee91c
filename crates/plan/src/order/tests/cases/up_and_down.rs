//! Cases of creation and deletion, groups that refer to each other, rules, and windows.

use expect_test::expect;

use crate::order::tests::Case;

pub(super) static CASES: &[Case] = &[
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
