//! The line of one request, in the three formats that operators' tools know.

use std::{
    borrow::Cow,
    net::SocketAddr,
    time::{Duration, SystemTime},
};

use rung_spec::{GoDuration, LogFormat};

use super::{
    Level,
    line::{escape, push_value, rfc3339},
};

/// One request and what became of it.
pub struct Access<'a> {
    /// Its identifier.
    pub request_id: &'a str,
    /// Who sent it.
    pub remote: SocketAddr,
    /// When its headers were there.
    pub start: SystemTime,
    /// How long the answer took.
    pub duration: Duration,
    /// Its method.
    pub method: &'a str,
    /// Its path, without the query.
    pub path: &'a str,
    /// Its protocol, such as `HTTP/2.0`.
    pub protocol: &'static str,
    /// The status of the answer.
    pub status: u16,
    /// Octets of the answer's body.
    pub size: usize,
    /// The page that led here.
    pub referer: &'a str,
    /// The program that sent it.
    pub user_agent: &'a str,
    /// What the endpoint adds; none of it is a secret.
    pub fields: &'a [(&'static str, Cow<'a, str>)],
}

impl Access<'_> {
    pub(super) fn line(&self, format: LogFormat, now: SystemTime) -> String {
        match format {
            LogFormat::Common => self.common(),
            LogFormat::Json => self.json(now),
            LogFormat::Text => self.text(now),
        }
    }

    /// A sentence on a request that was refused, for those who log no requests.
    pub(super) fn refusal(&self) -> Option<String> {
        let (_, reason) = self.fields.iter().find(|(name, _)| *name == "error")?;
        Some(format!(
            "{} {} was answered with {}: {reason} (request {})",
            self.method, self.path, self.status, self.request_id
        ))
    }

    fn level(&self) -> Level {
        match self.status {
            0..400 => Level::Info,
            400..500 => Level::Warning,
            500.. => Level::Error,
        }
    }

    fn fields(&self) -> Vec<(&'static str, Cow<'_, str>)> {
        let mut fields: Vec<(&'static str, Cow<'_, str>)> = Vec::with_capacity(17 + self.fields.len());
        fields.push(("duration", Cow::Owned(GoDuration::from(self.duration).to_string())));
        fields.push(("duration-ns", Cow::Owned(self.duration.as_nanos().to_string())));
        fields.push(("fields.time", Cow::Owned(rfc3339(self.start))));
        fields.push(("method", Cow::Borrowed(self.method)));
        fields.push(("name", Cow::Borrowed("ca")));
        fields.push(("path", Cow::Borrowed(self.path)));
        fields.push(("protocol", Cow::Borrowed(self.protocol)));
        fields.push(("referer", Cow::Borrowed(self.referer)));
        fields.push(("remote-address", Cow::Owned(self.remote.ip().to_string())));
        fields.push(("request-id", Cow::Borrowed(self.request_id)));
        fields.push(("size", Cow::Owned(self.size.to_string())));
        fields.push(("status", Cow::Owned(self.status.to_string())));
        fields.push(("user-agent", Cow::Borrowed(self.user_agent)));
        fields.push(("user-id", Cow::Borrowed("")));
        fields.extend(self.fields.iter().map(|(name, value)| (*name, Cow::Borrowed(&**value))));
        fields.sort_unstable_by_key(|(name, _)| *name);
        fields
    }

    /// logfmt: `time` and `level` first, then the fields by name.
    fn text(&self, now: SystemTime) -> String {
        let mut line = String::with_capacity(1024);
        line.push_str("time=");
        push_value(&mut line, &rfc3339(now));
        line.push_str(" level=");
        line.push_str(self.level().name());
        for (name, value) in self.fields() {
            line.push(' ');
            line.push_str(name);
            line.push('=');
            push_value(&mut line, &value);
        }
        line.push('\n');
        line
    }

    /// One JSON object a line, members by name; numbers where the reference has them.
    fn json(&self, now: SystemTime) -> String {
        let mut object = serde_json::Map::new();
        for (name, value) in self.fields() {
            let value = match name {
                "duration-ns" | "size" | "status" => value.parse::<u64>().map_or(serde_json::Value::Null, Into::into),
                "sans" => serde_json::from_str(&value).unwrap_or_else(|_| value.into_owned().into()),
                _ => value.into_owned().into(),
            };
            object.insert(name.to_owned(), value);
        }
        object.insert("level".to_owned(), self.level().name().into());
        object.insert("msg".to_owned(), "".into());
        object.insert("time".to_owned(), rfc3339(now).into());
        object.sort_keys();
        format!("{}\n", serde_json::Value::Object(object))
    }

    fn common(&self) -> String {
        let error = self.fields.iter().find(|(name, _)| *name == "error");
        format!(
            "{} {} ca - {} {} \"{} {} {}\" {} {}{}{}\n",
            escape(self.request_id),
            self.remote.ip(),
            rfc3339(self.start),
            GoDuration::from(self.duration),
            escape(self.method),
            escape(self.path),
            self.protocol,
            self.status,
            self.size,
            if error.is_some() { " " } else { "" },
            error.map(|(_, reason)| escape(reason)).unwrap_or_default(),
        )
    }
}
