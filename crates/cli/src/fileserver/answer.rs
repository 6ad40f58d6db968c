//! What a request is answered with.

use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom};
use std::path::Path;
use std::time::{Duration, SystemTime};

use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use time::OffsetDateTime;
use time::macros::format_description;

use super::body::Content;
use super::place::{Place, resolve};

/// Answer a request for something below `root`.
pub(super) fn answer<T>(request: &Request<T>, root: &Path) -> Response<Content> {
    let is_head = request.method() == Method::HEAD;
    if !is_head && request.method() != Method::GET {
        let mut refused = plain(StatusCode::METHOD_NOT_ALLOWED, "405 method not allowed\n");
        refused.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        return refused;
    }
    let path = request.uri().path();
    let mut answer = match resolve(root, path) {
        Some(Place::File(file)) => send(request, &file),
        Some(Place::Folder(_)) if !path.ends_with('/') => redirect(path),
        Some(Place::Folder(folder)) => match resolve(root, &format!("{path}index.html")) {
            Some(Place::File(index)) => send(request, &index),
            _ => list(&folder),
        },
        None => Ok(plain(StatusCode::NOT_FOUND, "404 page not found\n")),
    }
    .unwrap_or_else(|_| plain(StatusCode::FORBIDDEN, "403 forbidden\n"));
    answer.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if is_head {
        let length = hyper::body::Body::size_hint(answer.body()).exact().unwrap_or(0);
        answer.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        *answer.body_mut() = Content::nothing();
    }
    answer
}

fn send<T>(request: &Request<T>, path: &Path) -> io::Result<Response<Content>> {
    let mut file = File::open(path)?;
    let metadata = file.metadata()?;
    let modified = metadata.modified()?;
    let wanted = |name: header::HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    let mut answer = Response::new(Content::nothing());
    let date = http_date(modified);
    if wanted(header::IF_MODIFIED_SINCE).is_some_and(|since| date.to_str().is_ok_and(|date| date == since)) {
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
        return Ok(answer);
    }
    answer.headers_mut().insert(header::LAST_MODIFIED, date);
    answer.headers_mut().insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind(path)));
    let whole = metadata.len();
    let (first, count) = match wanted(header::RANGE).map(|range| part(range, whole)) {
        // Several parts at once are answered with everything, as RFC 9110 §14.2 allows.
        None | Some(Part::Everything) => (0, whole),
        Some(Part::Nothing) => {
            *answer.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
            answer.headers_mut().insert(header::CONTENT_RANGE, text(format!("bytes */{whole}")));
            return Ok(answer);
        }
        Some(Part::Octets { first, last }) => {
            *answer.status_mut() = StatusCode::PARTIAL_CONTENT;
            answer.headers_mut().insert(header::CONTENT_RANGE, text(format!("bytes {first}-{last}/{whole}")));
            (first, last - first + 1)
        }
    };
    file.seek(SeekFrom::Start(first))?;
    *answer.body_mut() = Content::File(file, count);
    Ok(answer)
}

/// Which part of a file is wanted.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    Everything,
    Nothing,
    Octets { first: u64, last: u64 },
}

/// Read a `Range` (RFC 9110 §14.2) for a file of that length.
pub(super) fn part(range: &str, whole: u64) -> Part {
    let single = range.strip_prefix("bytes=").filter(|range| !range.contains(','));
    let Some((from, to)) = single.and_then(|range| range.split_once('-')) else { return Part::Everything };
    let (first, last) = match (from.trim().parse::<u64>(), to.trim().parse::<u64>()) {
        (Ok(first), Ok(last)) => (first, last.min(whole.saturating_sub(1))),
        (Ok(first), Err(_)) if to.trim().is_empty() => (first, whole.saturating_sub(1)),
        (Err(_), Ok(0)) if from.trim().is_empty() => return Part::Nothing,
        (Err(_), Ok(count)) if from.trim().is_empty() => (whole.saturating_sub(count), whole.saturating_sub(1)),
        _ => return Part::Everything,
    };
    if first > last || first >= whole { Part::Nothing } else { Part::Octets { first, last } }
}

fn redirect(path: &str) -> io::Result<Response<Content>> {
    // The last part alone, so that nobody is sent to another host by a path that begins with two slashes.
    let last = path.rsplit('/').next().unwrap_or_default();
    let mut answer = Response::new(Content::nothing());
    *answer.status_mut() = StatusCode::MOVED_PERMANENTLY;
    answer.headers_mut().insert(header::LOCATION, text(format!("./{last}/")));
    Ok(answer)
}

fn list(folder: &Path) -> io::Result<Response<Content>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(mut name) = entry.file_name().into_string() else { continue };
        if fs::metadata(entry.path()).is_ok_and(|metadata| metadata.is_dir()) {
            name.push('/');
        }
        names.push(name);
    }
    names.sort_unstable();
    let mut page =
        "<!doctype html>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
                    <pre>\n"
            .to_owned();
    for name in names {
        let link = utf8_percent_encode(&name, IN_A_LINK);
        page.push_str(&format!("<a href=\"./{link}\">{}</a>\n", crate::help::escaped_html(&name)));
    }
    page.push_str("</pre>\n");
    let mut answer = Response::new(Content::text(page));
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    Ok(answer)
}

fn plain(status: StatusCode, text: &'static str) -> Response<Content> {
    let mut answer = Response::new(Content::text(text));
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    answer
}

fn text(text: String) -> HeaderValue {
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// Such as `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7).
fn http_date(time: SystemTime) -> HeaderValue {
    let format =
        format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");
    // What the file system says may be beyond what can be written.
    let time = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).min(Duration::from_secs(1 << 36));
    let date = OffsetDateTime::from(SystemTime::UNIX_EPOCH + time).format(format);
    text(date.unwrap_or_default())
}

/// The media type that the end of the name stands for.
fn kind(path: &Path) -> &'static str {
    let end = path.extension().and_then(|end| end.to_str()).unwrap_or_default().to_ascii_lowercase();
    KINDS.iter().find(|(known, _)| *known == end).map_or("application/octet-stream", |(_, kind)| kind)
}

/// Everything that has a meaning in a URL or in HTML.
const IN_A_LINK: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'&')
    .add(b'\'')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'\\')
    .add(b'`');
const KINDS: [(&str, &str); 18] = [
    ("css", "text/css; charset=utf-8"),
    ("crl", "application/pkix-crl"),
    ("crt", "application/pkix-cert"),
    ("gif", "image/gif"),
    ("htm", "text/html; charset=utf-8"),
    ("html", "text/html; charset=utf-8"),
    ("ico", "image/x-icon"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("js", "text/javascript; charset=utf-8"),
    ("json", "application/json"),
    ("md", "text/markdown; charset=utf-8"),
    ("pdf", "application/pdf"),
    ("pem", "application/x-pem-file"),
    ("png", "image/png"),
    ("svg", "image/svg+xml"),
    ("txt", "text/plain; charset=utf-8"),
    ("wasm", "application/wasm"),
];
