//! The operator's spreadsheet, saved as CSV, one file a sheet: the same tree as the TOML file gives. The first row names
//! the columns, by their field or by their Chinese title (`columns.rs`).

use std::collections::{BTreeMap, BTreeSet};

use super::columns::{Column, Kind, columns, names, word};
use super::document::Lines;
use super::faults::FAULTS_MAX;
use super::node::{Node, Place, Value};
use super::outline;

/// Rows of a sheet.
const ROWS_MAX: usize = 20_000;
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
                self.criteria(&mut root, &rows);
            }
        }
        (root, self.wrong)
    }

    /// A sheet of two columns, a field a row.
    fn pairs(&mut self, rows: Vec<Row>) -> Vec<(String, Node)> {
        let (mut pairs, mut seen) = (Vec::new(), BTreeSet::new());
        for row in rows {
            let (Some(key), Some(value)) = (cell(&row, "field"), row.get("value")) else { continue };
            let key = super::columns::rule(key).to_owned();
            if !seen.insert(key.clone()) {
                self.wrong.push(unread(row.at, &format!("{key} 重复"), &format!("{key} is there twice")));
                continue;
            }
            let list =
                value.text().filter(|_| super::columns::is_list(&key)).map(|text| list(text, value.at));
            pairs.push((key, list.unwrap_or_else(|| value.clone())));
        }
        pairs
    }

    /// Gives each disease its own lines, those of the application and those of the re-qualification (复审); the common ones
    /// come back.
    fn materials(&mut self, root: &mut Node, rows: Vec<Row>) -> Vec<Node> {
        let places = places(root);
        let mut own: [BTreeMap<usize, Vec<Node>>; 2] = Default::default();
        let mut common = Vec::new();
        for mut row in rows {
            let (code, purpose) = (row.take("disease"), row.take("use"));
            let code = code.as_ref().and_then(Node::text).unwrap_or_default();
            let again = match purpose.as_ref().and_then(Node::text).unwrap_or_default() {
                "" | "application" => false,
                "requalification" => true,
                other => {
                    let en = format!("use is application or requalification, not {other}");
                    self.wrong.push(unread(row.at, &format!("用途须为申请或复审，不是 {other}"), &en));
                    continue;
                }
            };
            if code.is_empty() && again {
                let en = "a paper of the re-qualification names its disease";
                self.wrong.push(unread(row.at, "复审材料须写明病种代码", en));
            } else if code.is_empty() {
                common.push(row);
            } else if let Some(place) = self.place(&places, code, row.at) {
                own[usize::from(again)].entry(place).or_default().push(row);
            }
        }
        let [mut first, mut again] = own;
        for (place, disease) in diseases(root).enumerate() {
            disease.set("materials", Value::List(first.remove(&place).unwrap_or_default()));
            if let Some(papers) = again.remove(&place) {
                disease.set("requalify_materials", Value::List(papers));
            }
        }
        common
    }

    /// Gives each disease the tree that its rows make.
    fn criteria(&mut self, root: &mut Node, rows: &[Row]) {
        let places = places(root);
        let (mut codes, mut of_code) = (Vec::new(), BTreeMap::<&str, Vec<&Row>>::new());
        for row in rows {
            let code = cell(row, "disease").unwrap_or_default();
            let own = of_code.entry(code).or_default();
            if own.is_empty() {
                codes.push(code);
            }
            own.push(row);
        }
        for code in codes {
            let own = of_code.remove(code).unwrap_or_default();
            let first = own.first().map_or(Place::default(), |row| row.at);
            let (tree, wrong) = outline::tree(code, &own);
            let misplaced = tree.is_none() && !wrong.is_empty();
            self.wrong.extend(wrong);
            if misplaced {
                continue;
            }
            let place = self.place(&places, code, first);
            let disease = place.and_then(|place| diseases(root).nth(place));
            if let (Some(disease), Some(tree)) = (disease, tree) {
                push(disease, "criteria".to_owned(), tree);
            }
        }
    }

    /// Where a disease stands in its sheet.
    fn place(&mut self, places: &BTreeMap<String, usize>, code: &str, at: Place) -> Option<usize> {
        let found = places.get(code).copied();
        if found.is_none() {
            let zh = format!("diseases.csv 中没有病种 {code}");
            self.wrong.push(unread(at, &zh, &format!("diseases.csv has no disease {code}")));
        }
        found
    }
}

/// Where each disease stands in its sheet: where one stands twice, first.
fn places(root: &Node) -> BTreeMap<String, usize> {
    let mut places = BTreeMap::new();
    let rows = root.get("diseases").map_or(&[][..], Node::items);
    for (place, row) in rows.iter().enumerate() {
        if let Some(code) = row.get("code").and_then(Node::text) {
            places.entry(code.to_owned()).or_insert(place);
        }
    }
    places
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
            Kind::List => list(text, at),
        };
        Some((column.field.to_owned(), node))
    });
    table(at, cells.collect())
}

/// Several words in one cell.
fn list(text: &str, at: Place) -> Node {
    let items = text.split(['；', ';', '、', '|']).map(str::trim).filter(|item| !item.is_empty());
    let cell = |item| Node { at, value: Value::Cell(word(item).to_owned()) };
    Node { at, value: Value::List(items.map(cell).collect()) }
}

/// A node of named values.
pub fn table(at: Place, fields: Vec<(String, Node)>) -> Node {
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

/// The text of a row's cell.
pub fn cell<'a>(row: &'a Node, key: &str) -> Option<&'a str> {
    row.get(key).and_then(Node::text)
}

/// Something that keeps a sheet from being read, in both languages.
pub fn unread(at: Place, zh: &str, en: &str) -> Unread {
    Unread { at, zh: zh.to_owned(), en: en.to_owned() }
}
