//! `key_pair`: a public key with a name, which is its identity in a region.
//!
//! CreateKeyPair makes an Ed25519 key from the world's seed (the cloud makes an RSA key) and shows
//! its private half once. Invariant: a key pair that an instance uses, or has not released yet,
//! cannot be deleted.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use setpoint_openapi::timestamp::Timestamp;
use ssh_key::private::Ed25519Keypair;
use ssh_key::{PublicKey, public::KeyData};

use crate::base::Base;
use crate::call::{Answer, Call};
use crate::names;
use crate::page;
use crate::product::Actions;
use crate::product::ecs::instance::{self, State};
use crate::refusal::Refusal;
use crate::table::Row;
use crate::tags;
use crate::world::{World, done};

pub(crate) const ACTIONS: Actions = &[
    ("CreateKeyPair", create),
    ("ImportKeyPair", import),
    ("DescribeKeyPairs", describe),
    ("AttachKeyPair", |world, call| bind(world, call, true)),
    ("DetachKeyPair", |world, call| bind(world, call, false)),
    ("DeleteKeyPairs", delete),
];

/// A key pair. Its row's id is `region/name`; `base.id` is the name, by which the API knows it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct KeyPair {
    pub(crate) base: Base,
    fingerprint: String,
    public_key: String,
}

impl Row for KeyPair {
    const KIND: &'static str = "key_pair";

    fn base(&self) -> Option<&Base> {
        Some(&self.base)
    }
}

/// The key of a key pair's row.
pub(crate) fn row_id(region: &str, name: &str) -> String {
    format!("{region}/{name}")
}

/// Refuses a name that no key pair of the region has.
pub(crate) fn require(world: &World, region: &str, name: &str) -> Result<(), Refusal> {
    match world.tables.key_pairs.get(&row_id(region, name)) {
        Some(_) => Ok(()),
        None => Err(Refusal::bad(
            "InvalidKeyPairName.NotFound",
            format!("The key pair {name} does not exist."),
        )),
    }
}

fn create(world: &mut World, call: &Call<'_>) -> Answer {
    let seed = world.next_bytes("key_pair");
    let pair = Ed25519Keypair::from_seed(&seed);
    let public = PublicKey::new(KeyData::Ed25519(pair.public), "");
    let id = world.next_id("ssh", call.region_needed()?);
    let shown = public.to_openssh().expect("a key can be written");
    let blob = public.to_bytes().expect("a key can be written");
    let (name, fingerprint) = put(world, call, &shown, &blob)?;
    Ok(json!({
        "KeyPairId": id, "KeyPairName": name, "KeyPairFingerPrint": fingerprint,
        "PrivateKeyBody": pkcs8(&seed),
    }))
}

/// The private key as an unencrypted PEM. Before the seed are the constant bytes of an Ed25519 key.
fn pkcs8(seed: &[u8; 32]) -> String {
    const HEAD: [u8; 16] = [
        0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04,
        0x20,
    ];
    let body = STANDARD.encode([HEAD.as_slice(), seed.as_slice()].concat());
    format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n")
}

fn import(world: &mut World, call: &Call<'_>) -> Answer {
    let body = call.need("PublicKeyBody")?.trim();
    let blob = blob_of(body).ok_or_else(|| {
        Refusal::bad(
            "InvalidPublicKeyBody.Malformed",
            "The specified parameter \"PublicKeyBody\" is not valid.",
        )
    })?;
    let (name, fingerprint) = put(world, call, body, &blob)?;
    Ok(json!({"KeyPairName": name, "KeyPairFingerPrint": fingerprint}))
}

fn put(
    world: &mut World,
    call: &Call<'_>,
    public_key: &str,
    blob: &[u8],
) -> Result<(String, String), Refusal> {
    let (region, name) = (call.region_needed()?, call.need("KeyPairName")?);
    if !names::is_name(name, 2, 128, ":_-") {
        return Err(Refusal::bad(
            "InvalidKeyPairName.Malformed",
            "The specified parameter \"KeyPairName\" is not valid.",
        ));
    }
    let row_id = row_id(region, name);
    if world.tables.key_pairs.get(&row_id).is_some() {
        return Err(Refusal::bad(
            "KeyPair.AlreadyExist",
            format!("The key pair {name} already exists."),
        ));
    }
    if world
        .tables
        .key_pairs
        .values()
        .filter(|pair| pair.base.region == region)
        .count()
        >= world.options.quotas.key_pairs
    {
        return Err(Refusal::denied(
            "QuotaExceed.KeyPair",
            "The maximum number of key pairs is reached.",
        ));
    }
    let fingerprint = fingerprint(blob);
    let mut base = Base {
        id: name.to_owned(),
        region: region.to_owned(),
        created_ms: world.now_ms(),
        name: name.to_owned(),
        resource_group: crate::base::DEFAULT_RESOURCE_GROUP.to_owned(),
        tags: tags::of_create(call)?,
        ..Base::default()
    };
    if let Some(group) = call.given("ResourceGroupId") {
        group.clone_into(&mut base.resource_group);
    }
    world.tables.key_pairs.insert(
        &row_id,
        KeyPair {
            base,
            fingerprint: fingerprint.clone(),
            public_key: public_key.to_owned(),
        },
    );
    Ok((name.to_owned(), fingerprint))
}

