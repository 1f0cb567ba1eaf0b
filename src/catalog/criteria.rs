//! 认定标准: recognition criteria as a tree over named facts.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// A node of the tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Criterion {
    /// A fact and the policy text that asks for it.
    Fact {
        /// Its name, lower snake case.
        fact: String,
        /// 条文.
        text: String,
    },
    /// Each of them.
    All {
        /// The children.
        all: Vec<Criterion>,
    },
    /// One of them.
    Any {
        /// The children.
        any: Vec<Criterion>,
    },
    /// So many of them.
    AtLeast {
        /// How many.
        at_least: usize,
        /// The children.
        of: Vec<Criterion>,
    },
}

impl Criterion {
    /// The node as a count of its children; a fact has none.
    pub fn children(&self) -> (usize, &[Criterion]) {
        match self {
            Self::Fact { .. } => (0, &[]),
            Self::All { all } => (all.len(), all),
            Self::Any { any } => (1, any),
            Self::AtLeast { at_least, of } => (*at_least, of),
        }
    }

    /// The word under which its children stand; empty for a fact.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Fact { .. } => "",
            Self::All { .. } => "all",
            Self::Any { .. } => "any",
            Self::AtLeast { .. } => "of",
        }
    }

    /// All facts with their texts, in the order of the tree.
    pub fn facts(&self) -> Vec<(&str, &str)> {
        match self {
            Self::Fact { fact, text } => vec![(fact, text)],
            Self::All { .. } | Self::Any { .. } | Self::AtLeast { .. } => {
                self.children().1.iter().flat_map(Self::facts).collect()
            }
        }
    }

    /// Whether the tree holds when exactly these facts are not met.
    pub fn holds_without(&self, not_met: &BTreeSet<String>) -> bool {
        match self {
            Self::Fact { fact, .. } => !not_met.contains(fact),
            Self::All { .. } | Self::Any { .. } | Self::AtLeast { .. } => {
                let (needed, children) = self.children();
                children.iter().filter(|child| child.holds_without(not_met)).count() >= needed
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(name: &str) -> Criterion {
        Criterion::Fact { fact: name.to_owned(), text: name.to_owned() }
    }

    #[test]
    fn a_tree_holds_by_its_counts() {
        let of = vec![fact("b"), fact("c"), fact("d")];
        let tree = Criterion::All { all: vec![fact("a"), Criterion::AtLeast { at_least: 2, of }] };
        let without =
            |facts: &[&str]| tree.holds_without(&facts.iter().map(|fact| (*fact).to_owned()).collect());
        assert!(without(&[]) && without(&["d"]) && without(&["other"]));
        assert!(!without(&["a"]) && !without(&["c", "d"]));
        assert_eq!(tree.facts().iter().map(|(name, _)| *name).collect::<String>(), "abcd");
    }
}
