//! Guessing what a misspelt name was meant to be.

/// The known name that was probably meant.
pub(super) fn nearest<'n>(name: &str, known: &[&'n str]) -> Option<&'n str> {
    let name: Vec<char> = name.to_lowercase().chars().take(100).collect();
    let distance = |candidate: &str| edits(&name, &candidate.to_lowercase().chars().collect::<Vec<_>>());
    let candidates = known.iter().map(|candidate| (distance(candidate), *candidate));
    let (distance, candidate) = candidates.min_by_key(|(distance, _)| *distance)?;
    (distance <= 2 && distance * 2 <= name.len()).then_some(candidate)
}

/// How many characters have to be inserted, removed, exchanged or swapped with their neighbour to get from one word to
/// the other.
fn edits(from: &[char], to: &[char]) -> usize {
    // Each row belongs to a length of `from`, each column to one of `to`.
    let mut rows: Vec<Vec<usize>> = vec![(0..=to.len()).collect()];
    for (row, letter) in from.iter().enumerate() {
        let mut next = vec![row + 1];
        for (column, other) in to.iter().enumerate() {
            let exchanged = rows[row][column] + usize::from(letter != other);
            let mut least = exchanged.min(rows[row][column + 1] + 1).min(next[column] + 1);
            let is_swap = row > 0 && column > 0 && *letter == to[column - 1] && from[row - 1] == *other;
            if is_swap {
                least = least.min(rows[row - 1][column - 1] + 1);
            }
            next.push(least);
        }
        rows.push(next);
    }
    rows[from.len()][to.len()]
}
