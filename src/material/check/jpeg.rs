//! What a jpg shows.

use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::picture::Picture;
use super::scan::Held;
use super::{Facts, Finding, Told, exif, scan, tail};
use crate::catalog::files::{FileRules, KILOPIXELS_MAX, Outcome};

/// Longest side of a picture, in pixels.
const SIDE_MAX: u32 = 20_000;
/// Longest side of what is looked at, in pixels.
const LOOKED_AT: usize = 1024;
/// A progressive picture is decoded in scans, each of which goes over all its pixels: so many at most, in thousands.
const SCANNED_MAX: u32 = 1_000_000;
/// Most scans: cameras and scanners write ten or so.
const SCANS_MAX: u32 = 64;

/// What the segments of a jpg tell before anything of it is decoded.
#[derive(Default)]
struct Outline {
    width: u32,
    height: u32,
    frames: u32,
    scans: u32,
    orientation: u8,
    end: usize,
}

/// The facts and findings of a jpg.
pub fn look(bytes: &[u8], rules: &FileRules) -> Result<(Facts, Vec<Told>), Finding> {
    let outline = outline(bytes).ok_or(Finding::Truncated)?;
    outline.bounded(rules.kilopixels.refuse)?;
    let behind = &bytes[outline.end..];
    if tail::begins_later(bytes) || tail::hides_file(behind) || tail::is_zip_too(bytes) {
        return Err(Finding::Mixed);
    }
    let held = scan::held(bytes);
    if held == Held::Less {
        return Err(Finding::Truncated);
    }
    let picture = decoded(bytes, &outline, LOOKED_AT).ok_or(Finding::Truncated)?;
    let short_side_px = outline.width.min(outline.height);
    let (sharpness, ink) = (picture.sharpness(), rules.ink_bp.of(picture.ink_bp()));
    let mut findings = vec![
        Finding::Small { short_side_px }.told(rules.short_side_px.of(short_side_px)),
        Finding::Sharpness { sharpness }.told(rules.sharpness.of(sharpness)),
    ];
    if ink != Outcome::Pass {
        findings.push(Finding::Blank.told(ink));
    }
    if held == Held::More {
        findings.push(Finding::Damaged.told(Outcome::Warn));
    }
    let degrees = exif::degrees(outline.orientation);
    if degrees != 0 {
        findings.push(Finding::Rotated { degrees }.told(rules.rotated));
    }
    // Cameras append second pictures and films; padding is nothing.
    if behind.iter().any(|byte| *byte != 0) && !behind.starts_with(&[0xFF, 0xD8]) {
        let bytes = u64::try_from(behind.len()).unwrap_or(u64::MAX);
        findings.push(Finding::Trailing { bytes }.told(Outcome::Warn));
    }
    let facts = Facts {
        width: Some(outline.width),
        height: Some(outline.height),
        colour: Some(picture.colour_bp() >= rules.colour_bp),
        ..Facts::default()
    };
    Ok((facts, findings))
}

/// The picture, upright, its longer side at most so long; none where it does not decode. Whatever a catalogue let in is
/// still let in when another one is in force.
pub fn reduced(bytes: &[u8], side: usize) -> Option<Picture> {
    let outline = outline(bytes)?;
    outline.bounded(KILOPIXELS_MAX).ok()?;
    Some(decoded(bytes, &outline, side)?.upright(outline.orientation))
}

/// Whether the image has its end; refused where its size, as far as it is told, is beyond the bounds.
pub fn is_whole(bytes: &[u8], rules: &FileRules) -> Result<bool, Finding> {
    let mut outline = Outline::default();
    let whole = walk(bytes, &mut outline).is_some();
    outline.bounded(rules.kilopixels.refuse)?;
    Ok(whole)
}

impl Outline {
    /// Refused before a pixel is decoded.
    fn bounded(&self, kilopixels_max: u32) -> Result<(), Finding> {
        let (width, height) = (self.width, self.height);
        let kilopixels = kilopixels(width, height);
        if width.max(height) > SIDE_MAX || kilopixels > kilopixels_max {
            return Err(Finding::Pixels { width, height });
        }
        if self.scans > SCANS_MAX || kilopixels.saturating_mul(self.scans) > SCANNED_MAX {
            return Err(Finding::Bomb);
        }
        Ok(())
    }
}

/// Thousands of pixels, begun ones counted whole.
pub fn kilopixels(width: u32, height: u32) -> u32 {
    u32::try_from((u64::from(width) * u64::from(height)).div_ceil(1000)).unwrap_or(u32::MAX)
}

