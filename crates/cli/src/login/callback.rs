//! The listener on loopback that a browser comes back to.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, header};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::LocalSet;
use tokio::time::{Instant, timeout, timeout_at};

use super::attempt::{Attempt, Response as Brings, Verdict};
use super::listen::Listening;
use super::page::{self, Page};
use super::token::Tokens;
use super::{ListenError, Login, LoginError, Ui};

/// Wait until a browser comes back with the answer to `attempt`, and make tokens of it.
pub(super) fn wait(
    login: Login,
    attempt: Attempt,
    listening: Listening,
    time_limit: Duration,
    ui: &mut dyn Ui,
) -> Result<Tokens, LoginError> {
    let Listening { listeners, path, .. } = listening;
    let failed = |error: std::io::Error| ListenError::Lost(error.to_string());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let result = LocalSet::new().block_on(&runtime, async {
        let (events, seen) = unbounded_channel();
        let desk = Rc::new(Desk {
            work: Arc::new((login, attempt)),
            path,
            events,
            taken: Cell::new(false),
            result: RefCell::new(None),
            visitors: Cell::new(0),
        });
        for listener in listeners {
            listener.set_nonblocking(true).map_err(failed)?;
            let listener = TcpListener::from_std(listener).map_err(failed)?;
            tokio::task::spawn_local(accept(listener, Rc::clone(&desk)));
        }
        desk.wait(seen, time_limit, ui).await
    });
    // What is still running is a browser's idle connection.
    runtime.shutdown_background();
    result
}

async fn accept(listener: TcpListener, desk: Rc<Desk>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) if desk.visitors.get() < MOST_VISITORS => {
                tokio::task::spawn_local(serve(stream, Rc::clone(&desk)));
            }
            Ok(_) => {}
            // Out of file descriptors, say: the kernel keeps the visitor waiting.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn serve(stream: TcpStream, desk: Rc<Desk>) {
    desk.visitors.set(desk.visitors.get() + 1);
    let decided = Cell::new(false);
    let service = service_fn(|request: Request<Incoming>| {
        let (desk, decided) = (&desk, &decided);
        async move {
            let (page, decides) = desk.answer(&request).await;
            decided.set(decides);
            Ok::<_, Infallible>(response(&page))
        }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(SLOWEST_REQUEST)
        .max_buf_size(LONGEST_REQUEST)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    // A browser that hangs up early or talks nonsense has no consequences.
    let _ = connection.await;
    desk.visitors.set(desk.visitors.get() - 1);
    if decided.get() {
        let _ = desk.events.send(Event::Delivered);
    }
}

/// What all connections share.
struct Desk {
    work: Arc<(Login, Attempt)>,
    path: String,
    events: UnboundedSender<Event>,
    taken: Cell<bool>,
    result: RefCell<Option<Result<Tokens, LoginError>>>,
    visitors: Cell<usize>,
}

enum Event {
    /// The browser has the page that ends the login.
    Delivered,
    /// Somebody came with something that is not the answer to this login.
    Stranger,
}

impl Desk {
    async fn wait(
        &self,
        mut seen: UnboundedReceiver<Event>,
        time_limit: Duration,
        ui: &mut dyn Ui,
    ) -> Result<Tokens, LoginError> {
        let deadline = Instant::now() + time_limit;
        let mut told = false;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            ui.progress(&super::left("browser", left));
            // Up to the next full second, so that the count is seen to go on.
            let tick = Instant::now() + Duration::from_millis(u64::from(left.subsec_millis()) + 1);
            match timeout_at(deadline.min(tick), seen.recv()).await {
                Err(_) if Instant::now() < deadline => {}
                Ok(Some(Event::Stranger)) if !told => {
                    ui.line("A page that does not belong to this login was ignored. Still waiting for yours.");
                    told = true;
                }
                Ok(Some(Event::Stranger)) => {}
                Ok(Some(Event::Delivered) | None) => break,
                // An answer that came just in time may be finished.
                Err(_) if self.taken.get() => {
                    let _ = timeout(SLOWEST_FINISH, self.delivered(&mut seen)).await;
                    break;
                }
                Err(_) => break,
            }
        }
        ui.progress("");
        self.result.take().unwrap_or(Err(LoginError::TimedOut(time_limit)))
    }

    async fn delivered(&self, seen: &mut UnboundedReceiver<Event>) {
        while let Some(Event::Stranger) = seen.recv().await {}
    }

    /// The page for `request`, and whether it ends the login.
    async fn answer(&self, request: &Request<Incoming>) -> (Page, bool) {
        if request.uri().path() != self.path {
            return (Page::not_found(), false);
        }
        if request.method() != Method::GET {
            return (Page::wrong_method(), false);
        }
        let query = request.uri().query().unwrap_or_default();
        let (_, attempt) = &*self.work;
        let moved = query.contains(page::MOVED) || query.contains("state=");
        if attempt.response == Brings::Tokens && !moved {
            return (Page::fragment(), false);
        }
        let verdict = attempt.judge(query);
        if let Verdict::NotOurs = verdict {
            let _ = self.events.send(Event::Stranger);
            return (Page::not_ours(), false);
        }
        if self.taken.replace(true) {
            return (Page::used(), false);
        }
        let work = Arc::clone(&self.work);
        let finish = move || {
            let (login, attempt) = &*work;
            match verdict {
                Verdict::Code(code) => login.exchange(attempt, &code),
                Verdict::Tokens(tokens) => login.check(*tokens, attempt.nonce.as_deref()),
                Verdict::Failed(error) => Err(error),
                Verdict::NotOurs => unreachable!("it was answered above"),
            }
        };
        let result = tokio::task::spawn_blocking(finish)
            .await
            .unwrap_or_else(|_| Err(LoginError::Token("an internal error happened; please report it".to_owned())));
        let page = match (&result, &self.work.0.after) {
            (Ok(_), Some(after)) => Page::elsewhere(after),
            (Ok((_, person)), None) => Page::success(person.as_ref()),
            (Err(error), _) => Page::failure(error),
        };
        self.result.replace(Some(result.map(|(tokens, _)| tokens)));
        (page, true)
    }
}

fn response(page: &Page) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(page.html())));
    *response.status_mut() = StatusCode::from_u16(page.status).unwrap_or(StatusCode::BAD_REQUEST);
    let headers = response.headers_mut();
    let mut set = |name, value: &str| {
        headers.insert(name, value.try_into().expect("fixed values and URLs are header values"));
    };
    set(header::CONTENT_TYPE, "text/html; charset=utf-8");
    set(header::CONTENT_SECURITY_POLICY, &page.policy());
    set(header::CACHE_CONTROL, "no-store");
    set(header::REFERRER_POLICY, "no-referrer");
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::X_FRAME_OPTIONS, "DENY");
    if page.status == 405 {
        set(header::ALLOW, "GET");
    }
    if let Some(location) = &page.location {
        set(header::LOCATION, location);
    }
    response
}

/// Browsers open a handful of connections in advance.
const MOST_VISITORS: usize = 64;

/// Bytes of a request before its body; codes of some providers are kilobytes long.
const LONGEST_REQUEST: usize = 64 * 1024;

/// A browser sends its request at once; a connection made in advance may stay silent.
const SLOWEST_REQUEST: Duration = Duration::from_secs(150);

/// More than the provider may take for an exchange, with one retry.
const SLOWEST_FINISH: Duration = Duration::from_secs(25);
