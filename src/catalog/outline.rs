//! 认定标准 as rows of a spreadsheet, numbered as an outline: `1` is the root of a disease's tree, `1.2` its second child.

use std::collections::BTreeMap;
use std::ops::Bound;

use super::import::DEPTH_MAX;
use super::node::{Node, Value};
use super::sheets::{Unread, cell, table, unread};

/// Rows of the criteria of one disease.
const NODES_MAX: usize = 500;

/// The rows of one disease, by what is asked of them.
struct Outline<'a> {
    /// By number; where one stands twice, the first.
    first: BTreeMap<&'a str, usize>,
    /// The rows below a number, in their order.
    children: BTreeMap<&'a str, Vec<&'a Node>>,
    wrong: Vec<Unread>,
}

/// The tree that the rows of a disease make, if there is a root, and what is wrong with them.
pub fn tree(code: &str, own: &[&Node]) -> (Option<Node>, Vec<Unread>) {
    if let Some(row) = own.get(NODES_MAX) {
        let zh = format!("病种 {code} 的认定标准超过 {NODES_MAX} 行");
        let en = format!("disease {code} has more than {NODES_MAX} rows");
        return (None, vec![unread(row.at, &zh, &en)]);
    }
    let mut outline = Outline { first: BTreeMap::new(), children: BTreeMap::new(), wrong: Vec::new() };
    for (index, row) in own.iter().enumerate() {
        outline.first.entry(number(row)).or_insert(index);
        if let Some((parent, _)) = number(row).rsplit_once('.') {
            outline.children.entry(parent).or_default().push(row);
        }
    }
    outline.wrong = own.iter().enumerate().filter_map(|(index, row)| outline.misplaced(index, row)).collect();
    if !outline.wrong.is_empty() {
        return (None, outline.wrong);
    }
    let root = outline.first.get("1").and_then(|index| own.get(*index));
    let tree = root.map(|root| outline.grow(root));
    (tree, outline.wrong)
}

/// Where a row stands in its tree.
fn number(row: &Node) -> &str {
    cell(row, "node").unwrap_or_default()
}

impl<'a> Outline<'a> {
    /// What keeps a row from standing in the tree of its disease: its number, or a rule that it lacks.
    fn misplaced(&self, index: usize, row: &Node) -> Option<Unread> {
        let at = number(row);
        let (parent, last) = at.rsplit_once('.').map_or((None, at), |(parent, last)| (Some(parent), last));
        let hangs = parent.is_some_and(|parent| self.first.contains_key(parent));
        let is_number =
            last.bytes().all(|byte| byte.is_ascii_digit()) && last.parse().is_ok_and(|last: u32| last > 0);
        let (zh, en) = if !is_number {
            (
                format!("序号 {at} 无效：根为 1，其下为 1.1、1.2"),
                format!("{at} is no node: the root is 1, its children 1.1, 1.2, …"),
            )
        } else if self.first.get(at).is_some_and(|first| *first < index) {
            (format!("序号 {at} 重复"), format!("node {at} is there twice"))
        } else if at != "1" && !hangs {
            (
                format!("序号 {at} 没有上级：根为 1，其下为 1.1、1.2"),
                format!("node {at} hangs below no other: the root is 1, its children 1.1, 1.2, …"),
            )
        } else if cell(row, "rule").unwrap_or_default().is_empty() && self.has_below(at) {
            (
                format!("序号 {at} 有下级，规则须为 全部、任一 或 至少N项"),
                format!("node {at} has others below it: its rule must be all, any or a number"),
            )
        } else {
            return None;
        };
        Some(unread(row.at, &zh, &en))
    }

    /// Whether a row stands anywhere below a number. In their order they follow the number and its dot.
    fn has_below(&self, at: &str) -> bool {
        let dot = format!("{at}.");
        let mut after = self.first.range::<str, _>((Bound::Excluded(dot.as_str()), Bound::Unbounded));
        after.next().is_some_and(|(number, _)| number.starts_with(&dot))
    }

    fn grow(&mut self, row: &'a Node) -> Node {
        let deep = number(row).matches('.').count() >= DEPTH_MAX;
        let below = if deep { None } else { self.children.remove(number(row)) };
        let children: Vec<_> = below.unwrap_or_default().into_iter().map(|child| self.grow(child)).collect();
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
}
