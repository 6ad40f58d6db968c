//! People who logged in at an OpenID provider (OpenID Connect Core 1.0).

mod person;

use std::time::Duration;

use rung_pki::jose::VerifiedPayload;
use rung_spec::ResolvedClaims;

use super::{Common, Context};
use crate::{
    Error,
    error::{TokenFault, TokenRefusal},
    grant::{Grant, GrantedNames, Holder},
    providers::ProviderKeys,
    store::{ProvisionerRef, TokenUse},
    token::{self, TimeRules, UnverifiedToken},
};
use person::{Claims, Person};

/// An OpenID provider, and which of its people may come in.
#[derive(Debug)]
pub struct Oidc {
    pub(super) common: Common,
    client_id: String,
    rules: Rules,
}

/// Which people of an OpenID provider may come in, and who of them decides for others.
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
}

/// No identity provider means its tokens for longer than this.
const LONGEST_TOKEN: Duration = Duration::from_secs(31 * 24 * 60 * 60);

impl Oidc {
    /// A provisioner of that name for the tokens that the provider issues to that client.
    pub fn new(name: &str, client_id: &str, rules: Rules, claims: ResolvedClaims) -> Self {
        let reference = ProvisionerRef { id: client_id.to_owned(), name: name.to_owned(), kind: "OIDC" };
        Self { common: Common::new(reference, claims, 2, client_id), client_id: client_id.to_owned(), rules }
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
        let verified = verify(token, &provider)?;
        Ok(self.grant(token, &verified, &provider, context)?)
    }

    fn grant(
        &self,
        token: &UnverifiedToken<'_>,
        verified: &VerifiedPayload<'_>,
        provider: &ProviderKeys,
        context: &Context<'_>,
    ) -> Result<Grant, TokenRefusal> {
        check_kind(verified.header().typ.as_deref())?;
        let claims: Claims = token::claims(verified.payload())?;
        claims.check_kind()?;
        if claims.iss != provider.issuer {
            let detail = format!("iss={:?}, the provider is {:?}", claims.iss, provider.issuer);
            return Err(TokenRefusal::new(TokenFault::Issuer, detail));
        }
        self.check_client(&claims)?;
        let expires = claims.times().check(&TimeRules {
            now: context.now,
            not_issued_before: context.not_issued_before,
            longest: LONGEST_TOKEN,
        })?;
        let person = Person::check(&claims, &self.rules)?;
        let digest =
            token::replay_digest(&self.common.reference.id, claims.nonce.as_deref(), token.jws.signing_input());
        let names = if person.admin { GrantedNames::Requested } else { person.identity(&claims)? };
        Ok(Grant {
            provisioner: self.common.reference.clone(),
            claims: self.common.claims.clone(),
            extension: self.common.extension.clone(),
            token: TokenUse { digest, expires },
            names,
            confirmation: None,
            holder: Holder {
                subject: claims.sub,
                email: person.email.map(|email| email.to_string()),
                admin: person.admin,
            },
        })
    }

    /// OpenID Connect Core §3.1.3.7, steps 3 to 5.
    fn check_client(&self, claims: &Claims) -> Result<(), TokenRefusal> {
        if !claims.aud.0.contains(&self.client_id) {
            return Err(TokenRefusal::new(TokenFault::Audience, format!("aud={:?}", claims.aud.0)));
        }
        match &claims.azp {
            Some(party) if *party == self.client_id => Ok(()),
            None if claims.aud.0.len() == 1 => Ok(()),
            party => {
                Err(TokenRefusal::new(TokenFault::AuthorizedParty, format!("azp={party:?} aud={:?}", claims.aud.0)))
            }
        }
    }
}

/// Refuse access tokens (RFC 9068 §2.1), logout tokens and whatever else says what it is: none of them is a login.
fn check_kind(typ: Option<&str>) -> Result<(), TokenRefusal> {
    let Some(typ) = typ else { return Ok(()) };
    // RFC 7515 §4.1.9: media types, whose case does not matter and whose `application/` may be left out.
    if ["JWT", "application/jwt"].iter().any(|known| typ.eq_ignore_ascii_case(known)) {
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
