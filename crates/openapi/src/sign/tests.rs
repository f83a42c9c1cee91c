//! Every published vector, in both directions: 86 requests that real clients sent, 13 that a server
//! must refuse.

use serde::Deserialize;

use super::*;
use crate::action::{ecs, find};
use crate::credential::Credential;
use crate::endpoint::Endpoint;
use crate::flatten::Arg;
use crate::product::Product;
use crate::request::Request;

const VECTORS: &str = include_str!("../../../../testdata/signing/signing-vectors.json");

#[derive(Deserialize)]
struct File {
    vectors: Vec<Vector>,
    negatives: Vec<Negative>,
}

#[derive(Deserialize)]
struct Vector {
    id: String,
    scheme: String,
    conformant: bool,
    access_key_id: String,
    access_key_secret: String,
    security_token: Option<String>,
    action: Option<String>,
    version: Option<String>,
    timestamp: String,
    nonce: Option<String>,
    request: Sent,
    decoded: Decoded,
    expected: Expected,
}

#[derive(Deserialize)]
struct Sent {
    method: String,
    host: String,
    path: String,
    raw_query: String,
    headers: Vec<(String, String)>,
    body_encoding: String,
    body: String,
}

#[derive(Deserialize)]
struct Decoded {
    query: Vec<(String, String)>,
    form: Vec<(String, String)>,
}

#[derive(Deserialize)]
struct Expected {
    signed_headers: Option<String>,
    hashed_payload: Option<String>,
    canonical_request: Option<String>,
    string_to_sign: Option<String>,
    conformant_string_to_sign: Option<String>,
    signature: String,
    client_signature: Option<String>,
    authorization: Option<String>,
}

#[derive(Deserialize)]
struct Negative {
    id: String,
    server_access_key_secret: String,
    expected_code: String,
    request: Sent,
}

impl Sent {
    fn wire(&self) -> WireRequest {
        let body = match self.body_encoding.as_str() {
            "base64" => STANDARD.decode(&self.body).unwrap(),
            "utf8" => self.body.clone().into_bytes(),
            other => {
                assert_eq!(other, "none");
                Vec::new()
            }
        };
        WireRequest {
            method: self.method.clone(),
            scheme: "https",
            host: self.host.clone(),
            path: self.path.clone(),
            query: self.raw_query.clone(),
            headers: self
                .headers
                .iter()
                .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
                .collect(),
            body,
        }
    }
}

fn file() -> File {
    serde_json::from_str(VECTORS).unwrap()
}

fn vectors(scheme: &str, count: usize) -> Vec<Vector> {
    let vectors: Vec<Vector> = file()
        .vectors
        .into_iter()
        .filter(|vector| vector.scheme == scheme)
        .collect();
    assert_eq!(vectors.len(), count);
    vectors
}

#[test]
fn v3_vectors_sign_to_the_published_texts() {
    for vector in vectors("ACS3-HMAC-SHA256", 40) {
        let wire = vector.request.wire();
        let names: Vec<String> = vector
            .expected
            .signed_headers
            .as_ref()
            .unwrap()
            .split(';')
            .map(str::to_owned)
            .collect();
        let credential = Credential::long_lived(&vector.access_key_id, &vector.access_key_secret);
        assert_eq!(
            Some(v3::authorize(&wire, &names, &credential)),
            vector.expected.authorization,
            "{}",
            vector.id
        );
        assert_eq!(
            Some(sha256_hex(&wire.body)),
            vector.expected.hashed_payload,
            "{}",
            vector.id
        );
        let Err(Refusal::Mismatch(mismatch)) = verify(&wire, "another secret") else {
            panic!("{} held", vector.id)
        };
        assert_eq!(
            mismatch.canonical_request, vector.expected.canonical_request,
            "{}",
            vector.id
        );
        assert_eq!(
            Some(mismatch.string_to_sign),
            vector.expected.string_to_sign,
            "{}",
            vector.id
        );
    }
}

#[test]
fn v1_vectors_sign_to_the_published_texts() {
    for vector in vectors("RPC-HMAC-SHA1", 36) {
        let wire = vector.request.wire();
        let text = v1::string_to_sign(&wire.method, &all_params(&wire));
        let expected = vector
            .expected
            .conformant_string_to_sign
            .as_ref()
            .or(vector.expected.string_to_sign.as_ref());
        assert_eq!(Some(&text), expected, "{}", vector.id);
        assert_eq!(
            v1::signature(&text, &vector.access_key_secret),
            vector.expected.signature,
            "{}",
            vector.id
        );
    }
}

