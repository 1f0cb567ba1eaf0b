//! 国家门慢门特病种代码: the 49 national codes that were seen in public national sources. A local code may map to one.

use std::collections::HashMap;
use std::sync::LazyLock;

static TABLE: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
    let rows = include_str!("opsp_codes.tsv").lines().skip(1);
    rows.filter_map(|line| {
        let mut cells = line.split('\t');
        Some((cells.next()?, cells.next()?))
    })
    .collect()
});

/// The national name of a code; none when the table does not have it.
pub fn name(code: &str) -> Option<&'static str> {
    TABLE.get(code).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_its_49_codes() {
        assert_eq!(TABLE.len(), 49);
        assert_eq!(name("M00201"), Some("慢性乙型肝炎"));
        assert_eq!(name("JQ0001"), None);
    }
}
