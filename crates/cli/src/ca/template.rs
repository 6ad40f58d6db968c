//! `--set` and `--set-file`: data for the CA's templates.

use anyhow::Context as _;
use serde_json::{Map, Value};

use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::Flag;
use crate::input;

/// The flags that give data to templates.
pub(crate) static FLAGS: &[Flag] = &[
    Flag::list(
        &["set"],
        "<key=value>",
        "Data for the certificate template of the CA. The <value> is JSON if it can be read as such, else text.",
    ),
    Flag::value(&["set-file"], "<file>", "A JSON object with data for the template; '--set' goes before it."),
];

/// The data of the flags, if there is any.
pub(crate) fn data(call: &Call) -> anyhow::Result<Option<Map<String, Value>>> {
    let pairs = call.list("set")?;
    let file = call.text("set-file")?;
    if pairs.is_empty() && file.is_none() {
        return Ok(None);
    }
    let mut data = match file {
        Some(file) => {
            let contents = input::read("the file of --set-file", &file)?;
            serde_json::from_slice(&contents)
                .with_context(|| format!("the file of --set-file, {}, is not a JSON object", input::name(&file)))?
        }
        None => Map::new(),
    };
    for pair in pairs {
        let (key, value) = parse_pair(&pair)?;
        data.insert(key, value);
    }
    Ok(Some(data))
}

pub(super) fn parse_pair(pair: &str) -> Result<(String, Value), Usage> {
    let (key, value) =
        pair.split_once('=').ok_or_else(|| Usage::new(format!("invalid value '{pair}' for flag '--set'")))?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
    Ok((key.to_owned(), value))
}
