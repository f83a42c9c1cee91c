//! X.509 certificates, written by hand: an authority and a server, ECDSA on P-256 with SHA-256.
//!
//! DER is a tree of (tag, length, content); the functions below write its nodes. The certificates
//! contain only what clients check. Guarantee: certificates of the same authority key chain to the
//! same authority certificate.

use std::net::IpAddr;

use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use setpoint_openapi::timestamp::Timestamp;
use sha2::{Digest, Sha256};

use super::TlsError;

const DAY_MS: i64 = 86_400_000;
/// The validity of an authority.
const AUTHORITY_DAYS: i64 = 3650;
/// The validity of a server's certificate; some clients accept at most 825 days.
const SERVER_DAYS: i64 = 398;

const AUTHORITY_NAME: &str = "Setpoint simulated cloud, local authority";
const SERVER_NAME: &str = "Setpoint simulated cloud";

// Object identifiers in their encoded form.
const ECDSA_WITH_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const PRIME256V1: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const SUBJECT_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 0x0e];
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
const AUTHORITY_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 0x23];
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
const SERVER_AUTH: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];

// Tags.
const BOOLEAN: u8 = 0x01;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const OID: u8 = 0x06;
const UTF8: u8 = 0x0c;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;

/// A private key, in PKCS#8 and ready to sign.
pub(crate) struct Key {
    pub(crate) pkcs8: Vec<u8>,
    pair: EcdsaKeyPair,
    random: SystemRandom,
}

impl Key {
    /// Creates a key.
    pub(crate) fn generate() -> Result<Self, TlsError> {
        let random = SystemRandom::new();
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random)
            .map_err(|_| TlsError::Random)?;
        Self::read(made.as_ref())
    }

    /// Restores a stored key.
    pub(crate) fn read(pkcs8: &[u8]) -> Result<Self, TlsError> {
        let random = SystemRandom::new();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8, &random)
            .map_err(|error| TlsError::Key {
                why: error.to_string(),
            })?;
        Ok(Self {
            pkcs8: pkcs8.to_vec(),
            pair,
            random,
        })
    }

    fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>, TlsError> {
        let signature = self
            .pair
            .sign(&self.random, bytes)
            .map_err(|_| TlsError::Random)?;
        Ok(signature.as_ref().to_vec())
    }

    fn identifier(&self) -> Vec<u8> {
        Sha256::digest(self.pair.public_key().as_ref())[..20].to_vec()
    }
}

/// The certificate of an authority that signs itself.
pub(crate) fn authority(key: &Key, now: Timestamp) -> Result<Vec<u8>, TlsError> {
    let extensions = [
        extension(
            BASIC_CONSTRAINTS,
            true,
            &node(
                SEQUENCE,
                &[&node(BOOLEAN, &[&[0xff]]), &node(INTEGER, &[&[0]])],
            ),
        ),
        // keyCertSign and cRLSign.
        extension(KEY_USAGE, true, &node(BIT_STRING, &[&[1, 0b0000_0110]])),
        extension(
            SUBJECT_KEY_IDENTIFIER,
            false,
            &node(OCTET_STRING, &[&key.identifier()]),
        ),
    ];
    sign(
        &Subject {
            name: AUTHORITY_NAME,
            key,
            days: AUTHORITY_DAYS,
            extensions: &extensions,
        },
        key,
        now,
    )
}

/// A certificate for a server on this machine, and on one more address if it listens there.
pub(crate) fn server(
    key: &Key,
    authority: &Key,
    address: IpAddr,
    now: Timestamp,
) -> Result<Vec<u8>, TlsError> {
    let mut names = node(0x82, &[b"localhost"]);
    let mut addresses = vec![
        IpAddr::from([127, 0, 0, 1]),
        IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]),
    ];
    if !addresses.contains(&address) {
        addresses.push(address);
    }
    for address in addresses {
        let bytes = match address {
            IpAddr::V4(four) => four.octets().to_vec(),
            IpAddr::V6(six) => six.octets().to_vec(),
        };
        names.extend(node(0x87, &[&bytes]));
    }
    let extensions = [
        extension(BASIC_CONSTRAINTS, true, &node(SEQUENCE, &[])),
        // digitalSignature.
        extension(KEY_USAGE, true, &node(BIT_STRING, &[&[7, 0b1000_0000]])),
        extension(
            EXTENDED_KEY_USAGE,
            false,
            &node(SEQUENCE, &[&node(OID, &[SERVER_AUTH])]),
        ),
        extension(SUBJECT_ALT_NAME, false, &node(SEQUENCE, &[&names])),
        extension(
            SUBJECT_KEY_IDENTIFIER,
            false,
            &node(OCTET_STRING, &[&key.identifier()]),
        ),
        extension(
            AUTHORITY_KEY_IDENTIFIER,
            false,
            &node(SEQUENCE, &[&node(0x80, &[&authority.identifier()])]),
        ),
    ];
    sign(
        &Subject {
            name: SERVER_NAME,
            key,
            days: SERVER_DAYS,
            extensions: &extensions,
        },
        authority,
        now,
    )
}

