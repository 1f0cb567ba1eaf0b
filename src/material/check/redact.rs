//! 脱敏: a picture without parts of it and without anything but its pixels; and whether a text stands in a file.

use serde::{Deserialize, Serialize};

use super::picture::Picture;
use super::{jpeg, tail};

/// Quality of a blackened copy: letters stay legible.
const QUALITY: u8 = 90;
/// What the edges of an area are counted in: parts of the page's width or height.
const WHOLE: usize = 10_000;
/// A shorter text than so many bytes of UTF-8, two Chinese characters, may stand anywhere by chance.
const TEXT_LEAST: usize = 6;

/// A box of an upright page, in 1/10,000 of its width and height from the upper left corner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Area {
    /// Its left edge.
    pub x: u32,
    /// Its upper edge.
    pub y: u32,
    /// Its width.
    pub width: u32,
    /// Its height.
    pub height: u32,
}

/// A jpg upright, blackened in some areas, encoded anew with nothing in it but the pixels. None where it does not decode.
pub fn blackened(bytes: &[u8], areas: &[Area]) -> Option<Vec<u8>> {
    let mut picture = jpeg::reduced(bytes, usize::MAX)?;
    for area in areas {
        blacken(&mut picture, *area);
    }
    picture.encode(QUALITY)
}

/// Every pixel that the area touches.
fn blacken(picture: &mut Picture, area: Area) {
    let span = |from: u32, length: u32, side: usize| {
        let (from, length) =
            (usize::try_from(from).unwrap_or(WHOLE), usize::try_from(length).unwrap_or(WHOLE));
        let end = ((from + length) * side).div_ceil(WHOLE).min(side);
        (from * side / WHOLE).min(end)..end
    };
    let columns = span(area.x, area.width, picture.width);
    for row in span(area.y, area.height, picture.height) {
        let row = row * picture.width;
        picture.rgb[(row + columns.start) * 3..(row + columns.end) * 3].fill(0);
    }
}

/// Which of some texts, by their places, stand in a file in the clear, in one of the ways in which a pdf writes text: UTF-8,
/// UTF-16, or that in hexadecimal. What is compressed is not seen, and texts that are too short to tell anything are not
/// looked for.
pub fn named(bytes: &[u8], texts: &[String]) -> Vec<usize> {
    let written = |text: &String| {
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let hex = |upper: bool| -> Vec<u8> {
            let digits =
                wide.iter().map(|byte| if upper { format!("{byte:02X}") } else { format!("{byte:02x}") });
            digits.collect::<String>().into_bytes()
        };
        [text.clone().into_bytes(), hex(true), hex(false), wide]
    };
    let found = |text: &String| written(text).iter().any(|text| tail::holds(bytes, text));
    let long = texts.iter().enumerate().filter(|(_, text)| text.len() >= TEXT_LEAST);
    long.filter(|(_, text)| found(text)).map(|(place, _)| place).collect()
}

#[cfg(test)]
mod tests {
    use super::super::jpeg::tests::{jpg, page, with_segment};
    use super::*;

    /// A camera's notes: an orientation, and something private behind it.
    fn exif(orientation: u8) -> Vec<u8> {
        let tiff =
            [b"Exif\0\0II\x2a\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".as_slice(), &[orientation, 0]];
        [tiff.concat().as_slice(), b"\0\0\0\0\0\0 the applicant's name"].concat()
    }

    fn area(x: u32, y: u32, width: u32, height: u32) -> Area {
        Area { x, y, width, height }
    }

    /// The mean of red, green and blue of a pixel.
    fn shade(picture: &Picture, x: usize, y: usize) -> u8 {
        let at = (y * picture.width + x) * 3;
        let sum: u32 = picture.rgb[at..at + 3].iter().map(|part| u32::from(*part)).sum();
        u8::try_from(sum / 3).unwrap()
    }

