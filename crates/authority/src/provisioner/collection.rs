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
            let provisioner = Arc::new(provisioner);
            let audiences = provisioner.audiences();
            let more: Vec<String> = audiences.iter().filter(|audience| **audience != id).cloned().collect();
            for id in std::iter::once(id).chain(more) {
                let before = by_token_id.insert(id.clone(), provisioner.clone());
                // An audience that is listed twice means the same provisioner.
                if before.is_some_and(|before| !Arc::ptr_eq(&before, &provisioner)) {
                    return Err(Duplicate(id));
                }
            }
        }
        Ok(Self { by_token_id })
    }

    /// The provisioner that a token claims to come from; whether it does is for that provisioner to check.
    pub(crate) fn find(
        &self,
        token: &UnverifiedToken<'_>,
        audiences: &Audiences,
    ) -> Result<&Arc<Provisioner>, TokenRefusal> {
        if let Some(provisioner) = self.by_party(token) {
            return Ok(provisioner);
        }
        let id = self.claimed_id(token, audiences).ok_or(TokenFault::UnknownProvisioner)?;
        self.by_token_id
            .get(&id)
            .ok_or_else(|| TokenRefusal::new(TokenFault::UnknownProvisioner, format!("the token leads to {id:?}")))
    }

    /// The provisioner that a token with that id leads to.
    pub(crate) fn by_id(&self, id: &str) -> Option<&Arc<Provisioner>> {
        self.by_token_id.get(id).filter(|provisioner| provisioner.common().reference.id == id)
    }

    /// The provisioner with that name.
    pub(crate) fn by_name(&self, name: &str) -> Option<&Arc<Provisioner>> {
        self.by_token_id.values().find(|provisioner| provisioner.common().reference.name == name)
    }

    /// The provisioner of an audience of the token that lets the client in `azp` ask for tokens on its behalf.
    fn by_party(&self, token: &UnverifiedToken<'_>) -> Option<&Arc<Provisioner>> {
        let party = token.route.azp.as_deref().filter(|party| !party.is_empty())?;
        let mut meant = token.route.aud.0.iter().filter_map(|audience| self.by_token_id.get(audience));
        meant.find(|provisioner| matches!(&***provisioner, Provisioner::Oidc(oidc) if oidc.is_party(party)))
    }

    /// The id of the provisioner that a token claims to come from.
    fn claimed_id(&self, token: &UnverifiedToken<'_>, audiences: &Audiences) -> Option<String> {
        let route = &token.route;
        let first = route.aud.0.first()?;
        let own =
            route.aud.0.iter().map(|audience| split_fragment(audience)).find(|(url, _)| audiences.matches_any(url));
        match own {
            Some((_, fragment)) if !fragment.is_empty() => Some(fragment.to_owned()),
            Some(_) => {
                Some(format!("{}:{}", route.iss, token.jws.unverified_header().key_id.as_deref().unwrap_or_default()))
            }
            // Tokens of identity providers name their client: `azp` when there is one; multi-tenant providers name
            // the tenant instead unless the token speaks of a person, and here only when a provisioner is known by it.
            None => match (&route.azp, &route.tid) {
                (Some(party), _) if !party.is_empty() => Some(party.clone()),
                (_, Some(tenant)) if route.email.is_none() && self.by_token_id.contains_key(tenant) => {
                    Some(tenant.clone())
                }
                _ => Some(first.clone()),
            },
        }
    }
}
