//! Arithmetic. Where Go would wrap around or divide by zero, this refuses.

use super::convert::{to_float, to_int};
use super::{Function, Outcome, Type, function, int, variadic};
use crate::error::Failure;
use crate::render::Runtime;
use crate::run_value::{Element, Val};

pub(super) static FUNCTIONS: &[Function] = &[
    variadic("add", &[], Type::Any, |_, values| fold(values, 0, i64::checked_add)),
    variadic("addf", &[], Type::Any, |_, values| decimals(Decimal::of(0.0)?, values, Decimal::add)),
    function("add1f", &[Type::Any], |_, values| decimals(Decimal::of(1.0)?, values, Decimal::add)),
    function("add1", &[Type::Any], |_, values| fold(values, 1, i64::checked_add)),
    variadic("biggest", &[Type::Any], Type::Any, largest),
    function("ceil", &[Type::Any], |_, values| Ok(Val::Float(to_float(&values[0])?.ceil()))),
    function("div", &[Type::Any, Type::Any], |_, values| fold(&values[1..], to_int(&values[0])?, i64::checked_div)),
    variadic("divf", &[Type::Any], Type::Any, |_, values| decimals_after_first(values, Decimal::divide)),
    function("floor", &[Type::Any], |_, values| Ok(Val::Float(to_float(&values[0])?.floor()))),
    variadic("max", &[Type::Any], Type::Any, largest),
    variadic("maxf", &[Type::Any], Type::Any, |_, values| fold_float(values, f64::max)),
    variadic("min", &[Type::Any], Type::Any, |_, values| {
        fold(&values[1..], to_int(&values[0])?, |one, other| Some(one.min(other)))
    }),
    variadic("minf", &[Type::Any], Type::Any, |_, values| fold_float(values, f64::min)),
    function("mod", &[Type::Any, Type::Any], |_, values| fold(&values[1..], to_int(&values[0])?, i64::checked_rem)),
    variadic("mul", &[Type::Any], Type::Any, |_, values| fold(&values[1..], to_int(&values[0])?, i64::checked_mul)),
    variadic("mulf", &[Type::Any], Type::Any, |_, values| decimals_after_first(values, Decimal::multiply)),
    variadic("round", &[Type::Any, Type::Int], Type::Float, round),
    variadic("seq", &[], Type::Int, seq),
    function("sub", &[Type::Any, Type::Any], |_, values| fold(&values[1..], to_int(&values[0])?, i64::checked_sub)),
    variadic("subf", &[Type::Any], Type::Any, |_, values| decimals_after_first(values, Decimal::subtract)),
    function("until", &[Type::Int], |runtime, values| {
        let end = int(values, 0);
        Ok(Val::typed_list(Element::Int, steps(runtime, 0, end, if end < 0 { -1 } else { 1 })?))
    }),
    function("untilStep", &[Type::Int, Type::Int, Type::Int], |runtime, values| {
        Ok(Val::typed_list(Element::Int, steps(runtime, int(values, 0), int(values, 1), int(values, 2))?))
    }),
];

fn fold(values: &[Val], start: i64, change: fn(i64, i64) -> Option<i64>) -> Outcome {
    let mut total = start;
    for value in values {
        total = change(total, to_int(value)?).ok_or("the result does not fit into an int64, or is divided by zero")?;
    }
    Ok(Val::Int64(total))
}

fn largest(_: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    fold(&values[1..], to_int(&values[0])?, |one, other| Some(one.max(other)))
}

fn fold_float(values: &[Val], change: fn(f64, f64) -> f64) -> Outcome {
    let mut total = to_float(&values[0])?;
    for value in &values[1..] {
        total = change(total, to_float(value)?);
    }
    if total.is_nan() { Err("not a number".into()) } else { Ok(Val::Float(total)) }
}

fn round(_: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    let round_on = match values.get(2) {
        Some(Val::Float(round_on)) => *round_on,
        _ => 0.5,
    };
    let places = i32::try_from(int(values, 1)).ok().filter(|places| (0..=15).contains(places));
    let Some(places) = places else { return Err("round takes from 0 to 15 places".into()) };
    let power = 10_f64.powi(places);
    let digit = power * to_float(&values[0])?;
    let rounded = if digit.fract() >= round_on { digit.ceil() } else { digit.floor() };
    Ok(Val::Float(rounded / power))
}

/// A number as it is written, with which sprig calculates so that 0.1 and 0.2 are 0.3.
#[derive(Clone, Copy)]
struct Decimal {
    value: i128,
    /// The power of ten that it is multiplied by.
    exponent: i32,
}

