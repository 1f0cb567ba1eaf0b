//! 文件检查: what a file that is handed in must be like. Thresholds are data; what endangers the reader is not.

use serde::{Deserialize, Serialize};

use super::faults::Findings;

/// What comes of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Nothing is wrong.
    Pass,
    /// The file is taken, the reviewer is told.
    Warn,
    /// The file is not taken.
    Refuse,
}

/// A value that should not be undercut: below `refuse` a file is refused, below `warn` there is a warning; 0 for never.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Least {
    /// Below it there is a warning.
    pub warn: u32,
    /// Below it the file is refused.
    pub refuse: u32,
}

/// A value that should not be exceeded: above `refuse` a file is refused, above `warn` there is a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Most {
    /// Above it there is a warning.
    pub warn: u32,
    /// Above it the file is refused.
    pub refuse: u32,
}

/// 文件检查.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FileRules {
    /// 短边像素: pixels of a picture's shorter side.
    pub short_side_px: Least,
    /// 清晰度: variance of the Laplacian in the sharpest parts, the picture scaled to 1024 pixels.
    pub sharpness: Least,
    /// 内容占比: share of the picture that differs from its background, in 1/100 of a percent. Less is a blank page.
    pub ink_bp: Least,
    /// 像素: thousands of pixels of a picture, also of one inside a pdf.
    pub kilopixels: Most,
    /// 页数 of a pdf.
    pub pages: Most,
    /// Share of coloured pixels from which a picture counts as one in colour, in 1/100 of a percent.
    pub colour_bp: u32,
    /// A camera's note that the page stands sideways or upside down.
    pub rotated: Outcome,
    /// A pdf of which some pages are blank.
    pub blank_pages: Outcome,
    /// Files inside a pdf.
    pub attachments: Outcome,
}

impl Default for FileRules {
    fn default() -> Self {
        Self {
            short_side_px: Least { warn: 600, refuse: 200 },
            sharpness: Least { warn: 100, refuse: 0 },
            ink_bp: Least { warn: 0, refuse: 5 },
            kilopixels: Most { warn: 64_000, refuse: 64_000 },
            pages: Most { warn: 50, refuse: 200 },
            colour_bp: 50,
            rotated: Outcome::Warn,
            blank_pages: Outcome::Warn,
            attachments: Outcome::Refuse,
        }
    }
}

impl Least {
    /// What comes of a value.
    pub fn of(self, value: u32) -> Outcome {
        if value < self.refuse {
            Outcome::Refuse
        } else if value < self.warn {
            Outcome::Warn
        } else {
            Outcome::Pass
        }
    }
}

impl Most {
    /// What comes of a value.
    pub fn of(self, value: u32) -> Outcome {
        if value > self.refuse {
            Outcome::Refuse
        } else if value > self.warn {
            Outcome::Warn
        } else {
            Outcome::Pass
        }
    }
}

/// Most pixels that any catalogue may let in, in thousands: a small file unfolds to three bytes or more for each.
pub const KILOPIXELS_MAX: u32 = 100_000;
/// Most pages that any catalogue may let in.
const PAGES_MAX: u32 = 2_000;

impl FileRules {
    /// What is out of bounds.
    pub fn check(&self, findings: &mut Findings<'_>) {
        let at = |field: &str| format!("rules.files.{field}");
        for (field, value, least, most) in [
            ("short_side_px.warn", self.short_side_px.warn, 0, 20_000),
            ("short_side_px.refuse", self.short_side_px.refuse, 0, 20_000),
            ("ink_bp.warn", self.ink_bp.warn, 0, 10_000),
            ("ink_bp.refuse", self.ink_bp.refuse, 0, 10_000),
            ("kilopixels.refuse", self.kilopixels.refuse, 1, KILOPIXELS_MAX),
            ("pages.refuse", self.pages.refuse, 1, PAGES_MAX),
            ("colour_bp", self.colour_bp, 1, 10_000),
        ] {
            findings.range(at(field), i64::from(value), i64::from(least), i64::from(most));
        }
        for (field, least) in
            [("short_side_px", self.short_side_px), ("sharpness", self.sharpness), ("ink_bp", self.ink_bp)]
        {
            if least.warn != 0 && least.warn < least.refuse {
                findings.add(
                    at(&format!("{field}.warn")),
                    "低于 refuse，永不提示",
                    "lies below refuse and never comes",
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_passes_warns_or_refuses() {
        let least = Least { warn: 600, refuse: 200 };
        assert_eq!([199, 200, 599, 600].map(|value| least.of(value)), {
            use Outcome::{Pass, Refuse, Warn};
            [Refuse, Warn, Warn, Pass]
        });
        let most = Most { warn: 50, refuse: 200 };
        assert_eq!(
            [50, 51, 200, 201].map(|value| most.of(value)),
            [Outcome::Pass, Outcome::Warn, Outcome::Warn, Outcome::Refuse]
        );
        assert_eq!(Least { warn: 0, refuse: 0 }.of(0), Outcome::Pass);
    }

    #[test]
    fn bounds_of_the_bounds() {
        let paths = |rules: FileRules| {
            let broken = std::collections::BTreeSet::new();
            let mut findings = Findings::new(&broken);
            rules.check(&mut findings);
            findings.found.into_iter().map(|(path, ..)| path).collect::<Vec<_>>()
        };
        assert_eq!(paths(FileRules::default()), Vec::<String>::new());
        let mut rules = FileRules::default();
        rules.kilopixels.refuse = KILOPIXELS_MAX + 1;
        rules.pages.refuse = 0;
        rules.colour_bp = 0;
        rules.sharpness = Least { warn: 1, refuse: 2 };
        let expected = ["kilopixels.refuse", "pages.refuse", "colour_bp", "sharpness.warn"];
        assert_eq!(paths(rules), expected.map(|field| format!("rules.files.{field}")));
    }
}
