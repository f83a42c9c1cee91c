//! States in which a step reads live state.

use expect_test::expect;

use crate::machine::tests::{Case, plans};

pub(super) static CASES: &[Case] = &[
    // A create call has returned an id.
    Case {
        state: "Verifying",
        plan: plans::create,
        step: 0,
        observed_before: 0,
        path: &["ok VpcId=vpc-a", "+0.5"],
        events: &[
            "row",
            "no row",
            "no row, +1.5, row",
            "no row, +10, no row",
            "no row, +10, no row, +0.5, no row",
            "row other",
            "row nobody",
            "row other, +10, row other, +0.5, row other",
            "blind",
            "blind !Forbidden.RAM",
            "tick",
            "interrupt",
            "interrupt, row",
            "interrupt, no row",
            "interrupt, no row, +11, no row",
        ],
        follows: expect![[r#"
            row → remember vpc-a made, done, 1: started, 1: saw nothing → Done
            no row → saw not shown yet → Verifying until 1.5s
            no row, +1.5, row → saw not shown yet; look by id; remember vpc-a made, done, 1: started, 1: saw nothing → Done
            no row, +10, no row → saw not shown yet; look by id, proven; - → Verifying until 10.7s
            no row, +10, no row, +0.5, no row → saw not shown yet; look by id, proven; -; look by id, proven; again in 0ns: the cloud answered with the id of a resource that does not exist, send CreateVpc with token 2 → Sent
            row other → saw not shown yet → Verifying until 1.5s
            row nobody → saw not shown yet → Verifying until 1.5s
            row other, +10, row other, +0.5, row other → saw not shown yet; look by id, proven; -; look by id, proven; again in 0ns: the cloud answered with the id of a resource that does not exist, send CreateVpc with token 2 → Sent
            blind → - → Verifying until 3.5s
            blind !Forbidden.RAM → failed (Credentials), 1: skipped → Failed
            tick → - → Verifying
            interrupt → stopping, 1: skipped → Verifying
            interrupt, row → stopping, 1: skipped; remember vpc-a made, done → Done
            interrupt, no row → stopping, 1: skipped; saw not shown yet → Verifying until 1.5s
            interrupt, no row, +11, no row → stopping, 1: skipped; saw not shown yet; look by id, proven; failed (Unknown) → Failed
        "#]],
    },
    // The token of a create was used before, with other parameters.
    Case {
        state: "Searching",
        plan: plans::create,
        step: 0,
        observed_before: 0,
        path: &["!IdempotentParameterMismatch"],
        events: &["tick", "+10", "interrupt"],
        follows: expect![[r#"
            tick → - → Searching until 10s
            +10 → look by owner, proven → Searching
            interrupt → stopping, 1: skipped → Searching until 10s
        "#]],
    },
    // The visibility window has passed, and the listing is read.
    Case {
        state: "Searching",
        plan: plans::create,
        step: 0,
        observed_before: 0,
        path: &["!IdempotentParameterMismatch", "+10"],
        events: &[
            "row",
            "row other, +0.5, row other",
            "no row",
            "no row, +0.5, row",
            "no row, +0.5, no row",
            "blind",
            "blind !Forbidden.RAM",
            "interrupt",
        ],
        follows: expect![[r#"
            row → failed (Moved), 1: skipped → Failed
            row other, +0.5, row other → -; look at all, proven; send CreateVpc with token 2 → Sent
            no row → - → Searching until 10.2s
            no row, +0.5, row → -; look at all, proven; failed (Moved), 1: skipped → Failed
            no row, +0.5, no row → -; look at all, proven; send CreateVpc with token 2 → Sent
            blind → - → Searching until 13s
            blind !Forbidden.RAM → failed (Credentials), 1: skipped → Failed
            interrupt → stopping, 1: skipped → Searching
        "#]],
    },
    // A create was lost, then refused.
    Case {
        state: "Searching",
        plan: plans::create,
        step: 0,
        observed_before: 0,
        path: &["lost", "+2", "!QuotaExceeded", "+10"],
        events: &["row", "no row, +0.5, no row", "interrupt"],
        follows: expect![[r#"
            row → remember vpc-a made, done, 1: started, 1: saw nothing → Done
            no row, +0.5, no row → -; look at all, proven; send CreateVpc with token 2 → Sent
            interrupt → stopping, 1: skipped → Searching
        "#]],
    },
    // A call with a goal was lost.
    Case {
        state: "Judging",
        plan: plans::with_goal,
        step: 0,
        observed_before: 0,
        path: &["lost"],
        events: &[
            "row label=new",
            "row label=old",
            "row label=old, +0.5, row label=old",
            "row label=old, +0.5, row label=new",
            "no row, +0.5, no row",
            "blind",
            "blind !Forbidden.RAM",
            "tick",
            "interrupt",
            "interrupt, row label=new",
        ],
        follows: expect![[r#"
            row label=new → done → Done
            row label=old → - → Judging until 200ms
            row label=old, +0.5, row label=old → -; look by id, proven; again in 250ms: no answer → Pausing until 750ms
            row label=old, +0.5, row label=new → -; look by id, proven; done → Done
            no row, +0.5, no row → -; look by id, proven; again in 250ms: no answer → Pausing until 750ms
            blind → - → Judging until 3s
            blind !Forbidden.RAM → failed (Credentials) → Failed
            tick → - → Judging
            interrupt → stopping → Judging
            interrupt, row label=new → stopping; done → Done
        "#]],
    },
    // The refusal of a call with a goal does not tell whether the goal is met.
    Case {
        state: "Judging",
        plan: plans::with_goal,
        step: 0,
        observed_before: 0,
        path: &["!Ambiguous"],
        events: &[
            "row label=new",
            "row label=old, +0.5, row label=old",
            "no row, +0.5, no row",
        ],
        follows: expect![[r#"
            row label=new → done → Done
            row label=old, +0.5, row label=old → -; look by id, proven; failed (Refused) → Failed
            no row, +0.5, no row → -; look by id, proven; failed (Refused) → Failed
        "#]],
    },
    // The first look of a wait is not due yet.
    Case {
        state: "Waiting",
        plan: plans::wait,
        step: 0,
        observed_before: 0,
        path: &[],
        events: &["tick", "+6", "+7", "interrupt"],
        follows: expect![[r#"
            tick → - → Waiting until 500ms
            +6 → look by id → Waiting
            +7 → look by id → Waiting
            interrupt → stopping, 1: skipped, skipped → Skipped
        "#]],
    },
    // A look of a wait is in flight.
    Case {
        state: "Waiting",
        plan: plans::wait,
        step: 0,
        observed_before: 0,
        path: &["+7"],
        events: &[
            "row status=Running",
            "row status=Starting",
            "row status=Starting, +1.5, row status=Running",
            "row status=Fault",
            "row status=Stopped",
            "row status=Stopped, +10, row status=Stopped",
            "row status=Starting, +1.5, row status=Stopped, +9, row status=Stopped",
            "row status=Starting, +1.5, row status=Stopped, +10, row status=Stopped",
            "row status=Starting, +300, row status=Starting",
            "no row",
            "no row, +0.5, no row",
            "no row, +0.5, row status=Starting",
            "blind",
            "blind !Forbidden.RAM",
            "tick",
            "interrupt",
        ],
        follows: expect![[r#"
            row status=Running → done, 1: started, send AssociateEipAddress with token 1 → Done
            row status=Starting → saw Starting → Waiting until 8s
            row status=Starting, +1.5, row status=Running → saw Starting; look by id; done, 1: started, send AssociateEipAddress with token 1 → Done
            row status=Fault → failed (NotReached), 1: skipped → Failed
            row status=Stopped → saw Stopped → Waiting until 8s
            row status=Stopped, +10, row status=Stopped → saw Stopped; look by id; failed (NotReached), 1: skipped → Failed
            row status=Starting, +1.5, row status=Stopped, +9, row status=Stopped → saw Starting; look by id; saw Stopped; look by id; saw Stopped → Waiting until 18.5s
            row status=Starting, +1.5, row status=Stopped, +10, row status=Stopped → saw Starting; look by id; saw Stopped; look by id; failed (NotReached), 1: skipped → Failed
            row status=Starting, +300, row status=Starting → saw Starting; look by id; failed (NotReached), 1: skipped → Failed
            no row → - → Waiting until 7.2s
            no row, +0.5, no row → -; look by id, proven; failed (NotReached), 1: skipped → Failed
            no row, +0.5, row status=Starting → -; look by id, proven; saw Starting → Waiting until 8.5s
            blind → - → Waiting until 10s
            blind !Forbidden.RAM → failed (Credentials), 1: skipped → Failed
            tick → - → Waiting
            interrupt → stopping, 1: skipped, skipped → Skipped
        "#]],
    },
    // A new resource may not be visible yet.
    Case {
        state: "Waiting",
        plan: plans::create,
        step: 1,
        observed_before: 0,
        path: &["ok VpcId=vpc-a", "+0.5", "row", "+7"],
        events: &[
            "no row",
            "no row, +10, no row, +0.5, no row",
            "row status=Available",
        ],
        follows: expect![[r#"
            no row → - → Waiting until 8.5s
            no row, +10, no row, +0.5, no row → -; look by id; -; look by id, proven; failed (NotReached) → Failed
            row status=Available → done → Done
        "#]],
    },
    // A wait until a resource is gone.
    Case {
        state: "Waiting",
        plan: plans::delete,
        step: 1,
        observed_before: 0,
        path: &["ok", "+7"],
        events: &[
            "row status=Deleting",
            "no row",
            "no row, +0.5, no row",
            "no row, +0.5, row status=Deleting",
            "interrupt",
        ],
        follows: expect![[r#"
            row status=Deleting → saw Deleting → Waiting until 8s
            no row → - → Waiting until 7.2s
            no row, +0.5, no row → -; look by id, proven; remember vpc-a deleted, done → Done
            no row, +0.5, row status=Deleting → -; look by id, proven; saw Deleting → Waiting until 8.5s
            interrupt → stopping, skipped → Skipped
        "#]],
    },
    // A wait with a query of its own fails if the answer is empty.
    Case {
        state: "Waiting",
        plan: plans::ask,
        step: 0,
        observed_before: 0,
        path: &["+0.5"],
        events: &[
            "row status=Running",
            "row status=Starting",
            "no row, +0.5, no row",
        ],
        follows: expect![[r#"
            row status=Running → done → Done
            row status=Starting → saw Starting → Waiting until 1.5s
            no row, +0.5, no row → -; look at all, proven; failed (NotReached) → Failed
        "#]],
    },
    // A wait in an open window continues for some time after an interruption.
    Case {
        state: "Waiting",
        plan: plans::window,
        step: 1,
        observed_before: 0,
        path: &["ok", "+7"],
        events: &[
            "interrupt",
            "interrupt, row status=Stopped",
            "interrupt, row status=Stopping",
            "interrupt, row status=Stopping, +31, row status=Stopping",
        ],
        follows: expect![[r#"
            interrupt → stopping, 2: skipped, 5: skipped → Waiting
            interrupt, row status=Stopped → stopping, 2: skipped, 5: skipped; done, 3: started, send AssociateEipAddress with token 2 → Done
            interrupt, row status=Stopping → stopping, 2: skipped, 5: skipped; saw Stopping → Waiting until 8s
            interrupt, row status=Stopping, +31, row status=Stopping → stopping, 2: skipped, 5: skipped; saw Stopping; look by id; skipped, 3: started, send AssociateEipAddress with token 2 → Skipped
        "#]],
    },
];
