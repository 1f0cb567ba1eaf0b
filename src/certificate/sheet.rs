//! The certificate as one A4 page: words in, PDF bytes out, the same bytes for the same words.

#![expect(clippy::float_arithmetic, reason = "page geometry, no money")]

use qrcode::{Color, EcLevel, QrCode, types::QrError};

use crate::pdf::{BLACK, Face, HEIGHT, LEADING, PaperError, Pen, SPREAD, WHITE, WIDTH, measure, paper, wrap};

/// Why a certificate's page could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// The QR text is over its limit, beyond which the modules are too fine for a phone and paper.
    #[error("the QR code cannot hold the text")]
    Qr(#[from] QrError),
    /// The page itself.
    #[error(transparent)]
    Paper(#[from] PaperError),
}

/// What the certificate page shows, already masked and worded by the caller; plain text only.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// What the paper is: 门诊慢特病待遇认定证明.
    pub title: String,
    /// Where it holds: 酒泉市.
    pub area: String,
    /// The certificate number.
    pub number: String,
    /// What it says, in one sentence over the table; may be empty.
    pub lead: String,
    /// Label and value in reading order; neighbours with short values share a row.
    pub fields: Vec<(String, String)>,
    /// Small print under the table, a paragraph each.
    pub notes: Vec<String>,
    /// Set when the paper proves nothing: said by a band across the top and a watermark.
    pub sample: Option<String>,
    /// The body that issues it.
    pub issuer: String,
    /// The day of issue as it should read: 2025年3月6日.
    pub issued_on: String,
    /// Text of the QR code, at most 400 bytes.
    pub qr: String,
}

/// Draws the page; the same sheet and face give the same bytes.
pub fn render(sheet: &Sheet, face: &Face) -> Result<Vec<u8>, SheetError> {
    let qr = QrCode::with_error_correction_level(&sheet.qr, EcLevel::M)?;
    if sheet.qr.len() > QR_BYTES_MAX {
        return Err(QrError::DataTooLong.into());
    }
    let top = if sheet.sample.is_some() { 94.0 } else { 70.0 };
    let start = top + HEAD + if sheet.lead.is_empty() { 0.0 } else { LEAD };
    let mut tables = SCALES.into_iter().map(|scale| Table::set(sheet, start, scale));
    let table = tables.find(|table| table.bottom <= FOOT).ok_or(PaperError::Overfull)?;

    let drawn = paper(face, &sheet.title, 1, |_, pen| {
        // Under the watermark, which must be seen on them too.
        pen.ink(SHADE, 0.0);
        pen.boxes(table.labels.iter().copied());
        head(pen, sheet, top);
        table.lines.iter().for_each(|(line, start, size)| pen.text(line, *start, *size, 0.0));
        table.rules.iter().for_each(|rule| pen.rule(*rule, 0.5));
        pen.rule([LEFT, start, RIGHT - LEFT, table.ruled - start], 1.2);
        foot(pen, sheet, &qr);
    });
    Ok(drawn?)
}

const QR_BYTES_MAX: usize = 400;
// Points from the top left corner of an A4 page.
const LEFT: f32 = 62.0;
const RIGHT: f32 = WIDTH - LEFT;
const HEAD: f32 = 108.0;
/// What the sentence over the table takes.
const LEAD: f32 = 22.0;
/// Behind the labels: light enough that a black and white copier leaves it white.
const SHADE: u8 = 243;
const FOOT: f32 = 628.0;
const LABEL: f32 = 80.0;
const INSET: f32 = 7.0;
/// 50 mm with a quiet zone of 4 modules, so that even the smallest code alone is over 35 mm.
const QR_SIDE: f32 = 141.73;
const QUIET: f32 = 4.0;
/// Size and padding of the table, size of the small print. Roomy first; the first that fits is taken.
const SCALES: [(f32, f32, f32); 5] =
    [(10.5, 11.0, 9.0), (10.5, 8.0, 9.0), (10.5, 5.0, 9.0), (9.0, 3.5, 8.0), (7.5, 2.0, 7.0)];

