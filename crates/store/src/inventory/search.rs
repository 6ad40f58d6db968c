//! The two ways to the certificates of a page: along their ends, and by what they are looked for.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};
use std::time::SystemTime;

use rung_authority::store::StoreError;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params_from_iter};

use super::{COLUMNS, Cursor, Entry, Filter, State, raw};
use crate::sqlite::terms::{self, Term};
use crate::sqlite::{milliseconds, translate};

pub(super) fn page(
    connection: &Connection,
    filter: &Filter,
    after: Option<Cursor>,
    (limit, now): (usize, SystemTime),
) -> Result<Vec<Entry>, StoreError> {
    let conditions = Conditions::of(filter, after, now);
    let terms = terms_of(filter);
    // A serial number leads to one certificate, few are revoked, and there are few provisioners.
    let by_provisioner = filter.provisioner.is_some() && terms.len() == 1;
    if terms.is_empty() || filter.serial.is_some() || by_provisioner && filter.state == Some(State::Revoked) {
        return along(connection, filter, &conditions, limit);
    }
    let mut found = found(connection, &terms, (&conditions, after))?;
    if filter.state == Some(State::Revoked) && found.len() > MANY {
        let revoked = revoked(connection)?;
        found.retain(|Reverse(cursor)| revoked.contains(&cursor.id));
    }
    let mut found = BinaryHeap::from(found);
    let mut statement = connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM certificates c LEFT JOIN revocations r ON r.serial = c.serial
             CROSS JOIN provisioners p ON p.id = c.provisioner WHERE c.id = ?1"
        ))
        .map_err(translate)?;
    let mut entries = Vec::new();
    while let Some(Reverse(Cursor { ends, id })) = found.pop() {
        // It may have been purged.
        let Some(row) = statement.query_row([id], raw).optional().map_err(translate)? else { continue };
        let entry = row.check()?;
        let right_one =
            entry.cursor.ends == ends && filter.provisioner.as_ref().is_none_or(|p| *p == entry.provisioner);
        let right_state = filter.state.is_none_or(|state| state == entry.state(now));
        if right_one && right_state && filter.fits(&entry.certificate) {
            entries.push(entry);
            if entries.len() == limit {
                break;
            }
        }
    }
    Ok(entries)
}

/// Of so many certificates it is quicker to ask which are revoked than to look at each.
const MANY: usize = 10_000;

/// The rows of the certificates that are revoked.
fn revoked(connection: &Connection) -> Result<HashSet<i64>, StoreError> {
    let query = "SELECT c.id FROM revocations r CROSS JOIN certificates c ON c.serial = r.serial";
    let mut statement = connection.prepare_cached(query).map_err(translate)?;
    let rows = statement.query_map([], |row| row.get(0)).map_err(translate)?;
    rows.collect::<Result<_, _>>().map_err(translate)
}

fn terms_of(filter: &Filter) -> Vec<Term> {
    let key = filter.key.as_ref().map(Term::key);
    let provisioner = filter.provisioner.as_deref().map(Term::provisioner);
    filter.names.iter().map(|name| Term::name(name)).chain(key).chain(provisioner).collect()
}

/// The certificates that have all the terms, and perhaps some that have not.
fn found(
    connection: &Connection,
    terms: &[Term],
    (conditions, after): (&Conditions, Option<Cursor>),
) -> Result<Vec<Reverse<Cursor>>, StoreError> {
    let wanted = |cursor: Cursor| {
        let Cursor { ends, .. } = cursor;
        let fits = conditions.from.is_none_or(|from| ends >= from)
            && conditions.before.is_none_or(|before| ends < before)
            && after.is_none_or(|after| cursor > after);
        fits.then_some(Reverse(cursor))
    };
    let (mut found, mut part, mut indexed) = (Vec::new(), Vec::new(), 0_i64);
    let query = "SELECT first, last, contents FROM certificate_terms ORDER BY first";
    let mut statement = connection.prepare_cached(query).map_err(translate)?;
    let mut rows = statement.query([]).map_err(translate)?;
    while let Some(row) = rows.next().map_err(translate)? {
        let first = row.get(0).map_err(translate)?;
        indexed = row.get(1).map_err(translate)?;
        let contents = row.get_ref(2).map_err(translate)?.as_blob().map_err(|error| translate(error.into()))?;
        let damaged = || StoreError::Damaged(format!("the names of certificates from {first} on are not readable"));
        terms::search(first, contents, terms, &mut part).ok_or_else(damaged)?;
        found.extend(part.drain(..).filter_map(|(ends, id)| wanted(Cursor { ends, id })));
    }
    // The newest are in no block yet.
    let query = "SELECT id, not_after FROM certificates WHERE id > ?1";
    let mut statement = connection.prepare_cached(query).map_err(translate)?;
    let rows = statement.query_map([indexed], |row| Ok(Cursor { id: row.get(0)?, ends: row.get(1)? }));
    for cursor in rows.map_err(translate)? {
        found.extend(wanted(cursor.map_err(translate)?));
    }
    Ok(found)
}