fn decoded(bytes: &[u8], outline: &Outline, side: usize) -> Option<Picture> {
    // The bounds are ours: those of the decoder do not tell a large picture from a damaged one.
    let unbounded = usize::from(u16::MAX);
    let options =
        DecoderOptions::default().set_strict_mode(true).set_max_width(unbounded).set_max_height(unbounded);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().ok()?;
    let info = decoder.info()?;
    // It takes memory for the size that it read: that must be the one that was held against the bounds.
    if (u32::from(info.width), u32::from(info.height)) != (outline.width, outline.height) {
        return None;
    }
    let channels = match decoder.output_colorspace()? {
        ColorSpace::Luma => 1,
        ColorSpace::RGB => 3,
        _ => return None,
    };
    let pixels = decoder.decode().ok()?;
    let size = (usize::from(info.width), usize::from(info.height));
    (pixels.len() == size.0 * size.1 * channels).then(|| Picture::reduce(&pixels, size, channels, side))
}

fn outline(bytes: &[u8]) -> Option<Outline> {
    let mut outline = Outline { orientation: 1, ..Outline::default() };
    walk(bytes, &mut outline)?;
    Some(outline)
}

/// Walks from segment to segment to the end of the image. A mere search could find the end of the thumbnail inside.
fn walk(bytes: &[u8], outline: &mut Outline) -> Option<()> {
    let mut at = 2;
    loop {
        let (marker, after) = next_marker(bytes, at, outline.scans > 0)?;
        match marker {
            0xD9 => {
                outline.end = after;
                return (outline.scans > 0 && outline.width > 0 && outline.height > 0).then_some(());
            }
            0x01 | 0xD0..=0xD7 => at = after,
            0xD8 => return None,
            _ => {
                let length = usize::from(u16::from_be_bytes(bytes.get(after..after + 2)?.try_into().ok()?));
                let segment = bytes.get(after + 2..after + length)?;
                match marker {
                    0xDA => outline.scans += 1,
                    0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF => {
                        let size =
                            |at: usize| Some(u16::from_be_bytes([*segment.get(at)?, *segment.get(at + 1)?]));
                        outline.height = outline.height.max(u32::from(size(1)?));
                        outline.width = outline.width.max(u32::from(size(3)?));
                        // Those who read a picture do not agree which of two sizes holds.
                        outline.frames += 1;
                        if outline.frames > 1 {
                            return None;
                        }
                    }
                    0xE1 => {
                        let noted = segment.strip_prefix(b"Exif\0\0");
                        outline.orientation = noted.map_or(outline.orientation, exif::orientation);
                    }
                    _ => {}
                }
                at = after + length;
            }
        }
    }
}

/// The next marker from a position on, and where it ends. In a scan, stuffed bytes are data.
pub fn next_marker(bytes: &[u8], from: usize, in_scan: bool) -> Option<(u8, usize)> {
    let mut at = from;
    loop {
        at += bytes.get(at..)?.iter().position(|byte| *byte == 0xFF)?;
        match *bytes.get(at + 1)? {
            // Fill bytes.
            0xFF => at += 1,
            0x00 if in_scan => at += 2,
            0x00 => return None,
            marker => return Some((marker, at + 2)),
        }
    }
}

#[cfg(test)]
pub mod tests {
    use jpeg_encoder::{ColorType, Encoder};

    use super::super::{examine, thumbnail};
    use super::*;
    use crate::material::domain::MediaType;

    /// A page with rows of something like letters, of one channel or three.
    pub fn page(width: u16, height: u16, channels: usize, ink: [u8; 3]) -> Vec<u8> {
        let mut pixels = Vec::new();
        for y in 0..u32::from(height) {
            for x in 0..u32::from(width) {
                let letter = (x / 5).wrapping_mul(2_654_435_761) ^ (y / 7).wrapping_mul(40_503);
                let inked = y % 24 < 14 && letter >> 7 & 3 == 0;
                pixels.extend_from_slice(&if inked { ink } else { [250; 3] }[..channels]);
            }
        }
        pixels
    }

    /// As jpg.
    pub fn jpg(pixels: &[u8], width: u16, height: u16) -> Vec<u8> {
        let grey = pixels.len() == usize::from(width) * usize::from(height);
        let mut bytes = Vec::new();
        let colour = if grey { ColorType::Luma } else { ColorType::Rgb };
        Encoder::new(&mut bytes, 85).encode(pixels, width, height, colour).unwrap();
        bytes
    }