    #[test]
    fn what_is_in_a_box_is_black_and_the_rest_is_as_it_was() {
        let white = jpg(&vec![250; 640 * 400], 640, 400);
        let copy = blackened(&white, &[area(2_500, 5_000, 5_000, 2_500)]).unwrap();
        let picture = jpeg::reduced(&copy, usize::MAX).unwrap();
        assert_eq!((picture.width, picture.height), (640, 400));
        for y in 0..400 {
            for x in 0..640 {
                let inside = (160..480).contains(&x) && (200..300).contains(&y);
                let near = (144..496).contains(&x) && (184..316).contains(&y);
                let shade = shade(&picture, x, y);
                assert!(if inside { shade < 24 } else { near || shade > 230 }, "{x} {y}: {shade}");
            }
        }
    }

    #[test]
    fn boxes_lie_on_the_page_as_it_is_displayed_and_nothing_of_the_camera_is_left() {
        let plain = jpg(&vec![250; 640 * 400], 640, 400);
        for orientation in 1..=8 {
            let held = with_segment(&plain, 0xE1, &exif(orientation));
            let held = with_segment(&held, 0xFE, b"the applicant's name");
            let copy = blackened(&held, &[area(0, 0, 1_000, 1_000)]).unwrap();
            let picture = jpeg::reduced(&copy, usize::MAX).unwrap();
            let size = if orientation >= 5 { (400, 640) } else { (640, 400) };
            assert_eq!((picture.width, picture.height), size, "{orientation}");
            assert!(
                shade(&picture, 2, 2) < 24 && shade(&picture, size.0 - 3, size.1 - 3) > 230,
                "{orientation}"
            );
            assert!(!tail::holds(&copy, b"Exif") && !tail::holds(&copy, b"applicant"), "{orientation}");
        }
    }

    #[test]
    fn a_box_that_touches_a_pixel_takes_it_and_never_goes_beyond_the_page() {
        let mut picture = Picture { width: 10, height: 10, rgb: vec![250; 300] };
        blacken(&mut picture, area(9_999, 9_999, 1, 1));
        blacken(&mut picture, area(1_001, 0, 1, 1));
        let black: Vec<_> = (0..100).filter(|at| shade(&picture, at % 10, at / 10) == 0).collect();
        assert_eq!(black, [1, 99]);
        blacken(&mut picture, area(0, 0, 10_000, 10_000));
        assert!(picture.rgb.iter().all(|part| *part == 0));
    }

    #[test]
    fn without_boxes_a_page_looks_the_same_and_what_does_not_decode_has_no_copy() {
        let whole = jpg(&page(640, 400, 3, [120, 20, 20]), 640, 400);
        let picture = |bytes: &[u8]| jpeg::reduced(bytes, usize::MAX).unwrap();
        let (before, after) = (picture(&whole), picture(&blackened(&whole, &[]).unwrap()));
        let worst = before.rgb.iter().zip(&after.rgb).map(|(left, right)| left.abs_diff(*right)).max();
        assert!(worst < Some(64), "{worst:?}");
        assert_eq!(blackened(&whole[..whole.len() / 2], &[]), None);
        assert_eq!(blackened(b"no picture", &[]), None);
    }

    #[test]
    fn a_name_is_found_in_every_way_a_pdf_writes_it() {
        let texts = ["欧阳测试", "王五", "620902195001010015", "王"].map(str::to_owned);
        let within = |shown: &[u8]| named(&[b"%PDF-1.7 /Title (".as_slice(), shown, b")"].concat(), &texts);
        for (place, name) in texts.iter().enumerate().take(2) {
            let wide: Vec<u8> = format!("{name}的化验单").encode_utf16().flat_map(u16::to_be_bytes).collect();
            let hex: String = wide.iter().map(|byte| format!("{byte:02X}")).collect();
            let marked = [&[0xFE, 0xFF], wide.as_slice()].concat();
            for shown in [name.as_bytes(), &wide, &marked, hex.as_bytes(), hex.to_lowercase().as_bytes()] {
                assert_eq!(within(shown), [place], "{shown:?}");
            }
        }
        assert_eq!(within("王五620902195001010015".as_bytes()), [1, 2]);
        let parts = "欧阳 62090219500101 王";
        assert!(within(parts.as_bytes()).is_empty(), "parts of it, and what is too short");
    }
}
