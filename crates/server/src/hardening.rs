//! What the process forbids itself before it holds a secret.

use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit};

/// Leave no memory behind: no core dumps, and no debugger of the same user may look in.
///
/// # Errors
/// When the system does not allow it.
pub fn keep_memory_private() -> std::io::Result<()> {
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    // The limit alone does not hold for dumps that the system pipes into a program (core(5)).
    Ok(set_dumpable_behavior(DumpableBehavior::NotDumpable)?)
}

/// Allow as many open files as the system lets the process have, and say how many those are.
pub fn open_more_files() -> u32 {
    let limit = getrlimit(Resource::Nofile);
    // What cannot be raised stays as it is.
    let raised = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
    let files = if raised.is_ok() { limit.maximum } else { limit.current };
    files.and_then(|files| u32::try_from(files).ok()).unwrap_or(u32::MAX)
}
