//! Command lines and what becomes of them.

use super::{WordsError, split};

#[track_caller]
fn check(text: &str, expected: Result<&[&str], WordsError>) {
    let expected = expected.map(|words| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
    assert_eq!(split(text), expected, "{text}");
}

#[test]
fn words_and_quotes_are_understood() {
    check("nginx -s reload", Ok(&["nginx", "-s", "reload"]));
    check("  a\t b\n", Ok(&["a", "b"]));
    check("sh -c 'a b' \"c d\"", Ok(&["sh", "-c", "a b", "c d"]));
    check(r#"a\ b "c\"d" 'e\f' "g\h""#, Ok(&["a b", "c\"d", r"e\f", r"g\h"]));
    check("a ''", Ok(&["a", ""]));
    check("pre'fi'x", Ok(&["prefix"]));
}

#[test]
fn l7_nothing_means_anything_to_a_shell() {
    check(
        "echo $HOME `id` $(id) *;rm -rf | x && y > z",
        Ok(&["echo", "$HOME", "`id`", "$(id)", "*;rm", "-rf", "|", "x", "&&", "y", ">", "z"]),
    );
}

#[test]
fn damaged_lines_are_refused() {
    check("", Err(WordsError::Empty));
    check("''", Err(WordsError::Empty));
    check("a 'b", Err(WordsError::Open));
    check("a \"b", Err(WordsError::Open));
    check("a \"b\\", Err(WordsError::Open));
    check("a \\", Err(WordsError::Backslash));
}
