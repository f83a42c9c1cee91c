//! Client tokens: a token with the same parameters is answered with the first answer.
//!
//! The cloud documents neither the scope nor the lifetime of a token, nor the answer to a token
//! whose resource was deleted. They are options, see [`Options`](crate::profile::Options).

use std::collections::BTreeMap;

use serde_json::Value;
use setpoint_openapi::action::Action;
use sha2::{Digest, Sha256};

use crate::bookkeeping::{Remembered, Reply};
use crate::call::Answer;
use crate::params::Params;
use crate::profile::{TokenMismatch, TokenOfDeleted, TokenScope};
use crate::refusal::Refusal;
use crate::world::World;

/// The client token of a call.
pub(crate) struct Token {
    key: String,
    fingerprint: String,
    action: &'static Action,
}

/// The call with the token.
pub(crate) struct Bearer<'a> {
    pub(crate) action: &'static Action,
    pub(crate) region: Option<&'a str>,
    pub(crate) scope: TokenScope,
}

impl Token {
    /// The token of a call; `None` for a call without one and for reads, which ignore it.
    ///
    /// # Errors
    /// If the token is malformed.
    pub(crate) fn of(
        call: &Bearer<'_>,
        text: Option<&str>,
        params: &Params,
    ) -> Result<Option<Self>, Refusal> {
        let action = call.action;
        let Some(text) = text.filter(|text| !text.is_empty() && !action.is_read()) else {
            return Ok(None);
        };
        if text.len() > 64 || !text.is_ascii() {
            return Err(Refusal::bad(
                "InvalidClientToken.ValueNotSupported",
                "The ClientToken must be at most 64 ASCII characters.",
            ));
        }
        let (name, region) = match call.scope {
            TokenScope::Action => (action.name, call.region.unwrap_or_default()),
            TokenScope::Region => ("*", call.region.unwrap_or_default()),
            TokenScope::Account => ("*", "*"),
        };
        let key = format!("{}/{name}/{region}/{text}", action.product);
        Ok(Some(Self {
            key,
            fingerprint: fingerprint(action.name, params),
            action,
        }))
    }

    /// The answer that the token was given before, if it still counts.
    ///
    /// # Errors
    /// If the token was used with other parameters before.
    pub(crate) fn recall(&self, world: &mut World) -> Result<Option<Answer>, Refusal> {
        let Some(known) = world.tables.tokens.get(&self.key) else {
            return Ok(None);
        };
        if forgotten(world, known) {
            world.tables.tokens.remove(&self.key);
            return Ok(None);
        }
        if known.fingerprint != self.fingerprint {
            return Err(mismatch(self.action, &world.options.token_mismatch));
        }
        Ok(Some(match &known.reply {
            Reply::Done(answer) => Ok(answer.clone()),
            Reply::Refused {
                status,
                code,
                message,
            } => Err(Refusal::new(*status, code.clone(), message.clone())),
        }))
    }

    /// Stores the answer of the call in progress.
    pub(crate) fn remember(&self, world: &mut World, answer: &Value) {
        let text = answer.to_string();
        // The resource that the answer names decides, since the caller knows no other; the rest
        // (disks, interfaces) does not.
        let named = world
            .tables
            .fresh()
            .into_iter()
            .filter(|(_, id)| text.contains(&format!("\"{id}\"")));
        let made = named.map(|(kind, id)| (kind.to_owned(), id)).collect();
        self.keep(world, made, Reply::Done(answer.clone()));
    }

    /// Stores a refusal, if the option says that a refused call uses up its token.
    pub(crate) fn remember_refusal(&self, world: &mut World, refusal: &Refusal) {
        let reply = Reply::Refused {
            status: refusal.status,
            code: refusal.code.to_string(),
            message: refusal.message.clone(),
        };
        self.keep(world, Vec::new(), reply);
    }

    fn keep(&self, world: &mut World, made: Vec<(String, String)>, reply: Reply) {
        let at_ms = world.now_ms();
        world.tables.tokens.insert(
            &self.key,
            Remembered {
                fingerprint: self.fingerprint.clone(),
                at_ms,
                made,
                reply,
            },
        );
    }
}

