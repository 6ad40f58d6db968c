//! Provisioners: who vouches for the people and machines that ask for certificates.

mod collection;
pub mod jwk;
pub mod oidc;

use std::{sync::Arc, time::SystemTime};

use rung_pki::{Extension, extension::ProvisionerExtension};
use rung_spec::ResolvedClaims;

pub use collection::{Collection, Duplicate};

use crate::{
    Error, audience::Audiences, grant::Grant, providers::IdentityProviders, revoke::RevokeGrant, store::ProvisionerRef,
    token::UnverifiedToken,
};

/// Somebody whose word this CA takes.
#[derive(Debug)]
pub enum Provisioner {
    /// Whoever holds a private key.
    Jwk(jwk::Jwk),
    /// An OpenID provider.
    Oidc(oidc::Oidc),
}

/// What every provisioner has.
#[derive(Debug)]
pub(crate) struct Common {
    pub(crate) reference: Arc<ProvisionerRef>,
    pub(crate) claims: Arc<ResolvedClaims>,
    /// The extension that names this provisioner in certificates, unless it is switched off.
    pub(crate) extension: Option<Arc<Extension>>,
}

/// What a provisioner may look at besides the token.
pub(crate) struct Context<'a> {
    pub(crate) audiences: &'a Audiences,
    pub(crate) now: SystemTime,
    pub(crate) not_issued_before: Option<SystemTime>,
    pub(crate) restored: Option<SystemTime>,
    pub(crate) providers: &'a dyn IdentityProviders,
}

impl Common {
    /// `number` is the type in the provisioner extension, `credential` its credential id.
    pub(crate) fn new(reference: ProvisionerRef, claims: ResolvedClaims, number: i64, credential: &str) -> Self {
        let extension = (!claims.disable_smallstep_extensions).then(|| {
            let value = ProvisionerExtension {
                kind: number,
                name: reference.name.clone(),
                credential_id: credential.to_owned(),
                pairs: Vec::new(),
            };
            Arc::new(rung_pki::extension::provisioner(&value))
        });
        Self { reference: Arc::new(reference), claims: Arc::new(claims), extension }
    }
}

impl Provisioner {
    /// Audiences that lead tokens to this provisioner, besides its token id.
    fn audiences(&self) -> &[String] {
        match self {
            Self::Jwk(_) => &[],
            Self::Oidc(oidc) => oidc.audiences(),
        }
    }

    /// What every provisioner has.
    pub(crate) fn common(&self) -> &Common {
        match self {
            Self::Jwk(jwk) => &jwk.common,
            Self::Oidc(oidc) => &oidc.common,
        }
    }

    /// Verify a token and say which certificates it can end.
    pub(crate) async fn authorize_revoke(
        &self,
        token: &UnverifiedToken<'_>,
        context: &Context<'_>,
    ) -> Result<RevokeGrant, Error> {
        match self {
            Self::Jwk(jwk) => Ok(jwk.authorize_revoke(token, context)?),
            Self::Oidc(oidc) => oidc.authorize_revoke(token, context).await,
        }
    }

    /// Verify a token and say what it grants.
    pub(crate) async fn authorize_sign(
        &self,
        token: &UnverifiedToken<'_>,
        context: &Context<'_>,
    ) -> Result<Grant, Error> {
        match self {
            Self::Jwk(jwk) => Ok(jwk.authorize_sign(token, context)?),
            Self::Oidc(oidc) => oidc.authorize_sign(token, context).await,
        }
    }
}
