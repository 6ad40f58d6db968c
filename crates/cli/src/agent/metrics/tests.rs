//! The text that monitoring systems read.

use std::time::{Duration, SystemTime};

use super::super::notes::Notes;
use super::super::pool::Report;
use super::text;
use crate::renewal::schedule::Lifetime;

#[test]
fn every_certificate_has_its_numbers() {
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
    let lifetime = Some(Lifetime { start, end: start + Duration::from_secs(500) });
    let notes = Notes { renewals: 3, failures: 2, failed: 7, ..Notes::default() };
    let known = Report { certificate: "/a \"b\"\\.crt".to_owned(), notes, lifetime };
    let unknown = Report { certificate: "/c.crt".to_owned(), ..Report::default() };
    let text = text(&[known, unknown]);
    for line in [
        "# TYPE rung_agent_renewals_total counter",
        r#"rung_agent_certificate_not_after_seconds{certificate="/a \"b\"\\.crt"} 1500"#,
        r#"rung_agent_renewals_total{certificate="/a \"b\"\\.crt"} 3"#,
        r#"rung_agent_failures_in_a_row{certificate="/a \"b\"\\.crt"} 2"#,
        r#"rung_agent_failures_total{certificate="/a \"b\"\\.crt"} 7"#,
        r#"rung_agent_hook_failed{certificate="/c.crt"} 0"#,
    ] {
        assert!(text.lines().any(|found| found == line), "{line:?} is missing in {text}");
    }
    assert!(!text.contains("rung_agent_certificate_not_after_seconds{certificate=\"/c.crt\"}"), "{text}");
}
