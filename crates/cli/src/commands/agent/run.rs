//! `agent run`

use crate::agent::{serve, settings};
use crate::call::Call;
use crate::grammar::{Command, Example, Flag, Scope};

pub(crate) static COMMAND: Command = Command {
    name: "run",
    summary: "keep the certificates on the list fresh",
    description: "Runs until SIGINT or SIGTERM, and then finishes the renewal that it is in the middle of. Changes of \
        the list are taken up by themselves; SIGHUP does it at once. A list that cannot be used is refused, and the \
        agent goes on with the one that it has.\n\n\
        Under systemd it says when it is ready and when it reloads (Type=notify). With \"metrics\": \"127.0.0.1:9109\" \
        in the list it serves metrics for Prometheus at /metrics, on this machine alone.",
    arguments: &[],
    flags: &[&[settings::FLAG, Flag::value(&["context"], "<name>", crate::ca::connection::CONTEXT_HELP)]],
    examples: &[
        Example { purpose: "Run it in the foreground:", lines: &["agent run"] },
        Example { purpose: "With a list of its own:", lines: &["agent run --agent-config /etc/rung/agent.json"] },
    ],
    scope: Scope::Within,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    serve::run(&call.ui, &settings::path(call)?)
}
