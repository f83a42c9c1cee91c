//! Ids, request ids and all other random choices of the cloud, derived from a seed.
//!
//! Each kind of id has a stream of its own, so that one more disk does not change the ids of
//! instances. A value depends only on (seed, stream, number), never on the clock.

use sha2::{Digest, Sha256};

/// The letters of an id's random part, as in `vpc-bp1qpo0kug3a20qqe9h8v`.
const LETTERS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// 32 pseudorandom bytes, a function of the arguments.
#[must_use]
pub(crate) fn draw(seed: u64, stream: &str, number: u64) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(seed.to_be_bytes());
    hash.update(stream.as_bytes());
    hash.update([0]);
    hash.update(number.to_be_bytes());
    hash.finalize().into()
}

/// A pseudorandom number.
#[must_use]
pub(crate) fn draw_u64(seed: u64, stream: &str, number: u64) -> u64 {
    let bytes = draw(seed, stream, number);
    u64::from_be_bytes([
        bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7],
    ])
}

/// A resource id: prefix, three letters of the region, seventeen random ones.
#[must_use]
pub(crate) fn resource(seed: u64, prefix: &str, region: &str, number: u64) -> String {
    format!(
        "{prefix}-{}{}",
        region_letters(region),
        letters(&draw(seed, prefix, number), 17)
    )
}

/// A request id: an upper-case UUID.
#[must_use]
pub(crate) fn request(seed: u64, number: u64) -> String {
    let b = draw(seed, "request", number);
    let hex: String = b[..16].iter().map(|byte| format!("{byte:02X}")).collect();
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..32]
    )
}

/// Random letters and digits, at most 32: one for each byte.
#[must_use]
pub(crate) fn letters(bytes: &[u8; 32], n: usize) -> String {
    bytes
        .iter()
        .take(n)
        .map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]))
        .collect()
}

/// The letters that ids of a region begin with: the cloud's where they are known, else from the
/// region's name.
fn region_letters(region: &str) -> String {
    match region {
        "cn-hangzhou" => "bp1".to_owned(),
        "cn-beijing" => "2ze".to_owned(),
        "cn-shanghai" => "uf6".to_owned(),
        "cn-shenzhen" => "wz9".to_owned(),
        "cn-qingdao" => "m5e".to_owned(),
        "cn-hongkong" => "j6c".to_owned(),
        "ap-southeast-1" => "t4n".to_owned(),
        other => letters(&draw(0, other, 0), 3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_does_not_move_another() {
        let first = resource(7, "i", "cn-beijing", 1);
        assert_eq!(first, resource(7, "i", "cn-beijing", 1));
        assert_ne!(first, resource(7, "i", "cn-beijing", 2));
        assert_ne!(first, resource(8, "i", "cn-beijing", 1));
        assert!(first.starts_with("i-2ze") && first.len() == 22, "{first}");
    }

    #[test]
    fn request_ids_are_upper_case_uuids() {
        let id = request(1, 1);
        assert_eq!(id.len(), 36);
        assert_eq!(id.matches('-').count(), 4);
        assert_eq!(id, id.to_uppercase());
    }
}
