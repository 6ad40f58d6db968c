//! Tokens signed with a key that an administrator or a deployment tool holds.

use rung_pki::{
    SubjectAltName,
    jose::{PublicJwk, VerificationKey},
};
use rung_spec::ResolvedClaims;
use serde::Deserialize;

use super::{Common, Context};
use crate::{
    audience::{Operation, split_fragment},
    error::{TokenFault, TokenRefusal},
    grant::{Grant, GrantedNames, Holder, Terms},
    plan::MAX_NAMES,
    revoke::{RevokeGrant, Scope},
    store::{ProvisionerRef, TokenUse},
    token::{self, Audience, Needed, TimeRules, Times, UnverifiedToken},
};

/// Whoever holds the private half of a key.
#[derive(Debug)]
pub struct Jwk {
    pub(super) common: Common,
    key: VerificationKey,
}

#[derive(Deserialize)]
struct Claims {
    #[serde(default)]
    iss: String,
    #[serde(default)]
    sub: String,
    #[serde(default)]
    aud: Audience,
    #[serde(default)]
    exp: Option<i64>,
    #[serde(default)]
    nbf: Option<i64>,
    #[serde(default)]
    iat: Option<i64>,
    #[serde(default)]
    jti: Option<String>,
    #[serde(default)]
    sans: Option<Vec<String>>,
    #[serde(default)]
    cnf: Option<Confirmation>,
}

impl Claims {
    fn times(&self) -> Times {
        Times { exp: self.exp, nbf: self.nbf, iat: self.iat }
    }
}

#[derive(Deserialize)]
struct Confirmation {
    #[serde(rename = "x5rt#S256", default)]
    request: String,
}

/// The longest that a token of this kind may live; clients make them for minutes.
const LONGEST_TOKEN: std::time::Duration = std::time::Duration::from_secs(24 * 60 * 60);

impl Jwk {
    /// A provisioner of that name whose tokens are signed with that key.
    pub fn new(name: &str, key: &PublicJwk, claims: ResolvedClaims) -> Self {
        let key_id = key.key_id().unwrap_or_default().to_owned();
        let reference = ProvisionerRef { id: format!("{name}:{key_id}"), name: name.to_owned(), kind: "JWK" };
        Self { common: Common::new(reference, claims, 1, &key_id), key: key.verification_key().clone() }
    }

    pub(super) fn authorize_sign(
        &self,
        token: &UnverifiedToken<'_>,
        context: &Context<'_>,
    ) -> Result<Grant, TokenRefusal> {
        let (claims, token) = self.verified(token, context, Operation::Sign)?;
        Ok(Grant {
            provisioner: self.common.reference.clone(),
            claims: self.common.claims.clone(),
            extension: self.common.extension.clone(),
            token,
            names: GrantedNames::Listed { names: names(&claims)?, common_name: claims.sub.clone() },
            terms: Terms::default(),
            confirmation: claims.cnf.map(|confirmation| confirmation.request).filter(|request| !request.is_empty()),
            holder: Holder { subject: claims.sub, email: None, admin: false },
        })
    }

    pub(super) fn authorize_revoke(
        &self,
        token: &UnverifiedToken<'_>,
        context: &Context<'_>,
    ) -> Result<RevokeGrant, TokenRefusal> {
        let (claims, token) = self.verified(token, context, Operation::Revoke)?;
        let provisioner = self.common.reference.clone();
        Ok(RevokeGrant { provisioner, token, subject: claims.sub, scope: Scope::Named })
    }

    /// The claims of a token for that operation, and what it is spent as.
    fn verified(
        &self,
        token: &UnverifiedToken<'_>,
        context: &Context<'_>,
        operation: Operation,
    ) -> Result<(Claims, TokenUse), TokenRefusal> {
        let verified =
            token.jws.verify(&self.key).map_err(|error| TokenRefusal::new(TokenFault::Signature, error.to_string()))?;
        let claims: Claims = token::claims(verified.payload())?;
        if claims.iss != self.common.reference.name {
            return Err(TokenRefusal::new(TokenFault::Issuer, format!("iss={:?}", claims.iss)));
        }
        let expires = claims.times().check(&TimeRules {
            now: context.now,
            not_issued_before: context.not_issued_before,
            restored: context.restored,
            longest: LONGEST_TOKEN,
            tolerance: token::LEEWAY,
            issued_at: Needed::Yes,
        })?;
        let meant = |audience: &String| {
            let (url, fragment) = split_fragment(audience);
            fragment.is_empty() && context.audiences.matches(url, operation)
        };
        if !claims.aud.0.iter().any(meant) {
            return Err(TokenRefusal::new(TokenFault::Audience, format!("aud={:?}", claims.aud.0)));
        }
        if claims.sub.is_empty() {
            return Err(TokenFault::Subject.into());
        }
        let digest = token::replay_digest(&self.common.reference.id, claims.jti.as_deref(), token.jws.signing_input());
        Ok((claims, TokenUse { digest, expires }))
    }
}

/// The names that a token lists; its subject when it lists none.
fn names(claims: &Claims) -> Result<Vec<SubjectAltName>, TokenRefusal> {
    let listed: Vec<&str> = claims.sans.iter().flatten().map(String::as_str).filter(|name| !name.is_empty()).collect();
    let listed = if listed.is_empty() { vec![claims.sub.as_str()] } else { listed };
    if listed.len() > MAX_NAMES {
        return Err(TokenRefusal::new(TokenFault::Malformed, format!("{} names", listed.len())));
    }
    let mut names = Vec::with_capacity(listed.len());
    for text in listed {
        let name = SubjectAltName::classify(text)
            .map_err(|error| TokenRefusal::new(TokenFault::Malformed, format!("the name {text:?}: {error}")))?;
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}
