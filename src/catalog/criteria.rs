//! 认定标准: recognition criteria as a tree over named facts, and what is found of it when some of them are not known.

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

/// What is found of a fact, and what follows for a tree of facts. In the order of what it gives the applicant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// 不符合.
    NotMet,
    /// 无法认定: the evidence at hand does not tell.
    Unknown,
    /// 符合.
    Met,
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

    /// All facts, each once: one that stands at several places is judged once for all of them.
    pub fn distinct_facts(&self) -> Vec<(&str, &str)> {
        let mut told = BTreeSet::new();
        self.facts().into_iter().filter(|(fact, _)| told.insert(*fact)).collect()
    }

    /// The unknown facts on which the result hangs: those for which it could turn, however the other unknown ones turn
    /// out. They are those with nothing but UNKNOWN above them: what is MET or NOT_MET decides its parent as it is.
    pub fn hangs_on(&self, of: &impl Fn(&str) -> Finding) -> BTreeSet<&str> {
        if self.finding(of) != Finding::Unknown {
            return BTreeSet::new();
        }
        match self {
            Self::Fact { fact, .. } => BTreeSet::from([fact.as_str()]),
            Self::All { .. } | Self::Any { .. } | Self::AtLeast { .. } => {
                self.children().1.iter().flat_map(|child| child.hangs_on(of)).collect()
            }
        }
    }

    /// What follows for the tree from what is found of its facts: MET when it holds whatever the unknown ones turn out
    /// to be, NOT_MET when it fails whatever they do, UNKNOWN otherwise. A tree has no NOT in it, so looking at a node's
    /// children alone (Kleene) misses nothing.
    pub fn finding(&self, of: &impl Fn(&str) -> Finding) -> Finding {
        if let Self::Fact { fact, .. } = self {
            return of(fact);
        }
        let (needed, children) = self.children();
        let found: Vec<_> = children.iter().map(|child| child.finding(of)).collect();
        let at_least = |least| found.iter().filter(|finding| **finding >= least).count();
        if at_least(Finding::Met) >= needed {
            Finding::Met
        } else if at_least(Finding::Unknown) < needed {
            Finding::NotMet
        } else {
            Finding::Unknown
        }
    }

    /// What would change the result: this fact and the fewest others that, all proved, would make the tree MET. None
    /// when proving it would change nothing: it is met, or it stands below a node that is met without it.
    pub fn remedy<'a>(&'a self, fact: &str, of: &impl Fn(&str) -> Finding) -> Option<BTreeSet<&'a str>> {
        self.with(fact, of).map(|facts| facts.into_iter().collect())
    }

    /// The fewest facts with `fact` among them that make this node MET.
    fn with<'a>(&'a self, fact: &str, of: &impl Fn(&str) -> Finding) -> Option<Vec<&'a str>> {
        if self.finding(of) == Finding::Met {
            return None;
        }
        if let Self::Fact { fact: own, .. } = self {
            return (own == fact).then(|| vec![own.as_str()]);
        }
        let through = self.children().1.iter().enumerate();
        let ways = through.filter_map(|(place, child)| {
            let mut facts = child.with(fact, of)?;
            facts.extend(self.rest(Some(place), of)?);
            Some(facts)
        });
        ways.min_by_key(Vec::len)
    }

    /// The fewest facts that make this node MET; none when even all of them would not.
    fn fewest<'a>(&'a self, of: &impl Fn(&str) -> Finding) -> Option<Vec<&'a str>> {
        match self {
            Self::Fact { fact, .. } if of(fact) == Finding::Met => Some(Vec::new()),
            Self::Fact { fact, .. } => Some(vec![fact]),
            Self::All { .. } | Self::Any { .. } | Self::AtLeast { .. } => self.rest(None, of),
        }
    }

    /// The fewest facts that make this node MET, when the child at a place is made so already.
    fn rest<'a>(&'a self, given: Option<usize>, of: &impl Fn(&str) -> Finding) -> Option<Vec<&'a str>> {
        let (needed, children) = self.children();
        let others = children.iter().enumerate().filter(|(place, _)| Some(*place) != given);
        let mut ways: Vec<_> = others.filter_map(|(_, child)| child.fewest(of)).collect();
        ways.sort_by_key(Vec::len);
        let wanted = needed.saturating_sub(usize::from(given.is_some()));
        (ways.len() >= wanted).then(|| ways.into_iter().take(wanted).flatten().collect())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use Finding::{Met, NotMet, Unknown};

    fn fact(name: &str) -> Criterion {
        Criterion::Fact { fact: name.to_owned(), text: name.to_owned() }
    }

    fn check(tree: &Criterion, found: &str, expected: Finding) {
        let of = |fact: &str| match found.as_bytes()[usize::from(fact.as_bytes()[0] - b'a')] {
            b'+' => Met,
            b'-' => NotMet,
            _ => Unknown,
        };
        assert_eq!(tree.finding(&of), expected, "{found}");
    }

    #[test]
    fn a_tree_is_found_by_its_counts() {
        let of = vec![fact("b"), fact("c"), fact("d")];
        let tree = Criterion::All { all: vec![fact("a"), Criterion::AtLeast { at_least: 2, of }] };
        for (found, expected) in [
            ("++++", Met),
            ("+++-", Met),
            ("+++?", Met),
            ("+?+-", Unknown),
            ("?++-", Unknown),
            ("+?--", NotMet),
            ("-+++", NotMet),
            ("-???", NotMet),
            ("????", Unknown),
        ] {
            check(&tree, found, expected);
        }
        assert_eq!(tree.facts().iter().map(|(name, _)| *name).collect::<String>(), "abcd");
        let any = Criterion::Any { any: vec![fact("a"), fact("b")] };
        for (found, expected) in [("+?", Met), ("-?", Unknown), ("--", NotMet), ("-+", Met)] {
            check(&any, found, expected);
        }
    }

    #[test]
    fn what_would_change_a_result_is_this_fact_and_the_fewest_others() {
        let pair = Criterion::All { all: vec![fact("c"), fact("d")] };
        let tree = Criterion::AtLeast { at_least: 2, of: vec![fact("a"), fact("b"), pair] };
        let remedy = |asked: &str, met: &str| {
            let of = |fact: &str| if met.contains(fact) { Met } else { NotMet };
            tree.remedy(asked, &of).map(|facts| facts.into_iter().collect::<String>())
        };
        assert_eq!(remedy("a", "").as_deref(), Some("ab"));
        assert_eq!(remedy("c", "").as_deref(), Some("acd"));
        assert_eq!(remedy("c", "b").as_deref(), Some("cd"));
        assert_eq!(remedy("c", "bd").as_deref(), Some("c"));
        assert_eq!(remedy("b", "b"), None, "it is met");
        assert_eq!(remedy("c", "ab"), None, "the tree is met without it");
        assert_eq!(remedy("x", ""), None, "it is no fact of the tree");
    }

    #[test]
    fn a_result_hangs_on_the_facts_with_nothing_but_unknown_above_them() {
        let all = |names: &[&str]| Criterion::All { all: names.iter().map(|name| fact(name)).collect() };
        let tree = Criterion::Any { any: vec![fact("a"), fact("b"), all(&["c", "d"])] };
        for (met, not, expected) in [
            ("", "bc", "a"),
            ("", "b", "acd"),
            ("c", "b", "ad"),
            ("", "a", "bcd"),
            ("a", "", ""),
            ("", "abc", ""),
        ] {
            let of = |fact: &str| match fact {
                fact if met.contains(fact) => Met,
                fact if not.contains(fact) => NotMet,
                _ => Unknown,
            };
            assert_eq!(tree.hangs_on(&of).into_iter().collect::<String>(), expected, "+{met} -{not}");
        }
    }

    #[test]
    fn a_fact_that_stands_twice_is_one_fact() {
        let pair = |one: &str, other: &str| Criterion::All { all: vec![fact(one), fact(other)] };
        let tree = Criterion::Any { any: vec![pair("b", "a"), pair("b", "c")] };
        assert_eq!(tree.distinct_facts().iter().map(|(name, _)| *name).collect::<String>(), "bac");
    }

    /// A tree of a few facts, each of another name.
    fn trees() -> impl Strategy<Value = Criterion> {
        let leaf = Just(fact("?"));
        let tree = leaf.prop_recursive(3, 9, 3, |inner| {
            (0..=3usize, prop::collection::vec(inner, 1..=3)).prop_map(|(kind, of)| match kind {
                0 => Criterion::All { all: of },
                1 => Criterion::Any { any: of },
                _ => Criterion::AtLeast { at_least: (kind - 1).min(of.len()), of },
            })
        });
        let tree = tree.prop_filter("few facts", |tree| tree.facts().len() <= 7);
        tree.prop_map(|mut tree| {
            name(&mut tree, &mut 0);
            tree
        })
    }

    fn name(node: &mut Criterion, next: &mut usize) {
        match node {
            Criterion::Fact { fact, .. } => {
                *fact = format!("f{next}");
                *next += 1;
            }
            Criterion::All { all: of } | Criterion::Any { any: of } | Criterion::AtLeast { of, .. } => {
                of.iter_mut().for_each(|child| name(child, next));
            }
        }
    }

    fn found(tree: &Criterion, seed: &[u8]) -> BTreeMap<String, Finding> {
        let facts = tree.facts().into_iter().enumerate();
        let finding = |place: usize| [NotMet, Unknown, Met][usize::from(seed[place % seed.len()] % 3)];
        facts.map(|(place, (fact, _))| (fact.to_owned(), finding(place))).collect()
    }

    /// Plainly, without thirds.
    fn holds(tree: &Criterion, met: &BTreeSet<&str>) -> bool {
        match tree {
            Criterion::Fact { fact, .. } => met.contains(fact.as_str()),
            Criterion::All { .. } | Criterion::Any { .. } | Criterion::AtLeast { .. } => {
                let (needed, children) = tree.children();
                children.iter().filter(|child| holds(child, met)).count() >= needed
            }
        }
    }

    /// Every set of these facts.
    fn subsets<'a>(facts: &[&'a str]) -> Vec<BTreeSet<&'a str>> {
        let bits = 0..1usize << facts.len();
        let set = |bits: usize| {
            let chosen = facts.iter().enumerate().filter(move |(place, _)| bits >> place & 1 == 1);
            chosen.map(|(_, fact)| *fact).collect()
        };
        bits.map(set).collect()
    }

    proptest! {
        /// Against every way in which the unknown facts can turn out.
        #[test]
        fn a_finding_is_what_all_completions_agree_on(
            tree in trees(),
            seed in prop::collection::vec(any::<u8>(), 1..20),
        ) {
            let found = found(&tree, &seed);
            let named = |finding| found.iter().filter(move |(_, is)| **is == finding).map(|(fact, _)| fact.as_str());
            let met: BTreeSet<_> = named(Met).collect();
            let unknown: Vec<_> = named(Unknown).collect();
            let results: BTreeSet<_> = subsets(&unknown)
                .into_iter()
                .map(|more| holds(&tree, &met.union(&more).copied().collect()))
                .collect();
            let expected = match (results.contains(&true), results.contains(&false)) {
                (true, false) => Met,
                (false, _) => NotMet,
                (true, true) => Unknown,
            };
            prop_assert_eq!(tree.finding(&|fact| found[fact]), expected);
        }

        /// Against every way in which the other unknown facts can turn out.
        #[test]
        fn a_result_hangs_on_the_facts_that_can_turn_it(
            tree in trees(),
            seed in prop::collection::vec(any::<u8>(), 1..20),
        ) {
            let found = found(&tree, &seed);
            let named = |finding| found.iter().filter(move |(_, is)| **is == finding).map(|(fact, _)| fact.as_str());
            let met: BTreeSet<_> = named(Met).collect();
            let unknown: Vec<_> = named(Unknown).collect();
            let with = |more: &BTreeSet<&str>| holds(&tree, &met.union(more).copied().collect());
            let turns = |fact: &&str| subsets(&unknown).into_iter().any(|mut others| {
                others.remove(fact);
                let without = with(&others);
                others.insert(fact);
                with(&others) != without
            });
            let expected: BTreeSet<_> = unknown.iter().copied().filter(turns).collect();
            prop_assert_eq!(tree.hangs_on(&|fact| found[fact]), expected);
        }

        /// Against every set of facts that are not met.
        #[test]
        fn a_remedy_is_the_smallest_set_that_needs_the_fact(
            tree in trees(),
            seed in prop::collection::vec(any::<u8>(), 1..20),
        ) {
            let found = found(&tree, &seed);
            let met: BTreeSet<_> =
                found.iter().filter(|(_, is)| **is == Met).map(|(fact, _)| fact.as_str()).collect();
            let open: Vec<_> = found.keys().map(String::as_str).filter(|fact| !met.contains(fact)).collect();
            let with = |more: &BTreeSet<&str>| holds(&tree, &met.iter().chain(more).copied().collect());
            for fact in found.keys() {
                let needs_it = |set: &BTreeSet<&str>| {
                    set.contains(fact.as_str()) && with(set) && set.iter().all(|one| {
                        let less: BTreeSet<_> = set.iter().filter(|other| *other != one).copied().collect();
                        !with(&less)
                    })
                };
                let smallest = subsets(&open).into_iter().filter(needs_it).map(|set| set.len()).min();
                let remedy = tree.remedy(fact, &|fact| found[fact]);
                prop_assert!(remedy.as_ref().is_none_or(needs_it), "{:?} of {:?}", remedy, tree);
                prop_assert_eq!(remedy.map(|set| set.len()), smallest);
            }
        }
    }
}
