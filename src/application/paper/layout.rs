//! A form as rows of cells on as many A4 pages as it takes. Words wrap, rows grow, nothing overflows.

#![expect(clippy::float_arithmetic, reason = "page geometry, no money")]

use crate::pdf::{BLACK, Face, HEIGHT, LEADING, PaperError, Pen, SPREAD, WHITE, WIDTH, measure, paper, wrap};

/// A form: its head, its rows, and what stands at the foot of each page.
#[derive(Clone, Debug)]
pub struct Layout {
    /// What the paper is, with the area's name.
    pub title: String,
    /// Under the title.
    pub subtitle: String,
    /// Set when it is made from the sample catalogue: said on each page.
    pub sample: Option<String>,
    /// From top to bottom.
    pub rows: Vec<Row>,
    /// Stands again at the top of each page but the first.
    pub repeated: Option<Row>,
    /// 表号, 目录版本: at the foot of each page.
    pub foot: String,
}

/// Cells beside each other.
#[derive(Clone, Debug)]
pub struct Row {
    cells: Vec<Cell>,
    least: f32,
    keeps_next: bool,
}

/// One cell.
#[derive(Clone, Debug)]
struct Cell {
    text: String,
    /// Below the text, at the right: where to sign and to stamp.
    corner: String,
    wide: f32,
    look: Look,
}

/// How a cell looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    /// A bar over a section.
    Section,
    /// In the middle, shaded.
    Label,
    /// Printed, or left for the pen.
    Value,
    /// Text from the top, room to write below.
    Room,
    /// Small print without a box.
    Note,
}

// Points.
const LEFT: f32 = 48.0;
const WHOLE: f32 = WIDTH - 2.0 * LEFT;
const TOP: f32 = 62.0;
const HEAD: f32 = 52.0;
const BOTTOM: f32 = HEIGHT - 58.0;
const SIZE: f32 = 9.5;
const SMALL: f32 = 8.0;
const PAD: f32 = 3.6;
const INSET: f32 = 5.0;
/// Columns of the grid: a label is 2 wide, a row 12.
const COLUMNS: f32 = 12.0;

impl Row {
    /// A bar over a section; never the last row of a page.
    pub fn section(text: &str) -> Self {
        Self { keeps_next: true, ..Self::of(vec![Cell::new(text, 12, Look::Section)]) }
    }

    /// Labels with their values; each value is so many columns wide, its label two.
    pub fn fields(fields: &[(&str, String, u8)]) -> Self {
        let cells = fields.iter().flat_map(|(label, value, wide)| {
            [Cell::new(label, 2, Look::Label), Cell::new(value, *wide, Look::Value)]
        });
        Self::of(cells.collect())
    }

    /// The head of a table; never the last row of a page.
    pub fn heads(heads: &[(&str, u8)]) -> Self {
        let cells = heads.iter().map(|(text, wide)| Cell::new(text, *wide, Look::Label));
        Self { keeps_next: true, ..Self::of(cells.collect()) }
    }

    /// A line of a table.
    pub fn line(cells: &[(String, u8)]) -> Self {
        Self::of(cells.iter().map(|(text, wide)| Cell::new(text, *wide, Look::Value)).collect())
    }

    /// Boxes with room to write, at least so many points high: text, where to sign, columns.
    pub fn rooms(least: f32, rooms: &[(String, &str, u8)]) -> Self {
        let cells = rooms.iter().map(|(text, corner, wide)| Cell {
            corner: (*corner).to_owned(),
            ..Cell::new(text, *wide, Look::Room)
        });
        Self { least, ..Self::of(cells.collect()) }
    }

    /// Small print without a box.
    pub fn note(text: &str) -> Self {
        Self::of(vec![Cell::new(text, 12, Look::Note)])
    }

    fn of(cells: Vec<Cell>) -> Self {
        Self { cells, least: 0.0, keeps_next: false }
    }

    fn height(&self) -> f32 {
        self.cells.iter().map(Cell::height).fold(self.least, f32::max)
    }
}

impl Cell {
    fn new(text: &str, columns: u8, look: Look) -> Self {
        let wide = WHOLE * f32::from(columns) / COLUMNS;
        Self { text: text.to_owned(), corner: String::new(), wide, look }
    }

