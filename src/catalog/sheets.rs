//! The operator's spreadsheet, saved as CSV, one file a sheet: the same tree as the TOML file gives. The first row names
//! the columns, by their field or by their Chinese title (`columns.rs`).

use super::columns::{Column, Kind, columns, names, word};
use super::document::Lines;
use super::faults::FAULTS_MAX;
use super::import::DEPTH_MAX;
use super::node::{Node, Place, Value};

/// Rows of a sheet.
const ROWS_MAX: usize = 20_000;
/// Rows of the criteria of one disease.
const NODES_MAX: usize = 500;
/// Parts of a rule's name, such as `files.short_side_px.warn`. What more dots would part is no rule's name.
const RULE_PARTS: usize = 3;

/// Something that keeps a sheet from being read.
pub struct Unread {
    /// Where.
    pub at: Place,
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

/// The rows of all sheets.
#[derive(Default)]
pub struct Sheets {
    sheets: Vec<(&'static str, Place, Vec<Row>)>,
    wrong: Vec<Unread>,
}

/// A row: what its cells say, by field.
type Row = Node;

impl Sheets {
    /// Reads one sheet; gives what is wrong with its form.
    pub fn read(&mut self, file: usize, name: &str, text: &str) -> Vec<Unread> {
        let top = Place { file, line: 1 };
        let Some((name, columns)) = columns(name) else {
            return vec![unread(top, "没有这种表", "there is no such sheet")];
        };
        let mut wrong = Vec::new();
        let text = text.trim_start_matches('\u{feff}');
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let mut header: Option<Vec<Option<&Column>>> = None;
        let mut rows = Vec::new();
        let lines = Lines::of(text);
        // A record begins, for the reader, at the line break before it.
        let begins = |position: Option<&csv::Position>| {
            let offset = position.and_then(|position| usize::try_from(position.byte()).ok()).unwrap_or(0);
            let rest = text.get(offset..).unwrap_or_default();
            let breaks = rest.len() - rest.trim_start_matches(['\r', '\n']).len();
            Place { file, line: lines.line(offset + breaks) }
        };
        for record in reader.records() {
            if wrong.len() > FAULTS_MAX {
                break;
            }
            let record = match record {
                Ok(record) => record,
                Err(error) => {
                    let place = begins(error.position());
                    wrong.push(unread(
                        place,
                        &format!("无法读取：{error}"),
                        &format!("cannot be read: {error}"),
                    ));
                    break;
                }
            };
            let place = begins(record.position());
            match &header {
                None if record.len() > columns.len() => {
                    wrong.push(too_wide(record.len(), columns, place));
                    return wrong;
                }
                None => header = Some(titles(&record, columns, place, &mut wrong)),
                Some(_) if record.iter().all(str::is_empty) => {}
                Some(header) if record.len() != header.len() => {
                    let (found, wanted) = (record.len(), header.len());
                    let zh = format!("有 {found} 个单元格，表头有 {wanted} 个");
                    wrong.push(unread(
                        place,
                        &zh,
                        &format!("has {found} cells where the header has {wanted}"),
                    ));
                }
                Some(_) if rows.len() == ROWS_MAX => {
                    let en = format!("more than {ROWS_MAX} rows in one sheet");
                    wrong.push(unread(place, &format!("一张表超过 {ROWS_MAX} 行"), &en));
                    break;
                }
                Some(header) => rows.push(row(&record, header, place)),
            }
        }
        if header.is_none() {
            wrong.push(unread(top, "没有表头", "has no header row"));
        }
        self.sheets.push((name, top, rows));
        wrong
    }