/// The holder of a certificate.
struct Subject<'a> {
    name: &'a str,
    key: &'a Key,
    days: i64,
    extensions: &'a [Vec<u8>],
}

fn sign(subject: &Subject<'_>, authority: &Key, now: Timestamp) -> Result<Vec<u8>, TlsError> {
    let algorithm = node(SEQUENCE, &[&node(OID, &[ECDSA_WITH_SHA256])]);
    let public = subject.key.pair.public_key().as_ref();
    let curve = node(
        SEQUENCE,
        &[&node(OID, &[EC_PUBLIC_KEY]), &node(OID, &[PRIME256V1])],
    );
    // The clock of a client may be a little behind.
    let validity = [
        moment(now.0 - DAY_MS),
        moment(now.0 + subject.days * DAY_MS),
    ];
    let extensions: Vec<&[u8]> = subject.extensions.iter().map(Vec::as_slice).collect();
    let to_be_signed = node(
        SEQUENCE,
        &[
            &node(0xa0, &[&node(INTEGER, &[&[2]])]),
            &node(INTEGER, &[&serial(subject.key, now)]),
            &algorithm,
            &name(AUTHORITY_NAME),
            &node(SEQUENCE, &[&validity[0], &validity[1]]),
            &name(subject.name),
            &node(SEQUENCE, &[&curve, &node(BIT_STRING, &[&[0], public])]),
            &node(0xa3, &[&node(SEQUENCE, &extensions)]),
        ],
    );
    let signature = authority.sign(&to_be_signed)?;
    Ok(node(
        SEQUENCE,
        &[
            &to_be_signed,
            &algorithm,
            &node(BIT_STRING, &[&[0], &signature]),
        ],
    ))
}

/// A serial number: sixteen bytes, positive, different for all certificates of an authority.
fn serial(key: &Key, now: Timestamp) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(key.identifier());
    hash.update(now.0.to_be_bytes());
    let mut serial = hash.finalize()[..16].to_vec();
    serial[0] = serial[0] & 0x3f | 0x40;
    serial
}

fn name(common: &str) -> Vec<u8> {
    let attribute = node(
        SEQUENCE,
        &[
            &node(OID, &[COMMON_NAME]),
            &node(UTF8, &[common.as_bytes()]),
        ],
    );
    node(SEQUENCE, &[&node(SET, &[&attribute])])
}

/// Two digits of the year until 2049, four from then on.
fn moment(ms: i64) -> Vec<u8> {
    let digits: String = Timestamp(ms)
        .seconds()
        .chars()
        .filter(|c| !matches!(c, '-' | ':' | 'T'))
        .collect();
    if digits.as_str() < "2050" {
        node(UTC_TIME, &[&digits.as_bytes()[2..]])
    } else {
        node(GENERALIZED_TIME, &[digits.as_bytes()])
    }
}

fn extension(id: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical {
        node(BOOLEAN, &[&[0xff]])
    } else {
        Vec::new()
    };
    node(
        SEQUENCE,
        &[&node(OID, &[id]), &critical, &node(OCTET_STRING, &[value])],
    )
}

fn node(tag: u8, content: &[&[u8]]) -> Vec<u8> {
    let length: usize = content.iter().map(|part| part.len()).sum();
    let mut bytes = vec![tag];
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => bytes.push(short),
        _ => {
            let long = length.to_be_bytes();
            let digits = &long[long
                .iter()
                .position(|byte| *byte != 0)
                .unwrap_or(long.len() - 1)..];
            bytes
                .push(0x80 | u8::try_from(digits.len()).expect("a length has at most eight bytes"));
            bytes.extend_from_slice(digits);
        }
    }
    for part in content {
        bytes.extend_from_slice(part);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_all_sizes() {
        assert_eq!(node(4, &[&[7]]), [4, 1, 7]);
        assert_eq!(node(4, &[&[0; 127]])[..2], [4, 127]);
        assert_eq!(node(4, &[&[0; 128]])[..3], [4, 0x81, 128]);
        assert_eq!(node(4, &[&[0; 300]])[..4], [4, 0x82, 1, 44]);
    }

    #[test]
    fn years_from_2050_have_four_digits() {
        assert_eq!(moment(1_767_225_600_000)[2..], *b"260101000000Z");
        assert_eq!(moment(2_524_608_000_000)[2..], *b"20500101000000Z");
    }
}
