use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::super::{examine, jpeg, thumbnail};
use crate::catalog::files::{FileRules, Outcome};
use crate::material::check::Finding;
use crate::material::domain::MediaType;

/// A pdf of these objects, the first of them its root.
fn pdf(objects: &[Vec<u8>], trailer: &str) -> Vec<u8> {
    let mut out = b"%PDF-1.7\n".to_vec();
    let mut table = format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for (number, object) in (1..).zip(objects) {
        table.push_str(&format!("{:010} 00000 n \n", out.len()));
        out.extend(format!("{number} 0 obj\n").bytes().chain(object.iter().copied()).chain(*b"\nendobj\n"));
    }
    let start = out.len();
    let size = objects.len() + 1;
    out.extend(
        format!("{table}trailer\n<</Size {size}/Root 1 0 R{trailer}>>\nstartxref\n{start}\n%%EOF\n").bytes(),
    );
    out
}

fn text(object: &str) -> Vec<u8> {
    object.as_bytes().to_vec()
}

fn stream(dict: &str, content: &[u8]) -> Vec<u8> {
    let head = format!("<</Length {}{dict}>>stream\n", content.len());
    [head.as_bytes(), content, b"\nendstream"].concat()
}

fn packed(content: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// One page that says something, and more objects.
fn page(more: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut objects = vec![
        text("<</Type/Catalog/Pages 2 0 R>>"),
        text("<</Type/Pages/Kids[3 0 R]/Count 1>>"),
        text("<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</XObject<</I 5 0 R>>>>>>"),
        stream("", b"BT (a) Tj ET"),
    ];
    objects.extend_from_slice(more);
    objects
}

fn told(bytes: &[u8]) -> Vec<(String, Outcome)> {
    let seen = examine(bytes, &FileRules::default()).unwrap();
    assert_eq!(seen.media_type, MediaType::Pdf);
    let words = seen.findings.iter().map(|told| (told.finding.refusal().reason.into_owned(), told.outcome));
    words.filter(|(reason, _)| reason != "MATERIAL_PAGES").collect()
}

fn refused(bytes: &[u8]) -> Vec<String> {
    let findings = examine(bytes, &FileRules::default()).expect_err("it was taken");
    findings.iter().map(|finding| finding.refusal().reason.into_owned()).collect()
}

fn warned(reason: &str) -> Vec<(String, Outcome)> {
    vec![(reason.to_owned(), Outcome::Warn)]
}

#[test]
fn a_page_with_something_on_it_passes() {
    let whole = pdf(&page(&[]), "");
    assert_eq!(told(&whole), []);
    assert_eq!(examine(&whole, &FileRules::default()).unwrap().facts.pages, Some(1));
    assert_eq!(told(&[whole.as_slice(), b"\r\n\0\0"].concat()), []);
}

#[test]
fn a_page_may_lie_in_a_stream_of_objects() {
    let inside = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Contents 4 0 R>>",
    ];
    let mut index = String::new();
    let mut offset = 0;
    for (number, object) in (1..).zip(inside) {
        index.push_str(&format!("{number} {offset} "));
        offset += object.len();
    }
    let dict = format!("/Type/ObjStm/N 3/First {}/Filter/FlateDecode", index.len());
    let contained = stream(&dict, &packed(format!("{index}{}", inside.concat()).as_bytes()));
    let mut out = b"%PDF-1.7\n".to_vec();
    let mut offsets = Vec::new();
    for (number, object) in [(4, stream("", b"0 0 m 9 9 l S")), (5, contained)] {
        offsets.push(out.len());
        out.extend(format!("{number} 0 obj\n").bytes().chain(object).chain(*b"\nendobj\n"));
    }
    let start = out.len();
    offsets.push(start);
    let mut rows = vec![[0, 0, 0, 0], [2, 0, 5, 0], [2, 0, 5, 1], [2, 0, 5, 2]];
    for offset in offsets {
        let [high, low] = u16::try_from(offset).unwrap().to_be_bytes();
        rows.push([1, high, low, 0]);
    }
    // Each row as its difference to the one above.
    let mut predicted = Vec::new();
    let mut above = [0_u8; 4];
    for row in rows {
        predicted.push(2);
        predicted.extend(row.iter().zip(above).map(|(byte, above)| byte.wrapping_sub(above)));
        above = row;
    }
    let dict =
        "/Type/XRef/W[1 2 1]/Size 7/Root 1 0 R/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 4>>";
    out.extend(b"6 0 obj\n".iter().copied().chain(stream(dict, &packed(&predicted))));
    out.extend(format!("\nendobj\nstartxref\n{start}\n%%EOF").bytes());
    assert_eq!(told(&out), []);
    let most = FileRules::default();
    assert_eq!(examine(&out, &most).unwrap().facts.pages, Some(1));
    for length in 0..out.len() {
        assert!(examine(&out[..length], &most).is_err(), "{length} of {}", out.len());
    }
}

