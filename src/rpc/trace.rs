//! One line a request; a panic becomes INTERNAL; a deadline becomes DEADLINE_EXCEEDED; too many calls at once become
//! RESOURCE_EXHAUSTED.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use tokio::sync::Semaphore;
use tonic::body::Body;

use super::status::{Language, incident, status};
use crate::kernel::error::{Error, Refusal};

/// tonic ends a call at the caller's deadline with CANCELLED. Ours ends it this much earlier, with the right code.
const BEFORE_DEADLINE: Duration = Duration::from_millis(5);

/// Wraps each request.
#[derive(Clone)]
pub struct TraceLayer {
    /// Calls at once.
    pub slots: Arc<Semaphore>,
    /// The longest that a call may take to its first answer.
    pub deadline: Duration,
}

impl<S> tower::Layer<S> for TraceLayer {
    type Service = Trace<S>;

    fn layer(&self, inner: S) -> Trace<S> {
        Trace { inner, settings: self.clone() }
    }
}

/// See `TraceLayer`.
#[derive(Clone)]
pub struct Trace<S> {
    inner: S,
    settings: TraceLayer,
}

impl<S> tower::Service<Request<Body>> for Trace<S>
where
    S: tower::Service<Request<Body>, Response = Response<Body>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<'static, std::result::Result<Response<Body>, S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<std::result::Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let started = Instant::now();
        let language = Language::of(request.headers());
        let method = request.uri().path().to_owned();
        let deadline =
            timeout(&request).map_or(self.settings.deadline, |asked| asked.min(self.settings.deadline));
        let Ok(slot) = self.settings.slots.clone().try_acquire_owned() else {
            let refusal = Refusal::new("OVERLOADED", "当前请求过多，请稍后再试。", "too many calls at once.");
            let response = status(Error::Exhausted(Box::new(refusal)), language).into_http();
            line(&method, &response, started.elapsed());
            return Box::pin(async move { Ok(response) });
        };
        // The service that said it was ready is the one to call.
        let inner = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, inner);
        Box::pin(async move {
            let call = AssertUnwindSafe(async move { inner.call(request).await }).catch_unwind();
            let response = match tokio::time::timeout(deadline, call).await {
                Ok(Ok(done)) => done?,
                Ok(Err(_panic)) => incident("a handler panicked", language).into_http(),
                Err(_late) => status(Error::TooLate, language).into_http(),
            };
            drop(slot);
            line(&method, &response, started.elapsed());
            Ok(response)
        })
    }
}

fn line(method: &str, response: &Response<Body>, elapsed: Duration) {
    let code = response.headers().get("grpc-status").and_then(|code| code.to_str().ok()).unwrap_or("0");
    let duration_us = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
    tracing::info!(rpc.method = method, rpc.code = code, duration_us, "answered a call");
}

/// The caller's deadline, from `grpc-timeout`.
fn timeout(request: &Request<Body>) -> Option<Duration> {
    let text = request.headers().get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let amount: u64 = digits.parse().ok()?;
    let timeout = match unit {
        "H" => Duration::from_secs(amount.saturating_mul(3600)),
        "M" => Duration::from_secs(amount.saturating_mul(60)),
        "S" => Duration::from_secs(amount),
        "m" => Duration::from_millis(amount),
        "u" => Duration::from_micros(amount),
        "n" => Duration::from_nanos(amount),
        _ => return None,
    };
    Some(timeout.saturating_sub(BEFORE_DEADLINE))
}
