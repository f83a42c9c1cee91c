//! Cases of exclusive values: the table of the page.

use expect_test::expect;

use crate::order::tests::Case;

pub(super) static CASES: &[Case] = &[
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
        rows: &["slot-stays"],
        before: &["m machine", "a eip on=@m", "b eip"],
        after: &["m machine", "a eip on=@m", "b eip on=@m"],
        plan: expect![[r#"
            Refused: `b` needs the address slot of id-m, but `a` (id-a) has it and keeps it; unbind the other one
        "#]],
    },
    Case {
        rows: &["slot-freed"],
        before: &["m machine", "a eip on=@m", "b eip"],
        after: &["m machine", "b eip on=@m"],
        plan: expect![[r#"
            - a NotInSpec
            ~ b Differs
            = m Matches
            - a: unbind ▮ ▸ release
            ~ b: bind ▮
            - a unbind → ~ b bind
        "#]],
    },
    Case {
        rows: &["slots-swapped"],
        before: &["m machine", "n machine", "a eip on=@m", "b eip on=@n"],
        after: &["m machine", "n machine", "a eip on=@n", "b eip on=@m"],
        plan: expect![[r#"
            ~ a Differs
            ~ b Differs
            = m Matches
            = n Matches
            ~ b: unbind ▮ ▸ bind ▮
            ~ a: bind ▮
            ~ b unbind → ~ a bind
            ~ a bind → ~ b bind
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
