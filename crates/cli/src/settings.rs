//! Where settings come from besides the command line: environment, folders, contexts, defaults files.

mod context;
mod defaults;
mod folders;
#[cfg(test)]
mod tests;

pub(crate) use context::{
    Context, Contexts, current, pick as pick_context, remember, select_current, to_make as context_to_make,
};
pub(crate) use defaults::Defaults;
pub(crate) use folders::{Folders, base};

use std::env;

/// The value of a flag in the environment: `RUNG_<FLAG>` before `STEP_<FLAG>`, any spelling; empty is unset.
pub(crate) fn from_environment(names: &[&str]) -> Option<(String, String)> {
    ["RUNG", "STEP"].iter().find_map(|program| {
        names.iter().find_map(|name| {
            let variable = format!("{program}_{}", name.to_uppercase().replace('-', "_"));
            let value = env::var(&variable).ok().filter(|value| !value.is_empty())?;
            Some((variable, value))
        })
    })
}
