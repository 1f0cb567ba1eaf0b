//! Good files, made by code: what the bad ones are made of.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

/// Sides of the pictures.
const WIDTH: u16 = 64;
const HEIGHT: u16 = 56;

/// A file and what it is called in reports.
pub struct Seed {
    /// What it is.
    pub name: &'static str,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// All of them.
pub fn seeds() -> Vec<Seed> {
    let seed = |name, bytes| Seed { name, bytes };
    let picture = jpg(&letters(3), |_| {});
    vec![
        seed("jpg in colour", picture.clone()),
        seed("jpg in grey", jpg(&letters(1), |_| {})),
        seed(
            "jpg with coarse colour",
            jpg(&letters(3), |encoder| encoder.set_sampling_factor(SamplingFactor::F_2_2)),
        ),
        seed("jpg with restarts", jpg(&letters(3), |encoder| encoder.set_restart_interval(5))),
        seed(
            "jpg with tables of its own",
            jpg(&letters(3), |encoder| encoder.set_optimized_huffman_tables(true)),
        ),
        seed("jpg in scans", jpg(&letters(3), |encoder| encoder.set_progressive(true))),
        seed("pdf", pdf(&page(&[]), "")),
        seed("pdf with a picture", pdf(&page(&[image(&picture)]), "")),
        seed("pdf, packed", pdf(&packed_page(), "")),
        seed("pdf with packed tables", newer(&packed_page())),
        seed("pdf, changed once", changed()),
    ]
}

/// Rows of something like letters.
pub fn letters(channels: usize) -> Vec<u8> {
    let mut pixels = Vec::new();
    for y in 0..u32::from(HEIGHT) {
        for x in 0..u32::from(WIDTH) {
            let letter = (x / 3).wrapping_mul(2_654_435_761) ^ (y / 4).wrapping_mul(40_503);
            let inked = y % 16 < 10 && letter >> 7 & 3 == 0;
            pixels.extend_from_slice(&if inked { [150, 20, 20] } else { [250; 3] }[..channels]);
        }
    }
    pixels
}

/// Pixels as jpg.
pub fn jpg(pixels: &[u8], change: impl Fn(&mut Encoder<&mut Vec<u8>>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    let grey = pixels.len() == usize::from(WIDTH) * usize::from(HEIGHT);
    let mut encoder = Encoder::new(&mut bytes, 80);
    change(&mut encoder);
    let colour = if grey { ColorType::Luma } else { ColorType::Rgb };
    encoder.encode(pixels, WIDTH, HEIGHT, colour).expect("a picture");
    bytes
}

/// A stream with its dictionary.
pub fn stream(dict: &str, content: &[u8]) -> Vec<u8> {
    let head = format!("<</Length {}{dict}>>stream\n", content.len());
    [head.as_bytes(), content, b"\nendstream"].concat()
}

/// Deflated.
pub fn packed(content: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).expect("memory");
    encoder.finish().expect("memory")
}

/// One page that says something, and more objects from the fifth on.
pub fn page(more: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut objects: Vec<Vec<u8>> = vec![
        b"<</Type/Catalog/Pages 2 0 R>>".to_vec(),
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>".to_vec(),
        b"<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</XObject<</I 5 0 R>>>>>>".to_vec(),
        stream("", b"BT (a) Tj ET"),
    ];
    objects.extend_from_slice(more);
    objects
}

fn packed_page() -> Vec<Vec<u8>> {
    let mut objects = page(&[]);
    let words: String =
        (0..200).map(|line| format!("BT 1 0 0 1 50 {line} Tm (line {line}) Tj ET\n")).collect();
    objects[3] = stream("/Filter/FlateDecode", &packed(words.as_bytes()));
    objects
}

fn image(jpg: &[u8]) -> Vec<u8> {
    stream(&format!("/Type/XObject/Subtype/Image/Width {WIDTH}/Height {HEIGHT}/Filter/DCTDecode"), jpg)
}

/// The objects of a file, and where each begins.
fn body(objects: &[Vec<u8>]) -> (Vec<u8>, Vec<usize>) {
    let mut out = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec();
    let mut offsets = Vec::new();
    for (number, object) in (1..).zip(objects) {
        offsets.push(out.len());
        out.extend(format!("{number} 0 obj\n").bytes().chain(object.iter().copied()).chain(*b"\nendobj\n"));
    }
    (out, offsets)
}

/// A pdf of these objects, the first of them its root.
pub fn pdf(objects: &[Vec<u8>], trailer: &str) -> Vec<u8> {
    let (mut out, offsets) = body(objects);
    let start = out.len();
    let mut table = format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    offsets.iter().for_each(|offset| table.push_str(&format!("{offset:010} 00000 n \n")));
    let size = objects.len() + 1;
    let end = format!("{table}trailer\n<</Size {size}/Root 1 0 R{trailer}>>\nstartxref\n{start}\n%%EOF\n");
    out.extend(end.bytes());
    out
}

/// The same with a table that is a stream.
fn newer(objects: &[Vec<u8>]) -> Vec<u8> {
    let (mut out, mut offsets) = body(objects);
    let start = out.len();
    offsets.push(start);
    let mut rows = vec![0, 0, 0, 0, 0];
    for offset in offsets {
        let [_, _, high, low] = u32::try_from(offset).expect("a small file").to_be_bytes();
        rows.extend([1, 0, high, low, 0]);
    }
    let number = objects.len() + 1;
    let dict = format!("/Type/XRef/W[1 3 1]/Size {}/Root 1 0 R/Filter/FlateDecode", number + 1);
    out.extend(format!("{number} 0 obj\n").bytes().chain(stream(&dict, &packed(&rows))));
    out.extend(format!("\nendobj\nstartxref\n{start}\n%%EOF\n").bytes());
    out
}

/// A file that was changed after it was made: a second page.
fn changed() -> Vec<u8> {
    let mut out = pdf(&page(&[]), "");
    let before = out.windows(6).position(|part| part == b"xref\n0").expect("a table");
    let two = out.len();
    out.extend(b"2 0 obj\n<</Type/Pages/Kids[3 0 R 5 0 R]/Count 2>>\nendobj\n".iter());
    let five = out.len();
    out.extend(b"5 0 obj\n<</Type/Page/Parent 2 0 R/Contents 4 0 R>>\nendobj\n".iter());
    let start = out.len();
    let table = format!("xref\n2 1\n{two:010} 00000 n \n5 1\n{five:010} 00000 n \n");
    let trailer = format!("trailer\n<</Size 6/Root 1 0 R/Prev {before}>>\nstartxref\n{start}\n%%EOF\n");
    out.extend(table.bytes().chain(trailer.bytes()));
    out
}
