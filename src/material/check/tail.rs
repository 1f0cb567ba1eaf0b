//! Two files in one: what begins before the document, or lies behind its end.

/// How the files begin that have no business behind the end of another.
const BEGINNINGS: [&[u8]; 14] = [
    b"%PDF-",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"Rar!\x1a\x07",
    b"7z\xbc\xaf\x27\x1c",
    b"\x7fELF",
    b"\x89PNG\r\n",
    b"GIF87a",
    b"GIF89a",
    b"<html",
    b"<HTML",
    b"<script",
    b"<?php",
    b"<!DOCTYPE",
];
/// How far from its beginning a file may still be taken for a pdf by those who read it.
const HEAD: usize = 1024;
/// Longest end of a zip: its record and a comment.
const ZIP_END: usize = 22 + 65_535;

/// Whether a pdf begins, but not with the first byte.
pub fn begins_later(bytes: &[u8]) -> bool {
    holds(&bytes[..bytes.len().min(HEAD)], b"%PDF-")
}

/// Whether a file of another type lies in what follows the end.
pub fn hides_file(tail: &[u8]) -> bool {
    let program = tail.starts_with(b"MZ") && holds(tail, b"PE\0\0");
    program || BEGINNINGS.iter().any(|beginning| holds(tail, beginning))
}

/// Whether the whole can be read as a zip, which is found from its end.
pub fn is_zip_too(bytes: &[u8]) -> bool {
    let last = &bytes[bytes.len().saturating_sub(ZIP_END)..];
    last.windows(22).enumerate().any(|(at, record)| {
        let comment = usize::from(u16::from_le_bytes([record[20], record[21]]));
        record.starts_with(b"PK\x05\x06") && at + record.len() + comment == last.len()
    })
}

/// Whether a part occurs.
pub fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