    /// What all sheets say together, and what does not fit together.
    pub fn tree(mut self) -> (Node, Vec<Unread>) {
        let mut root = table(Place { file: 0, line: 1 }, Vec::new());
        let sheets = std::mem::take(&mut self.sheets);
        let mut parts = Vec::new();
        for (name, place, rows) in sheets {
            match name {
                "catalog" | "list" => {
                    for (key, value) in self.pairs(rows) {
                        push(&mut root, key, value);
                    }
                }
                "rules" => {
                    let mut rules = table(place, Vec::new());
                    for (key, value) in self.pairs(rows) {
                        let at = value.at;
                        let parts: Vec<_> = key.splitn(RULE_PARTS, '.').collect();
                        if !put(&mut rules, &parts, value) {
                            let (zh, en) = (
                                format!("{key} 与另一行冲突：不能既是值又是一组值"),
                                format!("{key} and another row cannot both be: one is a group of the other"),
                            );
                            self.wrong.push(unread(at, &zh, &en));
                        }
                    }
                    push(&mut root, name.to_owned(), rules);
                }
                "materials" | "criteria" => parts.push((name, place, rows)),
                _ => push(&mut root, name.to_owned(), Node { at: place, value: Value::List(rows) }),
            }
        }
        for (name, place, rows) in parts {
            if name == "materials" {
                let common = self.materials(&mut root, rows);
                push(&mut root, name.to_owned(), Node { at: place, value: Value::List(common) });
            } else {
                self.criteria(&mut root, rows);
            }
        }
        (root, self.wrong)
    }

    /// A sheet of two columns, a field a row.
    fn pairs(&mut self, rows: Vec<Row>) -> Vec<(String, Node)> {
        let mut pairs: Vec<(String, Node)> = Vec::new();
        for row in rows {
            let (Some(key), Some(value)) = (cell(&row, "field"), row.get("value")) else { continue };
            let key = super::columns::rule(key).to_owned();
            if pairs.iter().any(|(other, _)| *other == key) {
                self.wrong.push(unread(row.at, &format!("{key} 重复"), &format!("{key} is there twice")));
                continue;
            }
            pairs.push((key, value.clone()));
        }
        pairs
    }

    /// Gives each disease its own lines; the common ones come back.
    fn materials(&mut self, root: &mut Node, rows: Vec<Row>) -> Vec<Node> {
        for disease in diseases(root) {
            disease.set("materials", Value::List(Vec::new()));
        }
        let mut common = Vec::new();
        for mut row in rows {
            let code = row.take("disease");
            let code = code.as_ref().and_then(Node::text).unwrap_or_default();
            if code.is_empty() {
                common.push(row);
            } else if let Some(disease) = self.disease(root, code, row.at) {
                let mut own = disease.take("materials").map_or_else(Vec::new, |list| list.items().to_vec());
                own.push(row);
                disease.set("materials", Value::List(own));
            }
        }
        common
    }

    /// Gives each disease the tree that its rows make: `1` is the root, `1.2` its second child.
    fn criteria(&mut self, root: &mut Node, rows: Vec<Row>) {
        let mut codes: Vec<String> = Vec::new();
        for row in &rows {
            let code = cell(row, "disease").unwrap_or_default().to_owned();
            if !codes.contains(&code) {
                codes.push(code);
            }
        }
        for code in codes {
            let before = self.wrong.len();
            let own: Vec<_> = rows.iter().filter(|row| cell(row, "disease") == Some(code.as_str())).collect();
            if let Some(row) = own.get(NODES_MAX) {
                let zh = format!("病种 {code} 的认定标准超过 {NODES_MAX} 行");
                self.wrong.push(unread(
                    row.at,
                    &zh,
                    &format!("disease {code} has more than {NODES_MAX} rows"),
                ));
                continue;
            }
            self.wrong.extend(own.iter().enumerate().filter_map(|(index, row)| misplaced(&own, index, row)));
            let first = own.first().map_or(Place::default(), |row| row.at);
            if self.wrong.len() > before {
                continue;
            }
            let tree = own.iter().find(|row| number(row) == "1").map(|row| self.grow(row, &own));
            if let (Some(disease), Some(tree)) = (self.disease(root, &code, first), tree) {
                push(disease, "criteria".to_owned(), tree);
            }
        }
    }

