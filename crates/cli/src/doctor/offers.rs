//! What the provider says that it offers, against what logins and the provisioner's rules need.

use rung_api::oidc::{Metadata, Offers};
use rung_pki::jose::JwsAlgorithm;

use super::Doctor;

impl Doctor<'_> {
    /// Compare what is offered with what is needed.
    pub(super) fn offers(&mut self, document: &[u8], metadata: &Metadata) {
        let offers = Offers::read(document);
        self.algorithms(&offers);
        // Machines bring their tokens along; nothing of the rest is for them.
        if metadata.authorization_endpoint.is_some() {
            self.pkce(&offers);
            self.response_types(&offers);
            self.scopes(&offers);
        }
        self.claims(&offers);
    }

    fn algorithms(&mut self, offers: &Offers) {
        let Some(offered) = &offers.signing_algorithms else {
            return self.note("algorithms", "the provider does not say how it signs ID tokens", "");
        };
        let usable: Vec<&str> =
            offered.iter().map(String::as_str).filter(|name| name.parse::<JwsAlgorithm>().is_ok()).collect();
        if usable.is_empty() {
            let text = format!("ID tokens are signed with {} alone", offered.join(", "));
            return self.wrong("algorithms", text, "choose RS256 or ES256 for the client at the provider");
        }
        self.good("algorithms", usable.join(", "));
    }

    fn pkce(&mut self, offers: &Offers) {
        match &offers.code_challenge_methods {
            Some(methods) if methods.iter().any(|method| method == "S256") => self.good("pkce", "S256"),
            Some(methods) => {
                let text = format!("the provider offers {:?}, and logins use S256", methods.join(", "));
                self.wrong("pkce", text, "switch PKCE with S256 on at the provider (RFC 7636)");
            }
            None => {
                let mend = "most providers take S256 all the same; the client line below tells";
                self.note("pkce", "the provider does not say whether it takes PKCE with S256", mend);
            }
        }
    }

    fn response_types(&mut self, offers: &Offers) {
        match &offers.response_types {
            Some(types) if types.iter().any(|kind| kind == "code") => self.good("response types", "code"),
            Some(types) => {
                let text = format!("the provider offers {:?}, and logins use \"code\"", types.join(", "));
                self.wrong("response types", text, "allow the authorization code flow at the provider");
            }
            None => self.note("response types", "the provider does not list its response types", ""),
        }
    }

    fn scopes(&mut self, offers: &Offers) {
        let usual = || vec!["openid".to_owned(), "email".to_owned()];
        let configured = &self.provisioner.scopes;
        let wanted = if configured.is_empty() { usual() } else { configured.clone() };
        if !wanted.iter().any(|scope| scope == "openid") {
            let mend = self.update("--scope openid");
            return self.wrong("scopes", "without the scope openid there is no ID token", mend);
        }
        let Some(offered) = &offers.scopes else {
            let text = format!("logins ask for {}; the provider does not list its scopes", wanted.join(" "));
            return self.note("scopes", text, "");
        };
        let missing: Vec<&str> =
            wanted.iter().map(String::as_str).filter(|scope| !offered.iter().any(|known| known == scope)).collect();
        if missing.is_empty() {
            return self.good("scopes", wanted.join(" "));
        }
        let text = format!("the provider does not list {}", missing.join(" "));
        let mend =
            format!("if logins fail with invalid_scope: {}", self.update(&format!("--remove-scope {}", missing[0])));
        self.note("scopes", text, mend);
    }

    /// Whether the claims that the rules look at are among those that tokens may have.
    fn claims(&mut self, offers: &Offers) {
        let Some(offered) = &offers.claims else { return };
        let lacks = |claim: &str| !offered.iter().any(|known| known == claim);
        let person = self.provisioner.identity.as_ref().and_then(|identity| identity.person.as_ref());
        let names_by_email = person.is_none_or(|person| person.claims.iter().any(|claim| claim.is_top("email")));
        if names_by_email && self.provisioner.require_verified_email && lacks("email_verified") {
            let mend = self.at_provider(
                |mend| mend.email,
                "name people by another claim (`identity`), or set requireVerifiedEmail to false if the provider \
                 never lets people choose their addresses",
            );
            self.note("claims", "the provider lists no claim email_verified, which this provisioner wants", mend);
        }
        let uses_groups = !self.provisioner.groups.is_empty()
            || !self.provisioner.admin_groups.is_empty()
            || self.provisioner.rules.iter().any(|rule| !rule.groups.is_empty());
        let groups = self.provisioner.groups_claim.as_ref().map_or("groups", |path| path.steps()[0].as_str());
        if uses_groups && lacks(groups) {
            let text = format!("the provider lists no claim {groups}, and this provisioner decides by groups");
            let mend = self.at_provider(|mend| mend.groups, "let the provider put groups into ID tokens");
            self.note("claims", text, mend);
        }
    }
}
