//! The certificate as one A4 page: words in, PDF bytes out, the same bytes for the same words.

#![expect(clippy::float_arithmetic, reason = "page geometry, no money")]

use krilla::configure::{Archival, ConfigurationBuilder, ValidationError};
use krilla::geom::{PathBuilder, Point, Rect, Transform};
use krilla::paint::{Fill, Paint, Stroke};
use krilla::tagging::{ContentTag, SpanTag, Tag, TagGroup, TagTree};
use krilla::text::{Font, TextDirection};
use krilla::{Document, SerializeSettings, color::luma, error::KrillaError};
use krilla::{metadata::Metadata, page::PageSettings, surface::Surface};
use qrcode::{Color, EcLevel, QrCode, types::QrError};

/// Why a font was refused or a page could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// Not a font file, or a font that cannot write Chinese.
    #[error("the file is not a font with Chinese glyphs")]
    NotChinese,
    /// A rare character, often in a surname; an empty box in its place would make the paper worthless.
    #[error("the font has no glyph for {0}")]
    Glyph(String),
    /// The words do not fit, even in the smallest print.
    #[error("the words do not fit one page")]
    Overfull,
    /// The QR text is over its limit, beyond which the modules are too fine for a phone and paper.
    #[error("the QR code cannot hold the text")]
    Qr(#[from] QrError),
    /// The PDF writer refused the page.
    #[error("the PDF cannot be written")]
    Pdf(#[from] KrillaError),
}

/// A font file that holds Chinese glyphs, read once at start; a clone is cheap.
#[derive(Debug, Clone)]
pub struct Face(Font);

impl Face {
    /// Takes a .ttf, an .otf or the first face of a .ttc, and refuses one that cannot write 门.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, SheetError> {
        let face = Self(Font::new(bytes.into(), 0).ok_or(SheetError::NotChinese)?);
        if face.lacking("门")?.is_some() { Err(SheetError::NotChinese) } else { Ok(face) }
    }

    /// The first character without a glyph. krilla keeps glyph lookup to itself, but an archival PDF may
    /// lack no glyph, so a throw-away archival page tells.
    fn lacking(&self, text: &str) -> Result<Option<String>, KrillaError> {
        let archival = ConfigurationBuilder::new().with_archival_validator(Archival::A2_B).finish();
        let configuration = archival.expect("one validator conflicts with none");
        let mut document = Document::new_with(SerializeSettings { configuration, ..Default::default() });
        document.start_page().surface().draw_text(Point::default(), self.0.clone(), 9.0, text, false, ALONG);
        let faults = match document.finish() {
            Err(KrillaError::Validation(faults)) => faults,
            other => return other.map(|_| None),
        };
        Ok(faults.into_iter().find_map(|(fault, _)| match fault {
            ValidationError::ContainsNotDefGlyph(_, _, text) => Some(text),
            _ => None,
        }))
    }
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
    let mut tables = SCALES.into_iter().map(|scale| Table::set(sheet, top + HEAD, scale));
    let table = tables.find(|table| table.bottom <= FOOT).ok_or(SheetError::Overfull)?;

    let mut document = Document::new();
    let mut page = document.start_page_with(PageSettings::from_wh(WIDTH, HEIGHT).expect("A4 has a size"));
    let mut surface = page.surface();
    let mut pen = Pen { surface: &mut surface, font: &face.0, tags: TagTree::new(), drawn: String::new() };
    pen.head(sheet, top);
    table.lines.iter().for_each(|(line, start, size)| pen.text(line, *start, *size, 0.0));
    table.rules.iter().for_each(|rule| pen.rule(*rule, 0.5));
    pen.foot(sheet, &qr);
    let Pen { tags, drawn, .. } = pen;
    surface.finish();
    page.finish();
    if let Some(text) = face.lacking(&drawn)? {
        return Err(SheetError::Glyph(text.escape_unicode().to_string()));
    }
    document.set_metadata(Metadata::new().title(sheet.title.clone()).language("zh-CN".to_owned()));
    document.set_tag_tree(tags);
    Ok(document.finish()?)
}

