//! The one thing that is read of a camera's notes: how the picture was held.

/// Most tags that are looked at.
const TAGS_MAX: usize = 512;
const ORIENTATION: u16 = 0x0112;

/// The orientation, 1 to 8, of what follows `Exif\0\0`; 1 where none is noted.
pub fn orientation(tiff: &[u8]) -> u8 {
    noted(tiff).filter(|orientation| (1..=8).contains(orientation)).unwrap_or(1)
}

fn noted(tiff: &[u8]) -> Option<u8> {
    let little = match tiff.get(..4)? {
        [b'I', b'I', 42, 0] => true,
        [b'M', b'M', 0, 42] => false,
        _ => return None,
    };
    let short = |at: usize| {
        let pair: [u8; 2] = tiff.get(at..at + 2)?.try_into().ok()?;
        Some(if little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) })
    };
    let long = |at: usize| {
        let four: [u8; 4] = tiff.get(at..at + 4)?.try_into().ok()?;
        Some(if little { u32::from_le_bytes(four) } else { u32::from_be_bytes(four) })
    };
    let directory = usize::try_from(long(4)?).ok()?;
    let tags = usize::from(short(directory)?).min(TAGS_MAX);
    let found = (0..tags).map(|tag| directory + 2 + tag * 12).find(|at| short(*at) == Some(ORIENTATION))?;
    u8::try_from(short(found + 8)?).ok()
}

/// Clockwise degrees by which a picture of an orientation must be turned.
pub fn degrees(orientation: u8) -> u32 {
    match orientation {
        3 | 4 => 180,
        5 | 6 => 90,
        7 | 8 => 270,
        _ => 0,
    }
}
