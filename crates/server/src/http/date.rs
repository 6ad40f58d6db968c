//! Times as headers and messages have them.

use std::time::SystemTime;

use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

const HTTP: &[BorrowedFormatItem<'_>] =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");
const GO: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day] [hour]:[minute]:[second] +0000 UTC");

/// A date of HTTP (RFC 9110 §5.6.7).
pub fn http_date(time: SystemTime) -> String {
    OffsetDateTime::from(time).format(HTTP).expect("a system time can be formatted")
}

/// A time as Go prints it, which clients show.
pub(super) fn go_time(time: SystemTime) -> String {
    OffsetDateTime::from(time).format(GO).expect("a system time can be formatted")
}