const QR_BYTES_MAX: usize = 400;
const ALONG: TextDirection = TextDirection::LeftToRight;
// Points from the top left corner of an A4 page.
const WIDTH: f32 = 595.28;
const HEIGHT: f32 = 841.89;
const LEFT: f32 = 62.0;
const RIGHT: f32 = WIDTH - LEFT;
const HEAD: f32 = 108.0;
const FOOT: f32 = 628.0;
const LABEL: f32 = 80.0;
const INSET: f32 = 7.0;
/// 50 mm with a quiet zone of 4 modules, so that even the smallest code alone is over 35 mm.
const QR_SIDE: f32 = 141.73;
const QUIET: f32 = 4.0;
// In ems: from line to line, and between the letters of a heading.
const LEADING: f32 = 1.45;
const SPREAD: f32 = 0.22;
const BLACK: u8 = 0;
const WHITE: u8 = 255;

/// Size and padding of the table, size of the small print. Roomy first; the first that fits is taken.
const SCALES: [(f32, f32, f32); 5] =
    [(10.5, 11.0, 9.0), (10.5, 8.0, 9.0), (10.5, 5.0, 9.0), (9.0, 3.5, 8.0), (7.5, 2.0, 7.0)];

/// Table and small print at one scale: lines of text with place and size, and rules around cells.
struct Table {
    lines: Vec<(String, Point, f32)>,
    rules: Vec<[f32; 4]>,
    bottom: f32,
}

impl Table {
    fn set(sheet: &Sheet, top: f32, (size, pad, note): (f32, f32, f32)) -> Self {
        let (mut table, whole) = (Self { lines: Vec::new(), rules: Vec::new(), bottom: top }, RIGHT - LEFT);
        let short =
            |(_, value): &(String, String)| measure(value) * size <= whole / 2.0 - LABEL - 2.0 * INSET;
        let mut fields = sheet.fields.iter().peekable();
        while let Some(first) = fields.next() {
            match fields.next_if(|second| short(first) && short(second)) {
                Some(second) => table.row(&[first, second], whole / 2.0, size, pad),
                None => table.row(&[first], whole, size, pad),
            }
        }
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
        for (x, width, lines) in cells {
            self.rules.push([x, self.bottom, width, height]);
            let top = self.bottom + (height - deep(&lines)) / 2.0;
            self.lines(lines, x + INSET, top, size);
        }
        self.bottom += height;
    }

    fn lines(&mut self, lines: Vec<String>, x: f32, mut y: f32, size: f32) -> f32 {
        for line in lines {
            // The middle of a Chinese glyph lies 0.38 em over its baseline.
            self.lines.push((line, Point::from_xy(x, y + (LEADING / 2.0 + 0.38) * size), size));
            y += LEADING * size;
        }
        y
    }
}

/// Width of a character in ems, about what WenQuanYi and Noto Sans CJK take and seldom under. krilla tells
/// no widths, so this is the one place that guesses them.
fn ems(c: char) -> f32 {
    match c {
        'M' | 'W' | 'm' | 'w' | '@' | '%' => 0.95,
        'I' | 'f' | 'i' | 'j' | 'l' | 't' | ' ' | '!' | '(' | ')' | ',' | '-' | '.' | '/' | ':' | ';' => 0.4,
        'A'..='Z' | '&' | '#' => 0.75,
        '0'..='9' | '*' | '–' => 0.56,
        '!'..='~' => 0.62,
        _ => 1.0,
    }
}

fn measure(text: &str) -> f32 {
    text.chars().map(ems).sum()
}

/// Whether no line may end between the two: within a number or a Latin word, before a closing mark, after
/// an opening one.
fn glued(before: char, after: char) -> bool {
    before.is_ascii_graphic() && after.is_ascii_graphic()
        || "，。、；：！？）》〉」』】〕”’…％℃,.;:!?)]%".contains(after)
        || "（《〈「『【〔“‘([￥".contains(before)
}

