//! Damaged answers: they never cause a write that the true state does not require.
//!
//! A transport between the run and the cloud damages answers to one action: the first, or every
//! one. The damages are generated systematically: every field of every row removed, set to null or
//! to another type; a list removed, emptied or shortened; the tags removed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use setpoint_engine::apply::{self, Options as ApplyOptions};
use setpoint_engine::observe;
use setpoint_engine::outcome::Outcome;
use setpoint_openapi::wire::{Pending, Transport, TransportError, WireRequest, WireResponse};
use setpoint_plan::held::Allowed;
use setpoint_plan::planner::{self, Intent, Options};
use setpoint_testkit::cloud::Cloud;
use setpoint_testkit::run::stack;
use tokio::sync::watch;

use crate::stacks::{APP, changed};

/// A damage: the action, the change to its answers, and the number of answers to damage.
#[derive(Debug, Clone)]
struct Damage {
    action: String,
    path: Vec<String>,
    wrong: Option<Value>,
    times: usize,
}

impl Damage {
    /// Damages the answer and returns `true`, or returns `false` if the answer has no such field.
    fn on(&self, answer: &mut Value) -> bool {
        let (last, way) = self.path.split_last().expect("a path");
        let mut at = answer;
        for name in way {
            let next = match at {
                Value::Object(fields) => fields.get_mut(name),
                Value::Array(rows) => rows.first_mut(),
                _ => None,
            };
            match next {
                Some(next) => at = next,
                None => return false,
            }
        }
        let Some(fields) = at
            .as_object_mut()
            .filter(|fields| fields.contains_key(last))
        else {
            return false;
        };
        match &self.wrong {
            Some(wrong) => {
                fields.insert(last.clone(), wrong.clone());
            }
            None => {
                fields.remove(last);
            }
        }
        true
    }
}

/// The transport between a run and the cloud.
struct Wire {
    cloud: setpoint_sim::embedded::Embedded,
    damage: Mutex<Option<Damage>>,
    answers: Mutex<Vec<(String, Value)>>,
    done: Mutex<usize>,
}

impl Transport for Wire {
    fn send(&self, request: WireRequest) -> Pending<'_, Result<WireResponse, TransportError>> {
        Box::pin(async move {
            let action = request
                .header("x-acs-action")
                .unwrap_or_default()
                .to_owned();
            let dry = [request.query.as_bytes(), &request.body]
                .iter()
                .any(|part| String::from_utf8_lossy(part).contains("DryRun=true"));
            let mut response = self.cloud.send(request).await?;
            let Ok(mut answer) = serde_json::from_slice::<Value>(&response.body) else {
                return Ok(response);
            };
            self.answers
                .lock()
                .expect("no thread panicked")
                .push((action.clone(), answer.clone()));
            let mut damage = self.damage.lock().expect("no thread panicked");
            if let Some(one) = damage
                .as_mut()
                .filter(|one| one.action == action && one.times > 0 && !dry)
                && one.on(&mut answer)
            {
                one.times -= 1;
                *self.done.lock().expect("no thread panicked") += 1;
                response.body = answer.to_string().into_bytes();
            }
            Ok(response)
        })
    }
}

fn wire(cloud: &Cloud) -> Arc<Wire> {
    Arc::new(Wire {
        cloud: cloud.sim.clone(),
        damage: Mutex::default(),
        answers: Mutex::default(),
        done: Mutex::default(),
    })
}

/// Appends every kind of damage to every field of an answer. Of a list's rows, the first is
/// damaged.
fn damages(action: &str, answer: &Value, path: &[String], all: &mut Vec<Damage>) {
    match answer {
        Value::Object(fields) => {
            for (name, value) in fields {
                let path: Vec<String> = path.iter().cloned().chain([name.clone()]).collect();
                let mut wrongs = vec![None, Some(Value::Null)];
                wrongs.push(Some(if value.is_boolean() {
                    json!("x")
                } else {
                    json!(true)
                }));
                wrongs.extend(value.is_array().then(|| Some(json!([]))));
                wrongs.extend(
                    value
                        .as_array()
                        .filter(|rows| rows.len() > 1)
                        .map(|rows| Some(json!(rows[1..]))),
                );
                all.extend(wrongs.into_iter().map(|wrong| Damage {
                    action: action.to_owned(),
                    path: path.clone(),
                    wrong,
                    times: 1,
                }));
                damages(action, value, &path, all);
            }
        }
        Value::Array(rows) => {
            let path: Vec<String> = path.iter().cloned().chain(["0".to_owned()]).collect();
            rows.first()
                .into_iter()
                .for_each(|row| damages(action, row, &path, all));
        }
        _ => {}
    }
}