/// Returns the key's wire form. A text of the form of an RSA key is accepted with any content, as
/// the acceptance tests of the vendor's Terraform provider expect; other keys must be keys.
fn blob_of(text: &str) -> Option<Vec<u8>> {
    const RSA: &str = "AAAAB3NzaC1yc2E";
    let mut words = text.split_whitespace();
    match (words.next()?, words.next()?) {
        ("ssh-rsa", body) if body.starts_with(RSA) => {
            let coded = body.trim_end_matches('=').as_bytes();
            let is_coded = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/".contains(byte);
            let whole = &coded[..coded.len() / 4 * 4];
            coded
                .iter()
                .all(is_coded)
                .then(|| STANDARD.decode(whole).ok())?
        }
        _ => PublicKey::from_openssh(text).ok()?.to_bytes().ok(),
    }
}

/// MD5 over the key's wire form, as `ssh-keygen -E md5` shows it.
fn fingerprint(blob: &[u8]) -> String {
    let bytes: Vec<String> = Md5::digest(blob)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    bytes.join(":")
}

fn describe(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    let (name, fingerprint, group) = (
        call.given("KeyPairName"),
        call.given("KeyPairFingerPrint"),
        call.given("ResourceGroupId"),
    );
    let with_key = call.flag("IncludePublicKey")?.unwrap_or(false);
    let filter = tags::Filter::of(call)?;
    let rows = world
        .shown(&world.tables.key_pairs, name.is_some())
        .filter(|pair| {
            pair.base.region == region
                && name.is_none_or(|name| names::like(name, &pair.base.name))
                && fingerprint.is_none_or(|fingerprint| fingerprint == pair.fingerprint)
                && group.is_none_or(|group| group == pair.base.resource_group)
                && filter.fits(&pair.base.tags)
        });
    let rows = filter.cut(world, page::newest_first(rows, |pair| &pair.base));
    let page = page::numbered(call, rows, 50)?;
    let pairs: Vec<Value> = page
        .items
        .iter()
        .map(|pair| listed(pair, with_key))
        .collect();
    Ok(json!({
        "PageNumber": page.number, "PageSize": page.size, "TotalCount": page.total,
        "KeyPairs": {"KeyPair": pairs},
    }))
}

fn listed(pair: &KeyPair, with_key: bool) -> Value {
    let mut body = json!({
        "KeyPairName": pair.base.name,
        "KeyPairFingerPrint": pair.fingerprint,
        "CreationTime": Timestamp(pair.base.created_ms).seconds(),
        "ResourceGroupId": pair.base.resource_group,
        "Tags": tags::tag_key_list(&pair.base.tags),
    });
    if with_key {
        body["PublicKey"] = json!(pair.public_key);
    }
    body
}

/// Attach and detach answer 200 with a result for each instance.
fn bind(world: &mut World, call: &Call<'_>, attach: bool) -> Answer {
    let (region, name) = (call.region_needed()?, call.need("KeyPairName")?);
    require(world, region, name)?;
    let ids = call
        .json_list("InstanceIds", "InvalidInstanceIds.Malformed")?
        .ok_or_else(|| Refusal::missing("InstanceIds"))?;
    if ids.is_empty() || ids.len() > 50 {
        return Err(Refusal::invalid("InstanceIds"));
    }
    let mut results = Vec::new();
    let mut failed = 0;
    for id in &ids {
        let outcome = bind_one(world, region, id, name, attach);
        failed += usize::from(outcome.is_err());
        let (success, code, message) = match &outcome {
            Ok(()) => ("true", "200", "successful"),
            Err(refusal) => ("false", refusal.code.as_ref(), refusal.message.as_str()),
        };
        results
            .push(json!({"InstanceId": id, "Success": success, "Code": code, "Message": message}));
    }
    Ok(json!({
        "KeyPairName": name, "TotalCount": ids.len().to_string(), "FailCount": failed.to_string(),
        "Results": {"Result": results},
    }))
}

fn bind_one(
    world: &mut World,
    region: &str,
    id: &str,
    name: &str,
    attach: bool,
) -> Result<(), Refusal> {
    let instance = instance::of_region(world, region, id)?;
    if !matches!(instance.state, State::Running | State::Stopped) || instance.is_going() {
        return Err(Refusal::denied(
            "IncorrectInstanceStatus",
            "The current status of the instance does not support this operation.",
        ));
    }
    if !attach && instance.key_pair != name {
        return Err(Refusal::bad(
            "InvalidKeyPairName.NotFound",
            format!("The key pair {name} is not attached to {id}."),
        ));
    }
    let instance = world
        .tables
        .instances
        .get_mut(id)
        .expect("the instance was just found");
    instance.key_pair = if attach {
        name.to_owned()
    } else {
        String::new()
    };
    Ok(())
}

