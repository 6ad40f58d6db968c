//! Reading a drawing back.

use super::*;

/// The modules of a drawing without its margin: whether each is dark.
fn modules(drawing: &Drawing) -> Vec<Vec<bool>> {
    let mut rows = Vec::new();
    for line in drawing.lines() {
        let half = |dark: &[char]| line.chars().map(|cell| dark.contains(&cell)).collect::<Vec<_>>();
        rows.push(half(&[' ', '▄']));
        rows.push(half(&[' ', '▀']));
    }
    let inner = MARGIN..drawing.columns() - MARGIN;
    for (place, row) in rows.iter().enumerate() {
        let outside = row.iter().enumerate().filter(|(column, _)| !inner.contains(&place) || !inner.contains(column));
        assert!(outside.into_iter().all(|(_, dark)| !dark), "something dark is in the margin");
    }
    rows[inner.clone()].iter().map(|row| row[inner.clone()].to_vec()).collect()
}

#[test]
fn a_drawing_shows_the_modules_of_the_code() {
    let text = "https://idp.example.com/device?user_code=ABCD-EFGH";
    let drawing = Drawing::of(text).unwrap();
    let code = QrCode::with_error_correction_level(text, EcLevel::L).unwrap();
    let expected: Vec<Vec<bool>> =
        code.to_colors().chunks(code.width()).map(|row| row.iter().map(|one| *one == Color::Dark).collect()).collect();
    let found = modules(&drawing);
    assert_eq!(found, expected);
    // The finder patterns, whatever the library does (ISO/IEC 18004 §6.3.3).
    let last = found.len() - 7;
    for (row, column) in [(0, 0), (0, last), (last, 0)] {
        for place in 0..7 {
            assert!(found[row][column + place] && found[row + place][column + 6], "no frame at {row}, {column}");
        }
        assert!(!found[row + 1][column + 1] && found[row + 3][column + 3]);
    }
    assert!(drawing.lines().iter().all(|line| line.chars().count() == drawing.columns()));
}

#[test]
fn what_does_not_fit_is_not_drawn() {
    assert_eq!(Drawing::of(&"a".repeat(10_000)), None);
}