/// Observes, plans and applies. Returns `None` if the run stopped before it wrote anything.
async fn run(cloud: &Cloud, intent: &Intent, destroy: bool) -> Option<Outcome> {
    let options = Options {
        destroy,
        allowed: Allowed {
            destroy,
            ..Allowed::default()
        },
        ..Options::default()
    };
    let snapshot = observe::observe_for(&cloud.session, intent, &options)
        .await
        .ok()?;
    let (plan, _) = planner::plan(&cloud.session.registry, intent, &snapshot, &options).ok()?;
    let (_keep, cancel) = watch::channel(false);
    Some(
        apply::apply(
            &cloud.session,
            &plan,
            ApplyOptions::default(),
            cancel,
            &mut |_, _| {},
        )
        .await,
    )
}

/// Returns the damages to all answers that a run of this stack reads.
async fn all_damages(destroy: bool) -> Vec<Damage> {
    let cloud = Cloud::new();
    assert!(cloud.apply(APP).await.is_complete());
    let wire = wire(&cloud);
    let through = cloud.through(wire.clone());
    let intent = cloud.intent(&stack(APP, &[]));
    let options = Options {
        destroy,
        ..Options::default()
    };
    observe::observe_for(&through.session, &intent, &options)
        .await
        .expect("it can be observed");
    // If an action was answered several times, the longest answer offers most fields.
    let mut fullest: BTreeMap<String, Value> = BTreeMap::new();
    let answers = wire.answers.lock().expect("no thread panicked");
    // A dry run is answered with an error, whose fields other code reads.
    let is_error = |answer: &Value| answer.get("HostId").is_some();
    for (action, answer) in answers.iter().filter(|(_, answer)| !is_error(answer)) {
        let kept = fullest.entry(action.clone()).or_default();
        if answer.to_string().len() > kept.to_string().len() {
            *kept = answer.clone();
        }
    }
    let mut all = Vec::new();
    for (action, answer) in &fullest {
        damages(action, answer, &[], &mut all);
    }
    assert!(all.len() > 900, "{}", all.len());
    all
}