/// Breaks a text into lines of at most `width` ems; only a word wider than a line is cut.
fn wrap(text: &str, width: f32) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        let chars: Vec<char> = paragraph.chars().collect();
        for word in chars.chunk_by(|before, after| glued(*before, *after)) {
            let mut need: f32 = word.iter().copied().map(ems).sum();
            for c in word {
                if measure(&line) + need > width && !line.is_empty() {
                    lines.push(std::mem::take(&mut line));
                }
                line.push(*c);
                need = ems(*c);
            }
        }
        lines.push(line);
    }
    lines
}

/// Draws words and rules; keeps their order for screen readers, and the words for the glyph check.
struct Pen<'a, 'page> {
    surface: &'a mut Surface<'page>,
    font: &'a Font,
    tags: TagTree,
    drawn: String,
}

impl Pen<'_, '_> {
    fn head(&mut self, sheet: &Sheet, top: f32) {
        if let Some(sample) = &sheet.sample {
            let size = (480.0 / measure(sample)).min(60.0);
            self.ink(226, 0.0);
            for (x, y) in [0.31, 0.55].map(|part| (WIDTH / 2.0, HEIGHT * part)) {
                self.surface.push_transform(&Transform::from_rotate_at(-35.0, x, y));
                // Outlines, not text: the watermark must not turn up between words that are copied.
                self.glyphs(sample, Point::from_xy(x - measure(sample) * size / 2.0, y), size, true);
                self.surface.pop();
            }
            self.ink(45, 0.0);
            self.boxes([[39.0, 39.0, WIDTH - 78.0, 28.0]]);
            self.ink(WHITE, 0.4);
            self.centred(sample, [LEFT, RIGHT], 58.5, 15.0, SPREAD);
        }
        self.rule([34.0, 34.0, WIDTH - 68.0, HEIGHT - 68.0], 2.2);
        self.rule([39.0, 39.0, WIDTH - 78.0, HEIGHT - 78.0], 0.7);
        // The font has no bold face: a thin outline makes one.
        self.ink(BLACK, 0.5);
        self.centred(&sheet.area, [LEFT, RIGHT], top + 16.0, 15.0, SPREAD);
        self.centred(&sheet.title, [LEFT, RIGHT], top + 55.0, 25.0, SPREAD);
        self.ink(BLACK, 0.0);
        self.centred(&format!("编号：{}", sheet.number), [LEFT, RIGHT], top + 88.0, 10.5, 0.0);
    }

    fn foot(&mut self, sheet: &Sheet, qr: &QrCode) {
        // White first: the watermark must not run through the quiet zone.
        self.ink(WHITE, 0.0);
        self.boxes([[LEFT, FOOT, QR_SIDE, QR_SIDE]]);
        let module = QR_SIDE / (qr.width() as f32 + 2.0 * QUIET);
        self.surface.push_transform(&Transform::from_row(module, 0.0, 0.0, module, LEFT, FOOT));
        self.ink(BLACK, 0.0);
        let (colors, mut at) = (qr.to_colors(), 0);
        let runs = colors.chunks(qr.width()).flat_map(|row| row.chunk_by(PartialEq::eq)).map(|run| {
            let [x, y] = [at % qr.width(), at / qr.width()].map(|place| QUIET + place as f32);
            at += run.len();
            (run[0], [x, y, run.len() as f32, 1.0])
        });
        self.boxes(runs.filter(|(color, _)| *color == Color::Dark).map(|(_, area)| area));
        self.surface.pop();
        self.centred("扫码核验", [LEFT, LEFT + QR_SIDE], FOOT + QR_SIDE + 10.0, 10.0, 0.0);
        let left = RIGHT - (measure(&sheet.issuer) * 14.0).clamp(160.0, RIGHT - LEFT - QR_SIDE - 16.0);
        self.centred(&sheet.issuer, [left, RIGHT], FOOT + 78.0, 14.0, 0.0);
        self.centred(&sheet.issued_on, [left, RIGHT], FOOT + 104.0, 12.0, 0.0);
    }