/// Certificates in the order of their ends, each looked at.
fn along(
    connection: &Connection,
    filter: &Filter,
    conditions: &Conditions,
    limit: usize,
) -> Result<Vec<Entry>, StoreError> {
    // Where SQL sees everything that is wanted, it need not sort more than a page.
    let seen = filter.names.is_empty() && filter.key.is_none();
    let most = if seen { i64::try_from(limit).unwrap_or(i64::MAX) } else { -1 };
    // Few are revoked, so that they are the ones to begin with; otherwise everything goes along the ends.
    let tables = match filter.state {
        Some(State::Revoked) => "revocations r CROSS JOIN certificates c ON c.serial = r.serial",
        _ => "certificates c LEFT JOIN revocations r ON r.serial = c.serial",
    };
    let mut statement = connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM {tables} CROSS JOIN provisioners p ON p.id = c.provisioner
             WHERE {} ORDER BY c.not_after, c.id LIMIT {most}",
            conditions.text
        ))
        .map_err(translate)?;
    let mut entries = Vec::new();
    for row in statement.query_map(params_from_iter(&conditions.values), raw).map_err(translate)? {
        let entry = row.map_err(translate)?.check()?;
        if filter.fits(&entry.certificate) {
            entries.push(entry);
            if entries.len() == limit {
                break;
            }
        }
    }
    Ok(entries)
}

/// What holds of a row, as SQL; and between which ends it is, in milliseconds since 1970.
struct Conditions {
    text: String,
    values: Vec<Value>,
    from: Option<i64>,
    before: Option<i64>,
}

impl Conditions {
    fn of(filter: &Filter, after: Option<Cursor>, now: SystemTime) -> Self {
        let mut from = filter.ends_from.map(milliseconds);
        let mut before = filter.ends_before.map(milliseconds);
        let now = milliseconds(now);
        let mut texts = Vec::new();
        let mut values = Vec::new();
        match filter.state {
            Some(State::Expired) => {
                before = Some(before.map_or(now, |before| before.min(now)));
                texts.push("r.serial IS NULL");
            }
            Some(State::Valid) => {
                from = Some(from.map_or(now, |from| from.max(now)));
                texts.push("r.serial IS NULL");
            }
            Some(State::Revoked) | None => {}
        }
        let mut one = |text, value| {
            texts.push(text);
            values.push(value);
        };
        if let Some(serial) = &filter.serial {
            one("c.serial = ?", Value::Blob(serial.as_bytes().to_vec()));
        }
        if let Some(name) = &filter.provisioner {
            one("c.provisioner IN (SELECT id FROM provisioners WHERE name = ?)", Value::Text(name.clone()));
        }
        if let Some(from) = from {
            one("c.not_after >= ?", Value::Integer(from));
        }
        if let Some(before) = before {
            one("c.not_after < ?", Value::Integer(before));
        }
        if let Some(Cursor { ends, id }) = after {
            texts.push("(c.not_after, c.id) > (?, ?)");
            values.extend([Value::Integer(ends), Value::Integer(id)]);
        }
        let text = if texts.is_empty() { "1".to_owned() } else { texts.join(" AND ") };
        Self { text, values, from, before }
    }
}
