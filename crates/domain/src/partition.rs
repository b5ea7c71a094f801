//! Which partition a place belongs to: fixed slots, computed here and by nobody else.

use crate::id::PlaceId;

/// The number of slots; it never changes, so that adding partitions moves slots and not single places.
pub const SLOTS: u16 = 256;

/// The slot of a key: FNV-1a with 64 bits over its UTF-8 bytes, folded by exclusive or to 8 bits.
#[must_use]
pub fn slot(key: &str) -> u16 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in key.as_bytes() {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    let folded = hash ^ (hash >> 32);
    let folded = folded ^ (folded >> 16);
    ((folded ^ (folded >> 8)) & 0xff) as u16
}

/// The partition of a key where there are `partitions` of them (at least one).
#[must_use]
pub fn partition(key: &str, partitions: u32) -> u32 {
    u32::from(slot(key)) % partitions.max(1)
}

/// The partition of a place.
#[must_use]
pub fn of_place(place: &PlaceId, partitions: u32) -> u32 {
    partition(place.as_str(), partitions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_fixed_for_ever() {
        let slots: Vec<u16> = ["", "a", "lane-jbl-3", "cr-guomao", "国贸大厦"].iter().map(|key| slot(key)).collect();
        assert_eq!(slots, [225, 187, 255, 91, 101]);
    }

    #[test]
    fn slots_spread() {
        let mut used = [0_u32; 8];
        for n in 0..8000 {
            used[partition(&format!("place-{n}"), 8) as usize] += 1;
        }
        assert!(used.iter().all(|n| (800..1200).contains(n)), "{used:?}");
    }
}