#[test]
fn a_file_cut_off_anywhere_is_refused() {
    let whole = pdf(&page(&[]), "");
    // The line end behind the last word is not needed.
    for length in 0..whole.len() - 1 {
        assert!(examine(&whole[..length], &FileRules::default()).is_err(), "{length} of {}", whole.len());
    }
}

#[test]
fn what_lies_behind_an_older_end_is_read_as_it_is_now() {
    let before = pdf(&page(&[]), "");
    let at = before.len();
    let start = find(&before, b"xref\n0");
    let later = format!(
        "2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\nxref\n2 1\n{at:010} 00000 n \ntrailer<</Size 5/Root 1 0 R/Prev {start}>>\nstartxref\n{}\n%%EOF",
        at + 44
    );
    assert_eq!(refused(&[before.as_slice(), later.as_bytes()].concat()), ["MATERIAL_NO_PAGES"]);
}

fn find(bytes: &[u8], part: &[u8]) -> usize {
    bytes.windows(part.len()).position(|window| window == part).unwrap()
}

#[test]
fn each_reason_to_refuse_is_told_apart() {
    let with = |object: &str| pdf(&page(&[text(object)]), "");
    let mut without = page(&[]);
    without[1] = text("<</Type/Pages/Kids[]/Count 0>>");
    let mut blank = page(&[]);
    blank[3] = stream("/Filter/FlateDecode", &packed(b"q 1 0 0 1 0 0 cm Q % Tj"));
    let mut circle = page(&[]);
    circle[1] = text("<</Type/Pages/Kids[2 0 R]/Count 1>>");
    let mut lost = page(&[]);
    lost[1] = text("<</Type/Pages/Kids[9 0 R]/Count 1>>");
    let mut many = page(&[]);
    many.extend((0..201).map(|_| text("<</Type/Page>>")));
    let kids: String = (5..206).map(|number| format!("{number} 0 R ")).collect();
    many[1] = text(&format!("<</Type/Pages/Kids[{kids}]>>"));
    let zeros = packed(&vec![0; (32 << 20) + 1]);
    let image = "/Subtype/Image/Width 8/Height 8/Filter/FlateDecode";
    for (bytes, reason) in [
        (pdf(&without, ""), vec!["MATERIAL_NO_PAGES"]),
        (pdf(&blank, ""), vec!["MATERIAL_BLANK"]),
        (pdf(&circle, ""), vec!["MATERIAL_TRUNCATED"]),
        (pdf(&lost, ""), vec!["MATERIAL_TRUNCATED"]),
        (pdf(&page(&[]), "/Encrypt 5 0 R"), vec!["MATERIAL_ENCRYPTED"]),
        (with("<</S/JavaScript/JS(app.alert)>>"), vec!["MATERIAL_ACTIVE"]),
        (with("<</A<</S/L#61unch/F(cmd)>>>>"), vec!["MATERIAL_ACTIVE"]),
        (with("[[<</S/SubmitForm>>]]"), vec!["MATERIAL_ACTIVE"]),
        (with("<</Type/Filespec/EF<</F 9 0 R>>>>"), vec!["MATERIAL_ATTACHMENTS"]),
        (pdf(&many, ""), vec!["MATERIAL_PAGES"]),
        (pdf(&page(&[stream("/Filter/FlateDecode", &zeros)]), ""), vec!["MATERIAL_BOMB"]),
        (pdf(&page(&[stream(image, &packed(&vec![0; 2 << 20]))]), ""), vec!["MATERIAL_BOMB"]),
        (with("<</Subtype/Image/Width 20000/Height 20000>>stream\nx\nendstream"), vec!["MATERIAL_PIXELS"]),
        ([b"<html>".as_slice(), &pdf(&page(&[]), "")].concat(), vec!["MATERIAL_MIXED"]),
        ([pdf(&page(&[]), "").as_slice(), b"PK\x03\x04"].concat(), vec!["MATERIAL_MIXED"]),
        (b"%PDF-1.4\nstartxref\n0\n%%EOF".to_vec(), vec!["MATERIAL_TRUNCATED"]),
        (b"GIF89a".to_vec(), vec!["MATERIAL_TYPE"]),
    ] {
        assert_eq!(refused(&bytes), reason);
    }
}

