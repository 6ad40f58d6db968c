//! All provisioners of a CA, and how a token finds its own.

use std::{collections::HashMap, sync::Arc};

use super::Provisioner;
use crate::{
    audience::{Audiences, split_fragment},
    error::{TokenFault, TokenRefusal},
    token::UnverifiedToken,
};

/// All provisioners of a CA.
#[derive(Debug, Default)]
pub struct Collection {
    by_token_id: HashMap<String, Arc<Provisioner>>,
}

/// Two provisioners that tokens could not tell apart.
#[derive(Debug, thiserror::Error)]
#[error("two provisioners share the token id {0:?}")]
pub struct Duplicate(pub String);

impl Collection {
    /// Collect provisioners, each under the id that its tokens lead to.
    ///
    /// # Errors
    /// When two of them have the same id.
    pub fn new(provisioners: impl IntoIterator<Item = (String, Provisioner)>) -> Result<Self, Duplicate> {
        let mut by_token_id = HashMap::new();
        for (id, provisioner) in provisioners {
            if by_token_id.contains_key(&id) {
                return Err(Duplicate(id));
            }
            by_token_id.insert(id, Arc::new(provisioner));
        }
        Ok(Self { by_token_id })
    }

    /// The provisioner that a token claims to come from; whether it does is for that provisioner to check.
    pub(crate) fn find(
        &self,
        token: &UnverifiedToken<'_>,
        audiences: &Audiences,
    ) -> Result<&Arc<Provisioner>, TokenRefusal> {
        let id = claimed_id(token, audiences).ok_or(TokenFault::UnknownProvisioner)?;
        self.by_token_id
            .get(&id)
            .ok_or_else(|| TokenRefusal::new(TokenFault::UnknownProvisioner, format!("the token leads to {id:?}")))
    }
}

/// The id of the provisioner that a token claims to come from.
fn claimed_id(token: &UnverifiedToken<'_>, audiences: &Audiences) -> Option<String> {
    let route = &token.route;
    let first = route.aud.0.first()?;
    let own = route.aud.0.iter().map(|audience| split_fragment(audience)).find(|(url, _)| audiences.matches_any(url));
    match own {
        Some((_, fragment)) if !fragment.is_empty() => Some(fragment.to_owned()),
        Some(_) => {
            Some(format!("{}:{}", route.iss, token.jws.unverified_header().key_id.as_deref().unwrap_or_default()))
        }
        // Tokens of identity providers name their client: `azp` when there is one; multi-tenant providers name the
        // tenant instead unless the token speaks of a person.
        None => match (&route.azp, &route.tid) {
            (Some(party), _) if !party.is_empty() => Some(party.clone()),
            (_, Some(tenant)) if !tenant.is_empty() && route.email.is_none() => Some(tenant.clone()),
            _ => Some(first.clone()),
        },
    }
}
