//! What the bytes of a file say: its type, and whether it is whole. Pure.

use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::domain::MediaType;
use crate::kernel::error::{Error, Violation};

/// Longest side of a picture, in pixels.
const SIDE_MAX: usize = 20_000;
/// Most pixels of a picture: a small file can unfold to a very large one.
const PIXELS_MAX: usize = 100_000_000;
/// How near to its end a pdf says that it ends. Readers look this far.
const TAIL: usize = 1024;

/// Why a file is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No content.
    Empty,
    /// More bytes than are taken.
    TooLarge {
        /// So many are.
        most: usize,
    },
    /// More pixels than are taken.
    TooManyPixels,
    /// Neither jpg nor pdf.
    Type,
    /// Not what the uploader says it is.
    TypeDiffers {
        /// What it is.
        found: MediaType,
    },
    /// Cut off or damaged.
    Truncated,
    /// Needs a password, or may need one.
    Encrypted,
}

/// The type of a whole file.
pub fn sniff(bytes: &[u8]) -> Result<MediaType, Fault> {
    if bytes.is_empty() {
        Err(Fault::Empty)
    } else if bytes.starts_with(&[0xFF, 0xD8, 0xFF]) {
        whole_jpeg(bytes).map(|()| MediaType::Jpeg)
    } else if bytes.starts_with(b"%PDF-1.") || bytes.starts_with(b"%PDF-2.") {
        whole_pdf(bytes).map(|()| MediaType::Pdf)
    } else {
        Err(Fault::Type)
    }
}

impl From<Fault> for Violation {
    fn from(fault: Fault) -> Self {
        let chunk = |zh: &str, en: &str| Self::new("chunk", zh, en);
        match fault {
            Fault::Empty => chunk("文件没有内容。", "MATERIAL_EMPTY: the file has no content."),
            Fault::TooLarge { most } => chunk(
                &format!("文件超过 {most} 字节。"),
                &format!("MATERIAL_TOO_LARGE: the file has more than {most} bytes."),
            ),
            Fault::TooManyPixels => chunk(
                "图片超过 20000 像素边长或一亿像素。",
                "MATERIAL_TOO_LARGE: the picture has a side of more than 20000 pixels, or more than 100 million of them.",
            ),
            Fault::Type => {
                chunk("文件须为 jpg 或 pdf。", "MATERIAL_TYPE: the content is neither jpg nor pdf.")
            }
            Fault::TypeDiffers { found } => Self::new(
                "header.media_type",
                format!("文件实际为 {},与所述类型不符。", found.as_str()),
                format!("MATERIAL_TYPE_DIFFERS: the content is {}.", found.as_str()),
            ),
            Fault::Truncated => chunk(
                "文件不完整或已损坏，请重新扫描或导出后上传。",
                "MATERIAL_TRUNCATED: the file is cut off or damaged; scan or export it again.",
            ),
            Fault::Encrypted => chunk(
                "pdf 已加密，请去除密码后上传。",
                "MATERIAL_ENCRYPTED: the pdf is encrypted; remove its password.",
            ),
        }
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::Invalid(vec![fault.into()])
    }
}

/// A picture that has its end and decodes to it.
fn whole_jpeg(bytes: &[u8]) -> Result<(), Fault> {
    if !reaches_end_of_image(bytes) {
        return Err(Fault::Truncated);
    }
    // The bounds are ours: those of the decoder do not tell a large picture from a damaged one.
    let unbounded = usize::from(u16::MAX);
    let options =
        DecoderOptions::default().set_strict_mode(true).set_max_width(unbounded).set_max_height(unbounded);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(|_| Fault::Truncated)?;
    let info = decoder.info().ok_or(Fault::Truncated)?;
    let (width, height) = (usize::from(info.width), usize::from(info.height));
    if width.max(height) > SIDE_MAX || width * height > PIXELS_MAX {
        return Err(Fault::TooManyPixels);
    }
    decoder.decode().map(|_| ()).map_err(|_| Fault::Truncated)
}

