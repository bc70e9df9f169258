//! Small tables for people: columns aligned by spaces, as a terminal shows them.

use std::fmt::Write as _;

/// Characters of a cell at the most; what is longer is cut.
const CELL_CHARS_MAX: usize = 60;

/// Lays rows out under their headings. The last column is not padded.
pub(super) fn table<const N: usize>(headings: [&str; N], rows: &[[String; N]]) -> String {
    let headings = headings.map(str::to_owned);
    let all = || std::iter::once(&headings).chain(rows);
    let width = |column: usize| {
        let cells = all().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count().min(CELL_CHARS_MAX)).max().unwrap_or(0)
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let mut text = String::new();
    for row in all() {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            let _infallible = write!(line, "{:width$}  ", cut(cell));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text.truncate(text.trim_end().len());
    text
}

fn cut(cell: &str) -> String {
    let line = cell.lines().next().unwrap_or_default();
    if line.chars().count() <= CELL_CHARS_MAX {
        return line.to_owned();
    }
    line.chars().take(CELL_CHARS_MAX - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_by_characters() {
        let rows = [["é".to_owned(), "one".to_owned()], ["three".to_owned(), String::new()]];
        assert_eq!(table(["what", "how"], &rows), "what   how\né      one\nthree");
        assert_eq!(table(["nothing"], &[]), "nothing");
    }

    #[test]
    fn a_long_cell_is_cut() {
        let long = table(["a"], &[["x".repeat(100)]]);
        assert!(long.ends_with('…') && long.chars().count() == CELL_CHARS_MAX + 2, "{long}");
    }
}