    fn grow(&mut self, row: &Row, rows: &[&Row]) -> Node {
        let below = format!("{}.", cell(row, "node").unwrap_or_default());
        let deep = below.matches('.').count() > DEPTH_MAX;
        let is_child = |other: &&&Row| {
            let number = cell(other, "node").unwrap_or_default();
            let own = number.strip_prefix(&below);
            !deep && own.is_some_and(|rest| !rest.is_empty() && !rest.contains('.'))
        };
        let children: Vec<_> = rows.iter().filter(is_child).map(|child| self.grow(child, rows)).collect();
        let children = Node { at: row.at, value: Value::List(children) };
        let rule = cell(row, "rule").unwrap_or_default();
        let least = rule.trim_start_matches("至少").trim_end_matches('项');
        let fields = match (rule, least.parse::<i64>()) {
            ("", _) => ["fact", "text"]
                .into_iter()
                .filter_map(|key| row.get(key).map(|node| (key.to_owned(), node.clone())))
                .collect(),
            ("all" | "全部", _) => vec![("all".to_owned(), children)],
            ("any" | "任一", _) => vec![("any".to_owned(), children)],
            (_, Ok(least)) => {
                let least = Node { at: row.at, value: Value::Whole(least) };
                vec![("at_least".to_owned(), least), ("of".to_owned(), children)]
            }
            _ => {
                let (zh, en) =
                    ("规则须为 全部、任一、至少N项，或留空", "the rule must be all, any, a number, or empty");
                self.wrong.push(unread(row.at, zh, en));
                Vec::new()
            }
        };
        table(row.at, fields)
    }

    fn disease<'a>(&mut self, root: &'a mut Node, code: &str, at: Place) -> Option<&'a mut Node> {
        let found = diseases(root).find(|disease| disease.get("code").and_then(Node::text) == Some(code));
        if found.is_none() {
            let zh = format!("diseases.csv 中没有病种 {code}");
            self.wrong.push(unread(at, &zh, &format!("diseases.csv has no disease {code}")));
        }
        found
    }
}

/// Where a row of criteria stands in its tree.
fn number(row: &Row) -> &str {
    cell(row, "node").unwrap_or_default()
}

fn is_below(row: &Row, above: &str) -> bool {
    let rest = number(row).strip_prefix(above).and_then(|rest| rest.strip_prefix('.'));
    rest.is_some_and(|rest| !rest.is_empty())
}

/// What keeps a row from standing in the tree of its disease: its number, or a rule that it lacks.
fn misplaced(own: &[&Row], index: usize, row: &Row) -> Option<Unread> {
    let at = number(row);
    let (parent, last) = at.rsplit_once('.').map_or((None, at), |(parent, last)| (Some(parent), last));
    let above = parent.and_then(|parent| own.iter().find(|other| number(other) == parent));
    let is_number =
        last.bytes().all(|byte| byte.is_ascii_digit()) && last.parse().is_ok_and(|last: u32| last > 0);
    let (zh, en) = if !is_number {
        (
            format!("序号 {at} 无效：根为 1，其下为 1.1、1.2"),
            format!("{at} is no node: the root is 1, its children 1.1, 1.2, …"),
        )
    } else if own[..index].iter().any(|other| number(other) == at) {
        (format!("序号 {at} 重复"), format!("node {at} is there twice"))
    } else if at != "1" && above.is_none() {
        (
            format!("序号 {at} 没有上级：根为 1，其下为 1.1、1.2"),
            format!("node {at} hangs below no other: the root is 1, its children 1.1, 1.2, …"),
        )
    } else if cell(row, "rule").unwrap_or_default().is_empty() && own.iter().any(|other| is_below(other, at))
    {
        (
            format!("序号 {at} 有下级，规则须为 全部、任一 或 至少N项"),
            format!("node {at} has others below it: its rule must be all, any or a number"),
        )
    } else {
        return None;
    };
    Some(unread(row.at, &zh, &en))
}

