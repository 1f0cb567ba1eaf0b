//! From the operator's files to a catalogue, or to every fault in them at once. One TOML file, or the sheets of a
//! spreadsheet saved as CSV; both become the same tree of values with their places before anything is judged.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use serde::de::DeserializeOwned;

use super::criteria::Criterion;
use super::domain::{Catalog, Disease, InstitutionList};
use super::faults::{FAULTS_MAX, Fault, Findings};
use super::node::{Node, Place, Step, Value, Want, What, Wrong};
use super::{document, sheets};

/// The name of the one TOML file.
pub const DOCUMENT: &str = "catalog.toml";
/// Criteria are no deeper than this.
pub const DEPTH_MAX: usize = 20;
/// With more unreadable places than this the rules wait until they are put right.
const BROKEN_MAX: usize = 2000;
/// A row with more faults than this is beyond help.
const ROW_FAULTS_MAX: usize = 100;

/// A file as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name: what it holds.
    pub name: String,
    /// Its text.
    pub content: String,
}

/// Reads a catalogue from its files.
pub fn parse(files: &[File]) -> Result<Catalog, Vec<Fault>> {
    let (draft, catalog) = Draft::catalog(files);
    draft.finish(catalog)
}

/// What was read, and what was wrong with it.
pub struct Draft {
    names: Vec<String>,
    root: Node,
    broken: BTreeSet<String>,
    faults: Vec<Fault>,
}

impl Draft {
    /// Reads files and checks what they say of a catalogue.
    pub fn catalog(files: &[File]) -> (Self, Option<Catalog>) {
        let mut draft = Self::read(files);
        if !draft.faults.is_empty() {
            // What is no file at all says nothing of which a rule could be asked.
            return (draft, None);
        }
        let mut root = draft.root.clone();
        let lists = ["materials", "groups", "diseases", "policies", "bounds", "institutions"];
        let mut rows: Vec<_> = lists.into_iter().map(|list| (list, root.take(list))).collect();
        for (list, node) in rows.iter().filter(|(list, _)| !["bounds", "institutions"].contains(list)) {
            if node.is_none() {
                draft.tell(list, "缺少此部分", "is missing");
            }
        }
        for list in lists {
            root.set(list, Value::List(Vec::new()));
        }
        let catalog: Option<Catalog> = draft.decode(root, "");
        let mut part =
            |list: &str| rows.iter_mut().find(|(name, _)| *name == list).and_then(|(_, node)| node.take());
        let (materials, groups, diseases) = (part("materials"), part("groups"), part("diseases"));
        let (policies, bounds, institutions) = (part("policies"), part("bounds"), part("institutions"));
        let Some(mut catalog) = catalog else { return (draft, None) };
        catalog.materials = draft.rows(materials, "materials");
        catalog.groups = draft.rows(groups, "groups");
        catalog.diseases = draft.diseases(diseases);
        catalog.policies = draft.rows(policies, "policies");
        catalog.bounds = draft.rows(bounds, "bounds");
        catalog.institutions = draft.rows(institutions, "institutions");
        draft.judge(|findings| catalog.check(findings));
        (draft, Some(catalog))
    }

    /// Reads files of a list of institutions. What they say is not judged yet: it takes a catalogue to do so.
    pub fn institutions(files: &[File]) -> (Self, Option<InstitutionList>) {
        let mut draft = Self::read(files);
        if !draft.faults.is_empty() {
            return (draft, None);
        }
        let mut root = draft.root.clone();
        let rows = root.take("institutions");
        if rows.is_none() {
            draft.unreadable("institutions", "缺少此部分", "is missing");
        }
        root.set("institutions", Value::List(Vec::new()));
        let list: Option<InstitutionList> = draft.decode(root, "");
        let institutions = draft.rows(rows, "institutions");
        (draft, list.map(|list| InstitutionList { institutions, ..list }))
    }

    /// Reads files into one tree.
    fn read(files: &[File]) -> Self {
        let names = files.iter().map(|file| file.name.clone()).collect();
        let root = Node { at: Place { file: 0, line: 1 }, value: Value::Table(Vec::new()) };
        let mut draft = Self { names, root, broken: BTreeSet::new(), faults: Vec::new() };
        let mut sheets = sheets::Sheets::default();
        for (index, file) in files.iter().enumerate() {
            if let Some(sheet) = file.name.strip_suffix(".csv") {
                for wrong in sheets.read(index, sheet, &file.content) {
                    draft.tell_at(wrong.at, "", &wrong.zh, &wrong.en);
                }
            } else if file.name.ends_with(".toml") {
                let (node, errors) = document::read(index, file.content.trim_start_matches('\u{feff}'));
                for (line, error) in errors.into_iter().take(FAULTS_MAX + 1) {
                    let at = Place { file: index, line };
                    draft.tell_at(
                        at,
                        "",
                        &format!("不是有效的 TOML：{error}"),
                        &format!("is no TOML: {error}"),
                    );
                }
                draft.merge(node);
            } else {
                let (zh, en) = ("文件名须以 .toml 或 .csv 结尾", "the file's name must end in .toml or .csv");
                draft.tell_at(Place { file: index, line: 1 }, "", zh, en);
            }
        }
        let (node, wrong) = sheets.tree();
        for wrong in wrong {
            draft.tell_at(wrong.at, "", &wrong.zh, &wrong.en);
        }
        draft.merge(node);
        draft
    }

