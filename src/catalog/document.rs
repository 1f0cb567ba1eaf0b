//! A TOML file as nodes.

use toml::de::{DeTable, DeValue};

use super::node::{Node, Place, Value};

/// The file's table, and what is no TOML: line and what the parser says.
pub fn read(file: usize, text: &str) -> (Node, Vec<(u32, String)>) {
    let lines = Lines::of(text);
    let (table, errors) = DeTable::parse_recoverable(text);
    let errors = errors.into_iter().map(|error| {
        let line = error.span().map_or(1, |span| lines.line(span.start));
        (line, error.message().to_owned())
    });
    let root = Node { at: Place { file, line: 1 }, value: fields(table.get_ref(), file, &lines) };
    (root, errors.collect())
}

/// Where the lines of a text begin.
pub struct Lines(Vec<usize>);

impl Lines {
    /// Of a text.
    pub fn of(text: &str) -> Self {
        Self(std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect())
    }

    /// The line of a place, from 1.
    pub fn line(&self, offset: usize) -> u32 {
        u32::try_from(self.0.partition_point(|start| *start <= offset)).unwrap_or(u32::MAX)
    }
}

fn fields(table: &DeTable<'_>, file: usize, lines: &Lines) -> Value {
    let field = |(key, value): (&toml::Spanned<std::borrow::Cow<'_, str>>, &toml::Spanned<DeValue<'_>>)| {
        let at = Place { file, line: lines.line(value.span().start) };
        (key.get_ref().to_string(), Node { at, value: convert(value.get_ref(), file, lines) })
    };
    Value::Table(table.iter().map(field).collect())
}

fn convert(value: &DeValue<'_>, file: usize, lines: &Lines) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).map_or(Value::Strange, Value::Whole)
        }
        DeValue::Boolean(flag) => Value::Flag(*flag),
        // A day without quotes is a day all the same.
        DeValue::Datetime(day) => Value::Text(day.to_string()),
        DeValue::Float(_) => Value::Strange,
        DeValue::Array(items) => {
            let item = |item: &toml::Spanned<DeValue<'_>>| {
                let at = Place { file, line: lines.line(item.span().start) };
                Node { at, value: convert(item.get_ref(), file, lines) }
            };
            Value::List(items.iter().map(item).collect())
        }
        DeValue::Table(table) => fields(table, file, lines),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_know_their_lines() {
        let (root, errors) =
            read(2, "a = 1\n[[rows]]\nb = \"x\"\nday = 2025-01-01\n[[rows]]\nc = [1,\n  2]\n");
        assert!(errors.is_empty());
        let line = |path: &str| root.locate(path).line;
        assert_eq!(
            (line("a"), line("rows[0]"), line("rows[0].b"), line("rows[1]"), line("rows[1].c[1]")),
            (1, 2, 3, 5, 7)
        );
        assert_eq!(root.locate("rows[1].absent"), Place { file: 2, line: 5 });
        assert_eq!(root.get("rows").unwrap().items()[0].get("day").unwrap().text(), Some("2025-01-01"));
    }

    #[test]
    fn every_syntax_error_has_its_line() {
        let (_, errors) = read(0, "a = 1\nb = = 2\nc = 3\nd = \"open\n");
        let lines: Vec<_> = errors.iter().map(|(line, _)| *line).collect();
        assert!(lines.contains(&2) && lines.contains(&4), "{errors:?}");
    }
}