#[test]
fn a_table_that_asks_for_too_much_is_refused() {
    let chain = |count: usize| {
        let mut out = b"%PDF-1.4\n".to_vec();
        let mut before = String::new();
        for _ in 0..count {
            let at = out.len();
            out.extend(format!("xref\n0 0\ntrailer<</Root 1 0 R{before}>>\n").bytes());
            before = format!("/Prev {at}");
        }
        let last = before.strip_prefix("/Prev ").unwrap().to_owned();
        out.extend(format!("startxref\n{last}\n%%EOF").bytes());
        out
    };
    assert_eq!(refused(&chain(1_001)), ["MATERIAL_BOMB"]);
    assert_eq!(refused(&chain(1_000)), ["MATERIAL_TRUNCATED"]);
    // A table that is its own predecessor.
    let own = "%PDF-1.4\nxref\n0 0\ntrailer<</Root 1 0 R/Prev 9>>\nstartxref\n9\n%%EOF";
    assert_eq!(refused(own.as_bytes()), ["MATERIAL_BOMB"]);
    let packed_table = packed(&vec![0; (16 << 20) + 1]);
    let dict = "/Type/XRef/W[1 2 1]/Size 7/Root 1 0 R/Filter/FlateDecode";
    let table =
        [b"%PDF-1.7\n1 0 obj".as_slice(), &stream(dict, &packed_table), b"endobj\nstartxref\n9\n%%EOF"];
    assert_eq!(refused(&table.concat()), ["MATERIAL_BOMB"]);
}

#[test]
fn a_part_that_cannot_be_unpacked_is_a_warning() {
    let mut cut = packed(&[7; 5_000]);
    cut.truncate(cut.len() - 6);
    assert_eq!(told(&pdf(&page(&[stream("/Filter/FlateDecode", &cut)]), "")), warned("MATERIAL_DAMAGED"));
    let small = jpeg::tests::small();
    let half = stream("/Subtype/Image/Width 640/Height 400/Filter/DCTDecode", &small[..small.len() / 2]);
    assert_eq!(told(&pdf(&page(&[half]), "")), warned("MATERIAL_DAMAGED"));
    let mut two = page(&[text("<</Type/Page>>")]);
    two[1] = text("<</Type/Pages/Kids[3 0 R 5 0 R]/Count 2>>");
    assert_eq!(told(&pdf(&two, "")), warned("MATERIAL_BLANK_PAGES"));
    two[4] = text("<</Type/Page/Contents 77 0 R>>");
    assert_eq!(told(&pdf(&two, "")), warned("MATERIAL_DAMAGED"));
}

/// A pdf with a signature of these digits over the whole file.
fn signed(digits: &str, held: bool) -> Vec<u8> {
    let field = if held { "<</FT/Sig/V 5 0 R>>" } else { "<</FT/Sig>>" };
    let range = "[0 0000000000 0000000000 0000000000]";
    let signature = format!("<</Type/Sig/ByteRange {range}/Contents <{digits}>>>");
    let mut bytes = pdf(&page(&[text(&signature), text(field)]), "");
    let before = find(&bytes, b"/Contents <") + b"/Contents ".len();
    let after = before + digits.len() + 2;
    let stated = format!("[0 {before:010} {after:010} {:010}]", bytes.len() - after);
    let at = find(&bytes, range.as_bytes());
    bytes[at..at + stated.len()].copy_from_slice(stated.as_bytes());
    bytes
}

#[test]
fn a_signature_counts_when_it_covers_all_but_itself() {
    let whole = signed("3082aa00ff", true);
    assert_eq!(told(&whole), [("MATERIAL_SIGNED".to_owned(), Outcome::Pass)]);
    assert!(examine(&whole, &FileRules::default()).unwrap().facts.signed);
    let part = |bytes: &[u8]| {
        assert_eq!(told(bytes), warned("MATERIAL_SIGNED_IN_PART"));
        assert!(!examine(bytes, &FileRules::default()).unwrap().facts.signed);
    };
    // A placeholder that was never filled, and a file that grew after it was signed.
    part(&signed("0000000000", true));
    part(&[whole.as_slice(), b"\n% more"].concat());
    assert_eq!(told(&signed("3082aa00ff", false)), []);
}

