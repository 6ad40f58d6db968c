//! What must be so that somebody comes in, or that a rule holds.

use std::borrow::Cow;

use rung_spec::oidc::{ClaimPath, Requirement, Rule};
use serde_json::Value;

use super::{
    claims::{Claims, Listed},
    lookup::{Lookup, unusable},
};
use crate::error::{TokenFault, TokenRefusal};

/// The groups of a person.
#[derive(Debug)]
pub(super) enum Groups<'a> {
    /// The token does not say.
    Absent,
    /// The token says that there are too many to list.
    Elsewhere,
    /// These.
    Listed(Cow<'a, [String]>),
}

impl<'a> Groups<'a> {
    /// The groups of the claim that has that name in every token.
    pub(super) fn usual(claims: &'a Claims) -> Result<Self, TokenRefusal> {
        match &claims.groups {
            Listed::Texts(groups) => Ok(Self::Listed(Cow::Borrowed(groups))),
            Listed::Absent if claims.is_elsewhere("groups") => Ok(Self::Elsewhere),
            Listed::Absent => Ok(Self::Absent),
            Listed::Other | Listed::Text(_) => {
                Err(TokenRefusal::new(TokenFault::Malformed, "the claim groups is no list of texts"))
            }
        }
    }

    /// The groups of the claim that the provisioner names. Some providers send a single group as one text.
    pub(super) fn at(path: &ClaimPath, lookup: &Lookup<'_>) -> Result<Self, TokenRefusal> {
        let elements = match lookup.value(path)? {
            None if lookup.claims.is_elsewhere(&path.steps()[0]) => return Ok(Self::Elsewhere),
            None => return Ok(Self::Absent),
            Some(Value::Array(elements)) => elements.as_slice(),
            Some(one) => std::slice::from_ref(one),
        };
        let text = |value: &Value| match value {
            Value::String(text) => Ok(text.clone()),
            _ => Err(unusable(path, &"is no list of groups")),
        };
        Ok(Self::Listed(elements.iter().map(text).collect::<Result<Vec<_>, _>>()?.into()))
    }

    /// The groups; none where the token does not say.
    pub(super) fn listed(&self) -> &[String] {
        match self {
            Self::Absent | Self::Elsewhere => &[],
            Self::Listed(groups) => groups,
        }
    }

    /// Refuse somebody who is in none of the groups.
    pub(super) fn require_one_of(&self, wanted: &[String]) -> Result<(), TokenRefusal> {
        match self {
            Self::Absent => Err(TokenFault::GroupsMissing.into()),
            Self::Elsewhere => Err(TokenFault::GroupsOverage.into()),
            Self::Listed(groups) if groups.iter().any(|group| wanted.contains(group)) => Ok(()),
            Self::Listed(groups) => Err(TokenRefusal::new(TokenFault::Group, format!("groups={groups:?}"))),
        }
    }
}

/// Refuse a token that does not have what everybody must have.
pub(super) fn require(requirements: &[Requirement], lookup: &Lookup<'_>) -> Result<(), TokenRefusal> {
    for requirement in requirements {
        let values = lookup.texts(&requirement.claim)?;
        if !meets(requirement, &values) {
            let detail = format!("the claim {} is {values:?}, required is {}", requirement.claim, wanted(requirement));
            return Err(TokenRefusal::new(TokenFault::Claim, detail));
        }
    }
    Ok(())
}

/// Why a rule does not hold, if it does not.
pub(super) fn unmet(rule: &Rule, groups: &Groups<'_>, lookup: &Lookup<'_>) -> Result<Option<String>, TokenRefusal> {
    if !rule.groups.is_empty() {
        // Whoever does not know the groups cannot tell whether the rule holds, and a rule may also be a limit.
        if matches!(groups, Groups::Elsewhere) {
            return Err(TokenFault::GroupsOverage.into());
        }
        if !groups.listed().iter().any(|group| rule.groups.contains(group)) {
            return Ok(Some(format!("the person is in none of the groups {}", rule.groups.join(", "))));
        }
    }
    for requirement in &rule.claims {
        let values = lookup.texts(&requirement.claim)?;
        if !meets(requirement, &values) {
            return Ok(Some(format!("the claim {} is not {}", requirement.claim, wanted(requirement))));
        }
    }
    Ok(None)
}

fn meets(requirement: &Requirement, values: &[String]) -> bool {
    values.iter().any(|value| requirement.values.iter().any(|wanted| wanted.matches(value)))
}

fn wanted(requirement: &Requirement) -> String {
    requirement.values.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ")
}