#[test]
fn roa_vectors_sign_to_the_published_texts() {
    for vector in vectors("ROA-HMAC-SHA1", 10) {
        let wire = vector.request.wire();
        let texts = [roa::EmptyValue::Bare, roa::EmptyValue::Equals]
            .map(|empty| roa::string_to_sign(&wire, empty));
        let text = texts
            .iter()
            .find(|text| Some(*text) == vector.expected.string_to_sign.as_ref());
        let text = text.unwrap_or_else(|| panic!("{}: {texts:?}", vector.id));
        assert_eq!(
            roa::signature(text, &vector.access_key_secret),
            vector.expected.signature,
            "{}",
            vector.id
        );
    }
}

#[test]
fn vectors_hold_and_one_changed_byte_does_not() {
    for vector in file().vectors {
        let wire = vector.request.wire();
        let verdict = verify(&wire, &vector.access_key_secret);
        assert_eq!(
            verdict.is_ok(),
            vector.conformant,
            "{}: {verdict:?}",
            vector.id
        );
        if !vector.conformant {
            assert!(
                matches!(verdict, Err(Refusal::Mismatch(_))),
                "{}",
                vector.id
            );
            assert_ne!(
                vector.expected.client_signature.as_ref(),
                Some(&vector.expected.signature)
            );
            continue;
        }
        for changed in changed(&wire) {
            assert!(
                verify(&changed, &vector.access_key_secret).is_err(),
                "{} held after a change: {changed:?}",
                vector.id
            );
        }
        assert!(
            verify(&wire, &format!("{}x", vector.access_key_secret)).is_err(),
            "{}",
            vector.id
        );
    }
}

/// The request with one thing changed: method, query, body, signature.
fn changed(wire: &WireRequest) -> Vec<WireRequest> {
    let mut all = Vec::new();
    let mut with = |change: &dyn Fn(&mut WireRequest)| {
        let mut copy = wire.clone();
        change(&mut copy);
        if copy != *wire {
            all.push(copy);
        }
    };
    with(&|copy| {
        copy.method = if copy.method == "GET" {
            "POST".to_owned()
        } else {
            "GET".to_owned()
        }
    });
    with(&|copy| {
        copy.query
            .push_str(if copy.query.is_empty() { "a=b" } else { "&a=b" })
    });
    with(&|copy| {
        // The path-style scheme signs a body only through `Content-MD5`.
        if !copy.body.is_empty()
            && scheme_of(copy) != Some(Scheme::Roa)
            && copy.header("content-type").is_some()
        {
            copy.body.push(b'x');
        }
    });
    with(&|copy| copy.query = copy.query.replacen("Signature=", "Signature=A", 1));
    with(&|copy| {
        if let Some((_, value)) = copy
            .headers
            .iter_mut()
            .find(|(name, _)| name == "authorization")
        {
            // The last character of base64 may be padding, so the first of the signature is
            // changed.
            let at = value
                .rfind(['=', ':'])
                .filter(|at| at + 1 < value.len())
                .unwrap_or_else(|| value.rfind(':').unwrap())
                + 1;
            let new = if value[at..].starts_with('a') {
                "b"
            } else {
                "a"
            };
            value.replace_range(at..=at, new);
        }
    });
    all
}

#[test]
fn envelopes_are_read_wherever_they_stand() {
    for vector in file().vectors {
        let received = read(&vector.request.wire()).unwrap();
        let scheme = match vector.scheme.as_str() {
            "ACS3-HMAC-SHA256" => Scheme::V3,
            "RPC-HMAC-SHA1" => Scheme::V1,
            _ => Scheme::Roa,
        };
        assert_eq!(received.scheme, Some(scheme), "{}", vector.id);
        assert_eq!(
            received.access_key_id, vector.access_key_id,
            "{}",
            vector.id
        );
        assert_eq!(
            received.nonce,
            vector.nonce.unwrap_or_default(),
            "{}",
            vector.id
        );
        assert_eq!(received.timestamp, vector.timestamp, "{}", vector.id);
        if scheme != Scheme::Roa {
            assert_eq!(
                received.security_token, vector.security_token,
                "{}",
                vector.id
            );
            // One client upper-cases the first letter of what it was given.
            assert!(
                received
                    .action
                    .eq_ignore_ascii_case(&vector.action.unwrap()),
                "{}",
                vector.id
            );
            assert_eq!(Some(received.version), vector.version, "{}", vector.id);
        }
        let all: Vec<_> = vector
            .decoded
            .query
            .into_iter()
            .chain(vector.decoded.form)
            .collect();
        let params: Vec<_> = all
            .into_iter()
            .filter(|(name, _)| !ENVELOPE.contains(&name.as_str()))
            .collect();
        assert_eq!(received.params, params, "{}", vector.id);
    }
}

