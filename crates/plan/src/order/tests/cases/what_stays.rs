//! Cases of resources that stay although the file no longer contains them.

use expect_test::expect;

use crate::order::tests::Case;

pub(super) static CASES: &[Case] = &[
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
