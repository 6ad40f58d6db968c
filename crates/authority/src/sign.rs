//! The use case that all of this is for: a token and a certificate request become a certificate.

use std::{sync::Arc, time::SystemTime};

use rung_pki::{Certificate, Random, VerifiedRequest};

use crate::{
    Error,
    audience::Audiences,
    clock::Clock,
    error::TokenFault,
    issue::{self, Recorded},
    issuer::{Issuer, Retired},
    plan::{self, Issuance, Plan, Preview, Profile, WantedValidity},
    providers::IdentityProviders,
    provisioner::{Collection, Context},
    renew::store_failed,
    store::{ProvisionerRef, Store},
    token::UnverifiedToken,
};

/// Issues certificates for tokens.
pub struct Authority {
    /// Who issues.
    pub issuer: Issuer,
    /// Who issued before, and is still somebody.
    pub retired: Vec<Retired>,
    /// What the certificates of this CA lead to: its roots, and what its issuing certificate leads to.
    pub anchors: Vec<Certificate>,
    /// Whose tokens are taken.
    pub provisioners: Collection,
    /// What tokens must be meant for.
    pub audiences: Audiences,
    /// What all certificates have in common.
    pub profile: Profile,
    /// Tokens issued before this instant are refused, if it is set.
    pub not_issued_before: Option<SystemTime>,
    /// When the store was last put back from a backup, if it was: it has forgotten which tokens were used before.
    pub restored: Option<SystemTime>,
    /// Where decisions are remembered.
    pub store: Arc<dyn Store>,
    /// Where the keys of identity providers come from.
    pub providers: Arc<dyn IdentityProviders>,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// Where serial numbers come from.
    pub random: Arc<dyn Random>,
}

/// A request for a certificate whose sender proved that the key is his own.
pub struct SignRequest<'a> {
    /// The certificate request.
    pub request: &'a VerifiedRequest,
    /// The token that pays for the certificate.
    pub token: &'a str,
    /// The validity that is asked for.
    pub validity: WantedValidity,
    /// The identifier of the request, for the audit record.
    pub request_id: &'a str,
}

impl Authority {
    /// Everybody who is an issuer of this CA at that time: the one who issues first, and each once.
    pub fn issuers(&self, now: SystemTime) -> impl Iterator<Item = &Issuer> {
        let is_there = move |retired: &&Retired| now < retired.until && retired.issuer.id() != self.issuer.id();
        let retired = self.retired.iter().filter(is_there).map(|retired| &retired.issuer);
        let mut seen = Vec::new();
        std::iter::once(&self.issuer).chain(retired).filter(move |issuer| {
            let is_new = !seen.contains(&issuer.id());
            seen.push(issuer.id());
            is_new
        })
    }

    /// Which issuer of this CA signed the certificate.
    pub fn issuer_of(&self, certificate: &Certificate, now: SystemTime) -> Option<&Issuer> {
        self.issuers(now).find(|issuer| issuer.signed(certificate))
    }

    /// Turn a token and a certificate request into a certificate that is on record.
    ///
    /// # Errors
    /// Which check failed, or what did not answer; the token stays usable then, unless it was spent before.
    pub async fn sign(&self, asked: &SignRequest<'_>) -> Result<Recorded, Error> {
        let now = self.clock.now();
        let plan = self.plan(asked, now).await?;
        let signed = issue::sign(plan, &self.issuer, asked.request_id, now).await?;
        issue::record(signed, &*self.store).await
    }

    /// Decide as [`Self::sign`] does, and show the decision: nothing is signed, recorded or spent.
    ///
    /// # Errors
    /// Which check failed, or what did not answer.
    pub async fn preview(&self, asked: &SignRequest<'_>) -> Result<Preview, Error> {
        let plan = self.plan(asked, self.clock.now()).await?;
        // What it would come to now; only the transaction that spends the token decides.
        if let Some(token) = &plan.token
            && self.store.is_spent(&token.digest).await.map_err(store_failed)?
        {
            return Err(Error::Unauthenticated(TokenFault::Spent.into()));
        }
        Preview::of(&plan, self.issuer.algorithm())
    }

    /// The provisioner that a token names. Nothing of the token is verified: this is for limits alone.
    pub fn named_provisioner(&self, token: &str) -> Option<&ProvisionerRef> {
        let token = UnverifiedToken::parse(token).ok()?;
        let provisioner = self.provisioners.find(&token, &self.audiences).ok()?;
        Some(&provisioner.common().reference)
    }

    async fn plan(&self, asked: &SignRequest<'_>, now: SystemTime) -> Result<Plan, Error> {
        let token = UnverifiedToken::parse(asked.token)?;
        let provisioner = self.provisioners.find(&token, &self.audiences)?;
        let context = Context {
            audiences: &self.audiences,
            now,
            not_issued_before: self.not_issued_before,
            restored: self.restored,
            providers: &*self.providers,
        };
        let grant = provisioner.authorize_sign(&token, &context).await?;
        let issuance = Issuance { issuer: &self.issuer, profile: &self.profile, random: &*self.random, now };
        plan::plan(grant, asked.request, &asked.validity, &issuance)
    }
}
