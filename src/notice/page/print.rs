//! The page on paper: as many A4 pages as the rows take, each with the head of the table and its number.

use super::words::{Row as Entry, Sheet};
use crate::application::paper::layout::{Layout, Row, render};
use crate::pdf::{Face, PaperError};

/// One volume (册) of the notice: its rows, of so many altogether.
pub fn volume(sheet: &Sheet, rows: &[Entry], of: u32, face: &Face) -> Result<Vec<u8>, PaperError> {
    render(&layout(sheet, rows, of), face).map(|(pdf, _)| pdf)
}

fn layout(sheet: &Sheet, entries: &[Entry], of: u32) -> Layout {
    let heads = Row::heads(sheet.heads());
    let mut rows = vec![Row::note(&sheet.intro)];
    rows.extend(sheet.facts.iter().map(|(label, value)| Row::fields(&[(*label, value.clone(), 10)])));
    rows.push(Row::section("提出异议"));
    rows.push(Row::line(&[(numbered(&sheet.how_to_object), 12)]));
    rows.push(Row::section("公示名单"));
    rows.push(heads.clone());
    rows.extend(entries.iter().map(|entry| line(sheet, entry)));
    rows.push(Row::note(&format!("{}　　{}", sheet.issuer, sheet.opened_on)));
    Layout {
        title: sheet.title.clone(),
        subtitle: span(entries, of),
        sample: sheet.sample.clone(),
        rows,
        repeated: Some(heads),
        foot: sheet.foot.clone(),
    }
}

/// Which of the rows the volume has.
fn span(entries: &[Entry], of: u32) -> String {
    match (entries.first(), entries.last()) {
        (Some(first), Some(last)) => {
            format!("本册为第 {} 至 {} 条，共 {of} 条", first.number, last.number)
        }
        _ => "没有条目".to_owned(),
    }
}

fn line(sheet: &Sheet, entry: &Entry) -> Row {
    let cells = entry.cells(sheet.diseases).into_iter();
    let cells: Vec<_> = cells.zip(sheet.heads()).map(|(cell, (_, wide))| (cell, *wide)).collect();
    Row::line(&cells)
}

fn numbered(lines: &[String]) -> String {
    let lines = lines.iter().enumerate().map(|(index, line)| format!("{}. {line}", index + 1));
    lines.collect::<Vec<_>>().join("\n")
}