fn forgotten(world: &World, known: &Remembered) -> bool {
    let expired = world
        .options
        .token_lifetime_ms
        .is_some_and(|lifetime| world.now_ms() > known.at_ms.saturating_add(lifetime));
    let gone = !known.made.is_empty()
        && known
            .made
            .iter()
            .all(|(kind, id)| !world.tables.lives(kind, id));
    expired || (gone && world.options.token_of_deleted == TokenOfDeleted::CreateNew)
}

fn fingerprint(action: &str, params: &Params) -> String {
    let mut hash = Sha256::new();
    for (name, value) in std::iter::once(("", action)).chain(params.iter()) {
        hash.update((name.len() as u64).to_be_bytes());
        hash.update(name);
        hash.update((value.len() as u64).to_be_bytes());
        hash.update(value);
    }
    base16ct::lower::encode_string(&hash.finalize()[..16])
}

/// Code and status differ by action.
fn mismatch(action: &Action, told: &BTreeMap<String, TokenMismatch>) -> Refusal {
    let (status, code) = match action.name {
        "ModifyInstanceSpec" | "ModifyPrepayInstanceSpec" | "CreateImage" => {
            (400, "IdempotenceParamNotMatch")
        }
        "ModifyDiskChargeType" => (400, "Idempotence.SignatureMismatch"),
        "CreateSnapshot" => (403, "IdempotentParameterMismatch"),
        _ => (400, "IdempotentParameterMismatch"),
    };
    let (status, code) = told
        .get(action.name)
        .map_or((status, code), |told| (told.status, &told.code));
    Refusal::new(
        status,
        code.to_owned(),
        "The request uses the same client token as a previous, but non-identical request.",
    )
}

#[cfg(test)]
mod tests {
    use crate::profile::{Options, TokenMismatch, TokenOfDeleted, TokenScope};
    use crate::testing::{Bench, text};

    const MADE: [(&str, &str); 2] = [("CidrBlock", "10.0.0.0/16"), ("ClientToken", "t-1")];

    #[test]
    fn the_same_call_is_answered_once_more() {
        let mut bench = Bench::new();
        let first = bench.ok("vpc.CreateVpc", &MADE);
        let second = bench.ok("vpc.CreateVpc", &MADE);
        assert_eq!(first["VpcId"], second["VpcId"]);
        assert_ne!(first["RequestId"], second["RequestId"]);
        assert_eq!(bench.ok("vpc.DescribeVpcs", &[])["TotalCount"], 1);
        let other = [("CidrBlock", "10.1.0.0/16"), ("ClientToken", "t-1")];
        bench.refused("vpc.CreateVpc", &other, "400 IdempotentParameterMismatch");
        let long = "x".repeat(65);
        bench.refused(
            "vpc.CreateVpc",
            &[("ClientToken", &long)],
            "400 InvalidClientToken.ValueNotSupported",
        );
        bench.ok(
            "vpc.CreateVpc",
            &[("CidrBlock", "10.0.0.0/16"), ("ClientToken", "T-1")],
        );
    }

    #[test]
    fn a_dry_run_leaves_the_token_alone() {
        let mut bench = Bench::new();
        let dry = [MADE[0], MADE[1], ("DryRun", "true")];
        bench.refused("vpc.CreateVpc", &dry, "400 DryRunOperation");
        assert_eq!(bench.ok("vpc.DescribeVpcs", &[])["TotalCount"], 0);
        bench.ok("vpc.CreateVpc", &MADE);
    }

    fn after_deletion(options: Options) -> (Bench, String, String) {
        let mut bench = Bench::with(options);
        let first = text(&bench.ok("vpc.CreateVpc", &MADE), "VpcId");
        bench.wait(2_000);
        bench.ok("vpc.DeleteVpc", &[("VpcId", &first)]);
        bench.wait(2_000);
        let second = text(&bench.ok("vpc.CreateVpc", &MADE), "VpcId");
        (bench, first, second)
    }

