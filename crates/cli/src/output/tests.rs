//! Files on a real file system.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use tempfile::TempDir;

use super::journal::Journal;
use super::{Commit, Existing, Mode, Target, make_folder};

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

/// The names in a folder, hidden ones too.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn pair(folder: &Path, first: &str, second: &str) -> anyhow::Result<()> {
    let mut commit = Commit::default();
    commit.add(&folder.join("a.crt"), Existing::Force, Mode::Private, first.into())?;
    commit.add(&folder.join("a.key"), Existing::Force, Mode::Private, second.into())?;
    commit.write()
}

#[track_caller]
fn check_pair(folder: &Path, first: &str, second: &str) {
    assert_eq!(fs::read_to_string(folder.join("a.crt")).expect("a file"), first);
    assert_eq!(fs::read_to_string(folder.join("a.key")).expect("a file"), second);
}

#[track_caller]
fn check_refused(path: &Path, part: &str) {
    let error = Target::claim(path, Existing::Force).expect_err("no target");
    assert!(format!("{error:#}").contains(part), "{error:#}");
}

#[test]
fn a_pair_is_replaced_and_its_mode_tightened() {
    let folder = folder();
    pair(folder.path(), "one", "one").expect("written");
    fs::set_permissions(folder.path().join("a.key"), fs::Permissions::from_mode(0o644)).expect("a mode");
    pair(folder.path(), "two", "2").expect("written");
    check_pair(folder.path(), "two", "2");
    let mode = fs::metadata(folder.path().join("a.key")).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(names(folder.path()), ["a.crt", "a.key"]);
}

#[test]
fn l05_links_pipes_devices_and_folders_are_refused() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    File::create(at("file")).expect("a file");
    symlink(at("file"), at("link")).expect("a link");
    symlink(at("nowhere"), at("dangling")).expect("a link");
    fs::create_dir(at("folder")).expect("a folder");
    rustix::fs::mknodat(rustix::fs::CWD, at("pipe"), rustix::fs::FileType::Fifo, 0o600.into(), 0).expect("a pipe");
    check_refused(&at("link"), "a symbolic link");
    check_refused(&at("dangling"), "a symbolic link");
    check_refused(&at("folder"), "is a directory");
    check_refused(&at("pipe"), "a pipe");
    check_refused(Path::new("/dev/null"), "a device");
    check_refused(&at("missing/file"), "make it");
    fs::hard_link(at("file"), at("second")).expect("a link");
    check_refused(&at("second"), "several names");
}

#[test]
fn l06_when_one_file_cannot_be_placed_none_is() {
    let folder = folder();
    pair(folder.path(), "old", "old").expect("written");
    let mut commit = Commit::default();
    let crt = Target::claim(&folder.path().join("a.crt"), Existing::Force).expect("a target");
    let other = Target::claim(&folder.path().join("other"), Existing::Force).expect("a target");
    commit.put(crt, Mode::Private, "new");
    commit.put(other, Mode::Private, "new");
    // Somebody else takes the name between the check and the write.
    fs::write(folder.path().join("other"), "foreign").expect("a file");
    let error = commit.write().expect_err("the name is taken");
    assert!(format!("{error:#}").contains("nothing was changed"), "{error:#}");
    check_pair(folder.path(), "old", "old");
    assert_eq!(fs::read_to_string(folder.path().join("other")).expect("a file"), "foreign");
    assert_eq!(names(folder.path()), ["a.crt", "a.key", "other"]);
}

#[test]
fn l06_a_crash_between_two_renames_is_finished_by_the_next_command() {
    let folder = folder();
    pair(folder.path(), "old", "old").expect("written");
    let (crt, key) = (folder.path().join("a.crt"), folder.path().join("a.key"));
    let (crt_new, key_new) = (folder.path().join(".rung-1"), folder.path().join(".rung-2"));
    fs::write(&crt_new, "new").expect("a file");
    fs::write(&key_new, "new").expect("a file");
    let renames = [(&*crt_new, &*crt), (&*key_new, &*key)];
    let _crashed = Journal::write(&crt, renames.into_iter()).expect("a journal");
    fs::rename(&crt_new, &crt).expect("the first rename");
    Target::claim(&crt, Existing::Force).expect("a target");
    check_pair(folder.path(), "new", "new");
    assert_eq!(names(folder.path()), ["a.crt", "a.key"]);
}

#[test]
fn a_journal_that_others_can_write_is_not_believed() {
    let folder = folder();
    let file = folder.path().join(".a.crt.rung-journal");
    fs::write(&file, "[]").expect("a file");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).expect("a mode");
    check_refused(&folder.path().join("a.crt"), "look at it and remove it");
}

#[test]
fn folders_that_were_made_for_a_failed_commit_are_removed() {
    let folder = folder();
    let mut commit = Commit::default();
    let inside = folder.path().join("a/b/file");
    commit.add_in_own_folder(&inside, Existing::Replace, Mode::Private, b"x".into()).expect("a target");
    let taken = Target::claim(&folder.path().join("taken"), Existing::Force).expect("a target");
    commit.put(taken, Mode::Private, "x");
    fs::write(folder.path().join("taken"), "foreign").expect("a file");
    commit.write().expect_err("the name is taken");
    assert_eq!(names(folder.path()), ["taken"]);
}

#[test]
fn folders_are_for_their_owner_alone() {
    let folder = folder();
    let deep = folder.path().join("a/b");
    make_folder(&deep, &mut Vec::new()).expect("a folder");
    for path in [&deep, &folder.path().join("a")] {
        assert_eq!(fs::metadata(path).expect("a folder").permissions().mode() & 0o777, 0o700);
    }
}

#[test]
fn a_replaced_file_stays_readable_for_whom_it_was() {
    let folder = folder();
    let mode = |name: &str| fs::metadata(folder.path().join(name)).expect("a file").permissions().mode() & 0o777;
    for (name, before) in [("a.crt", 0o644), ("a.key", 0o644), ("b.key", 0o640)] {
        fs::write(folder.path().join(name), "old").expect("a file");
        fs::set_permissions(folder.path().join(name), fs::Permissions::from_mode(before)).expect("a mode");
    }
    let mut commit = Commit::default();
    for (name, how) in [
        ("a.crt", Mode::AsBefore),
        ("a.key", Mode::AsBeforeSecret),
        ("b.key", Mode::AsBeforeSecret),
        ("new", Mode::AsBefore),
    ] {
        commit.add(&folder.path().join(name), Existing::Replace, how, b"new".to_vec()).expect("a target");
    }
    commit.write().expect("room");
    assert_eq!([mode("a.crt"), mode("a.key"), mode("b.key"), mode("new")], [0o644, 0o640, 0o640, 0o600]);
    assert_eq!(fs::read_to_string(folder.path().join("a.crt")).expect("a file"), "new");
}