/// Table and small print at one scale: lines of text with place and size, and rules around cells.
struct Table {
    lines: Vec<(String, [f32; 2], f32)>,
    rules: Vec<[f32; 4]>,
    /// The cells of labels.
    labels: Vec<[f32; 4]>,
    /// Where the cells end.
    ruled: f32,
    /// Where the small print ends.
    bottom: f32,
}

impl Table {
    fn set(sheet: &Sheet, top: f32, (size, pad, note): (f32, f32, f32)) -> Self {
        let whole = RIGHT - LEFT;
        let mut table =
            Self { lines: Vec::new(), rules: Vec::new(), labels: Vec::new(), ruled: top, bottom: top };
        let short =
            |(_, value): &(String, String)| measure(value) * size <= whole / 2.0 - LABEL - 2.0 * INSET;
        let mut fields = sheet.fields.iter().peekable();
        while let Some(first) = fields.next() {
            match fields.next_if(|second| short(first) && short(second)) {
                Some(second) => table.row(&[first, second], whole / 2.0, size, pad),
                None => table.row(&[first], whole, size, pad),
            }
        }
        table.ruled = table.bottom;
        table.bottom += note;
        for text in &sheet.notes {
            table.bottom = table.lines(wrap(text, whole / note), LEFT, table.bottom, note);
        }
        table
    }

    fn row(&mut self, fields: &[&(String, String)], width: f32, size: f32, pad: f32) {
        let (mut cells, mut x) = (Vec::new(), LEFT);
        for (label, value) in fields {
            for (text, width) in [(label, LABEL), (value, width - LABEL)] {
                cells.push((x, width, wrap(text, (width - 2.0 * INSET) / size)));
                x += width;
            }
        }
        let deep = |lines: &[String]| lines.len() as f32 * size * LEADING;
        let height = cells.iter().map(|(.., lines)| deep(lines)).fold(0.0, f32::max) + 2.0 * pad;
        for (place, (x, width, lines)) in cells.into_iter().enumerate() {
            self.rules.push([x, self.bottom, width, height]);
            // Label and value take turns.
            if place % 2 == 0 {
                self.labels.push([x, self.bottom, width, height]);
            }
            let top = self.bottom + (height - deep(&lines)) / 2.0;
            self.lines(lines, x + INSET, top, size);
        }
        self.bottom += height;
    }

    fn lines(&mut self, lines: Vec<String>, x: f32, mut y: f32, size: f32) -> f32 {
        for line in lines {
            // The middle of a Chinese glyph lies 0.38 em over its baseline.
            self.lines.push((line, [x, y + (LEADING / 2.0 + 0.38) * size], size));
            y += LEADING * size;
        }
        y
    }
}

fn head(pen: &mut Pen<'_, '_>, sheet: &Sheet, top: f32) {
    if let Some(sample) = &sheet.sample {
        pen.watermark(sample);
        pen.ink(45, 0.0);
        pen.boxes([[39.0, 39.0, WIDTH - 78.0, 28.0]]);
        pen.ink(WHITE, 0.4);
        pen.centred(sample, [LEFT, RIGHT], 58.5, 15.0, SPREAD);
    }
    pen.rule([34.0, 34.0, WIDTH - 68.0, HEIGHT - 68.0], 2.2);
    pen.rule([39.0, 39.0, WIDTH - 78.0, HEIGHT - 78.0], 0.7);
    pen.ink(BLACK, 0.5);
    pen.centred(&sheet.area, [LEFT, RIGHT], top + 16.0, 15.0, SPREAD);
    pen.centred(&sheet.title, [LEFT, RIGHT], top + 55.0, 25.0, SPREAD);
    pen.ink(BLACK, 0.0);
    pen.centred(&format!("编号：{}", sheet.number), [LEFT, RIGHT], top + 88.0, 10.5, 0.0);
    if !sheet.lead.is_empty() {
        // Two characters in, as a paragraph begins.
        pen.text(&sheet.lead, [LEFT + 2.0 * 10.5, top + HEAD + 9.0], 10.5, 0.0);
    }
}