    fn size(&self) -> f32 {
        if self.look == Look::Note { SMALL } else { SIZE }
    }

    fn lines(&self, text: &str) -> Vec<String> {
        wrap(text, (self.wide - 2.0 * INSET) / self.size())
    }

    fn height(&self) -> f32 {
        let deep = |text: &str| self.lines(text).len() as f32 * self.size() * LEADING;
        let pad = if self.look == Look::Note { 2.0 * PAD } else { PAD };
        let gap = if self.corner.is_empty() { 0.0 } else { SIZE };
        // A cell that is left empty is as high as one with a line in it.
        deep(&self.text).max(self.size() * LEADING) + gap + deep(&self.corner) + 2.0 * pad
    }

    fn draw(&self, pen: &mut Pen<'_, '_>, [x, y]: [f32; 2], height: f32) {
        match self.look {
            Look::Section => shade(pen, [x, y, self.wide, height], 206, 0.35),
            Look::Label => shade(pen, [x, y, self.wide, height], 240, 0.0),
            Look::Value | Look::Room | Look::Note => pen.ink(BLACK, 0.0),
        }
        let (size, lines) = (self.size(), self.lines(&self.text));
        let step = size * LEADING;
        let spare = height - lines.len() as f32 * step;
        let top = if self.look == Look::Room { y + PAD } else { y + spare / 2.0 };
        for (line, number) in lines.iter().zip(0_u16..) {
            let middle =
                if self.look == Look::Label { (self.wide - measure(line) * size) / 2.0 } else { INSET };
            write(pen, line, [x + middle.max(INSET), baseline(top + f32::from(number) * step, size)], size);
        }
        let corner = self.lines(&self.corner);
        let first = y + height - PAD - corner.len() as f32 * step;
        for (line, number) in corner.iter().zip(0_u16..).filter(|(line, _)| !line.is_empty()) {
            let from = x + (self.wide - measure(line) * size - 2.0 * INSET).max(INSET);
            pen.text(line, [from, baseline(first + f32::from(number) * step, size)], size, 0.0);
        }
        if self.look != Look::Note {
            pen.rule([x, y, self.wide, height], 0.6);
        }
    }
}

fn shade(pen: &mut Pen<'_, '_>, area: [f32; 4], shade: u8, outline: f32) {
    pen.ink(shade, 0.0);
    pen.boxes([area]);
    pen.ink(BLACK, outline);
}

/// A line of text in which □ and ■ are boxes to tick. Fonts differ in how large theirs are: the box is drawn, and the
/// character stands in it in its own shade, for those who copy the text or have it read to them.
fn write(pen: &mut Pen<'_, '_>, line: &str, [mut x, y]: [f32; 2], size: f32) {
    let is_box = |c: char| matches!(c, '□' | '■');
    let parts = line.split_inclusive(is_box).flat_map(|part| {
        let text = part.trim_end_matches(is_box);
        [text, &part[text.len()..]]
    });
    for part in parts.filter(|part| !part.is_empty()) {
        if part.starts_with(is_box) {
            tick_box(pen, part, [x, y], size);
        } else {
            pen.text(part, [x, y], size, 0.0);
        }
        x += measure(part) * size;
    }
}

fn tick_box(pen: &mut Pen<'_, '_>, part: &str, [x, y]: [f32; 2], size: f32) {
    let side = 0.86 * size;
    let area = [x + 0.04 * size, y - 0.78 * size, side, side];
    if part == "■" {
        shade(pen, area, BLACK, 0.0);
    } else {
        pen.rule(area, 0.7);
        pen.ink(WHITE, 0.0);
    }
    pen.text(part, [x + 0.3 * size, y - 0.2 * size], 0.4 * size, 0.0);
    pen.ink(BLACK, 0.0);
}

/// The middle of a Chinese glyph lies 0.38 em over its baseline.
fn baseline(top: f32, size: f32) -> f32 {
    top + (LEADING / 2.0 + 0.38) * size
}

