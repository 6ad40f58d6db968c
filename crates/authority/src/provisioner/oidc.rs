//! People who logged in at an OpenID provider (OpenID Connect Core 1.0).

mod claims;
mod conditions;
mod fill;
mod lookup;
mod person;
mod rules;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use rung_pki::{EmailAddress, SubjectAltName, jose::VerifiedPayload};
use rung_spec::{
    ResolvedClaims,
    oidc::{ClaimPath, Identity as DescribedIdentity, Requirement, Rule},
};

use super::{Common, Context};
use crate::{
    Error,
    error::{TokenFault, TokenRefusal},
    grant::{Grant, GrantedNames, Holder, MoreNames, Terms},
    providers::ProviderKeys,
    revoke::{RevokeGrant, Scope},
    store::{ProvisionerRef, TokenUse},
    token::{self, Needed, TimeRules, UnverifiedToken},
};
use claims::Claims;
use conditions::Groups;
use lookup::Lookup;
use person::{Identity, Person, checked_email, issuer_uri};

/// An OpenID provider, and which of its people may come in.
#[derive(Debug)]
pub struct Oidc {
    pub(super) common: Common,
    client_id: String,
    rules: Box<Rules>,
}

/// Which people of an OpenID provider may come in, what they get, and who of them decides for others.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// E-mail addresses of administrators.
    pub admins: Vec<String>,
    /// Groups whose members are administrators.
    pub admin_groups: Vec<String>,
    /// Domains of e-mail addresses that may come in; all of them when empty.
    pub domains: Vec<String>,
    /// Groups of which one must be had; none when empty.
    pub groups: Vec<String>,
    /// Whether an e-mail address counts without `email_verified`.
    pub accept_unverified_email: bool,
    /// What an identity is made of, if not of the subject and the e-mail address.
    pub identity: Option<DescribedIdentity>,
    /// Claims without which nobody comes in.
    pub require: Vec<Requirement>,
    /// Where the groups stand, if not in `groups`.
    pub groups_claim: Option<ClaimPath>,
    /// Who gets what beside the identity.
    pub rules: Vec<Rule>,
    /// Audiences that count beside the client.
    pub audiences: Vec<String>,
    /// Clients that may ask for tokens beside the client.
    pub authorized_parties: Vec<String>,
    /// How far the provider's clock may differ, if not a minute.
    pub clock_tolerance: Option<Duration>,
    /// Whether a token counts that does not say when it was issued.
    pub accept_missing_issued_at: bool,
}

impl Rules {
    /// Whether more claims are looked at than those that every token has a place for.
    fn look_at_claims(&self) -> bool {
        self.identity.is_some() || !self.require.is_empty() || self.groups_claim.is_some() || !self.rules.is_empty()
    }
}

/// What the rules make of a verified token.
struct Decision {
    person: Person,
    names: GrantedNames,
    terms: Terms,
    lifetimes: Option<ResolvedClaims>,
}

/// No identity provider means its tokens for longer than this.
const LONGEST_TOKEN: Duration = Duration::from_secs(31 * 24 * 60 * 60);

impl Oidc {
    /// A provisioner of that name for the tokens that the provider issues to that client.
    pub fn new(name: &str, client_id: &str, rules: Rules, claims: ResolvedClaims) -> Self {
        let reference = ProvisionerRef { id: client_id.to_owned(), name: name.to_owned(), kind: "OIDC" };
        Self {
            common: Common::new(reference, claims, 2, client_id),
            client_id: client_id.to_owned(),
            rules: Box::new(rules),
        }
    }

    pub(super) async fn authorize_sign(
        &self,
        token: &UnverifiedToken<'_>,
        context: &Context<'_>,
    ) -> Result<Grant, Error> {
        let name = &self.common.reference.name;
        let key_id = token.jws.unverified_header().key_id.as_deref();
        let provider = context.providers.keys(name, key_id).await.map_err(|error| Error::Unavailable {
            what: format!("the identity provider of the provisioner {name:?} does not answer as it should"),
            source: error.into(),
        })?;
        let (provider, verified) = self.verified(token, provider, context).await?;
        Ok(self.grant(token, &verified, &provider, context)?)
    }

    /// An administrator ends every certificate, everybody else their own.
    pub(super) async fn authorize_revoke(
        &self,
        token: &UnverifiedToken<'_>,
        context: &Context<'_>,
    ) -> Result<RevokeGrant, Error> {
        let grant = self.authorize_sign(token, context).await?;
        let scope = if grant.holder.admin { Scope::All } else { Scope::Own(grant.holder.email) };
        Ok(RevokeGrant { provisioner: grant.provisioner, token: grant.token, subject: grant.holder.subject, scope })
    }