fn delete(world: &mut World, call: &Call<'_>) -> Answer {
    let region = call.region_needed()?;
    let code = "InvalidKeyPairNames.ValueNotSupported";
    let names = call
        .json_list("KeyPairNames", code)?
        .ok_or_else(|| Refusal::missing("KeyPairNames"))?;
    if names.is_empty() || names.len() > 100 {
        return Err(Refusal::bad(
            code,
            "The number of key pair names must be 1 to 100.",
        ));
    }
    for name in &names {
        // Instances that listings no longer show use their key pair a while longer.
        if world
            .tables
            .instances
            .values()
            .any(|instance| instance.base.region == region && instance.key_pair == *name)
        {
            let message = format!("The key pair {name} is attached to an instance.");
            return Err(Refusal::bad(
                "InvalidParameter.KeypairAlreadyAttachedInstance",
                message,
            ));
        }
        world.tables.key_pairs.remove(&row_id(region, name));
    }
    done()
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, text};

    /// A key made for this test alone; `ssh-keygen -E md5` gives the fingerprint below.
    const KEY: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f test";

    #[test]
    fn a_key_pair_lives() {
        let mut bench = Bench::new();
        let made = bench.ok(
            "ecs.CreateKeyPair",
            &[
                ("KeyPairName", "ops"),
                ("Tag.1.Key", "k"),
                ("Tag.1.Value", "v"),
            ],
        );
        assert!(
            text(&made, "PrivateKeyBody")
                .starts_with("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEI")
        );
        bench.refused(
            "ecs.CreateKeyPair",
            &[("KeyPairName", "ops")],
            "400 KeyPair.AlreadyExist",
        );
        bench.refused(
            "ecs.CreateKeyPair",
            &[("KeyPairName", "1ops")],
            "400 InvalidKeyPairName.Malformed",
        );
        let listed = bench.ok(
            "ecs.DescribeKeyPairs",
            &[("KeyPairName", "op*"), ("IncludePublicKey", "true")],
        );
        let row = &listed["KeyPairs"]["KeyPair"][0];
        assert_eq!(row["KeyPairFingerPrint"], made["KeyPairFingerPrint"]);
        assert!(
            row["PublicKey"]
                .as_str()
                .is_some_and(|key| key.starts_with("ssh-ed25519 "))
        );
        bench.ok(
            "ecs.DeleteKeyPairs",
            &[("KeyPairNames", "[\"ops\",\"never-there\"]")],
        );
        assert_eq!(bench.ok("ecs.DescribeKeyPairs", &[])["TotalCount"], 0);
    }

    #[test]
    fn an_imported_key_has_the_fingerprint_of_ssh_keygen() {
        let mut bench = Bench::new();
        bench.refused(
            "ecs.ImportKeyPair",
            &[("KeyPairName", "ops"), ("PublicKeyBody", "ssh-rsa x")],
            "400 InvalidPublicKeyBody.Malformed",
        );
        let made = bench.ok(
            "ecs.ImportKeyPair",
            &[("KeyPairName", "ops"), ("PublicKeyBody", KEY)],
        );
        assert_eq!(
            text(&made, "KeyPairFingerPrint"),
            "0f:a2:0a:d7:38:3e:65:45:08:6b:63:84:1c:ff:dc:ba"
        );
    }

    #[test]
    fn a_key_pair_in_use_stays_until_the_instance_is_released() {
        let mut bench = Bench::new();
        bench.ok(
            "ecs.ImportKeyPair",
            &[("KeyPairName", "ops"), ("PublicKeyBody", KEY)],
        );
        let (id, _, _) = bench.machine(&[("KeyPairName", "ops")]);
        bench.wait(20_000);
        let delete = [("KeyPairNames", "[\"ops\"]")];
        bench.refused(
            "ecs.DeleteKeyPairs",
            &delete,
            "400 InvalidParameter.KeypairAlreadyAttachedInstance",
        );
        let ids = format!("[\"{id}\",\"i-none\"]");
        let detached = bench.ok(
            "ecs.DetachKeyPair",
            &[("KeyPairName", "ops"), ("InstanceIds", &ids)],
        );
        assert_eq!(
            (&detached["TotalCount"], &detached["FailCount"]),
            (&"2".into(), &"1".into())
        );
        assert_eq!(
            detached["Results"]["Result"][1]["Code"],
            "InvalidInstanceId.NotFound"
        );
        bench.ok(
            "ecs.AttachKeyPair",
            &[
                ("KeyPairName", "ops"),
                ("InstanceIds", &format!("[\"{id}\"]")),
            ],
        );
        bench.ok(
            "ecs.DeleteInstance",
            &[("InstanceId", &id), ("Force", "true")],
        );
        bench.wait(3_000);
        assert!(bench.instance(&id).is_null());
        bench.refused(
            "ecs.DeleteKeyPairs",
            &delete,
            "400 InvalidParameter.KeypairAlreadyAttachedInstance",
        );
        bench.wait(5_000);
        bench.ok("ecs.DeleteKeyPairs", &delete);
    }
}
