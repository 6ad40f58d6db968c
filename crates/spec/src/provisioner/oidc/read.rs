//! Reading the small things that rules are made of.

use std::time::Duration;

use super::{path::ClaimPath, pattern::Pattern};
use crate::{GoDuration, json::Node};

/// The place of a claim.
pub(super) fn path(node: &Node<'_>) -> Option<ClaimPath> {
    let text = node.string()?;
    text.parse().map_err(|error| node.report(format!("{text:?} does not name a claim: {error}"))).ok()
}

/// A pattern, unless `problem` finds something wrong with it.
pub(super) fn pattern(node: &Node<'_>, problem: impl Fn(&Pattern) -> Option<String>) -> Option<Pattern> {
    let text = node.string()?;
    let pattern: Pattern =
        text.parse().map_err(|error| node.report(format!("{text:?} is not a pattern: {error}"))).ok()?;
    match problem(&pattern) {
        Some(problem) => {
            node.report(format!("{text:?} is not a good pattern: {problem}"));
            None
        }
        None => Some(pattern),
    }
}

/// The texts of a list, or the one text that stands in its place; empty ones are reported.
pub(super) fn one_or_many<'a>(node: &Node<'a>) -> Vec<Node<'a>> {
    match node.is_list() {
        true => node.list(),
        false => vec![node.clone()],
    }
}

/// A duration that is more than nothing.
pub(super) fn lifetime(node: &Node<'_>) -> Option<Duration> {
    let duration = node.duration()?;
    let positive = duration.positive().filter(|duration| !duration.is_zero());
    if positive.is_none() {
        node.report("the lifetime of a certificate is more than nothing");
    }
    positive
}

/// How far clocks may differ.
pub(super) fn tolerance(node: &Node<'_>) -> Option<Duration> {
    let duration = node.duration()?;
    match duration.positive() {
        Some(tolerance) if tolerance <= MAX_TOLERANCE => Some(tolerance),
        _ => {
            node.report(format!(
                "clocks may differ by 0s to {}: set the clocks, with NTP, instead of accepting more",
                GoDuration::from(MAX_TOLERANCE)
            ));
            None
        }
    }
}

const MAX_TOLERANCE: Duration = Duration::from_secs(5 * 60);
