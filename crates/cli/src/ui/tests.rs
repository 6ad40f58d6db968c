//! What reaches the terminal.

use super::shown;

#[test]
fn l04_escapes_and_bidirectional_marks_are_written_out() {
    assert_eq!(shown("a\x1b[2Jb\u{7}"), "a\\u{1b}[2Jb\\u{7}");
    assert_eq!(shown("user\u{202e}txt.exe"), "user\\u{202e}txt.exe");
    assert_eq!(shown("nul\0 \u{9b}31m line\r\n"), "nul\\u{0} \\u{9b}31m line\\r\\n");
    assert_eq!(shown("zero\u{200b}width \u{feff}"), "zero\\u{200b}width \\u{feff}");
}

#[test]
fn ordinary_text_stays_as_it_is() {
    assert_eq!(shown("Jürgen 👩 C:\\x"), "Jürgen 👩 C:\\x");
}