    /// Verify a token with the keys, or with those that replaced them in the meantime.
    async fn verified<'a>(
        &self,
        token: &'a UnverifiedToken<'_>,
        provider: Arc<ProviderKeys>,
        context: &Context<'_>,
    ) -> Result<(Arc<ProviderKeys>, VerifiedPayload<'a>), TokenRefusal> {
        let refusal = match verify(token, &provider) {
            Ok(verified) => return Ok((provider, verified)),
            Err(refusal) => refusal,
        };
        if refusal.fault != TokenFault::Signature {
            return Err(refusal);
        }
        match context.providers.newer_keys(&self.common.reference.name, &provider).await {
            Ok(newer) if !Arc::ptr_eq(&newer, &provider) => {
                verify(token, &newer).map(|verified| (newer.clone(), verified))
            }
            Ok(_) | Err(_) => Err(refusal),
        }
    }

    fn grant(
        &self,
        token: &UnverifiedToken<'_>,
        verified: &VerifiedPayload<'_>,
        provider: &ProviderKeys,
        context: &Context<'_>,
    ) -> Result<Grant, TokenRefusal> {
        let claims: Claims = token::claims(verified.payload())?;
        check_kind(verified.header().typ.as_deref(), &claims)?;
        if claims.iss != provider.issuer {
            let detail = format!("iss={:?}, the provider is {:?}", claims.iss, provider.issuer);
            return Err(TokenRefusal::new(TokenFault::Issuer, detail));
        }
        self.check_client(&claims)?;
        let expires = claims.times().check(&TimeRules {
            now: context.now,
            not_issued_before: context.not_issued_before,
            restored: context.restored,
            longest: LONGEST_TOKEN,
            tolerance: self.rules.clock_tolerance.unwrap_or(token::LEEWAY),
            issued_at: if self.rules.accept_missing_issued_at { Needed::No } else { Needed::Yes },
        })?;
        if claims.sub.is_empty() {
            return Err(TokenFault::Subject.into());
        }
        let decision = if self.rules.look_at_claims() {
            self.by_rules(&claims, verified.payload())?
        } else {
            self.usual(&claims)?
        };
        let digest =
            token::replay_digest(&self.common.reference.id, claims.nonce.as_deref(), token.jws.signing_input());
        Ok(Grant {
            provisioner: self.common.reference.clone(),
            claims: decision.lifetimes.map_or_else(|| self.common.claims.clone(), Arc::new),
            extension: self.common.extension.clone(),
            token: TokenUse { digest, expires },
            names: decision.names,
            terms: decision.terms,
            confirmation: None,
            holder: Holder {
                subject: claims.sub,
                email: decision.person.email.map(|email| email.to_string()),
                admin: decision.person.admin,
            },
        })
    }

    /// The decision of a provisioner without rules of its own.
    fn usual(&self, claims: &Claims) -> Result<Decision, TokenRefusal> {
        let email = checked_email(claims, &self.rules)?;
        let person = Person::check(email, &Groups::usual(claims)?, &self.rules)?;
        let names = match person.admin {
            true => GrantedNames::Requested,
            false => identity_alone(Identity::usual(claims, person.email.as_ref())?),
        };
        Ok(Decision { person, names, terms: Terms::default(), lifetimes: None })
    }

    /// The decision of a provisioner that has rules.
    fn by_rules(&self, claims: &Claims, payload: &[u8]) -> Result<Decision, TokenRefusal> {
        let rules = &self.rules;
        let everything: serde_json::Value = token::claims(payload)?;
        let lookup = Lookup { token: &everything, claims, accept_unverified_email: rules.accept_unverified_email };
        conditions::require(&rules.require, &lookup)?;
        let mut explanation: Vec<String> = Vec::new();
        let (identity, email) = self.identity(&lookup, &mut explanation)?;
        let groups = match &rules.groups_claim {
            Some(path) => Groups::at(path, &lookup)?,
            None => Groups::usual(claims)?,
        };
        let person = Person::check(email, &groups, rules)?;
        if matches!(groups, Groups::Elsewhere) && !rules.admin_groups.is_empty() && !person.admin {
            explanation.push(
                "the token lists no groups because there are too many, so none makes an administrator".to_owned(),
            );
        }
        let mut given = rules::apply(&rules.rules, &groups, &lookup)?;
        explanation.append(&mut given.terms.explanation);
        let lifetimes = given.lifetimes(&self.common.claims);
        let names = match person.admin {
            true => {
                explanation
                    .push("the person is an administrator: subject and names are those of the request".to_owned());
                GrantedNames::Requested
            }
            false => GrantedNames::Identity {
                common_name: identity.common_name,
                names: identity.names,
                more: rules
                    .rules
                    .iter()
                    .any(|rule| !rule.names.is_empty())
                    .then(|| MoreNames { allowed: std::mem::take(&mut given.names), habitual: habitual(claims) }),
            },
        };
        Ok(Decision { person, names, terms: Terms { explanation, ..given.terms }, lifetimes })
    }

    fn identity(
        &self,
        lookup: &Lookup<'_>,
        explanation: &mut Vec<String>,
    ) -> Result<(Identity, Option<EmailAddress>), TokenRefusal> {
        match &self.rules.identity {
            Some(identity) => Identity::described(identity, lookup, &self.rules, explanation),
            None => {
                let email = checked_email(lookup.claims, &self.rules)?;
                Ok((Identity::usual(lookup.claims, email.as_ref())?, email))
            }
        }
    }

    /// Whether a token for that audience may be meant for this provisioner.
    pub(super) fn is_audience(&self, audience: &str) -> bool {
        audience == self.client_id || self.rules.audiences.iter().any(|other| other == audience)
    }

    /// Whether that client may have asked for the token.
    pub(super) fn is_party(&self, party: &str) -> bool {
        party == self.client_id || self.rules.authorized_parties.iter().any(|other| other == party)
    }

    /// The audiences that count beside the client.
    pub(super) fn audiences(&self) -> &[String] {
        &self.rules.audiences
    }

    /// OpenID Connect Core §3.1.3.7, steps 3 to 5.
    fn check_client(&self, claims: &Claims) -> Result<(), TokenRefusal> {
        let audiences = &claims.aud.0;
        if !audiences.iter().any(|audience| self.is_audience(audience)) {
            return Err(TokenRefusal::new(TokenFault::Audience, format!("aud={audiences:?}")));
        }
        // Whoever else a token is meant for could bring it here, so it has to say who asked for it.
        let is_ours_alone = audiences.len() == 1
            || !self.rules.audiences.is_empty() && audiences.iter().all(|audience| self.is_audience(audience));
        match &claims.azp {
            Some(party) if self.is_party(party) => Ok(()),
            None if is_ours_alone => Ok(()),
            party => Err(TokenRefusal::new(TokenFault::AuthorizedParty, format!("azp={party:?} aud={audiences:?}"))),
        }
    }
}

