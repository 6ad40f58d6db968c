//! `agent …`

mod add;
mod list;
mod remove;
mod run;
mod status;

use crate::grammar::{Example, Group, Node};

pub(crate) static GROUP: Group = Group {
    name: "agent",
    summary: "keep certificates fresh",
    description: "One process that renews any number of certificates, each at two thirds of its lifetime, and tells the \
        programs that use them. 'agent add' puts a certificate on the list; 'agent run' is the process, which takes up \
        changes of the list by itself.\n\n\
        A certificate is replaced in one step, with its key as a pair, and only by one that was checked. Its hook runs \
        once for each change, also when the process was killed between the change and the hook. Outages of the CA, a \
        full disk, sleep and a clock that jumps do no harm: the old pair stays, and the agent tries again.",
    examples: &[
        Example {
            purpose: "Take care of the certificate of nginx:",
            lines: &["agent add /etc/ssl/svc.crt /etc/ssl/svc.key --exec \"systemctl reload nginx\""],
        },
        Example { purpose: "Run the agent; contrib/systemd has a unit for it:", lines: &["agent run"] },
        Example { purpose: "See how it goes:", lines: &["agent status"] },
    ],
    children: &[
        Node::Command(&add::COMMAND),
        Node::Command(&list::COMMAND),
        Node::Command(&remove::COMMAND),
        Node::Command(&run::COMMAND),
        Node::Command(&status::COMMAND),
    ],
};