    /// A line in the middle of a span, shrunk to it.
    fn centred(&mut self, text: &str, [left, right]: [f32; 2], y: f32, size: f32, gap: f32) {
        let width = text.chars().map(|c| ems(c) + gap).sum::<f32>() - gap;
        let size = size.min((right - left) / width);
        self.text(text, Point::from_xy((left + right - width * size) / 2.0, y), size, gap);
    }

    fn text(&mut self, text: &str, mut start: Point, size: f32, gap: f32) {
        // Gaps would copy as spaces, so a line with gaps carries its actual text.
        let span = SpanTag::empty().with_actual_text((gap > 0.0).then_some(text));
        let id = self.surface.start_tagged(ContentTag::Span(span));
        for part in text.split_inclusive(|_| gap > 0.0) {
            self.glyphs(part, start, size, false);
            start.x += (measure(part) + gap) * size;
        }
        self.surface.end_tagged();
        self.tags.push(TagGroup::with_children(Tag::P, vec![id.into()]));
    }

    fn glyphs(&mut self, text: &str, start: Point, size: f32, outlined: bool) {
        let text = text.replace(char::is_control, " ");
        self.drawn.push_str(&text);
        self.surface.draw_text(start, self.font.clone(), size, &text, outlined, ALONG);
    }

    fn ink(&mut self, shade: u8, outline: f32) {
        let paint = Paint::from(luma::Color::new(shade));
        let stroke = Stroke { paint: paint.clone(), width: outline, ..Stroke::default() };
        self.surface.set_fill(Some(Fill { paint, ..Fill::default() }));
        self.surface.set_stroke((outline > 0.0).then_some(stroke));
    }

    fn rule(&mut self, area: [f32; 4], width: f32) {
        self.surface.set_fill(None);
        self.surface.set_stroke(Some(Stroke { width, ..Stroke::default() }));
        self.boxes([area]);
    }

    /// Each x, y, width and height. One path, so that no hairline shows where two modules touch.
    fn boxes(&mut self, areas: impl IntoIterator<Item = [f32; 4]>) {
        let mut path = PathBuilder::new();
        let rects = areas.into_iter().filter_map(|[x, y, wide, high]| Rect::from_xywh(x, y, wide, high));
        rects.for_each(|rect| path.push_rect(rect));
        if let Some(path) = path.finish() {
            self.surface.draw_path(&path);
        }
    }
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
        assert_eq!(wrap("年度限额3,000.00元", 6.0), ["年度限额", "3,000.00元"]);
        assert_eq!(wrap("一二三四。12345678", 4.0), ["一二三", "四。", "1234567", "8"]);
        assert!(matches!(page(|sheet| sheet.notes[0] = "长".repeat(9000)), Err(SheetError::Overfull)));
    }

    #[test]
    fn a_character_without_a_glyph_is_named_and_a_control_character_is_a_space() {
        let rare = page(|sheet| sheet.fields[0].1 = "\u{2CC56}*".to_owned());
        assert!(matches!(rare, Err(SheetError::Glyph(code)) if code == "\\u{2cc56}"));
        assert!(page(|sheet| (sheet.title, sheet.issuer) = (String::new(), "\u{7}\n".to_owned())).is_ok());
    }

    #[test]
    fn a_face_without_chinese_is_refused() {
        let mut bytes = font();
        let record = bytes.windows(4).position(|tag| tag == b"cmap").expect("a character map");
        let map = u32::from_be_bytes(bytes[record + 8..record + 12].try_into().expect("four bytes")) as usize;
        // The number of subtables: without any, no character has a glyph.
        bytes[map + 2..map + 4].fill(0);
        assert!(matches!(Face::parse(bytes), Err(SheetError::NotChinese)));
        assert!(matches!(Face::parse(b"not a font".to_vec()), Err(SheetError::NotChinese)));
    }
}