/// Draws the form; gives the PDF and how many pages it has.
pub fn render(layout: &Layout, face: &Face) -> Result<(Vec<u8>, usize), PaperError> {
    let pages = paginate(&layout.rows, layout.repeated.as_ref())?;
    let pdf = paper(face, &layout.title, pages.len(), |number, pen| {
        frame(pen, layout, number + 1, pages.len());
        let mut y = if number == 0 { TOP + HEAD } else { TOP };
        for row in &pages[number] {
            let (height, mut x) = (row.height(), LEFT);
            for cell in &row.cells {
                cell.draw(pen, [x, y], height);
                x += cell.wide;
            }
            y += height;
        }
    })?;
    Ok((pdf, pages.len()))
}

/// Which rows stand on which page. A head goes where the row below it goes.
fn paginate<'a>(rows: &'a [Row], repeated: Option<&'a Row>) -> Result<Vec<Vec<&'a Row>>, PaperError> {
    let mut pages = vec![Vec::new()];
    let top = TOP + repeated.map_or(0.0, Row::height);
    let mut y = TOP + HEAD;
    for group in rows.chunk_by(|row, _| row.keeps_next) {
        let height: f32 = group.iter().map(Row::height).sum();
        if height > BOTTOM - top {
            return Err(PaperError::Overfull);
        }
        if y + height > BOTTOM {
            pages.push(repeated.into_iter().collect());
            y = top;
        }
        y += height;
        if let Some(page) = pages.last_mut() {
            page.extend(group);
        }
    }
    Ok(pages)
}

fn frame(pen: &mut Pen<'_, '_>, layout: &Layout, number: usize, of: usize) {
    if let Some(sample) = &layout.sample {
        pen.watermark(sample);
        pen.ink(BLACK, 0.0);
        pen.boxes([[LEFT, 32.0, WHOLE, 18.0]]);
        pen.ink(WHITE, 0.3);
        pen.centred(sample, [LEFT, LEFT + WHOLE], 45.0, 11.0, SPREAD);
    }
    if number == 1 {
        pen.ink(BLACK, 0.4);
        pen.centred(&layout.title, [LEFT, LEFT + WHOLE], TOP + 22.0, 19.0, 0.08);
        pen.ink(BLACK, 0.0);
        pen.centred(&layout.subtitle, [LEFT, LEFT + WHOLE], TOP + 42.0, SIZE, 0.0);
    }
    pen.ink(BLACK, 0.0);
    let foot = format!("{}　　第 {number} 页，共 {of} 页", layout.foot);
    pen.centred(&foot, [LEFT, LEFT + WHOLE], HEIGHT - 36.0, SMALL, 0.0);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heights(rows: &[Row]) -> Vec<usize> {
        paginate(rows, None).map(|pages| pages.iter().map(Vec::len).collect()).unwrap_or_default()
    }

    #[test]
    fn rows_flow_and_a_head_stays_with_the_row_below_it() {
        let (section, line) = (Row::section("一"), Row::line(&[("行".to_owned(), 12)]));
        let fits = ((BOTTOM - TOP - HEAD) / line.height()).floor() as usize;
        assert_eq!(heights(&vec![line.clone(); fits]), [fits]);
        assert_eq!(heights(&vec![line.clone(); fits + 1]), [fits, 1]);
        let mut rows = vec![line.clone(); fits - 1];
        rows.extend([section, line]);
        assert_eq!(heights(&rows), [fits - 1, 2]);
    }

    #[test]
    fn a_head_stands_again_on_each_further_page() {
        let (head, line) = (Row::heads(&[("头", 12)]), Row::line(&[("行".to_owned(), 12)]));
        let mut rows = vec![head.clone()];
        rows.extend(vec![line; 200]);
        let pages = paginate(&rows, Some(&head)).unwrap();
        assert!(pages.len() > 3 && pages.iter().all(|page| page[0].keeps_next && page.len() > 1));
        assert_eq!(pages.iter().map(|page| page.len() - 1).sum::<usize>(), 200);
    }

    #[test]
    fn a_long_value_makes_its_row_higher_and_an_endless_one_is_refused() {
        let row = |length: usize| Row::fields(&[("地址", "长".repeat(length), 10)]);
        assert!(row(200).height() > 3.0 * row(1).height());
        assert!((row(0).height() - row(1).height()).abs() < f32::EPSILON);
        assert!(matches!(paginate(&[row(9_000)], None), Err(PaperError::Overfull)));
    }
}