/// Clock, nonce memory and known keys are the server's; here, whether the signature itself decides.
#[test]
fn negatives_fail_where_the_signature_decides() {
    let negatives = file().negatives;
    assert_eq!(negatives.len(), 13);
    for negative in negatives {
        let verdict = verify(&negative.request.wire(), &negative.server_access_key_secret);
        let mismatch = matches!(verdict, Err(Refusal::Mismatch(_)));
        assert_eq!(
            mismatch,
            negative.expected_code == "SignatureDoesNotMatch",
            "{}: {verdict:?}",
            negative.id
        );
        assert!(mismatch || verdict.is_ok(), "{}: {verdict:?}", negative.id);
    }
}

fn signed(scheme: Scheme, args: &[(String, Arg)], credential: &Credential) -> WireRequest {
    let request = Request::new(&ecs::RUN_INSTANCES, "cn-beijing", args).unwrap();
    let endpoint = Endpoint {
        scheme: "http",
        host: "127.0.0.1:1234".to_owned(),
    };
    let stamp = Stamp {
        nonce: "n-1".to_owned(),
        timestamp: Timestamp::parse("2025-01-15T08:30:00Z").unwrap(),
    };
    match scheme {
        Scheme::V3 => v3::sign(&request, credential, &endpoint, &stamp),
        _ => v1::sign(&request, credential, &endpoint, &stamp),
    }
}

#[test]
fn what_the_client_signs_holds_and_reads_back() {
    let credential = Credential::temporary("STS.id", "secret", "to+ken/=");
    let short = [("InstanceName".to_owned(), Arg::text("a b*~'é&=+"))];
    let long = [
        ("InstanceName".to_owned(), Arg::text("web")),
        ("UserData".to_owned(), Arg::text("QUJD".repeat(10_000))),
    ];
    for scheme in [Scheme::V3, Scheme::V1] {
        for (args, in_body) in [(&short[..], false), (&long[..], true)] {
            let wire = signed(scheme, args, &credential);
            assert_eq!(
                (wire.query.is_empty(), wire.body.is_empty()),
                (in_body, !in_body)
            );
            assert!(wire.query.len() <= QUERY_BYTES_MAX);
            assert_eq!(verify(&wire, "secret"), Ok(()));
            assert!(verify(&wire, "Secret").is_err());
            let received = read(&wire).unwrap();
            assert_eq!(
                (received.scheme, received.access_key_id.as_str()),
                (Some(scheme), "STS.id")
            );
            assert_eq!(
                (received.action.as_str(), received.version.as_str()),
                ("RunInstances", "2014-05-26")
            );
            assert_eq!(
                (received.nonce.as_str(), received.timestamp.as_str()),
                ("n-1", "2025-01-15T08:30:00Z")
            );
            assert_eq!(received.security_token.as_deref(), Some("to+ken/="));
            let request = Request::new(
                find(Product::Ecs, "RunInstances").unwrap(),
                "cn-beijing",
                args,
            )
            .unwrap();
            assert_eq!(received.params, request.wire_params());
        }
    }
}

#[test]
fn unsigned_headers_and_foreign_algorithms_are_incomplete() {
    let wire = signed(Scheme::V3, &[], &Credential::long_lived("id", "secret"));
    let check = |change: &dyn Fn(&mut WireRequest), expected: &str| {
        let mut copy = wire.clone();
        change(&mut copy);
        assert_eq!(verify(&copy, "secret"), Err(incomplete(expected)));
    };
    check(
        &|copy| {
            copy.headers
                .push(("x-acs-extra".to_owned(), "1".to_owned()))
        },
        "SignedHeaders leaves out `x-acs-extra`",
    );
    let set =
        |copy: &mut WireRequest, value: &str| copy.headers.last_mut().unwrap().1 = value.to_owned();
    check(
        &|copy| set(copy, "ACS3-HMAC-SM3 Credential=id"),
        "the algorithm `ACS3-HMAC-SM3` is not known",
    );
    check(
        &|copy| set(copy, "ACS3-HMAC-SHA256 Credential=id,SignedHeaders=host"),
        "`Signature` is missing",
    );
    check(&|copy| copy.headers.clear(), "there is none");
}
