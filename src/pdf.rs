//! Paper: what every page that we draw shares. Words, rules and boxes on A4, the same bytes for the same words.

#![expect(clippy::float_arithmetic, reason = "page geometry, no money")]

use krilla::configure::{Archival, ConfigurationBuilder, ValidationError};
use krilla::geom::{PathBuilder, Point, Rect, Transform};
use krilla::paint::{Fill, Paint, Stroke};
use krilla::tagging::{ContentTag, SpanTag, Tag, TagGroup, TagTree};
use krilla::text::{Font, TextDirection};
use krilla::{Document, SerializeSettings, color::luma, error::KrillaError};
use krilla::{metadata::Metadata, page::PageSettings, surface::Surface};

use crate::kernel::error::{Error, Refusal};

/// Why a font was refused or a page could not be made.
#[derive(Debug, thiserror::Error)]
pub enum PaperError {
    /// Not a font file, or a font that cannot write Chinese.
    #[error("the file is not a font with Chinese glyphs")]
    NotChinese,
    /// A rare character, often in a surname; an empty box in its place would make the paper worthless.
    #[error("the font has no glyph for {0}")]
    Glyph(String),
    /// The words do not fit, even in the smallest print.
    #[error("the words do not fit one page")]
    Overfull,
    /// The PDF writer refused the page.
    #[error("the PDF cannot be written")]
    Pdf(#[from] KrillaError),
}

impl PaperError {
    /// What a caller is told who asked for `what`.
    pub fn told(self, what: &str) -> Error {
        match self {
            // The character is of a name: it stays out of the log and of the answer.
            Self::Glyph(_) => {
                tracing::error!(paper = what, "the font of papers lacks a character of a name");
                let refusal = Refusal::new(
                    "GLYPH_MISSING",
                    "所用字体缺少姓名等内容中的生僻字，暂不能生成。",
                    "the font lacks a rare character of a name or another word on the page.",
                );
                refusal.help("请联系经办机构更换字体。", "ask the bureau to set a font that has it.").into()
            }
            Self::NotChinese | Self::Overfull | Self::Pdf(_) => Error::internal(format!("{what}: {self}")),
        }
    }
}

/// A font file that holds Chinese glyphs, read once at start; a clone is cheap.
#[derive(Debug, Clone)]
pub struct Face(Font);

impl Face {
    /// Takes a .ttf, an .otf or the first face of a .ttc, and refuses one that cannot write 门.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, PaperError> {
        let face = Self(Font::new(bytes.into(), 0).ok_or(PaperError::NotChinese)?);
        if face.lacking("门")?.is_some() { Err(PaperError::NotChinese) } else { Ok(face) }
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

/// Points from left to right of an A4 page.
pub const WIDTH: f32 = 595.28;
/// Points from top to bottom of an A4 page.
pub const HEIGHT: f32 = 841.89;
/// From line to line, in ems.
pub const LEADING: f32 = 1.45;
/// Between the letters of a heading, in ems.
pub const SPREAD: f32 = 0.22;
/// The shade of ink.
pub const BLACK: u8 = 0;
/// The shade of paper.
pub const WHITE: u8 = 255;
const ALONG: TextDirection = TextDirection::LeftToRight;

/// Draws so many pages with one title; the same words and face give the same bytes.
pub fn paper(
    face: &Face,
    title: &str,
    pages: usize,
    mut draw: impl FnMut(usize, &mut Pen<'_, '_>),
) -> Result<Vec<u8>, PaperError> {
    let (mut document, mut tags, mut drawn) = (Document::new(), TagTree::new(), String::new());
    for number in 0..pages {
        let mut page = document.start_page_with(PageSettings::from_wh(WIDTH, HEIGHT).expect("A4 has a size"));
        let mut surface = page.surface();
        draw(number, &mut Pen { surface: &mut surface, font: &face.0, tags: &mut tags, drawn: &mut drawn });
        surface.finish();
        page.finish();
    }
    if let Some(text) = face.lacking(&drawn)? {
        return Err(PaperError::Glyph(text.escape_unicode().to_string()));
    }
    document.set_metadata(Metadata::new().title(title.to_owned()).language("zh-CN".to_owned()));
    document.set_tag_tree(tags);
    let mut pdf = document.finish()?;
    leave_out_suspects(&mut pdf);
    Ok(pdf)
}

/// The writer states that no tag is suspect. That is what a reader takes for granted, and poppler's pdfinfo calls the
/// statement a syntax error. With spaces in its place no offset moves.
fn leave_out_suspects(pdf: &mut [u8]) {
    const STATED: &[u8] = b"/MarkInfo<</Marked true/Suspects false>>";
    const SUSPECTS: &[u8] = b"/Suspects false";
    if let Some(at) = pdf.windows(STATED.len()).position(|part| part == STATED) {
        let end = at + STATED.len() - 2;
        pdf[end - SUSPECTS.len()..end].fill(b' ');
    }
}

/// Width of a character in ems, about what WenQuanYi and Noto Sans CJK take and seldom under. krilla tells
/// no widths, so this is the one place that guesses them.
fn ems(c: char) -> f32 {
    match c {
        'M' | 'W' | 'm' | 'w' | '@' | '%' => 0.95,
        'I' | 'f' | 'i' | 'j' | 'l' | 't' | ' ' | '!' | '(' | ')' | ',' | '-' | '.' | '/' | ':' | ';' => 0.4,
        'A'..='Z' | '&' | '#' => 0.75,
        '0'..='9' | '*' | '–' | '_' => 0.56,
        '!'..='~' => 0.62,
        _ => 1.0,
    }
}

/// Width of a text in ems.
pub fn measure(text: &str) -> f32 {
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
pub fn wrap(text: &str, width: f32) -> Vec<String> {
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
pub struct Pen<'a, 'page> {
    surface: &'a mut Surface<'page>,
    font: &'a Font,
    tags: &'a mut TagTree,
    drawn: &'a mut String,
}

impl Pen<'_, '_> {
    /// Large and pale across the page. Outlines, not text: it must not turn up between words that are copied.
    pub fn watermark(&mut self, text: &str) {
        let size = (480.0 / measure(text)).min(60.0);
        self.ink(226, 0.0);
        for (x, y) in [0.31, 0.55].map(|part| (WIDTH / 2.0, HEIGHT * part)) {
            self.surface.push_transform(&Transform::from_rotate_at(-35.0, x, y));
            self.glyphs(text, Point::from_xy(x - measure(text) * size / 2.0, y), size, true);
            self.surface.pop();
        }
    }

    /// Draws in a system of its own: `[x, y]` is its origin, `scale` its unit.
    pub fn within(&mut self, [x, y]: [f32; 2], scale: f32, draw: impl FnOnce(&mut Self)) {
        self.surface.push_transform(&Transform::from_row(scale, 0.0, 0.0, scale, x, y));
        draw(self);
        self.surface.pop();
    }

    /// A line in the middle of a span, shrunk to it.
    pub fn centred(&mut self, text: &str, [left, right]: [f32; 2], y: f32, size: f32, gap: f32) {
        let width = text.chars().map(|c| ems(c) + gap).sum::<f32>() - gap;
        let size = size.min((right - left) / width);
        self.text(text, [(left + right - width * size) / 2.0, y], size, gap);
    }

    /// A line from a point on its baseline.
    pub fn text(&mut self, text: &str, [x, y]: [f32; 2], size: f32, gap: f32) {
        let mut start = Point::from_xy(x, y);
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

    /// The shade of what follows, and how far glyphs are outlined: the font has no bold face, a thin outline makes one.
    pub fn ink(&mut self, shade: u8, outline: f32) {
        let paint = Paint::from(luma::Color::new(shade));
        let stroke = Stroke { paint: paint.clone(), width: outline, ..Stroke::default() };
        self.surface.set_fill(Some(Fill { paint, ..Fill::default() }));
        self.surface.set_stroke((outline > 0.0).then_some(stroke));
    }

    /// The outline of a box, in black.
    pub fn rule(&mut self, area: [f32; 4], width: f32) {
        self.surface.set_fill(None);
        self.surface.set_stroke(Some(Stroke { width, ..Stroke::default() }));
        self.boxes([area]);
    }

    /// Each x, y, width and height. One path, so that no hairline shows where two modules touch.
    pub fn boxes(&mut self, areas: impl IntoIterator<Item = [f32; 4]>) {
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

    #[test]
    fn a_line_ends_between_words_and_before_no_closing_mark() {
        assert_eq!(wrap("年度限额3,000.00元", 6.0), ["年度限额", "3,000.00元"]);
        assert_eq!(wrap("一二三四。12345678", 4.0), ["一二三", "四。", "1234567", "8"]);
    }

    #[test]
    fn a_face_without_chinese_is_refused() {
        let mut bytes = font();
        let record = bytes.windows(4).position(|tag| tag == b"cmap").expect("a character map");
        let map = u32::from_be_bytes(bytes[record + 8..record + 12].try_into().expect("four bytes")) as usize;
        // The number of subtables: without any, no character has a glyph.
        bytes[map + 2..map + 4].fill(0);
        assert!(matches!(Face::parse(bytes), Err(PaperError::NotChinese)));
        assert!(matches!(Face::parse(b"not a font".to_vec()), Err(PaperError::NotChinese)));
    }
}
