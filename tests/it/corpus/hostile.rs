//! Files that were made to do harm, each with the reason for which it must be refused.

use super::seeds::{jpg, letters, packed, page, pdf, stream};

/// A name, the content, the reason.
pub type Hostile = (String, Vec<u8>, &'static str);

/// All of them.
pub fn files() -> Vec<Hostile> {
    let mut files = Vec::new();
    large_pictures(&mut files);
    streams(&mut files);
    tables(&mut files);
    two_in_one(&mut files);
    documents(&mut files);
    work(&mut files);
    files
}

/// Pictures that say to be larger than they are.
fn large_pictures(files: &mut Vec<Hostile>) {
    let small = jpg(&letters(3), |_| {});
    let size = find(&small, &[0xFF, 0xC0]) + 5;
    for (width, height) in
        [(65_535_u16, 65_535_u16), (65_535, 1_000), (20_001, 8), (9_000, 9_000), (8, 40_000)]
    {
        let mut bytes = small.clone();
        bytes[size..size + 2].copy_from_slice(&height.to_be_bytes());
        bytes[size + 2..size + 4].copy_from_slice(&width.to_be_bytes());
        files.push((format!("jpg of {width} by {height}"), bytes, "MATERIAL_PIXELS"));
        let image = format!("/Subtype/Image/Width {width}/Height {height}/Filter/DCTDecode");
        if u64::from(width) * u64::from(height) > 64_000_000 {
            let whole = pdf(&page(&[stream(&image, &small)]), "");
            files.push((format!("pdf with {width} by {height}"), whole, "MATERIAL_PIXELS"));
        }
    }
    let scans = jpg(&letters(3), |encoder| encoder.set_progressive(true));
    let last = scans.len() - 2;
    let scan = [0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0];
    let many = [&scans[..last], &scan.repeat(200), &scans[last..]].concat();
    files.push(("jpg of 200 scans".to_owned(), many, "MATERIAL_BOMB"));
}

/// Streams that unfold to too much.
fn streams(files: &mut Vec<Hostile>) {
    let zeros = packed(&vec![0; 33 << 20]);
    let mut content = page(&[]);
    content[3] = stream("/Filter/FlateDecode", &zeros);
    files.push(("page that unfolds".to_owned(), pdf(&content, ""), "MATERIAL_BOMB"));
    let image = "/Subtype/Image/Width 10/Height 10/Filter/FlateDecode";
    files.push((
        "picture that unfolds".to_owned(),
        pdf(&page(&[stream(image, &zeros)]), ""),
        "MATERIAL_BOMB",
    ));
    let objects = "/Type/ObjStm/N 1/First 4/Filter/FlateDecode";
    let many: Vec<_> = (0..6).map(|_| stream(objects, &packed(&vec![b' '; 17 << 20]))).collect();
    files.push(("objects that unfold".to_owned(), with_contained(&many), "MATERIAL_BOMB"));
    let own = "%PDF-1.7\n1 0 obj";
    let table = stream("/Type/XRef/W[1 2 1]/Size 7/Root 1 0 R/Filter/FlateDecode", &zeros);
    let whole = [own.as_bytes(), &table, b"endobj\nstartxref\n9\n%%EOF"].concat();
    files.push(("table that unfolds".to_owned(), whole, "MATERIAL_BOMB"));
}

/// A pdf with object streams from the fifth object on, an object in each.
fn with_contained(streams: &[Vec<u8>]) -> Vec<u8> {
    let objects = page(streams);
    let mut out = b"%PDF-1.7\n".to_vec();
    let mut rows = vec![0_u8; 6];
    for (number, object) in (1..).zip(&objects) {
        let [first, second, third, fourth] = u32::try_from(out.len()).expect("a small file").to_be_bytes();
        rows.extend([1, first, second, third, fourth, 0]);
        out.extend(format!("{number} 0 obj\n").bytes().chain(object.iter().copied()).chain(*b"\nendobj\n"));
    }
    for container in 5..=objects.len() {
        rows.extend([2, 0, 0, 0, u8::try_from(container).expect("a few"), 0]);
    }
    let start = out.len();
    let dict = format!("/Type/XRef/W[1 4 1]/Size {}/Root 1 0 R", rows.len() / 6);
    out.extend(b"99 0 obj".iter().copied().chain(stream(&dict, &rows)));
    out.extend(format!("\nendobj\nstartxref\n{start}\n%%EOF").bytes());
    out
}

/// Tables that lead in circles, or to more than the file holds.
fn tables(files: &mut Vec<Hostile>) {
    let own = "%PDF-1.4\nxref\n0 0\ntrailer<</Root 1 0 R/Prev 9>>\nstartxref\n9\n%%EOF";
    files.push(("table before itself".to_owned(), own.as_bytes().to_vec(), "MATERIAL_BOMB"));
    // A hundred thousand numbers, all of them said to lie where one large object does.
    let large = format!("[{}]", "0 ".repeat(150_000));
    let mut out = format!("%PDF-1.4\n7 0 obj{large}endobj\n").into_bytes();
    let start = out.len();
    out.extend(format!("xref\n0 100000\n{}", "0000000009 00000 n \n".repeat(100_000)).bytes());
    out.extend(format!("trailer<</Root 1 0 R>>\nstartxref\n{start}\n%%EOF").bytes());
    files.push(("many numbers for one object".to_owned(), out, "MATERIAL_TRUNCATED"));
    // The same within a stream of objects, where each is read for itself.
    let inside = format!("{}{large}", "9 0 ".repeat(50_000));
    let dict = format!("/Type/ObjStm/N 50000/First {}/Filter/FlateDecode", 200_000);
    let contained = stream(&dict, &packed(inside.as_bytes()));
    let mut out = [b"%PDF-1.7\n5 0 obj".as_slice(), &contained, b"endobj\n"].concat();
    let start = out.len();
    let rows = [2_u8, 5, 0, 0].repeat(60_000);
    let table = stream("/Type/XRef/W[1 1 2]/Size 60000/Root 1 0 R", &rows);
    out.extend(b"6 0 obj".iter().copied().chain(table));
    out.extend(format!("endobj\nstartxref\n{start}\n%%EOF").bytes());
    files.push(("many numbers for one object in a stream".to_owned(), out, "MATERIAL_TRUNCATED"));
    let size = "%PDF-1.4\nxref\n0 4294967295\ntrailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF";
    files.push(("table of four billion".to_owned(), size.as_bytes().to_vec(), "MATERIAL_TRUNCATED"));
    for offset in ["0", "99999999", "18446744073709551615", "-1", "x"] {
        let whole = format!("%PDF-1.4\nstartxref\n{offset}\n%%EOF");
        files.push((format!("table at {offset}"), whole.into_bytes(), "MATERIAL_TRUNCATED"));
    }
}

/// Files that are two.
fn two_in_one(files: &mut Vec<Hostile>) {
    let picture = jpg(&letters(3), |_| {});
    let document = pdf(&page(&[]), "");
    let zip_end = [b"PK\x05\x06".as_slice(), &[0; 18]].concat();
    for (what, whole) in [("jpg", &picture), ("pdf", &document)] {
        for second in [
            b"PK\x03\x04 a zip".as_slice(),
            b"Rar!\x1a\x07\x01\x00",
            b"\x7fELF\x02\x01",
            b"<script>alert(1)</script>",
            b"<?php system($_GET[0]);",
            b"GIF89a",
            &zip_end,
        ] {
            let bytes = [whole.as_slice(), second].concat();
            files.push((
                format!("{what} and {:?}", second.escape_ascii().to_string()),
                bytes,
                "MATERIAL_MIXED",
            ));
        }
    }
    for first in [b"<html>".as_slice(), b"MZ\x90\0", b"#!/bin/sh\n", b"\xef\xbb\xbf", b"GIF89a"] {
        let bytes = [first, &document].concat();
        files.push((format!("{:?} and pdf", first.escape_ascii().to_string()), bytes, "MATERIAL_MIXED"));
    }
    files.push(("jpg and pdf".to_owned(), [picture, document].concat(), "MATERIAL_MIXED"));
}

/// Documents that show nothing, or do more than show.
fn documents(files: &mut Vec<Hostile>) {
    let with = |object: &str| pdf(&page(&[object.as_bytes().to_vec()]), "");
    let mut none = page(&[]);
    none[1] = b"<</Type/Pages/Kids[]/Count 0>>".to_vec();
    let mut claimed = page(&[]);
    claimed[1] = b"<</Type/Pages/Kids[]/Count 1000000>>".to_vec();
    let mut blank = page(&[]);
    blank[3] = stream("", b"q Q");
    let mut circle = page(&[]);
    circle[1] = b"<</Type/Pages/Kids[2 0 R]/Count 1>>".to_vec();
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let mut nested = page(&[]);
    nested[0] = format!("<</Pages {deep}>>").into_bytes();
    for (what, bytes, reason) in [
        ("no pages", pdf(&none, ""), "MATERIAL_NO_PAGES"),
        ("a million pages that are not there", pdf(&claimed, ""), "MATERIAL_NO_PAGES"),
        ("a blank page", pdf(&blank, ""), "MATERIAL_BLANK"),
        ("pages in a circle", pdf(&circle, ""), "MATERIAL_TRUNCATED"),
        ("a root too deep", pdf(&nested, ""), "MATERIAL_TRUNCATED"),
        ("a password", pdf(&page(&[]), "/Encrypt 5 0 R"), "MATERIAL_ENCRYPTED"),
        ("a script", with("<</S/JavaScript/JS(app.alert(1))>>"), "MATERIAL_ACTIVE"),
        ("a script, written otherwise", with("<</#53/J#61vaScript/J#53(1)>>"), "MATERIAL_ACTIVE"),
        ("a program", with("<</OpenAction<</S/Launch/F(cmd.exe)>>>>"), "MATERIAL_ACTIVE"),
        ("a form that is sent", with("<</A<</S/SubmitForm/F(http://127.0.0.1)>>>>"), "MATERIAL_ACTIVE"),
        ("another file", with("<</Type/Filespec/EF<</F 9 0 R>>>>"), "MATERIAL_ATTACHMENTS"),
        ("only a beginning", b"%PDF-1.7".to_vec(), "MATERIAL_TRUNCATED"),
        ("nothing", Vec::new(), "MATERIAL_EMPTY"),
        ("a text", b"just words".to_vec(), "MATERIAL_TYPE"),
        ("a picture of another type", b"\x89PNG\r\n\x1a\n".to_vec(), "MATERIAL_TYPE"),
    ] {
        files.push((what.to_owned(), bytes, reason));
    }
}

/// Small files that ask for a lot of work.
fn work(files: &mut Vec<Hostile>) {
    let mut open = page(&[]);
    open[3] = stream("/Filter/FlateDecode", &packed("<a".repeat(300_000).as_bytes()));
    files.push(("page of strings without end".to_owned(), pdf(&open, ""), "MATERIAL_BLANK"));
    // Nothing comes out of it, however often it is asked for: what goes in counts.
    let mut broken = page(&[]);
    broken[2] = format!("<</Type/Page/Contents[{}]>>", "4 0 R ".repeat(2_000)).into_bytes();
    broken[3] = stream("/Filter/FlateDecode", &[0; 1 << 20]);
    files.push(("page that unfolds to nothing, often".to_owned(), pdf(&broken, ""), "MATERIAL_BOMB"));
    // A jpg of two sizes: the decoder would take memory for the first.
    let small = jpg(&letters(3), |_| {});
    let size = [0xFF, 0xC0, 0, 17, 8, 0xFF, 0xFF, 0xFF, 0xFF, 3, 1, 0x11, 0, 2, 0x11, 1, 3, 0x11, 1];
    let two = [&small[..2], &size, &small[2..]].concat();
    files.push(("jpg of two sizes".to_owned(), two.clone(), "MATERIAL_TRUNCATED"));
    let dict = "/Subtype/Image/Width 64/Height 56/Filter/DCTDecode";
    files.push((
        "pdf with a jpg of two sizes".to_owned(),
        pdf(&page(&[stream(dict, &two)]), ""),
        "MATERIAL_PIXELS",
    ));
}

fn find(bytes: &[u8], part: &[u8]) -> usize {
    bytes.windows(part.len()).position(|window| window == part).expect("it is there")
}