fn diseases(root: &mut Node) -> impl Iterator<Item = &mut Node> {
    let Value::Table(fields) = &mut root.value else { return [].iter_mut() };
    match fields.iter_mut().find(|(key, _)| key == "diseases") {
        Some((_, Node { value: Value::List(rows), .. })) => rows.iter_mut(),
        _ => [].iter_mut(),
    }
}

fn titles<'a>(
    record: &csv::StringRecord,
    columns: &'a [Column],
    place: Place,
    wrong: &mut Vec<Unread>,
) -> Vec<Option<&'a Column>> {
    let mut found: Vec<Option<&Column>> = Vec::new();
    for title in record {
        let column = columns.iter().find(|column| column.field == title || column.title == title);
        if column.is_none() {
            let (zh, en) = names(columns);
            let zh = format!("没有列 {title}；可用列：{zh}");
            wrong.push(unread(place, &zh, &format!("there is no column {title}; there are: {en}")));
        } else if found.iter().flatten().any(|other| Some(other.field) == column.map(|column| column.field)) {
            wrong.push(unread(place, &format!("列 {title} 重复"), &format!("column {title} is there twice")));
        }
        found.push(column);
    }
    for column in columns.iter().filter(|column| column.needed) {
        if !found.iter().flatten().any(|other| other.field == column.field) {
            let name = format!("{} {}", column.field, column.title);
            wrong.push(unread(place, &format!("缺少列 {name}"), &format!("lacks the column {name}")));
        }
    }
    found
}

/// A header with more columns than there are is told once, however many it has.
fn too_wide(found: usize, columns: &[Column], place: Place) -> Unread {
    let (most, (zh, en)) = (columns.len(), names(columns));
    let zh = format!("表头有 {found} 列，至多 {most} 列；可用列：{zh}");
    unread(place, &zh, &format!("the header has {found} columns where there are {most}: {en}"))
}

fn row(record: &csv::StringRecord, header: &[Option<&Column>], at: Place) -> Row {
    let cells = record.iter().zip(header).filter_map(|(text, column)| {
        let column = (*column)?;
        let cell = |text: &str| Node { at, value: Value::Cell(text.to_owned()) };
        let node = match column.kind {
            Kind::Plain => cell(text),
            Kind::Word => cell(word(text)),
            Kind::Count if text.is_empty() => cell("0"),
            Kind::Count => cell(text),
            Kind::List => {
                let items = text.split(['；', ';', '、', '|']).map(str::trim).filter(|item| !item.is_empty());
                Node { at, value: Value::List(items.map(|item| cell(word(item))).collect()) }
            }
        };
        Some((column.field.to_owned(), node))
    });
    table(at, cells.collect())
}

fn table(at: Place, fields: Vec<(String, Node)>) -> Node {
    Node { at, value: Value::Table(fields) }
}

fn push(node: &mut Node, key: String, value: Node) {
    if let Value::Table(fields) = &mut node.value {
        fields.push((key, value));
    }
}

/// Puts a value where the parts of a name lead. False when something else is there.
fn put(node: &mut Node, parts: &[&str], value: Node) -> bool {
    let (Value::Table(fields), [first, rest @ ..]) = (&mut node.value, parts) else { return false };
    let found = fields.iter_mut().find(|(key, _)| key == first);
    match (found, rest) {
        (None, []) => fields.push(((*first).to_owned(), value)),
        (Some((_, inner)), [_, ..]) => return put(inner, rest, value),
        (None, [_, ..]) => {
            let mut inner = table(value.at, Vec::new());
            let done = put(&mut inner, rest, value);
            fields.push(((*first).to_owned(), inner));
            return done;
        }
        (Some(_), []) => return false,
    }
    true
}

fn cell<'a>(row: &'a Row, key: &str) -> Option<&'a str> {
    row.get(key).and_then(Node::text)
}

fn unread(at: Place, zh: &str, en: &str) -> Unread {
    Unread { at, zh: zh.to_owned(), en: en.to_owned() }
}
