//! A part of a file as the body of an answer.

use std::fs::File;
use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

/// What is sent: text, or so many octets of a file.
pub(super) enum Content {
    /// All of it.
    Text(Option<Bytes>),
    /// What is left to be read.
    File(File, u64),
}

impl Content {
    /// A text.
    pub(super) fn text(text: impl Into<Bytes>) -> Self {
        Self::Text(Some(text.into()))
    }

    /// Nothing.
    pub(super) fn nothing() -> Self {
        Self::Text(None)
    }
}

impl Body for Content {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let next = match self.get_mut() {
            Self::Text(text) => text.take().filter(|text| !text.is_empty()).map(Ok),
            Self::File(_, 0) => None,
            Self::File(file, left) => {
                let mut buffer = vec![0; usize::try_from(*left).unwrap_or(CHUNK).min(CHUNK)];
                // Files are on this machine, so that reading them does not keep others waiting for long.
                match file.read(&mut buffer) {
                    // Somebody has shortened it; the length that was promised cannot be kept.
                    Ok(0) => Some(Err(io::ErrorKind::UnexpectedEof.into())),
                    Ok(count) => {
                        *left -= count as u64;
                        buffer.truncate(count);
                        Some(Ok(Bytes::from(buffer)))
                    }
                    Err(error) => Some(Err(error)),
                }
            }
        };
        Poll::Ready(next.map(|read| read.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Text(text) => text.as_ref().is_none_or(Bytes::is_empty),
            Self::File(_, left) => *left == 0,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Text(text) => SizeHint::with_exact(text.as_ref().map_or(0, |text| text.len() as u64)),
            Self::File(_, left) => SizeHint::with_exact(*left),
        }
    }
}

const CHUNK: usize = 64 << 10;
