//! One connection from its first request to its end, which comes when nothing moves.

use std::{
    convert::Infallible,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use hyper::{
    body::{Body, Frame, Incoming, SizeHint},
    service::Service,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::watch,
};

use crate::stopwatch::Stopwatch;

/// What moves on a connection.
#[derive(Debug)]
pub struct Activity {
    stopwatch: Stopwatch,
    /// When something last moved, in milliseconds from the start.
    moved: AtomicU64,
    /// Requests that are worked on.
    requests: AtomicU32,
    /// Answers that are not sent yet.
    answers: AtomicU32,
}

/// An answer is given so many times the patience to move on: who reads slowly is no attacker, and what the system has
/// taken over to send is not seen to move.
const READERS_PATIENCE: u32 = 4;
/// The longest part of an answer that is handed over at a time, so that a standstill shows.
const PART: usize = 64 << 10;
/// The longest head of a request, and the most that is buffered of its body: a connection takes no more of the memory.
const BUFFER: usize = 64 << 10;
/// So long has a connection that was told to end.
const FAREWELL: Duration = Duration::from_secs(5);

impl Activity {
    /// The activity of a connection that begins.
    pub fn begin() -> Arc<Self> {
        Arc::new(Self {
            stopwatch: Stopwatch::start(),
            moved: AtomicU64::new(0),
            requests: AtomicU32::new(0),
            answers: AtomicU32::new(0),
        })
    }

    /// A request has come; it is worked on until what is returned is dropped.
    pub fn work(self: &Arc<Self>) -> Working {
        self.requests.fetch_add(1, Ordering::Relaxed);
        Working(self.clone())
    }

    fn moves(&self) {
        let now = u64::try_from(self.stopwatch.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.moved.store(now, Ordering::Relaxed);
    }

    /// How long the connection may still go on without a move; nothing when its time is over.
    fn left(&self, patience: Duration) -> Option<Duration> {
        if self.requests.load(Ordering::Relaxed) > 0 {
            return Some(patience);
        }
        let patience = if self.answers.load(Ordering::Relaxed) > 0 { patience * READERS_PATIENCE } else { patience };
        let end = Duration::from_millis(self.moved.load(Ordering::Relaxed)) + patience;
        end.checked_sub(self.stopwatch.elapsed()).filter(|left| !left.is_zero())
    }
}

/// A request that is worked on.
#[derive(Debug)]
pub struct Working(Arc<Activity>);

impl Drop for Working {
    fn drop(&mut self) {
        self.0.moves();
        self.0.requests.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The body of an answer on its way.
pub struct Outgoing {
    rest: Bytes,
    activity: Option<Arc<Activity>>,
}

impl Outgoing {
    /// A body that nobody watches.
    pub fn new(body: Bytes) -> Self {
        Self { rest: body, activity: None }
    }

    /// The same, watched.
    pub fn watched(mut self, activity: &Arc<Activity>) -> Self {
        activity.answers.fetch_add(1, Ordering::Relaxed);
        self.activity = Some(activity.clone());
        self
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let body = self.get_mut();
        if let Some(activity) = &body.activity {
            activity.moves();
        }
        if body.rest.is_empty() {
            return Poll::Ready(None);
        }
        let part = body.rest.split_to(body.rest.len().min(PART));
        Poll::Ready(Some(Ok(Frame::data(part))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}

impl Drop for Outgoing {
    fn drop(&mut self) {
        if let Some(activity) = &self.activity {
            activity.moves();
            activity.answers.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// Serve a connection until its end: the peer's, `stop`'s, or that of the patience with it.
pub async fn attend<I, S>(
    stream: I,
    service: S,
    activity: Arc<Activity>,
    patience: Duration,
    mut stop: watch::Receiver<bool>,
) where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Service<Request<Incoming>, Response = Response<Outgoing>, Error = Infallible>,
    S::Future: Send + 'static,
{
    let builder = builder(patience);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let mut stopped = false;
    loop {
        let left = activity.left(patience);
        tokio::select! {
            // What breaks a connection is the peer's business, and what broke a request was logged.
            _ = connection.as_mut() => return,
            _ = stop.wait_for(|stop| *stop), if !stopped => {
                stopped = true;
                connection.as_mut().graceful_shutdown();
            }
            () = tokio::time::sleep(left.unwrap_or_default()), if left.is_some() => {}
            () = std::future::ready(()), if left.is_none() => break,
        }
    }
    connection.as_mut().graceful_shutdown();
    // Whatever is still there then is cut off.
    let _ = tokio::time::timeout(FAREWELL.min(patience), connection).await;
}

fn builder(patience: Duration) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(patience).max_buf_size(BUFFER);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(patience)
        .keep_alive_timeout(patience)
        .max_header_list_size(u32::try_from(BUFFER).expect("a buffer is small"))
        .max_concurrent_streams(256);
    builder
}
