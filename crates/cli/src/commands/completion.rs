//! `completion`

use anyhow::Result;

use super::ROOT;
use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::{Argument, Command, Count, Example, Flag, Node, Scope};
use crate::ui::print;

pub(crate) static COMMAND: Command = Command {
    name: "completion",
    summary: "print a completion script for a shell",
    description: "Prints a script that teaches a shell to complete the commands and flags of this program. The script \
        asks the program itself, so it need not be renewed when the program is.",
    arguments: &[Argument { name: "<shell>", count: Count::One, help: "One of bash, zsh and fish." }],
    flags: &[],
    examples: &[
        Example {
            purpose: "Complete in bash, from the next login on:",
            lines: &["completion bash >> ~/.bash_completion"],
        },
        Example { purpose: "Complete in fish:", lines: &["completion fish > ~/.config/fish/completions/rung.fish"] },
    ],
    scope: Scope::Outside,
    run,
};

/// As the last word it asks for what could stand in its place.
pub(crate) const HOOK: &str = "--generate-bash-completion";

fn run(call: &Call) -> Result<()> {
    let script = match call.argument(0).unwrap_or_default() {
        "bash" => BASH,
        "zsh" => ZSH,
        "fish" => FISH,
        other => {
            return Err(Usage::new(format!("unsupported shell '{other}'; options are bash, zsh, fish")).into());
        }
    };
    print(script.replace("PROGRAM", call.program.name).as_bytes())
}

/// Print what could stand in the place of the last of `words`, one a line.
pub(crate) fn candidates(words: &[String]) -> Result<()> {
    let (unfinished, before) = words.split_last().map_or(("", words), |(last, before)| (last.as_str(), before));
    let mut node = Node::Group(&ROOT);
    for word in before.iter().filter(|word| !word.starts_with('-')) {
        let Node::Group(group) = node else { break };
        let Some(child) = group.child(word) else { break };
        node = child;
    }
    let mut found: Vec<String> = match node {
        Node::Command(command) => {
            let flags = command.all_flags().filter(|flag| !flag.is_refused() && unfinished.starts_with('-'));
            flags.map(Flag::name).map(|name| format!("{}{name}", if name.len() == 1 { "-" } else { "--" })).collect()
        }
        Node::Group(group) => group.children.iter().map(|child| child.name().to_owned()).collect(),
    };
    found.retain(|candidate| candidate.starts_with(unfinished));
    found.sort();
    print(found.iter().flat_map(|line| [line.as_str(), "\n"]).collect::<String>().as_bytes())
}

const BASH: &str = r#"_PROGRAM_complete() {
    local found
    found=$("${COMP_WORDS[@]:0:COMP_CWORD}" "${COMP_WORDS[COMP_CWORD]}" --generate-bash-completion 2>/dev/null)
    mapfile -t COMPREPLY <<<"$found"
    [[ -n $found ]] || COMPREPLY=()
}
complete -o default -o bashdefault -F _PROGRAM_complete PROGRAM
"#;

const ZSH: &str = r#"#compdef PROGRAM
_PROGRAM() {
    local -a found
    found=("${(@f)$("${words[@]:0:$((CURRENT - 1))}" "${words[CURRENT]}" --generate-bash-completion 2>/dev/null)}")
    if [[ -n ${found[1]} ]]; then
        compadd -- "${found[@]}"
    else
        _files
    fi
}
compdef _PROGRAM PROGRAM
"#;

const FISH: &str = r#"function __PROGRAM_complete
    set -l words (commandline -opc)
    $words (commandline -ct) --generate-bash-completion 2>/dev/null
end
complete -c PROGRAM -a '(__PROGRAM_complete)'
"#;
