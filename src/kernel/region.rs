//! 医保区划 (admdvs): the national table of insurance areas. Not GB/T 2260: agencies end in 99.

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

static TABLE: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
    include_str!("admdvs.tsv").lines().skip(1).filter_map(|line| line.split_once('\t')).collect()
});

/// A code of the national table.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Region(String);

impl Region {
    /// The code, when the table has it.
    pub fn find(code: &str) -> Option<Self> {
        TABLE.contains_key(code).then(|| Self(code.to_owned()))
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its name, for example 酒泉市.
    pub fn name(&self) -> &'static str {
        TABLE.get(self.0.as_str()).copied().unwrap_or_default()
    }

    /// Whether the other is this area or lies in it: 620900 holds 620902 and 620999, 620000 holds both.
    pub fn contains(&self, other: &Self) -> bool {
        other.0.starts_with(self.prefix())
    }

    /// What the codes of this area and of everything in it begin with.
    pub fn prefix(&self) -> &str {
        let own = self.0.as_str();
        if own == "100000" {
            ""
        } else if own.ends_with("0000") {
            &own[..2]
        } else if own.ends_with("00") {
            &own[..4]
        } else {
            own
        }
    }

    /// 统筹区: the pooling area that it belongs to, a city, or a municipality as a whole.
    pub fn pooling(&self) -> Self {
        let municipality = ["11", "12", "31", "50"].iter().any(|prefix| self.0.starts_with(prefix));
        let code = format!(
            "{}{}",
            &self.0[..if municipality { 2 } else { 4 }],
            if municipality { "0000" } else { "00" }
        );
        if TABLE.contains_key(code.as_str()) { Self(code) } else { self.clone() }
    }

    /// Whether it is a city or a province, and not a county or an agency. A city directly under its province, such as
    /// 429004, is a pooling area of its own.
    pub fn is_city_or_province(&self) -> bool {
        let direct = self.pooling() == *self && !self.0.ends_with("99");
        self.0 != "100000" && (self.0.ends_with("00") || direct)
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(code: &str) -> Region {
        Region::find(code).unwrap()
    }

    #[test]
    fn a_city_holds_its_counties_and_its_agency() {
        for inside in ["620900", "620902", "620981", "620999"] {
            assert!(region("620900").contains(&region(inside)), "{inside}");
            assert_eq!(region(inside).pooling(), region("620900"));
        }
        assert!(!region("620900").contains(&region("620702")));
        assert!(!region("620902").contains(&region("620981")));
        assert!(region("620000").contains(&region("620902")));
        assert!(region("100000").contains(&region("620902")));
        assert_eq!(region("110105").pooling(), region("110000"));
        assert_eq!(region("629900").pooling(), region("629900"));
    }

    #[test]
    fn a_city_directly_under_its_province_is_a_pooling_area() {
        for code in ["419001", "429004", "469021", "659001"] {
            assert_eq!(region(code).pooling(), region(code));
            assert!(region(code).is_city_or_province(), "{code}");
        }
        assert!(
            !region("429004").contains(&region("429005")) && region("420000").contains(&region("429004"))
        );
        for code in ["100000", "110105", "411899", "620999", "620981"] {
            assert!(!region(code).is_city_or_province(), "{code}");
        }
    }

    #[test]
    fn only_codes_of_the_table_exist() {
        assert!(Region::find("620903").is_none() && Region::find("").is_none());
        assert_eq!(region("620900").name(), "酒泉市");
        assert!(region("620000").is_city_or_province() && !region("620902").is_city_or_province());
    }
}
