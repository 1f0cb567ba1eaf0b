//! A text in which faults are planted, and which knows where they stand.

use std::collections::BTreeSet;

use opsp::db::source::Random;

/// A text whose lines keep their identity while others are put between them.
pub struct Text {
    /// The lines, by id.
    pub lines: Vec<(usize, String)>,
    next: usize,
    /// Lines of blocks that carry a fault already, by the id of their first line.
    pub used: BTreeSet<usize>,
    /// Line and a part of what is to be said of it.
    pub expected: Vec<(usize, &'static str)>,
    random: Random,
}

impl Text {
    /// Of a base and a seed.
    pub fn new(text: &str, seed: u64) -> Self {
        let lines: Vec<_> = text.lines().map(str::to_owned).enumerate().collect();
        let next = lines.len();
        Self { lines, next, used: BTreeSet::new(), expected: Vec::new(), random: Random::seeded(seed) }
    }

    /// A number below a bound.
    pub fn below(&self, bound: usize) -> usize {
        let number = u64::from_le_bytes(self.random.bytes());
        usize::try_from(number % u64::try_from(bound).unwrap()).unwrap()
    }

    fn position(&self, id: usize) -> usize {
        self.lines.iter().position(|(own, _)| *own == id).expect("a line of the text")
    }

    /// The ids of the lines of a block that begins with `head`, up to the next block.
    pub fn blocks(&self, head: &str) -> Vec<Vec<usize>> {
        let mut blocks: Vec<Vec<usize>> = Vec::new();
        let mut inside = false;
        for (id, line) in &self.lines {
            if line.starts_with('[') {
                inside = line == head;
                if inside {
                    blocks.push(Vec::new());
                }
            }
            if inside && !line.starts_with('#') && !line.is_empty() {
                blocks.last_mut().expect("a block").push(*id);
            }
        }
        blocks
    }

    /// What a line says.
    pub fn line(&self, id: usize) -> &str {
        &self.lines[self.position(id)].1
    }

    /// The line of a field in a block.
    pub fn field(&self, block: &[usize], key: &str) -> Option<usize> {
        let start = format!("{key} = ");
        block.iter().copied().find(|id| self.line(*id).starts_with(&start))
    }

    /// A block without a fault so far that fits.
    pub fn take(&mut self, head: &str, fits: impl Fn(&Self, &[usize]) -> bool) -> Option<Vec<usize>> {
        let free: Vec<_> = self
            .blocks(head)
            .into_iter()
            .filter(|block| !self.used.contains(&block[0]) && fits(self, block))
            .collect();
        let block = free.get(self.below(free.len().max(1)))?.clone();
        self.used.insert(block[0]);
        Some(block)
    }

    /// Changes a line.
    pub fn set(&mut self, id: usize, text: &str) {
        let at = self.position(id);
        self.lines[at].1 = text.to_owned();
    }

    /// Puts a line after another; gives its id.
    pub fn insert_after(&mut self, id: usize, text: &str) -> usize {
        let at = self.position(id);
        self.next += 1;
        self.lines.insert(at + 1, (self.next, text.to_owned()));
        self.next
    }

    /// Appends lines; gives their ids.
    pub fn append(&mut self, lines: &[String]) -> Vec<usize> {
        let mut ids = Vec::new();
        for line in lines {
            self.next += 1;
            self.lines.push((self.next, line.clone()));
            ids.push(self.next);
        }
        ids
    }

    /// Appends a copy of a block.
    pub fn copy(&mut self, block: &[usize]) -> Vec<usize> {
        let lines: Vec<_> = block.iter().map(|id| self.line(*id).to_owned()).collect();
        let ids = self.append(&lines);
        self.used.insert(ids[0]);
        ids
    }

    /// Expects something to be said of a line.
    pub fn expect(&mut self, id: usize, said: &'static str) {
        self.expected.push((id, said));
    }

    /// Sets a field of some free block, and expects something to be said of that line.
    pub fn spoil(&mut self, head: &str, key: &str, value: &str, said: &'static str) -> bool {
        let Some(block) = self.take(head, |text, block| text.field(block, key).is_some()) else {
            return false;
        };
        let id = self.field(&block, key).expect("it was looked for");
        self.set(id, &format!("{key} = {value}"));
        self.expect(id, said);
        true
    }

    /// The same for a line outside of all lists, which stands once.
    pub fn spoil_head(&mut self, start: &str, with: &str, said: &'static str) -> bool {
        let found = self.lines.iter().find(|(id, line)| line.starts_with(start) && !self.used.contains(id));
        let Some(id) = found.map(|(id, _)| *id) else { return false };
        self.used.insert(id);
        self.set(id, with);
        self.expect(id, said);
        true
    }

    /// Replaces the criteria of a disease by others, on one line.
    pub fn criteria(&mut self, tree: &str, said: &'static str) -> bool {
        let Some(block) = self.take("[[diseases]]", |_, _| true) else { return false };
        let id = self.field(&block, "criteria").expect("each disease has criteria");
        let after: BTreeSet<_> = block.iter().copied().filter(|other| *other > id).collect();
        self.lines.retain(|(own, _)| !after.contains(own));
        self.set(id, &format!("criteria = {tree}"));
        self.expect(id, said);
        true
    }

    /// The text as it is now.
    pub fn text(&self) -> String {
        self.lines.iter().map(|(_, line)| format!("{line}\n")).collect()
    }

    /// The number of a line, from 1.
    pub fn number(&self, id: usize) -> u32 {
        u32::try_from(self.position(id) + 1).unwrap()
    }
}
