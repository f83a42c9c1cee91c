//! The table, by state.

use expect_test::expect;

use super::{Case, plans};

pub(super) fn cases() -> impl Iterator<Item = &'static Case> {
    let all = [TO_BE_SENT, ANSWERED, LOOKING, OVER];
    all.into_iter().flatten()
}

/// Before a call goes out.
static TO_BE_SENT: &[Case] = &[
    // The second call of a change waits for the first.
    Case {
        state: "Blocked",
        plan: plans::update,
        step: 1,
        observed_before: 0,
        path: &[],
        events: &[
            "ok",
            "!Forbidden.RAM",
            "!InvalidStatus",
            "!Throttling",
            "lost",
            "tick",
            "interrupt",
            "interrupt, ok",
        ],
        follows: expect![[r#"
            ok → 0: done, started, send AssociateEipAddress with token 2 → Sent
            !Forbidden.RAM → 0: failed (Credentials), skipped → Skipped
            !InvalidStatus → 0: failed (Refused), skipped → Skipped
            !Throttling → 0: again in 1.5s: Throttling → Blocked
            lost → 0: again in 250ms: no answer → Blocked
            tick → - → Blocked
            interrupt → stopping, skipped → Skipped
            interrupt, ok → stopping, skipped; 0: done → Skipped
        "#]],
    },
    // A closing step runs after a failure.
    Case {
        state: "Blocked",
        plan: plans::window,
        step: 3,
        observed_before: 0,
        path: &["ok", "+7", "row status=Stopped"],
        events: &[
            "ok",
            "!InvalidStatus",
            "!InvalidStatus, ok",
            "lost",
            "tick",
            "interrupt",
            "interrupt, ok",
        ],
        follows: expect![[r#"
            ok → 2: done, started, send AssociateEipAddress with token 3 → Sent
            !InvalidStatus → 2: failed (Refused), started, send AssociateEipAddress with token 3 → Sent
            !InvalidStatus, ok → 2: failed (Refused), started, send AssociateEipAddress with token 3; done, 4: started → Closed
            lost → 2: again in 250ms: no answer → Blocked
            tick → - → Blocked
            interrupt → stopping, 5: skipped → Blocked
            interrupt, ok → stopping, 5: skipped; 2: done, started, send AssociateEipAddress with token 3 → Sent
        "#]],
    },
    // Another change holds its lock.
    Case {
        state: "Ready",
        plan: plans::locked,
        step: 1,
        observed_before: 0,
        path: &[],
        events: &["ok", "!InvalidStatus", "!Busy", "tick", "interrupt"],
        follows: expect![[r#"
            ok → 0: done, started, send AssociateEipAddress with token 2 → Sent
            !InvalidStatus → 0: failed (Refused), started, send AssociateEipAddress with token 2 → Sent
            !Busy → 0: again in 3s: Busy, started, send AssociateEipAddress with token 2 → Sent
            tick → - → Ready
            interrupt → stopping, skipped → Skipped
        "#]],
    },
    // An old observation is renewed before an update.
    Case {
        state: "Rechecking",
        plan: plans::update,
        step: 0,
        observed_before: 60,
        path: &[],
        events: &[
            "row label=old",
            "row label=other",
            "row label=other, +0.5, row label=other",
            "row label=other, +0.5, row label=old",
            "row other label=old, +0.5, row other label=old",
            "row nobody label=old, +0.5, row nobody label=old",
            "no row",
            "no row, +0.5, no row",
            "blind",
            "blind !Forbidden.RAM",
            "tick",
            "+60",
            "interrupt",
            "interrupt, row label=old",
        ],
        follows: expect![[r#"
            row label=old → started, send AssociateEipAddress with token 1 → Sent
            row label=other → - → Rechecking until 500ms
            row label=other, +0.5, row label=other → -; look by id, proven; 1: skipped, failed (Moved) → Failed
            row label=other, +0.5, row label=old → -; look by id, proven; started, send AssociateEipAddress with token 1 → Sent
            row other label=old, +0.5, row other label=old → -; look by id, proven; 1: skipped, failed (Moved) → Failed
            row nobody label=old, +0.5, row nobody label=old → -; look by id, proven; 1: skipped, failed (Moved) → Failed
            no row → - → Rechecking until 500ms
            no row, +0.5, no row → -; look by id, proven; 1: skipped, failed (Moved) → Failed
            blind → - → Rechecking until 3s
            blind !Forbidden.RAM → failed (Credentials), 1: skipped → Failed
            tick → - → Rechecking
            +60 → - → Rechecking
            interrupt → stopping, 1: skipped → Rechecking
            interrupt, row label=old → stopping, 1: skipped; skipped → Skipped
        "#]],
    },
    // Before a deletion.
    Case {
        state: "Rechecking",
        plan: plans::delete,
        step: 0,
        observed_before: 60,
        path: &[],
        events: &["row label=new", "no row", "row other, +0.5, row other"],
        follows: expect![[r#"
            row label=new → started, send DeleteVpc with token 1 → Sent
            no row → started, send DeleteVpc with token 1 → Sent
            row other, +0.5, row other → -; look by id, proven; 1: skipped, failed (Moved) → Failed
        "#]],
    },
];

/// Calls and acts.
static ANSWERED: &[Case] = &[
    // An update is sent.
    Case {
        state: "Sent",
        plan: plans::update,
        step: 0,
        observed_before: 0,
        path: &[],
        events: &[
            "ok",
            "!AlreadySo",
            "!Throttling",
            "!TaskConflict",
            "!Busy",
            "!InvalidStatus",
            "!Forbidden.RAM",
            "!InternalError",
            "lost",
            "unsent",
            "damaged",
            "tick",
            "+600",
            "interrupt",
            "interrupt, ok",
            "interrupt, !Busy",
        ],
        follows: expect![[r#"
            ok → done, 1: started, send AssociateEipAddress with token 2 → Done
            !AlreadySo → done, 1: started, send AssociateEipAddress with token 2 → Done
            !Throttling → again in 1.5s: Throttling → Pausing until 1.5s
            !TaskConflict → again in 1s: TaskConflict → Pausing until 1s
            !Busy → again in 3s: Busy → Pausing until 3s
            !InvalidStatus → failed (Refused), 1: skipped → Failed
            !Forbidden.RAM → failed (Credentials), 1: skipped → Failed
            !InternalError → again in 250ms: InternalError → Pausing until 250ms
            lost → again in 250ms: no answer → Pausing until 250ms
            unsent → again in 250ms: no answer → Pausing until 250ms
            damaged → again in 250ms: no answer → Pausing until 250ms
            tick → - → Sent
            +600 → - → Sent
            interrupt → stopping, 1: skipped → Sent
            interrupt, ok → stopping, 1: skipped; done → Done
            interrupt, !Busy → stopping, 1: skipped; again in 3s: Busy, skipped → Skipped
        "#]],
    },
    // A create is sent.
    Case {
        state: "Sent",
        plan: plans::create,
        step: 0,
        observed_before: 0,
        path: &[],
        events: &[
            "ok VpcId=vpc-a",
            "ok",
            "!NoStock",
            "!Busy",
            "!IdempotentParameterMismatch",
            "!InvalidParameter",
            "!QuotaExceeded",
            "!QuotaExceeded, !QuotaExceeded, !QuotaExceeded",
            "!Forbidden.RAM",
            "!Throttling",
            "lost",
            "lost, +2, !QuotaExceeded",
            "unsent",
            "damaged",
            "interrupt",
            "interrupt, ok VpcId=vpc-a",
        ],
        follows: expect![[r#"
            ok VpcId=vpc-a → look by id → Verifying
            ok → again in 250ms: no answer → Pausing until 250ms
            !NoStock → fell to 1: NoStock, send CreateVpc with token 2 → Sent
            !Busy → again in 3s: Busy → Pausing until 3s
            !IdempotentParameterMismatch → - → Searching until 10s
            !InvalidParameter → failed (Refused), 1: skipped → Failed
            !QuotaExceeded → send CreateVpc with token 2 → Sent
            !QuotaExceeded, !QuotaExceeded, !QuotaExceeded → send CreateVpc with token 2; send CreateVpc with token 3; failed (Refused), 1: skipped → Failed
            !Forbidden.RAM → failed (Credentials), 1: skipped → Failed
            !Throttling → again in 1.5s: Throttling → Pausing until 1.5s
            lost → again in 250ms: no answer → Pausing until 250ms
            lost, +2, !QuotaExceeded → again in 250ms: no answer; send CreateVpc with token 1; - → Searching until 12s
            unsent → again in 250ms: no answer → Pausing until 250ms
            damaged → again in 250ms: no answer → Pausing until 250ms
            interrupt → stopping, 1: skipped → Sent
            interrupt, ok VpcId=vpc-a → stopping, 1: skipped; look by id → Verifying
        "#]],
    },
    // A call with a goal is sent.
    Case {
        state: "Sent",
        plan: plans::with_goal,
        step: 0,
        observed_before: 0,
        path: &[],
        events: &["ok", "lost", "damaged", "!Ambiguous", "!InvalidStatus"],
        follows: expect![[r#"
            ok → done → Done
            lost → look by id → Judging
            damaged → look by id → Judging
            !Ambiguous → look by id → Judging
            !InvalidStatus → failed (Refused) → Failed
        "#]],
    },
    // One call for two resources is sent.
    Case {
        state: "Sent",
        plan: plans::batch,
        step: 1,
        observed_before: 0,
        path: &[],
        events: &[
            "ok",
            "!AlreadySo",
            "!InvalidStatus",
            "!InvalidStatus, ok, !InvalidStatus",
            "!Forbidden.RAM",
            "!InvalidAccessKeyId.NotFound",
            "!Throttling",
            "lost",
            "interrupt, !InvalidStatus",
        ],
        follows: expect![[r#"
            ok → remember vpc-a deleted, 0: done, remember vpc-b deleted, done → Done
            !AlreadySo → send DeleteInstances with token 2, send DeleteInstances with token 3 → Sent
            !InvalidStatus → send DeleteInstances with token 2, send DeleteInstances with token 3 → Sent
            !InvalidStatus, ok, !InvalidStatus → send DeleteInstances with token 2, send DeleteInstances with token 3; remember vpc-a deleted, 0: done; failed (Refused) → Failed
            !Forbidden.RAM → send DeleteInstances with token 2, send DeleteInstances with token 3 → Sent
            !InvalidAccessKeyId.NotFound → 0: failed (Credentials), failed (Credentials) → Failed
            !Throttling → 0: again in 1.5s: Throttling, again in 1.5s: Throttling → Pausing until 1.5s
            lost → 0: again in 250ms: no answer, again in 250ms: no answer → Pausing until 250ms
            interrupt, !InvalidStatus → stopping; 0: skipped, skipped → Skipped
        "#]],
    },
    // A call that was refused for a passing reason is made again, with a token of its own.
    Case {
        state: "Pausing",
        plan: plans::update,
        step: 0,
        observed_before: 0,
        path: &["!Busy"],
        events: &[
            "late",
            "tick",
            "+2",
            "+3",
            "+3, ok",
            "+3, !Busy, +60, !Busy",
            "interrupt",
        ],
        follows: expect![[r#"
            late → - → Pausing until 3s
            tick → - → Pausing until 3s
            +2 → - → Pausing until 3s
            +3 → send AssociateEipAddress with token 2 → Sent
            +3, ok → send AssociateEipAddress with token 2; done, 1: started, send AssociateEipAddress with token 3 → Done
            +3, !Busy, +60, !Busy → send AssociateEipAddress with token 2; again in 3s: Busy; send AssociateEipAddress with token 3; failed (Refused), 1: skipped → Failed
            interrupt → stopping, 1: skipped, skipped → Skipped
        "#]],
    },
    // A call that was lost is made again, with the same token.
    Case {
        state: "Pausing",
        plan: plans::update,
        step: 0,
        observed_before: 0,
        path: &["lost"],
        events: &["tick", "+60", "interrupt"],
        follows: expect![[r#"
            tick → - → Pausing until 250ms
            +60 → send AssociateEipAddress with token 1 → Sent
            interrupt → stopping, 1: skipped, skipped → Skipped
        "#]],
    },
    // A key is made on this machine.
    Case {
        state: "Acting",
        plan: plans::local,
        step: 0,
        observed_before: 0,
        path: &[],
        events: &[
            "acted",
            "not acted",
            "tick",
            "interrupt",
            "interrupt, acted",
        ],
        follows: expect![[r#"
            acted → done, 1: started, send AssociateEipAddress with token 1 → Done
            not acted → failed (Local), 1: skipped → Failed
            tick → - → Acting
            interrupt → stopping, 1: skipped → Acting
            interrupt, acted → stopping, 1: skipped; done → Done
        "#]],
    },
];

/// Looks.
static LOOKING: &[Case] = &[
    // A create was answered.
    Case {
        state: "Verifying",
        plan: plans::create,
        step: 0,
        observed_before: 0,
        path: &["ok VpcId=vpc-a"],
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
        ],
        follows: expect![[r#"
            row → remember vpc-a made, done, 1: started → Done
            no row → saw not shown yet → Verifying until 1.5s
            no row, +1.5, row → saw not shown yet; look by id; remember vpc-a made, done, 1: started → Done
            no row, +10, no row → saw not shown yet; look by id, proven; - → Verifying until 10.5s
            no row, +10, no row, +0.5, no row → saw not shown yet; look by id, proven; -; look by id, proven; again in 0ns: its token was answered with an id that no look shows, send CreateVpc with token 2 → Sent
            row other → saw not shown yet → Verifying until 1.5s
            row nobody → saw not shown yet → Verifying until 1.5s
            row other, +10, row other, +0.5, row other → saw not shown yet; look by id, proven; -; look by id, proven; again in 0ns: its token was answered with an id that no look shows, send CreateVpc with token 2 → Sent
            blind → - → Verifying until 3s
            blind !Forbidden.RAM → failed (Credentials), 1: skipped → Failed
            tick → - → Verifying
            interrupt → stopping, 1: skipped → Verifying
            interrupt, row → stopping, 1: skipped; remember vpc-a made, done → Done
        "#]],
    },
    // The token of a create was used before for something else.
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
    // The listing is looked at, once a resource would show.
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
            no row → - → Searching until 10.5s
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
            row → remember vpc-a made, done, 1: started → Done
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
            row label=old → - → Judging until 500ms
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
    // The refusal of a call with a goal does not say whether it is met.
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
    // A wait is not due yet.
    Case {
        state: "Waiting",
        plan: plans::wait,
        step: 0,
        observed_before: 0,
        path: &[],
        events: &["tick", "+6", "+7", "interrupt"],
        follows: expect![[r#"
            tick → - → Waiting until 7s
            +6 → - → Waiting until 7s
            +7 → look by id → Waiting
            interrupt → stopping, 1: skipped, skipped → Skipped
        "#]],
    },
    // A wait looks.
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
            row status=Starting → saw Starting → Waiting until 8.5s
            row status=Starting, +1.5, row status=Running → saw Starting; look by id; done, 1: started, send AssociateEipAddress with token 1 → Done
            row status=Fault → failed (NotReached), 1: skipped → Failed
            row status=Stopped → saw Stopped → Waiting until 8.5s
            row status=Stopped, +10, row status=Stopped → saw Stopped; look by id; failed (NotReached), 1: skipped → Failed
            row status=Starting, +1.5, row status=Stopped, +9, row status=Stopped → saw Starting; look by id; saw Stopped; look by id; saw Stopped → Waiting until 19s
            row status=Starting, +1.5, row status=Stopped, +10, row status=Stopped → saw Starting; look by id; saw Stopped; look by id; failed (NotReached), 1: skipped → Failed
            row status=Starting, +300, row status=Starting → saw Starting; look by id; failed (NotReached), 1: skipped → Failed
            no row → - → Waiting until 7.5s
            no row, +0.5, no row → -; look by id, proven; failed (NotReached), 1: skipped → Failed
            no row, +0.5, row status=Starting → -; look by id, proven; saw Starting → Waiting until 9s
            blind → - → Waiting until 10s
            blind !Forbidden.RAM → failed (Credentials), 1: skipped → Failed
            tick → - → Waiting
            interrupt → stopping, 1: skipped, skipped → Skipped
        "#]],
    },
    // What was just made may not be shown yet.
    Case {
        state: "Waiting",
        plan: plans::create,
        step: 1,
        observed_before: 0,
        path: &["ok VpcId=vpc-a", "row", "+7"],
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
    // The end of a resource is waited for.
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
            row status=Deleting → saw Deleting → Waiting until 8.5s
            no row → - → Waiting until 7.5s
            no row, +0.5, no row → -; look by id, proven; remember vpc-a deleted, done → Done
            no row, +0.5, row status=Deleting → -; look by id, proven; saw Deleting → Waiting until 9s
            interrupt → stopping, skipped → Skipped
        "#]],
    },
    // A query of its own must be answered.
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
            row status=Starting → saw Starting → Waiting until 2s
            no row, +0.5, no row → -; look at all, proven; failed (NotReached) → Failed
        "#]],
    },
    // A wait in an open window goes on after an interruption, for some time.
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
            interrupt, row status=Stopping → stopping, 2: skipped, 5: skipped; saw Stopping → Waiting until 8.5s
            interrupt, row status=Stopping, +31, row status=Stopping → stopping, 2: skipped, 5: skipped; saw Stopping; look by id; skipped, 3: started, send AssociateEipAddress with token 2 → Skipped
        "#]],
    },
];

/// What is over stays as it is.
static OVER: &[Case] = &[
    // Done.
    Case {
        state: "Done",
        plan: plans::update,
        step: 0,
        observed_before: 0,
        path: &["ok"],
        events: &["late", "tick", "interrupt"],
        follows: expect![[r#"
            late → - → Done
            tick → - → Done
            interrupt → stopping → Done
        "#]],
    },
    // A window was closed though its work was not done: nothing builds on it.
    Case {
        state: "Closed",
        plan: plans::window,
        step: 4,
        observed_before: 0,
        path: &[
            "ok",
            "+7",
            "row status=Stopped",
            "!InvalidStatus",
            "ok",
            "+7",
            "row status=Running",
        ],
        events: &["late", "tick", "interrupt"],
        follows: expect![[r#"
            late → - → Closed
            tick → - → Closed
            interrupt → stopping → Closed
        "#]],
    },
    // Failed.
    Case {
        state: "Failed",
        plan: plans::update,
        step: 0,
        observed_before: 0,
        path: &["!InvalidStatus"],
        events: &["late", "tick", "interrupt"],
        follows: expect![[r#"
            late → - → Failed
            tick → - → Failed
            interrupt → stopping → Failed
        "#]],
    },
    // Skipped after a failure.
    Case {
        state: "Skipped",
        plan: plans::update,
        step: 1,
        observed_before: 0,
        path: &["!InvalidStatus"],
        events: &["late", "tick", "interrupt"],
        follows: expect![[r#"
            late → - → Skipped
            tick → - → Skipped
            interrupt → stopping → Skipped
        "#]],
    },
    // Skipped after an interruption.
    Case {
        state: "Skipped",
        plan: plans::update,
        step: 1,
        observed_before: 0,
        path: &["interrupt"],
        events: &["ok", "tick", "interrupt"],
        follows: expect![[r#"
            ok → 0: done → Skipped
            tick → - → Skipped
            interrupt → - → Skipped
        "#]],
    },
];