fn identity_alone(identity: Identity) -> GrantedNames {
    GrantedNames::Identity { common_name: identity.common_name, names: identity.names, more: None }
}

/// The names that clients take from a token for their requests, since they do not know the rules.
fn habitual(claims: &Claims) -> Vec<SubjectAltName> {
    let email = claims.email.as_deref().and_then(|email| email.parse().ok()).map(SubjectAltName::Email);
    let subject = SubjectAltName::classify(&claims.sub).ok();
    email.into_iter().chain(subject).chain(issuer_uri(claims).ok().flatten()).collect()
}

/// Refuse access tokens (RFC 9068 §2.1), logout tokens and whatever else says what it is: none of them is a login.
fn check_kind(typ: Option<&str>, claims: &Claims) -> Result<(), TokenRefusal> {
    claims.check_kind()?;
    let Some(typ) = typ else { return Ok(()) };
    // RFC 7515 §4.1.9: media types, whose case does not matter and whose `application/` may be left out.
    if ["JWT", "application/jwt"].iter().any(|known| typ.eq_ignore_ascii_case(known)) {
        return Ok(());
    }
    // JWT-SVID §2.3: the type is JWT or JOSE.
    if claims.is_svid() && typ == "JOSE" {
        return Ok(());
    }
    Err(TokenRefusal::new(TokenFault::Kind, format!("typ={typ:?}")))
}

/// Try every key that the token may mean; the first that verifies decides.
fn verify<'a>(token: &'a UnverifiedToken<'_>, provider: &ProviderKeys) -> Result<VerifiedPayload<'a>, TokenRefusal> {
    let key_id = token.jws.unverified_header().key_id.as_deref();
    let mut fault = TokenRefusal::new(TokenFault::KeyUnknown, format!("kid={key_id:?}"));
    for key in provider.keys.keys_for(key_id) {
        match token.jws.verify(key.verification_key()) {
            Ok(verified) => return Ok(verified),
            Err(error) => fault = TokenRefusal::new(TokenFault::Signature, format!("kid={key_id:?}: {error}")),
        }
    }
    Err(fault)
}