fn foot(pen: &mut Pen<'_, '_>, sheet: &Sheet, qr: &QrCode) {
    // White first: the watermark must not run through the quiet zone.
    pen.ink(WHITE, 0.0);
    pen.boxes([[LEFT, FOOT, QR_SIDE, QR_SIDE]]);
    let module = QR_SIDE / (qr.width() as f32 + 2.0 * QUIET);
    pen.ink(BLACK, 0.0);
    let (colors, mut at) = (qr.to_colors(), 0);
    let runs = colors.chunks(qr.width()).flat_map(|row| row.chunk_by(PartialEq::eq)).map(|run| {
        let [x, y] = [at % qr.width(), at / qr.width()].map(|place| QUIET + place as f32);
        at += run.len();
        (run[0], [x, y, run.len() as f32, 1.0])
    });
    pen.within([LEFT, FOOT], module, |pen| {
        pen.boxes(runs.filter(|(color, _)| *color == Color::Dark).map(|(_, area)| area));
    });
    pen.centred("扫码核验", [LEFT, LEFT + QR_SIDE], FOOT + QR_SIDE + 10.0, 10.0, 0.0);
    let left = RIGHT - (measure(&sheet.issuer) * 14.0).clamp(160.0, RIGHT - LEFT - QR_SIDE - 16.0);
    pen.centred(&sheet.issuer, [left, RIGHT], FOOT + 78.0, 14.0, 0.0);
    pen.ink(150, 0.0);
    pen.centred("（印章）", [left, RIGHT], FOOT + 56.0, 9.0, 0.0);
    pen.ink(BLACK, 0.0);
    pen.centred(&sheet.issued_on, [left, RIGHT], FOOT + 104.0, 12.0, 0.0);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn font() -> Vec<u8> {
        let path = "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc";
        std::fs::read(path).expect("the tests need the Debian package fonts-wqy-microhei")
    }

    fn page(change: impl FnOnce(&mut Sheet)) -> Result<Vec<u8>, SheetError> {
        let mut sheet = Sheet {
            title: "门诊慢特病待遇认定证明".to_owned(),
            area: "酒泉市".to_owned(),
            number: "JQ-2025-000123".to_owned(),
            lead: "经审核并公示无异议，特此证明。".to_owned(),
            fields: vec![("险种".to_owned(), "城乡居民基本医疗保险".to_owned()); 14],
            notes: vec!["待遇以平台的实时记录为准。".to_owned()],
            sample: Some("样例 – 非正式目录".to_owned()),
            issuer: "酒泉市医疗保障局".to_owned(),
            issued_on: "2025年3月6日".to_owned(),
            qr: "q".repeat(400),
        };
        change(&mut sheet);
        render(&sheet, &Face::parse(font()).expect("WenQuanYi writes Chinese"))
    }

    #[test]
    fn a_page_with_a_400_byte_qr_renders_to_the_same_bytes_each_time() {
        let (first, second) = (page(|_| {}).expect("a page"), page(|_| {}).expect("a page"));
        assert!(first.starts_with(b"%PDF-") && first == second);
        assert!(matches!(page(|sheet| sheet.qr.push('q')), Err(SheetError::Qr(_))));
    }

    #[test]
    fn an_overlong_value_wraps_and_an_endless_one_is_refused() {
        assert!(page(|sheet| sheet.fields[3].1 = "酒泉市人民医院；".repeat(40)).is_ok());
        assert!(matches!(
            page(|sheet| sheet.notes[0] = "长".repeat(9000)),
            Err(SheetError::Paper(PaperError::Overfull))
        ));
    }

    #[test]
    fn a_character_without_a_glyph_is_named_and_a_control_character_is_a_space() {
        let rare = page(|sheet| sheet.fields[0].1 = "\u{2CC56}*".to_owned());
        assert!(matches!(rare, Err(SheetError::Paper(PaperError::Glyph(code))) if code == "\\u{2cc56}"));
        assert!(page(|sheet| (sheet.title, sheet.issuer) = (String::new(), "\u{7}\n".to_owned())).is_ok());
    }
}
