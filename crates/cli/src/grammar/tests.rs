//! The grammar, word by word.

use super::{Flag, parse};

static FORCE: Flag = Flag::switch(&["f", "force"], "overwrite");
static SAN: Flag = Flag::list(&["san"], "name", "a name");
static ISSUER: Flag = Flag::value(&["provisioner", "issuer"], "name", "who issues");
static SSH: Flag = Flag::refused(&["ssh"], "there is no SSH");
static KMS: Flag = Flag::refused_value(&["kms"], "keys live in files");

/// Shows what the words become: positional arguments, `name=value` of flags, or the error.
#[track_caller]
fn check(words: &[&str], expected: Result<&[&str], &str>) {
    let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
    let shown = parse(&[&FORCE, &SAN, &ISSUER, &SSH, &KMS], &words).map(|parsed| {
        let flags = parsed.values.into_iter().map(|(name, value)| format!("{name}={value}"));
        let help = parsed.help.then(|| "help".to_owned());
        parsed.positionals.into_iter().chain(flags).chain(help).collect::<Vec<_>>()
    });
    let expected: Result<Vec<String>, String> =
        expected.map(|texts| texts.iter().map(|&text| text.to_owned()).collect()).map_err(str::to_owned);
    assert_eq!(shown.map_err(|error| error.to_string()), expected);
}

#[test]
fn one_dash_or_two_and_both_ways_to_give_a_value_are_the_same() {
    check(&["--issuer", "a", "-issuer=b", "-f", "x"], Ok(&["x", "provisioner=a", "provisioner=b", "f=true"]));
}

#[test]
fn flags_may_follow_arguments_and_a_switch_takes_no_word() {
    check(&["--force", "a.crt", "--san", "b", "c"], Ok(&["a.crt", "c", "f=true", "san=b"]));
}

#[test]
fn a_value_flag_takes_the_next_word_whatever_it_is() {
    check(&["--san", "--force"], Ok(&["san=--force"]));
}

#[test]
fn two_dashes_end_the_flags() {
    check(&["--", "--force", "-"], Ok(&["--force", "-"]));
}

#[test]
fn a_lone_dash_is_an_argument() {
    check(&["-", "--force=false"], Ok(&["-", "f=false"]));
}

#[test]
fn an_unknown_flag_is_named_wherever_it_stands() {
    check(&["a", "--foo", "b"], Err("flag provided but not defined: -foo"));
    check(&["---san", "b"], Err("flag provided but not defined: --san"));
}

#[test]
fn a_missing_value_is_named() {
    check(&["a", "--san"], Err("flag needs an argument: -san"));
}

#[test]
fn a_switch_takes_only_a_boolean() {
    check(&["--force=maybe"], Err("invalid boolean value \"maybe\" for -force: parse error"));
}

#[test]
fn a_flag_of_a_later_version_is_refused_by_name() {
    check(&["--ssh"], Err("flag '--ssh' is not supported by this version: there is no SSH"));
    check(&["--kms", "x"], Err("flag '--kms' is not supported by this version: keys live in files"));
    check(&["--ssh=false", "--kms="], Ok(&["ssh=false", "kms="]));
}

#[test]
fn help_is_seen_anywhere() {
    check(&["a", "-h"], Ok(&["a", "help"]));
}

#[test]
fn a_misspelt_flag_gets_a_suggestion() {
    let error = parse(&[&FORCE, &SAN, &ISSUER], &["--isuer=a".to_owned()]).expect_err("no such flag");
    assert_eq!(error.hint(), Some("Did you mean --issuer?"));
}