    fn merge(&mut self, node: Node) {
        let Value::Table(fields) = node.value else { return };
        for (key, value) in fields {
            if self.root.get(&key).is_some() {
                let (zh, en) = (format!("{key} 在两个文件中都有"), format!("{key} stands in two files"));
                self.tell_at(value.at, &key, &zh, &en);
            } else if let Value::Table(root) = &mut self.root.value {
                root.push((key, value));
            }
        }
    }

    /// Adds a fault at the place of a path.
    pub fn tell(&mut self, path: &str, zh: impl AsRef<str>, en: impl AsRef<str>) {
        if self.faults.len() <= FAULTS_MAX {
            self.tell_at(self.root.locate(path), path, zh.as_ref(), en.as_ref());
        }
    }

    /// With too many faults the last one says so, and no more are told.
    fn tell_at(&mut self, at: Place, path: &str, zh: &str, en: &str) {
        let (zh, en) = match self.faults.len().cmp(&FAULTS_MAX) {
            Ordering::Less => (zh, en),
            Ordering::Equal => ("错误过多，其余未列出", "too many faults: the others are not told"),
            Ordering::Greater => return,
        };
        let file = self.names.get(at.file).cloned().unwrap_or_default();
        let (path, zh, en) = (path.to_owned(), zh.to_owned(), en.to_owned());
        self.faults.push(Fault { file, line: at.line, path, zh, en });
    }