impl Decimal {
    fn of(number: f64) -> Result<Self, Failure> {
        let text = format!("{number:e}");
        let parts = text.split_once('e').and_then(|(digits, exponent)| {
            let decimals = digits.split_once('.').map_or(0, |(_, decimals)| decimals.len());
            let exponent: i32 = exponent.parse().ok()?;
            let value = digits.replace('.', "").parse().ok()?;
            Some(Decimal { value, exponent: exponent - i32::try_from(decimals).ok()? })
        });
        parts.ok_or_else(|| format!("{number} is no number to calculate with").into())
    }

    fn number(self) -> Option<f64> {
        format!("{}e{}", self.value, self.exponent).parse().ok()
    }

    /// Written with the exponent, which is not larger than its own.
    fn scaled(self, exponent: i32) -> Option<i128> {
        let power = u32::try_from(self.exponent.checked_sub(exponent)?).ok()?;
        if self.value == 0 { Some(0) } else { self.value.checked_mul(10_i128.checked_pow(power)?) }
    }

    fn add(self, other: Self) -> Option<Self> {
        let exponent = self.exponent.min(other.exponent);
        Some(Decimal { value: self.scaled(exponent)?.checked_add(other.scaled(exponent)?)?, exponent })
    }

    fn subtract(self, other: Self) -> Option<Self> {
        self.add(Decimal { value: -other.value, ..other })
    }

    fn multiply(self, other: Self) -> Option<Self> {
        Some(Decimal { value: self.value.checked_mul(other.value)?, exponent: self.exponent + other.exponent })
    }

    /// To sixteen places, the last rounded away from zero when it is half.
    fn divide(self, other: Self) -> Option<Self> {
        let power = self.exponent - other.exponent + 16;
        let (mut above, mut below) = (self.value, other.value);
        let factor = 10_i128.checked_pow(power.unsigned_abs())?;
        if power >= 0 {
            above = above.checked_mul(factor)?;
        } else {
            below = below.checked_mul(factor)?;
        }
        let (quotient, rest) = (above.checked_div(below)?, above.checked_rem(below)?);
        let round = rest.unsigned_abs().checked_mul(2)? >= below.unsigned_abs();
        let sign = if (above < 0) == (below < 0) { 1 } else { -1 };
        Some(Decimal { value: quotient + if round { sign } else { 0 }, exponent: -16 })
    }
}

fn decimals(start: Decimal, values: &[Val], change: fn(Decimal, Decimal) -> Option<Decimal>) -> Outcome {
    let mut total = start;
    for value in values {
        let next = Decimal::of(to_float(value)?)?;
        total = change(total, next).ok_or("the numbers are too large, too small, or divided by zero")?;
    }
    total.number().map(Val::Float).ok_or_else(|| "the result is no number".into())
}

fn decimals_after_first(values: &[Val], change: fn(Decimal, Decimal) -> Option<Decimal>) -> Outcome {
    decimals(Decimal::of(to_float(&values[0])?)?, &values[1..], change)
}

/// Whole numbers from `start` up to `end`, which is not one of them.
fn steps(runtime: &mut Runtime<'_>, start: i64, end: i64, step: i64) -> Result<Vec<Val>, Failure> {
    let distance = i128::from(end) - i128::from(start);
    if distance == 0 || step == 0 || (distance > 0) != (step > 0) {
        return Ok(Vec::new());
    }
    let count = distance.unsigned_abs().div_ceil(u128::from(step.unsigned_abs()));
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    runtime.step(count)?;
    runtime.room(count.saturating_mul(24))?;
    let mut numbers = Vec::with_capacity(count);
    let mut number = start;
    for _ in 0..count {
        numbers.push(Val::Int(number));
        number = number.saturating_add(step);
    }
    Ok(numbers)
}

fn seq(runtime: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    let number = |at: usize| int(values, at);
    let direction = |start: i64, end: i64| if end < start { -1 } else { 1 };
    let after = |end: i64, by: i64| end.checked_add(by).ok_or_else(|| Failure::from("seq goes too far"));
    let numbers = match values.len() {
        1 => {
            let by = direction(1, number(0));
            steps(runtime, 1, after(number(0), by)?, by)?
        }
        2 => {
            let by = direction(number(0), number(1));
            steps(runtime, number(0), after(number(1), by)?, by)?
        }
        3 => {
            let by = direction(number(0), number(2));
            if by < 0 && number(1) > 0 {
                return Ok(Val::text(""));
            }
            steps(runtime, number(0), after(number(2), by)?, number(1))?
        }
        _ => Vec::new(),
    };
    let texts: Vec<String> = numbers.iter().filter_map(|number| crate::print::shown(number).ok()).collect();
    Ok(Val::text(texts.join(" ")))
}
