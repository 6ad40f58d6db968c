//! Members that this version reads and does not serve: refused by name unless they say nothing.

use crate::json::Members;

/// Refuse the features at the top of a configuration that are not served.
pub(crate) fn refuse_top(members: &Members<'_>) {
    refuse(members, "ssh", "SSH certificates are");
    refuse(members, "templates", "SSH configuration templates are");
    refuse(members, "monitoring", "New Relic monitoring is");
    refuse_kms(members);
    if let Some(crl) = members.object("crl") {
        let enabled = crl.flag("enabled").unwrap_or(false);
        let _ = (crl.flag("generateOnRevoke"), crl.duration("cacheDuration"), crl.duration("renewPeriod"));
        let _ = crl.text_of("idpURL");
        if enabled {
            crl.report("certificate revocation lists are not supported by this version yet: remove the member");
        }
        crl.finish();
    }
}

/// Refuse the features of an authority that are not served.
pub(crate) fn refuse_in_authority(members: &Members<'_>) {
    refuse(members, "policy", "name policies are");
    refuse(members, "enableAdmin", "the admin API is");
    let _ = (members.flag("disableGetSSHHosts"), members.text_of("authorityId"));
    if let Some(node) = members.get("deploymentType") {
        match node.string().as_deref() {
            Some("" | "standalone") | None => {}
            Some(other) => {
                node.report(format!("deployments of type {other:?} are not supported: this authority stands alone"))
            }
        }
    }
    if let Some(node) = members.get("type") {
        match node.string().map(|kind| kind.to_lowercase()).as_deref() {
            Some("" | "softcas") | None => {}
            Some(other) => {
                node.report(format!("registration authorities ({other:?}) are not supported by this version yet"))
            }
        }
    }
    for name in
        ["certificateAuthority", "certificateAuthorityFingerprint", "certificateIssuer", "credentialsFile", "config"]
    {
        refuse(members, name, "registration authorities are");
    }
}

fn refuse(members: &Members<'_>, name: &'static str, what: &str) {
    if let Some(node) = members.get(name).filter(|node| !node.is_empty()) {
        node.report(format!("{what} not supported by this version yet: remove the member"));
    }
}

fn refuse_kms(members: &Members<'_>) {
    let Some(kms) = members.object("kms") else { return };
    if let Some(node) = kms.get("type") {
        match node.string().map(|kind| kind.to_lowercase()).as_deref() {
            Some("" | "softkms") | None => {}
            Some(other) => node.report(format!(
                "key stores of type {other:?} are not supported by this version yet: keep the key in a file"
            )),
        }
    }
    for name in ["uri", "credentialsFile", "pin", "managementKey", "region", "profile", "storageDirectory"] {
        refuse(&kms, name, "key stores are");
    }
    kms.finish();
}
