//! What is made of randomness that the caller gives.

use base64::Engine as _;

use super::encoding::BASE64;
use super::{Function, Outcome, Type, function, int, text};
use crate::error::Failure;
use crate::render::Runtime;
use crate::run_value::Val;

pub(super) static FUNCTIONS: &[Function] = &[
    function("randAlpha", &[Type::Int], |runtime, values| random_text(runtime, int(values, 0), ALPHA)),
    function("randAlphaNum", &[Type::Int], |runtime, values| random_text(runtime, int(values, 0), ALPHANUMERIC)),
    function("randAscii", &[Type::Int], |runtime, values| {
        let visible: Vec<u8> = (b' '..=b'~').collect();
        random_text(runtime, int(values, 0), &visible)
    }),
    function("randBytes", &[Type::Int], |runtime, values| {
        let mut bytes = vec![0; length(runtime, int(values, 0))?];
        runtime.random(&mut bytes)?;
        Ok(Val::text(BASE64.encode(bytes)))
    }),
    function("randInt", &[Type::Int, Type::Int], random_int),
    function("randNumeric", &[Type::Int], |runtime, values| random_text(runtime, int(values, 0), b"0123456789")),
    function("shuffle", &[Type::Text], shuffle),
    function("uuidv4", &[], uuid),
];

fn length(runtime: &mut Runtime<'_>, wanted: i64) -> Result<usize, Failure> {
    let wanted = usize::try_from(wanted).map_err(|_| format!("{wanted} random characters cannot be made"))?;
    runtime.step(wanted)?;
    runtime.room(wanted)?;
    Ok(wanted)
}

/// A number below `end`, each as likely as the others.
fn below(runtime: &Runtime<'_>, end: u64) -> Result<u64, Failure> {
    let mut bytes = [0; 8];
    loop {
        runtime.random(&mut bytes)?;
        let number = u64::from_ne_bytes(bytes);
        // The last round of the numbers is not whole.
        if number < u64::MAX - u64::MAX % end {
            return Ok(number % end);
        }
    }
}

fn random_text(runtime: &mut Runtime<'_>, wanted: i64, characters: &[u8]) -> Outcome {
    let mut made = String::new();
    for _ in 0..length(runtime, wanted)? {
        let at = usize::try_from(below(runtime, characters.len() as u64)?).map_err(|_| "too many characters")?;
        made.push(char::from(characters[at]));
    }
    Ok(Val::text(made))
}

fn random_int(runtime: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    let (start, end) = (int(values, 0), int(values, 1));
    let Some(distance) = end.checked_sub(start).and_then(|distance| u64::try_from(distance).ok()).filter(|d| *d > 0)
    else {
        return Err("randInt needs a larger number after a smaller one".into());
    };
    let offset = i64::try_from(below(runtime, distance)?).map_err(|_| "the numbers are too far apart")?;
    Ok(Val::Int(start + offset))
}

fn shuffle(runtime: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    let mut characters: Vec<char> = text(values, 0).chars().collect();
    runtime.step(characters.len())?;
    for at in (1..characters.len()).rev() {
        let other = usize::try_from(below(runtime, at as u64 + 1)?).map_err(|_| "the text is too long")?;
        characters.swap(at, other);
    }
    Ok(Val::text(characters.into_iter().collect::<String>()))
}

fn uuid(runtime: &mut Runtime<'_>, _: &[Val]) -> Outcome {
    let mut bytes = [0; 16];
    runtime.random(&mut bytes)?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
    Ok(Val::text(parts.join("-")))
}

const ALPHA: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const ALPHANUMERIC: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