    #[test]
    fn the_token_of_a_deleted_thing_is_a_switch() {
        let (mut bench, first, second) = after_deletion(Options::default());
        assert_eq!(first, second);
        assert_eq!(bench.ok("vpc.DescribeVpcs", &[])["TotalCount"], 0);
        let (mut bench, first, second) = after_deletion(Options {
            token_of_deleted: TokenOfDeleted::CreateNew,
            ..Options::default()
        });
        assert_ne!(first, second);
        assert_eq!(bench.ok("vpc.DescribeVpcs", &[])["TotalCount"], 1);
        let (_, first, second) = after_deletion(Options {
            token_lifetime_ms: Some(1_000),
            ..Options::default()
        });
        assert_ne!(first, second);
    }

    #[test]
    fn a_refusal_may_use_its_token_up() {
        for (consumes, expected) in [(false, ""), (true, "400 IncorrectVpcStatus")] {
            let mut bench = Bench::with(Options {
                failed_call_consumes_token: consumes,
                ..Options::default()
            });
            let vpc = text(&bench.ok("vpc.CreateVpc", &[]), "VpcId");
            let pairs = [
                ("VpcId", vpc.as_str()),
                ("ZoneId", "cn-beijing-h"),
                ("CidrBlock", "172.16.1.0/24"),
                ("ClientToken", "t"),
            ];
            bench.refused("vpc.CreateVSwitch", &pairs, "400 IncorrectVpcStatus");
            bench.wait(2_000);
            assert_eq!(
                bench
                    .call("vpc.CreateVSwitch", &pairs)
                    .err()
                    .unwrap_or_default(),
                expected
            );
        }
    }

    #[test]
    fn the_scope_of_a_token_is_a_switch() {
        const OTHER: &str = "400 IdempotentParameterMismatch";
        for (scope, other_action, other_region) in [
            (TokenScope::Action, "", ""),
            (TokenScope::Region, OTHER, ""),
            (TokenScope::Account, OTHER, OTHER),
        ] {
            let mut bench = Bench::with(Options {
                token_scope: scope,
                ..Options::default()
            });
            bench.ok("vpc.CreateVpc", &MADE);
            let outcome = |got: Result<serde_json::Value, String>| got.err().unwrap_or_default();
            assert_eq!(
                outcome(bench.call("vpc.AllocateEipAddress", &[MADE[1]])),
                other_action,
                "{scope:?}"
            );
            let elsewhere = [MADE[0], MADE[1], ("RegionId", "cn-shanghai")];
            assert_eq!(
                outcome(bench.call("vpc.CreateVpc", &elsewhere)),
                other_region,
                "{scope:?}"
            );
            // Products do not share tokens.
            bench.ok(
                "ecs.CreateCommand",
                &[
                    ("Name", "c"),
                    ("Type", "RunShellScript"),
                    ("CommandContent", "ZWNobw=="),
                    MADE[1],
                ],
            );
        }
    }

    #[test]
    fn the_code_of_a_mismatch_is_the_actions_own_or_a_switch() {
        let changed = TokenMismatch {
            code: "InvalidIdempotenceParameter.Mismatch".to_owned(),
            status: 403,
        };
        let told = [("CreateVpc".to_owned(), changed)].into_iter().collect();
        let mut bench = Bench::with(Options {
            token_mismatch: told,
            ..Options::default()
        });
        bench.ok("vpc.CreateVpc", &MADE);
        bench.refused(
            "vpc.CreateVpc",
            &[MADE[1]],
            "403 InvalidIdempotenceParameter.Mismatch",
        );
        let (id, _, _) = bench.machine(&[]);
        bench.wait(20_000);
        let disks = bench.ok("ecs.DescribeDisks", &[("InstanceId", &id)]);
        let disk = text(&disks["Disks"]["Disk"][0], "DiskId");
        for (action, first, second, expected) in [
            (
                "ecs.CreateSnapshot",
                ("DiskId", disk.as_str()),
                ("SnapshotName", "b"),
                "403 IdempotentParameterMismatch",
            ),
            (
                "ecs.CreateImage",
                ("InstanceId", id.as_str()),
                ("ImageName", "b"),
                "400 IdempotenceParamNotMatch",
            ),
        ] {
            bench.ok(action, &[first, ("ClientToken", "t-9")]);
            bench.refused(action, &[first, second, ("ClientToken", "t-9")], expected);
            bench.wait(60_000);
        }
    }
}
