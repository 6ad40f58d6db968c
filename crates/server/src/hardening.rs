//! What the process forbids itself before it holds a secret.

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// Leave no memory behind: no core dumps, and no debugger of the same user may look in.
///
/// # Errors
/// When the system does not allow it.
pub fn keep_memory_private() -> std::io::Result<()> {
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    // The limit alone does not hold for dumps that the system pipes into a program (core(5)).
    Ok(set_dumpable_behavior(DumpableBehavior::NotDumpable)?)
}