#[test]
fn the_picture_on_the_first_page_is_its_thumbnail() {
    let small = jpeg::tests::small();
    let picture = stream("/Subtype/Image/Width 640/Height 400/Filter/DCTDecode", &small);
    let made = thumbnail(&pdf(&page(&[picture]), ""), MediaType::Pdf, 200).unwrap();
    let picture = jpeg::reduced(&made, 512).unwrap();
    assert_eq!((picture.width, picture.height), (200, 125));
    assert_eq!(thumbnail(&pdf(&page(&[]), ""), MediaType::Pdf, 200), None);
}

#[test]
fn the_catalogue_decides_about_attachments_and_pages() {
    let bytes = pdf(&page(&[text("<</EF<</F 9 0 R>>>>")]), "");
    let mut rules = FileRules { attachments: Outcome::Warn, ..FileRules::default() };
    let findings = examine(&bytes, &rules).unwrap().findings;
    assert!(findings.contains(&Finding::Attachments.told(Outcome::Warn)));
    rules.attachments = Outcome::Pass;
    rules.pages.warn = 0;
    let findings = examine(&bytes, &rules).unwrap().findings;
    assert!(findings.contains(&Finding::Pages { pages: 1 }.told(Outcome::Warn)));
}

#[test]
fn an_action_is_found_wherever_readers_would_find_it() {
    let with = |object: &str| pdf(&page(&[text(object), text("/JavaScript"), text("6 0 R")]), "");
    for object in ["<</S 6 0 R>>", "<</S 7 0 R>>", "<</S/JavaScript/S/GoTo>>", "<</S/GoTo/S/JavaScript>>"] {
        assert_eq!(refused(&with(object)), ["MATERIAL_ACTIVE"], "{object}");
    }
    assert_eq!(told(&with("<</S/GoTo>>")), []);
    assert_eq!(refused(&pdf(&page(&[]), "/X<</S/Launch>>")), ["MATERIAL_ACTIVE"]);
}

#[test]
fn an_object_that_cannot_be_read_refuses_the_file() {
    let deep = format!("<</A{}{}/S/JavaScript>>", "[".repeat(70), "]".repeat(70));
    let large = format!("<</A[{}]/S/JavaScript>>", "0 ".repeat(200_001));
    for object in ["<</A word/S/JavaScript>>", "<</S/JavaScript/Length 1>>stream\n", &deep, &large] {
        assert_eq!(refused(&pdf(&page(&[text(object)]), "")), ["MATERIAL_TRUNCATED"]);
    }
    // What is empty is nothing.
    assert_eq!(told(&pdf(&page(&[text("")]), "")), []);
}

#[test]
fn a_filter_is_found_behind_references_and_in_chains() {
    let zeros = packed(&vec![0; (32 << 20) + 1]);
    let twice = "/Filter[/FlateDecode/Fl]";
    let name = text("/FlateDecode");
    for (dict, content) in
        [("/Filter 6 0 R", zeros.clone()), ("/Filter[6 0 R]", zeros.clone()), (twice, packed(&zeros))]
    {
        let bytes = pdf(&page(&[stream(dict, &content), name.clone()]), "");
        assert_eq!(refused(&bytes), ["MATERIAL_BOMB"], "{dict}");
    }
    let blank = packed(b"q Q");
    for (dict, content) in
        [("/Filter 5 0 R", blank.clone()), (twice, packed(&blank)), ("/Filter null", b"q Q".to_vec())]
    {
        let mut objects = page(std::slice::from_ref(&name));
        objects[3] = stream(dict, &content);
        assert_eq!(refused(&pdf(&objects, "")), ["MATERIAL_BLANK"], "{dict}");
    }
}

#[test]
fn the_size_of_a_picture_is_that_which_readers_find() {
    let image =
        stream("/Subtype/Image/Width 6 0 R/Height 6 0 R/Filter/FlateDecode", &packed(&vec![0; 2 << 20]));
    assert_eq!(told(&pdf(&page(&[image.clone(), text("1000")]), "")), []);
    assert_eq!(refused(&pdf(&page(&[image, text("20000")]), "")), ["MATERIAL_PIXELS"]);
    // A jpg that is larger than its dictionary says.
    let mut large = jpeg::tests::small();
    let size = find(&large, &[0xFF, 0xC0]) + 5;
    large[size..size + 4].copy_from_slice(&[0x40, 0, 0x40, 0]);
    let dict = "/Subtype/Image/Width 640/Height 400/Filter";
    let plain = stream(&format!("{dict}/DCTDecode"), &large);
    let inflated = stream(&format!("{dict}[/FlateDecode/DCTDecode]"), &packed(&large));
    for image in [plain, inflated] {
        assert_eq!(refused(&pdf(&page(&[image]), "")), ["MATERIAL_PIXELS"]);
    }
}
