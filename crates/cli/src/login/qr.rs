//! An address as a QR code in a terminal.

use qrcode::{Color, EcLevel, QrCode};

/// A drawing of half blocks, in which a full block is light.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawing {
    lines: Vec<String>,
}

impl Drawing {
    /// The QR code of `text`; none if that is too long for one that a terminal could show.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
        let (width, modules) = (code.width(), code.to_colors());
        let is_light = |row: usize, column: usize| {
            let inside = |place: usize| place.checked_sub(MARGIN).filter(|place| *place < width);
            match (inside(row), inside(column)) {
                (Some(row), Some(column)) => modules[row * width + column] == Color::Light,
                // The margin, and what is below it when the height is odd.
                _ => true,
            }
        };
        let side = width + 2 * MARGIN;
        let line = |row| {
            let cell = |column| match (is_light(row, column), is_light(row + 1, column)) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            };
            (0..side).map(cell).collect()
        };
        Some(Self { lines: (0..side).step_by(2).map(line).collect() })
    }

    /// Its lines, all of one width.
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// How many columns it takes.
    pub fn columns(&self) -> usize {
        self.lines.first().map_or(0, |line| line.chars().count())
    }
}

/// Light modules around the code. The standard has four; cameras are content with two.
const MARGIN: usize = 2;

#[cfg(test)]
mod tests;
