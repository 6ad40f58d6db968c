//! Intermediates that issue no more, and are still served.

use std::{path::PathBuf, time::SystemTime};

use crate::{
    TimeOrDuration,
    json::{Members, Node},
};

/// An intermediate that issues no more. Until its time is over its certificates verify, are renewed by the one that
/// issues, and are revoked, and it signs what is told about them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetiredIntermediate {
    /// The file with its certificate, followed by its parents.
    pub crt: PathBuf,
    /// Its key: a file, or the address of a key store. Without one, it has the key that issues.
    pub key: Option<String>,
    /// From when on it is served no more.
    pub until: SystemTime,
}

pub(super) fn read(members: &Members<'_>) -> Vec<RetiredIntermediate> {
    let nodes = members.get("retiredIntermediates").map(|node| node.list()).unwrap_or_default();
    nodes.iter().filter_map(RetiredIntermediate::read).collect()
}

impl RetiredIntermediate {
    fn read(node: &Node<'_>) -> Option<Self> {
        let members = node.object()?;
        let crt = members.text_of("crt").filter(|crt| !crt.is_empty());
        if crt.is_none() {
            members.report("the retired intermediate has no crt: name the file with its certificate");
        }
        let key = members.text_of("key").filter(|key| !key.is_empty());
        let until = members.get("until");
        members.finish();
        let Some(until) = until else {
            members.report("the retired intermediate has no until: say when its last certificate will have ended");
            return None;
        };
        let until = instant(&until)?;
        Some(Self { crt: PathBuf::from(crt?), key, until })
    }
}

fn instant(node: &Node<'_>) -> Option<SystemTime> {
    match TimeOrDuration::parse(&node.string()?) {
        Ok(Some(TimeOrDuration::Time(time))) => Some(time),
        _ => {
            node.report("until must be an RFC 3339 time such as \"2026-01-31T12:00:00Z\"");
            None
        }
    }
}