    /// Lets rules look at what was read.
    pub fn judge(&mut self, rules: impl FnOnce(&mut Findings<'_>)) {
        if self.broken.len() > BROKEN_MAX {
            return;
        }
        let mut findings = Findings::new(&self.broken);
        rules(&mut findings);
        for (path, zh, en) in findings.found {
            self.tell(&path, zh, en);
        }
    }

    /// What was read, when there was no fault.
    pub fn finish<T>(self, read: Option<T>) -> Result<T, Vec<Fault>> {
        match read {
            Some(read) if self.faults.is_empty() => Ok(read),
            _ => Err(self.faults()),
        }
    }

    /// Every fault, file by file, line by line.
    pub fn faults(self) -> Vec<Fault> {
        let order = |fault: &Fault| self.names.iter().position(|name| *name == fault.file);
        let mut faults = self.faults;
        faults.sort_by(|left, right| (order(left), left).cmp(&(order(right), right)));
        faults
    }

    /// The rows of a list.
    fn rows<T: DeserializeOwned>(&mut self, list: Option<Node>, path: &str) -> Vec<T> {
        let Some(list) = list else { return Vec::new() };
        let Value::List(items) = list.value else {
            self.unreadable(path, "须为列表", "must be a list");
            return Vec::new();
        };
        let mut rows = Vec::new();
        for (index, item) in items.into_iter().enumerate() {
            if self.is_full(path) {
                break;
            }
            rows.extend(self.decode::<T>(item, &format!("{path}[{index}]")));
        }
        rows
    }

    fn diseases(&mut self, list: Option<Node>) -> Vec<Disease> {
        let Some(list) = list else { return Vec::new() };
        let Value::List(items) = list.value else {
            self.unreadable("diseases", "须为列表", "must be a list");
            return Vec::new();
        };
        let mut rows = Vec::new();
        for (index, mut item) in items.into_iter().enumerate() {
            if self.is_full("diseases") {
                break;
            }
            let path = format!("diseases[{index}]");
            let materials = item.take("materials");
            let criteria = item.take("criteria");
            if matches!(item.value, Value::Table(_)) {
                for (field, node) in [("materials", &materials), ("criteria", &criteria)] {
                    if node.is_none() {
                        self.unreadable(&format!("{path}.{field}"), "必填", "is required");
                    }
                }
            }
            item.set("materials", Value::List(Vec::new()));
            let placeholder = ["fact", "text"]
                .map(|key| (key.to_owned(), Node { at: item.at, value: Value::Text(String::new()) }));
            item.set("criteria", Value::Table(placeholder.to_vec()));
            let disease: Option<Disease> = self.decode(item, &path);
            let materials = self.rows(materials, &format!("{path}.materials"));
            let criteria = criteria.and_then(|node| self.criterion(&node, &format!("{path}.criteria")));
            if let Some(mut disease) = disease {
                disease.materials = materials;
                disease.criteria = criteria.unwrap_or(disease.criteria);
                rows.push(disease);
            }
        }
        rows
    }

    /// A node of a criteria tree; none when something in it could not be read, which is told.
    fn criterion(&mut self, node: &Node, path: &str) -> Option<Criterion> {
        if path.matches('[').count() > DEPTH_MAX {
            let en = format!("is more than {DEPTH_MAX} levels deep");
            self.unreadable(path, &format!("超过 {DEPTH_MAX} 层"), &en);
            return None;
        }
        let keys: Vec<_> = node.fields().iter().map(|(key, _)| key.as_str()).collect();
        let has = |wanted: &[&str]| wanted.len() == keys.len() && wanted.iter().all(|key| keys.contains(key));
        let read = if has(&["fact", "text"]) {
            let text = |key: &str| node.get(key).and_then(Node::text).map(str::to_owned);
            text("fact").zip(text("text")).map(|(fact, text)| Criterion::Fact { fact, text })
        } else if has(&["all"]) {
            return self.children(node, path, "all").map(|all| Criterion::All { all });
        } else if has(&["any"]) {
            return self.children(node, path, "any").map(|any| Criterion::Any { any });
        } else if has(&["at_least", "of"]) {
            let of = self.children(node, path, "of");
            let at_least = node
                .get("at_least")
                .and_then(|count| self.decode::<u32>(count.clone(), &format!("{path}.at_least")));
            return of
                .zip(at_least)
                .map(|(of, at_least)| Criterion::AtLeast { at_least: at_least as usize, of });
        } else {
            None
        };
        if read.is_none() {
            self.unreadable(
                path,
                "须为 {fact, text}、{all}、{any} 或 {at_least, of} 之一",
                "must be one of {fact, text}, {all}, {any}, {at_least, of}",
            );
        }
        read
    }

    fn children(&mut self, node: &Node, path: &str, key: &str) -> Option<Vec<Criterion>> {
        let path = format!("{path}.{key}");
        let Some(Node { value: Value::List(items), .. }) = node.get(key) else {
            self.unreadable(&path, "须为列表", "must be a list");
            return None;
        };
        let read: Vec<_> = items
            .iter()
            .enumerate()
            .map(|(index, item)| self.criterion(item, &format!("{path}[{index}]")))
            .collect();
        read.into_iter().collect()
    }

    /// Reads a value and goes on after each fault as if the field had been right, so that all are told.
    fn decode<T: DeserializeOwned>(&mut self, mut node: Node, path: &str) -> Option<T> {
        for _ in 0..ROW_FAULTS_MAX {
            let wrong = match T::deserialize(&node) {
                Ok(read) => return Some(read),
                Err(wrong) => wrong,
            };
            let at = place(path, &wrong.path);
            // What was put in the place of a missing field may itself be of the wrong type: that is told already.
            let outer = at.match_indices('.').any(|(dot, _)| self.broken.contains(&at[..dot]));
            let told = outer || self.broken.contains(&at);
            if !told {
                let (zh, en) = sentence(&wrong);
                self.unreadable(&at, &zh, &en);
            }
            if !node.heal(&wrong) {
                break;
            }
        }
        self.broken.insert(path.to_owned());
        None
    }

    /// Whether enough faults are told. What follows in the list is not looked at then, and that is told.
    fn is_full(&mut self, path: &str) -> bool {
        let full = self.faults.len() >= FAULTS_MAX;
        if full {
            self.unreadable(path, "错误过多，其余未检查", "has too many faults: the rest was not looked at");
        }
        full
    }

    fn unreadable(&mut self, path: &str, zh: &str, en: &str) {
        self.tell(path, zh, en);
        self.broken.insert(path.to_owned());
    }
}

fn place(path: &str, steps: &[Step]) -> String {
    let mut at = path.to_owned();
    for step in steps {
        match step {
            Step::Key(key) if at.is_empty() => at.push_str(key),
            Step::Key(key) => at.push_str(&format!(".{key}")),
            Step::Item(index) => at.push_str(&format!("[{index}]")),
        }
    }
    at
}

fn sentence(Wrong { what, .. }: &Wrong) -> (String, String) {
    let words = |words: &[&str]| words.join(", ");
    let both = |zh: &str, en: &str| (zh.to_owned(), en.to_owned());
    match what {
        What::Type(Want::Text) => both("须为文本", "must be a text"),
        What::Type(Want::Whole) => {
            both("须为不超出范围的整数", "must be a whole number within its type's bounds")
        }
        What::Type(Want::Flag) => both("须为 true 或 false", "must be true or false"),
        What::Type(Want::List) => both("须为列表", "must be a list"),
        What::Type(Want::Table) => both("须为一组字段", "must be a table of fields"),
        What::Choice(known) => {
            (format!("须为以下之一：{}", words(known)), format!("must be one of {}", words(known)))
        }
        What::Unknown(known) => (
            format!("没有这个字段；可用字段：{}", words(known)),
            format!("is no field; there are {}", words(known)),
        ),
        What::Missing => both("必填", "is required"),
        What::Other(text) => (format!("无法读取：{text}"), format!("cannot be read: {text}")),
    }
}