/// Walks from segment to segment to the end of the image. A mere search could find the end of the thumbnail inside;
/// what cameras append behind the image is left alone.
fn reaches_end_of_image(bytes: &[u8]) -> bool {
    let (mut at, mut in_scan) = (2, false);
    while let Some(found) = next_marker(bytes, at, in_scan) {
        let (marker, after) = found;
        match marker {
            0xD9 => return in_scan,
            0x01 | 0xD0..=0xD7 => at = after,
            0xD8 => return false,
            _ => {
                let Some(length) = bytes.get(after..after + 2) else { return false };
                let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
                if length < 2 {
                    return false;
                }
                // Compressed data follows a start of scan, until a marker that is not its own.
                in_scan = in_scan || marker == 0xDA;
                at = after + length;
            }
        }
    }
    false
}

/// The next marker from a position on, and where it ends. In a scan, stuffed bytes are data.
fn next_marker(bytes: &[u8], from: usize, in_scan: bool) -> Option<(u8, usize)> {
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

/// A document whose end leads to its table of contents, and that names its root.
fn whole_pdf(bytes: &[u8]) -> Result<(), Fault> {
    let trailer = trailer(bytes).ok_or(Fault::Truncated)?;
    if has_key(trailer, b"/Encrypt") {
        return Err(Fault::Encrypted);
    }
    if has_key(trailer, b"/Root") { Ok(()) } else { Err(Fault::Truncated) }
}

/// The dictionary of the cross-reference table, or stream, to which the end of the file points.
fn trailer(bytes: &[u8]) -> Option<&[u8]> {
    let tail = bytes.len().saturating_sub(TAIL);
    let end = tail + find_last(&bytes[tail..], b"%%EOF")?;
    let start = find_last(&bytes[..end], b"startxref")?;
    let pointer = std::str::from_utf8(&bytes[start + b"startxref".len()..end]).ok()?;
    let offset: usize = pointer.trim().parse().ok()?;
    let table = bytes.get(offset..start)?.trim_ascii_start();
    if table.starts_with(b"xref") {
        let table = &table[find(table, b"trailer")?..];
        return Some(&table[..find(table, b"startxref").unwrap_or(table.len())]);
    }
    let body = object_body(table)?;
    Some(&body[..find(body, b"stream")?])
}

/// What follows `12 0 obj`.
fn object_body(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes;
    for _ in 0..2 {
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let after = &rest[digits..];
        rest = after.trim_ascii_start();
        if digits == 0 || rest.len() == after.len() {
            return None;
        }
    }
    rest.strip_prefix(b"obj")
}

/// Whether a dictionary has a key, and not only one that begins like it.
fn has_key(dictionary: &[u8], key: &[u8]) -> bool {
    let follows = |at: usize| dictionary.get(at + key.len()).is_none_or(|byte| !byte.is_ascii_alphanumeric());
    dictionary.windows(key.len()).enumerate().any(|(at, window)| window == key && follows(at))
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

fn find_last(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).rposition(|window| window == part)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A grey square of 8 pixels a side: one block, whose one bit for DC and one for AC say that nothing is in it.
    pub fn jpeg() -> Vec<u8> {
        let mut bytes = vec![0xFF, 0xD8];
        bytes.extend([0xFF, 0xDB, 0, 67, 0]);
        bytes.extend([1; 64]);
        bytes.extend([0xFF, 0xC0, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, 0]);
        for class in [0x00, 0x10] {
            bytes.extend([0xFF, 0xC4, 0, 20, class, 1]);
            bytes.extend([0; 15]);
            bytes.push(0);
        }
        bytes.extend([0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0]);
        bytes.extend([0x3F, 0xFF, 0xD9]);
        bytes
    }

    /// One empty page, with something in its trailer.
    pub fn pdf(trailer: &str) -> Vec<u8> {
        let mut text = "%PDF-1.4\n".to_owned();
        let mut offsets = Vec::new();
        for (number, body) in [
            (1, "<</Type/Catalog/Pages 2 0 R>>"),
            (2, "<</Type/Pages/Kids[3 0 R]/Count 1>>"),
            (3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"),
        ] {
            offsets.push(text.len());
            text.push_str(&format!("{number} 0 obj{body}endobj\n"));
        }
        let start = text.len();
        text.push_str("xref\n0 4\n0000000000 65535 f \n");
        for offset in offsets {
            text.push_str(&format!("{offset:010} 00000 n \n"));
        }
        text.push_str(&format!("trailer<</Size 4/Root 1 0 R{trailer}>>\nstartxref\n{start}\n%%EOF"));
        text.into_bytes()
    }

    /// The same with a cross-reference stream.
    fn newer_pdf() -> Vec<u8> {
        let head = "%PDF-2.0\n1 0 obj<</Type/Catalog>>endobj\n";
        let stream = "2 0 obj\n<</Type/XRef/Size 3/W[1 2 1]/Root 1 0 R/Length 0>>stream\nendstream\nendobj\n";
        format!("{head}{stream}startxref\n{}\n%%EOF", head.len()).into_bytes()
    }

    #[test]
    fn a_whole_file_has_its_type() {
        assert_eq!(sniff(&jpeg()), Ok(MediaType::Jpeg));
        assert_eq!(sniff(&pdf("")), Ok(MediaType::Pdf));
        assert_eq!(sniff(&pdf("/EncryptMetadata true")), Ok(MediaType::Pdf));
        assert_eq!(sniff(&newer_pdf()), Ok(MediaType::Pdf));
        assert_eq!(sniff(&[jpeg(), b"trailing".to_vec()].concat()), Ok(MediaType::Jpeg));
    }

    #[test]
    fn a_file_cut_off_anywhere_is_refused() {
        for whole in [jpeg(), pdf(""), newer_pdf()] {
            for length in 0..whole.len() {
                assert!(sniff(&whole[..length]).is_err(), "{length} of {}", whole.len());
            }
        }
    }

    #[test]
    fn a_file_cut_open_anywhere_does_not_bring_the_reader_down() {
        for whole in [jpeg(), pdf(""), newer_pdf()] {
            for at in 0..whole.len() {
                for mask in [0xFF, 0x01, 0x80] {
                    let mut altered = whole.clone();
                    altered[at] ^= mask;
                    // Whatever it says: it says something.
                    assert!(sniff(&altered).is_ok() || sniff(&altered).is_err());
                }
                let without: Vec<u8> = [&whole[..at], &whole[at + 1..]].concat();
                assert!(sniff(&without).is_ok() || sniff(&without).is_err());
            }
        }
    }

    #[test]
    fn each_fault_is_told_apart() {
        let mut wide = jpeg();
        let size = wide.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap() + 5;
        wide[size..size + 4].copy_from_slice(&[0x40, 0, 0x40, 0]);
        let nowhere = String::from_utf8(pdf("")).unwrap().replace("startxref\n", "startxref\n9");
        for (bytes, fault) in [
            (Vec::new(), Fault::Empty),
            (b"GIF89a".to_vec(), Fault::Type),
            (b"<html>%PDF-1.4".to_vec(), Fault::Type),
            (pdf("/Encrypt 5 0 R"), Fault::Encrypted),
            (nowhere.into_bytes(), Fault::Truncated),
            (b"%PDF-1.4\nstartxref\n0\n%%EOF".to_vec(), Fault::Truncated),
            (wide, Fault::TooManyPixels),
        ] {
            assert_eq!(sniff(&bytes), Err(fault));
        }
    }

    #[test]
    fn the_code_stands_at_the_start_of_the_english_sentence() {
        let told = Violation::from(Fault::TypeDiffers { found: MediaType::Pdf });
        assert_eq!(
            (told.field.as_str(), told.en.split(':').next()),
            ("header.media_type", Some("MATERIAL_TYPE_DIFFERS"))
        );
        assert!(Violation::from(Fault::TooLarge { most: 9 }).en.starts_with("MATERIAL_TOO_LARGE: "));
    }
}
