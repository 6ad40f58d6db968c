//! Points in time as flags give them: RFC 3339, or a duration such as `2h45m`.

use rung_spec::TimeOrDuration;

use crate::call::Call;
use crate::failure::Usage;

/// The value of a flag, as it was given and as it is understood.
pub(crate) fn flag(call: &Call, name: &str) -> anyhow::Result<Option<(String, TimeOrDuration)>> {
    let Some(text) = call.text(name)? else { return Ok(None) };
    let when = TimeOrDuration::parse(&text).map_err(|_| {
        Usage::new(format!("invalid value '{text}' for flag '--{name}'"))
            .with_hint("Give a time such as 2026-03-01T08:00:00Z or a duration such as 12h or 1h30m.".to_owned())
    })?;
    Ok(when.map(|when| (text, when)))
}