/// Nothing has changed, so nothing may be written, whatever is missing from an answer.
#[tokio::test(start_paused = true)]
async fn a_damaged_answer_causes_no_write() {
    let cloud = Cloud::new();
    assert!(cloud.apply(APP).await.is_complete());
    let intent = cloud.intent(&stack(APP, &[]));
    let mut wrong = Vec::new();
    for damage in all_damages(false).await {
        let wire = wire(&cloud);
        *wire.damage.lock().expect("no thread panicked") = Some(damage.clone());
        let outcome = run(&cloud.through(wire.clone()), &intent, false).await;
        assert_eq!(
            *wire.done.lock().expect("no thread panicked"),
            1,
            "{damage:?}"
        );
        let wrote = outcome.iter().flat_map(|outcome| &outcome.writes);
        let wrote: Vec<&str> = wrote.map(|write| write.action).collect();
        if !wrote.is_empty() {
            wrong.push(format!("{damage:?}: {wrote:?}"));
            assert!(cloud.apply(APP).await.is_complete());
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

/// After a destroy nothing is left, or the run is not reported as complete.
#[tokio::test(start_paused = true)]
async fn a_destroy_with_a_damaged_answer_is_complete_or_reported() {
    let net = "stack: shop\nregion: cn-beijing\nresources:\n  \
        net: {type: vpc, cidr_block: 10.0.0.0/16}\n";
    let actions = ["DescribeVpcs"];
    for damage in all_damages(true).await {
        if !actions.contains(&damage.action.as_str()) {
            continue;
        }
        let cloud = Cloud::new();
        assert!(cloud.apply(net).await.is_complete());
        let wire = wire(&cloud);
        *wire.damage.lock().expect("no thread panicked") = Some(damage.clone());
        let intent = cloud.intent(&stack(net, &[]));
        let outcome = run(&cloud.through(wire.clone()), &intent, true).await;
        let complete = outcome.is_some_and(|outcome| outcome.is_complete());
        assert!(
            !complete || cloud.owned().is_empty(),
            "{damage:?}: {:?}",
            cloud.owned()
        );
    }
}

/// A resize during which one answer is damaged completes, since a single empty look proves nothing.
#[tokio::test(start_paused = true)]
async fn a_resize_ignores_a_single_empty_look() {
    let larger = changed("ecs.c7.large", "ecs.c7.xlarge");
    for (path, wrong) in [
        (["Instances", "Instance"], json!([])),
        (["Instances", "Instance"], Value::Null),
    ] {
        let cloud = Cloud::new();
        assert!(cloud.apply(APP).await.is_complete());
        let plan = cloud.plan(&larger).await;
        let wire = wire(&cloud);
        *wire.damage.lock().expect("no thread panicked") = Some(Damage {
            action: "DescribeInstances".to_owned(),
            path: path.map(str::to_owned).to_vec(),
            wrong: Some(wrong),
            times: 1,
        });
        let outcome = cloud.through(wire.clone()).apply_plan(&plan).await;
        assert_eq!(*wire.done.lock().expect("no thread panicked"), 1);
        assert!(outcome.is_complete(), "{outcome:#?}");
        tokio::time::sleep(Duration::from_secs(1)).await;
        let running = |line: &String| line.starts_with("instance ") && line.ends_with(" Running");
        assert!(cloud.owned().iter().any(running), "{:?}", cloud.owned());
    }
}

/// A repeated contradiction stops the run, and the error names the request id.
#[tokio::test(start_paused = true)]
async fn a_repeated_contradiction_names_its_request() {
    let cloud = Cloud::new();
    assert!(cloud.apply(APP).await.is_complete());
    let wire = wire(&cloud);
    *wire.damage.lock().expect("no thread panicked") = Some(Damage {
        action: "DescribeVpcs".to_owned(),
        path: ["Vpcs", "Vpc", "0", "Tags"].map(str::to_owned).to_vec(),
        wrong: None,
        times: usize::MAX,
    });
    let intent = cloud.intent(&stack(APP, &[]));
    let seen = observe::observe(&cloud.through(wire.clone()).session, &intent).await;
    let Err(observe::ObserveError::Read(error)) = seen else {
        panic!("{seen:?}");
    };
    assert!(error.is_damage(), "{error:?}");
    let told = error.told();
    for part in ["DescribeVpcs", "RequestId", "setpoint:stack"] {
        assert!(told.contains(part), "{told}");
    }
    assert_eq!(*wire.done.lock().expect("no thread panicked"), 3);
}

/// It is unknown whether the cloud omits the description of a network that has none. A listing
/// without it is read once more, and then accepted.
#[tokio::test(start_paused = true)]
async fn an_optional_field_is_absent_after_a_second_read() {
    let net = "stack: shop\nregion: cn-beijing\nresources:\n  \
        net: {type: vpc, cidr_block: 10.0.0.0/16}\n";
    for (times, reads) in [(0, 1), (1, 2), (9, 2)] {
        let cloud = Cloud::new();
        assert!(cloud.apply(net).await.is_complete());
        let wire = wire(&cloud);
        *wire.damage.lock().expect("no thread panicked") = Some(Damage {
            action: "DescribeVpcs".to_owned(),
            path: ["Vpcs", "Vpc", "0", "Description"]
                .map(str::to_owned)
                .into(),
            wrong: None,
            times,
        });
        let intent = cloud.intent(&stack(net, &[]));
        let through = cloud.through(wire.clone());
        let seen = observe::observe(&through.session, &intent).await;
        let seen = seen.expect("it can be observed");
        let (plan, _) = planner::plan(
            &through.session.registry,
            &intent,
            &seen,
            &Options::default(),
        )
        .expect("there is a plan");
        assert!(plan.is_empty(), "{times}");
        let answers = wire.answers.lock().expect("no thread panicked");
        let of_vpcs = answers
            .iter()
            .filter(|(action, _)| action == "DescribeVpcs");
        assert_eq!(of_vpcs.count(), reads, "{times}");
    }
}
