//! Where decisions are remembered.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use crate::json::Members;

/// Where decisions are remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// The file of the SQLite database, or a folder for it.
    pub data_source: PathBuf,
    /// How long after its end a certificate is kept, unless it was revoked; for ever when absent.
    pub retention: Option<Duration>,
}

/// Whoever comes a little too late, or whose clock is behind, shall still find the certificate.
const SHORTEST_RETENTION: Duration = Duration::from_secs(60 * 60);

impl Database {
    pub(super) fn read(members: &Members<'_>) -> Option<Self> {
        let data_source = members.text_of("dataSource").unwrap_or_default();
        // Members of databases that are not supported: their type is refused below.
        for name in ["valueDir", "database", "badgerFileLoadingMode"] {
            drop(members.text_of(name));
        }
        let retention = retention(members);
        let kind = members.get("type");
        members.finish();
        let Some(node) = kind else {
            members.report("the database has no type: write \"type\": \"sqlite\"");
            return None;
        };
        let text = node.string()?;
        if !text.eq_ignore_ascii_case("sqlite") {
            let file = replacement(&text, &data_source);
            node.unsupported(format!(
                "databases of type {text:?} are not supported: write \"db\": {{\"type\": \"sqlite\", \"dataSource\": {file:?}}}"
            ));
            return None;
        }
        if data_source.is_empty() {
            members.report("the database has no dataSource: name the file, such as \"/var/lib/rung/rung.sqlite\"");
            return None;
        }
        Some(Self { data_source: PathBuf::from(data_source), retention })
    }
}

fn retention(members: &Members<'_>) -> Option<Duration> {
    let node = members.get("retention")?;
    match node.duration()?.positive() {
        Some(duration) if duration >= SHORTEST_RETENTION => Some(duration),
        _ => {
            node.report("retention must be at least an hour: leave it out to keep certificates for ever");
            None
        }
    }
}

/// The file that takes the place of another database; what names a server may hold a password and is not repeated.
fn replacement(kind: &str, data_source: &str) -> String {
    let kind = kind.to_lowercase();
    let folder = Path::new(data_source);
    let folder = match kind.as_str() {
        "badger" | "badgerv1" | "badgerv2" => Some(folder),
        "bbolt" => folder.parent(),
        _ => None,
    };
    let folder = folder.filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("db")).join("rung.sqlite").display().to_string()
}