    /// A small page in colour.
    pub fn small() -> Vec<u8> {
        jpg(&page(640, 400, 3, [120, 20, 20]), 640, 400)
    }

    /// The same pixels, each averaged with those around it.
    fn blurred(pixels: &[u8], width: usize, radius: usize) -> Vec<u8> {
        let mean = |from: &[u8], step: usize| -> Vec<u8> {
            let mean_at = |at: usize| {
                let near: Vec<usize> = (at.saturating_sub(radius * step)
                    ..=(at + radius * step).min(from.len() - 1))
                    .step_by(step)
                    .map(|near| usize::from(from[near]))
                    .collect();
                u8::try_from(near.iter().sum::<usize>() / near.len()).unwrap()
            };
            (0..from.len()).map(mean_at).collect()
        };
        mean(&mean(pixels, 1), width)
    }

    fn told(bytes: &[u8]) -> (Facts, Vec<(String, Outcome)>) {
        let seen = examine(bytes, &FileRules::default()).unwrap();
        let words =
            seen.findings.iter().map(|told| (told.finding.refusal().reason.into_owned(), told.outcome));
        (seen.facts, words.filter(|(_, outcome)| *outcome != Outcome::Pass).collect())
    }

    fn refused(bytes: &[u8]) -> Vec<String> {
        let findings = examine(bytes, &FileRules::default()).unwrap_err();
        findings.iter().map(|finding| finding.refusal().reason.into_owned()).collect()
    }

    /// With a segment behind the beginning.
    pub fn with_segment(jpg: &[u8], marker: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
        [&jpg[..2], &[0xFF, marker], &length, content, &jpg[2..]].concat()
    }

    #[test]
    fn a_sharp_page_has_its_facts_and_no_warning() {
        let (facts, warned) = told(&jpg(&page(900, 1200, 3, [30, 30, 160]), 900, 1200));
        assert_eq!((facts.width, facts.height, facts.colour), (Some(900), Some(1200), Some(true)));
        assert_eq!((facts.pages, facts.signed), (None, false));
        assert_eq!(warned, []);
    }

    #[test]
    fn colour_is_what_is_seen_and_not_what_there_is_room_for() {
        let grey_in_three = told(&jpg(&page(700, 700, 3, [30; 3]), 700, 700)).0;
        let grey_in_one = told(&jpg(&page(700, 700, 1, [30; 3]), 700, 700)).0;
        assert_eq!((grey_in_three.colour, grey_in_one.colour), (Some(false), Some(false)));
    }

    #[test]
    fn what_is_small_blurred_or_turned_is_taken_with_a_warning() {
        assert_eq!(told(&small()).1, [("MATERIAL_SMALL".to_owned(), Outcome::Warn)]);
        let soft = blurred(&page(800, 800, 1, [30; 3]), 800, 8);
        assert_eq!(told(&jpg(&soft, 800, 800)).1, [("MATERIAL_SHARPNESS".to_owned(), Outcome::Warn)]);
        let slightly = blurred(&page(800, 800, 1, [30; 3]), 800, 1);
        assert_eq!(told(&jpg(&slightly, 800, 800)).1, []);
        let exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
        let turned = with_segment(&jpg(&page(700, 700, 1, [30; 3]), 700, 700), 0xE1, exif);
        assert_eq!(told(&turned).1, [("MATERIAL_ROTATED".to_owned(), Outcome::Warn)]);
    }

    #[test]
    fn what_shows_nothing_is_refused_whatever_its_shade() {
        for shade in [0, 128, 255] {
            assert_eq!(refused(&jpg(&vec![shade; 490_000], 700, 700)), ["MATERIAL_BLANK"], "{shade}");
        }
        let mut dotted = vec![255; 490_000];
        dotted[..200].fill(0);
        assert_eq!(refused(&jpg(&dotted, 700, 700)), ["MATERIAL_BLANK"]);
    }

    #[test]
    fn every_reason_to_refuse_is_told() {
        assert_eq!(refused(&jpg(&vec![255; 10_000], 100, 100)), ["MATERIAL_SMALL", "MATERIAL_BLANK"]);
    }

    #[test]
    fn bombs_are_refused_before_a_pixel_is_decoded() {
        let mut wide = small();
        let size = wide.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap() + 5;
        wide[size..size + 4].copy_from_slice(&[0x40, 0, 0x40, 0]);
        assert_eq!(refused(&wide), ["MATERIAL_PIXELS"]);
        let mut scanned = small();
        let scan = [0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0];
        let end = scanned.len() - 2;
        scanned.splice(end..end, scan.repeat(65));
        assert_eq!(refused(&scanned), ["MATERIAL_BOMB"]);
    }

