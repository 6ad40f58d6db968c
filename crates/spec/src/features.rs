//! Members that this version reads and does not serve: refused by name unless they say nothing.

use crate::{
    json::Members,
    shape::{
        Member,
        Shape::{self, Any, Base64, Flag, List, Object, Text, Texts},
        check,
    },
};

/// Refuse the features at the top of a configuration that are not served.
pub(crate) fn refuse_top(members: &Members<'_>) {
    refuse(members, ("ssh", Object(SSH)), "SSH certificates are");
    refuse(members, ("templates", Object(TEMPLATES)), "SSH configuration templates are");
    refuse(members, ("monitoring", Object(MONITORING)), "New Relic monitoring is");
    refuse_kms(members);
}

/// Refuse the features of an authority that are not served.
pub(crate) fn refuse_in_authority(members: &Members<'_>) {
    refuse(members, ("policy", Object(POLICY)), "name policies are");
    refuse(members, ("enableAdmin", Flag), "the admin API is");
    check(members, &[("disableGetSSHHosts", Flag), ("authorityId", Text)]);
    if let Some(node) = members.get("deploymentType") {
        match node.string().as_deref() {
            Some("" | "standalone") | None => {}
            Some(other) => node.unsupported(format!(
                "deployments of type {other:?} are not supported: this authority stands alone, write \"standalone\""
            )),
        }
    }
    if let Some(node) = members.get("type") {
        match node.string().map(|kind| kind.to_lowercase()).as_deref() {
            Some("" | "softcas") | None => {}
            Some(other) => {
                node.unsupported(format!("registration authorities ({other:?}) are not supported by this version yet"))
            }
        }
    }
    for (name, shape) in REGISTRATION {
        refuse(members, (name, *shape), "registration authorities are");
    }
}

/// Templates and webhooks decide what certificates say: leaving them out silently would change what is issued.
pub(crate) fn refuse_options(members: &Members<'_>) {
    let Some(options) = members.object("options") else { return };
    refuse(&options, ("x509", Object(TEMPLATE)), "certificate templates are");
    refuse(&options, ("ssh", Object(TEMPLATE)), "SSH templates are");
    refuse(&options, ("webhooks", List(WEBHOOK)), "webhooks are");
    refuse(&options, ("wire", Object(WIRE)), "Wire challenges are");
    options.finish();
}

fn refuse(members: &Members<'_>, (name, shape): (&'static str, Shape), what: &str) {
    // What looks like a switch of the wrong type may have been meant to be off.
    if let Some(node) = members.get(name)
        && (shape.fits(&node) || matches!(shape, Object(_) | List(_)))
        && !node.is_empty()
    {
        node.unsupported(format!("{what} not supported by this version yet: remove the member"));
    }
}

fn refuse_kms(members: &Members<'_>) {
    let Some(kms) = members.object("kms") else { return };
    if let Some(node) = kms.get("type") {
        match node.string().map(|kind| kind.to_lowercase()).as_deref() {
            Some("" | "softkms") | None => {}
            Some(other) => node.unsupported(format!(
                "key stores of type {other:?} are not supported by this version yet: keep the key in a file"
            )),
        }
    }
    for name in ["uri", "credentialsFile", "pin", "managementKey", "region", "profile", "storageDirectory"] {
        refuse(&kms, (name, Text), "key stores are");
    }
    kms.finish();
}

const SSH: &[Member] = &[
    ("hostKey", Text),
    ("userKey", Text),
    ("keys", List(&[("type", Text), ("federated", Flag), ("key", Any)])),
    ("addUserPrincipal", Text),
    ("addUserCommand", Text),
    ("bastion", Object(&[("hostname", Text), ("user", Text), ("port", Text), ("cmd", Text), ("flags", Text)])),
];
const SSH_TEMPLATE: &[Member] =
    &[("name", Text), ("type", Text), ("template", Text), ("path", Text), ("comment", Text), ("requires", Texts)];
const TEMPLATES: &[Member] =
    &[("ssh", Object(&[("user", List(SSH_TEMPLATE)), ("host", List(SSH_TEMPLATE))])), ("data", Any)];
const MONITORING: &[Member] = &[("type", Text), ("name", Text), ("key", Text)];

const X509_NAMES: &[Member] = &[("cn", Texts), ("dns", Texts), ("ip", Texts), ("email", Texts), ("uri", Texts)];
const SSH_NAMES: &[Member] = &[("dns", Texts), ("ip", Texts), ("email", Texts), ("principal", Texts)];
const SSH_POLICY: &[Member] = &[("allow", Object(SSH_NAMES)), ("deny", Object(SSH_NAMES))];
const POLICY: &[Member] = &[
    ("x509", Object(&[("allow", Object(X509_NAMES)), ("deny", Object(X509_NAMES)), ("allowWildcardNames", Flag)])),
    ("ssh", Object(&[("user", Object(SSH_POLICY)), ("host", Object(SSH_POLICY))])),
];

const REGISTRATION: &[Member] = &[
    ("certificateAuthority", Text),
    ("certificateAuthorityFingerprint", Text),
    (
        "certificateIssuer",
        Object(&[("type", Text), ("provisioner", Text), ("crt", Text), ("key", Text), ("password", Text)]),
    ),
    ("credentialsFile", Text),
    (
        "config",
        Object(&[
            ("pkiMountPath", Text),
            ("pkiRoleDefault", Text),
            ("pkiRoleRSA", Text),
            ("pkiRoleEC", Text),
            ("pkiRoleEd25519", Text),
            ("authType", Text),
            ("authMountPath", Text),
            ("namespace", Text),
            ("authOptions", Any),
        ]),
    ),
];

const TEMPLATE: &[Member] = &[("template", Text), ("templateFile", Text), ("templateData", Any)];
const WEBHOOK: &[Member] =
    &[("id", Text), ("name", Text), ("url", Text), ("kind", Text), ("disableTLSClientAuth", Flag), ("certType", Text)];
const WIRE: &[Member] = &[
    (
        "oidc",
        Object(&[
            (
                "provider",
                Object(&[
                    ("discoveryBaseUrl", Text),
                    ("issuerUrl", Text),
                    ("authorizationUrl", Text),
                    ("tokenUrl", Text),
                    ("jwksUrl", Text),
                    ("userInfoUrl", Text),
                    ("signatureAlgorithms", Texts),
                ]),
            ),
            ("config", Object(&[("clientId", Text), ("signatureAlgorithms", Texts)])),
            ("transform", Text),
        ]),
    ),
    ("dpop", Object(&[("key", Base64), ("target", Text)])),
];
