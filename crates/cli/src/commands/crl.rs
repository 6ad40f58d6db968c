//! `crl …`

mod inspect;

use crate::grammar::{Example, Group, Node};

pub(crate) static GROUP: Group = Group {
    name: "crl",
    summary: "look at lists of revoked certificates",
    description: "Shows certificate revocation lists (CRLs), with which a CA says which of its certificates must not be \
        relied on any more. Whether one certificate is on the list of its issuer, 'certificate verify --verify-crl' \
        tells.",
    examples: &[Example {
        purpose: "See what a CA has revoked:",
        lines: &["crl inspect ca.crl --ca intermediate_ca.crt"],
    }],
    children: &[Node::Command(&inspect::COMMAND)],
};
