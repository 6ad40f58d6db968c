//! Tables for people.

/// Rows below each other with columns as wide as their widest cells; the first row is the heads. What is in the cells
/// has to be [`printable`](crate::printable).
pub fn table<const COLUMNS: usize>(rows: &[[String; COLUMNS]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let mut widths: [usize; COLUMNS] = std::array::from_fn(width);
    // Nothing stands behind the last.
    if let Some(last) = widths.last_mut() {
        *last = 0;
    }
    let line = |row: &[String; COLUMNS]| {
        let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        cells.join("  ") + "\n"
    };
    rows.iter().map(line).collect()
}