    #[test]
    fn a_picture_of_two_sizes_is_refused_and_has_no_thumbnail() {
        let whole = small();
        let size = [8, 0x40, 0, 0x40, 0, 3, 1, 0x11, 0, 2, 0x11, 1, 3, 0x11, 1];
        let first = with_segment(&whole, 0xC0, &size);
        let mut second = whole.clone();
        let scan = whole.windows(2).position(|pair| pair == [0xFF, 0xDA]).unwrap();
        second.splice(scan..scan, [[0xFF, 0xC0, 0, 17].as_slice(), &size].concat());
        for bytes in [first, second] {
            assert_eq!(refused(&bytes), ["MATERIAL_TRUNCATED"]);
            assert_eq!(thumbnail(&bytes, MediaType::Jpeg, 512), None);
        }
        // The size that was held against the bounds is not that of the picture.
        let other = Outline { width: 64, height: 64, ..outline(&whole).unwrap() };
        assert_eq!(decoded(&whole, &other, 512), None);
    }

    #[test]
    fn two_files_in_one_are_refused_and_what_cameras_append_is_not() {
        let whole = jpg(&page(700, 700, 1, [30; 3]), 700, 700);
        let behind = |tail: &[u8]| [whole.as_slice(), tail].concat();
        for tail in [
            b"%PDF-1.4".as_slice(),
            b"  PK\x03\x04....",
            b"Rar!\x1a\x07\0",
            b"<script>",
            b"MZ......PE\0\0",
            b"GIF89a",
        ] {
            assert_eq!(refused(&behind(tail)), ["MATERIAL_MIXED"], "{tail:?}");
        }
        let zip_end = [b"PK\x05\x06".as_slice(), &[0; 18]].concat();
        let in_comment = with_segment(&whole, 0xFE, b"%PDF-1.7 in a comment");
        assert_eq!(refused(&in_comment), ["MATERIAL_MIXED"]);
        assert_eq!(refused(&behind(&zip_end)), ["MATERIAL_MIXED"]);
        assert_eq!(told(&behind(&[0; 64])).1, []);
        assert_eq!(told(&behind(&whole)).1, []);
        assert_eq!(told(&behind(b"notes of a camera")).1, [("MATERIAL_TRAILING".to_owned(), Outcome::Warn)]);
    }

    #[test]
    fn a_picture_cut_off_anywhere_is_refused() {
        let whole = jpg(&page(240, 240, 3, [120, 20, 20]), 240, 240);
        for length in 1..whole.len() {
            let findings = examine(&whole[..length], &FileRules::default()).unwrap_err();
            let expected = if length < 3 { Finding::Type } else { Finding::Truncated };
            assert_eq!(findings, [expected], "{length} of {}", whole.len());
        }
    }

    #[test]
    fn a_picture_without_its_middle_is_noticed() {
        let whole = jpg(&page(240, 240, 3, [120, 20, 20]), 240, 240);
        for at in (1_000..whole.len() - 600).step_by(97) {
            let bytes = [&whole[..at], &whole[at + 500..]].concat();
            let noticed = match examine(&bytes, &FileRules::default()) {
                Ok(seen) => seen.findings.contains(&Finding::Damaged.told(Outcome::Warn)),
                Err(_) => true,
            };
            assert!(noticed, "500 bytes from {at} of {}", whole.len());
        }
    }

    #[test]
    fn a_thumbnail_is_small_and_upright() {
        let exif = b"Exif\0\0II\x2a\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
        let mut pixels = page(900, 600, 1, [30; 3]);
        // The top of what was held sideways is dark.
        pixels[..900 * 60].fill(0);
        let turned = with_segment(&jpg(&pixels, 900, 600), 0xE1, exif);
        let small = thumbnail(&turned, MediaType::Jpeg, 512).unwrap();
        let seen = outline(&small).unwrap();
        assert_eq!((seen.width, seen.height), (341, 512));
        let picture = reduced(&small, 512).unwrap();
        let right: u32 = (0..512).map(|y| u32::from(picture.rgb[(y * 341 + 330) * 3])).sum();
        assert!(right / 512 < 20, "turned by 90 degrees, the top lies on the right");
        assert_eq!(thumbnail(b"no picture", MediaType::Jpeg, 512), None);
    }
}
