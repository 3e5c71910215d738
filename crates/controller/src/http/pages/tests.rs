use super::*;
use crate::http::{Pulse, Readiness};
use crate::metrics::Metrics;
use axum::body::Bytes;
use self_healing_core::time::{Now, Tick};
use std::convert::Infallible;
use std::sync::Arc;
use tower::ServiceExt as _;

pub(crate) fn pages() -> Pages {
    Pages {
        pulse: Arc::new(Pulse::new(Tick(0), Duration::from_secs(1))),
        readiness: Arc::new(Readiness::default()),
        metrics: Arc::new(Metrics::new()),
        clock: Arc::new(Now::default),
    }
}

async fn status_for(body: Body) -> StatusCode {
    router(pages()).oneshot(Request::get("/health").body(body).unwrap()).await.unwrap().status()
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let start = tokio::time::Instant::now();
    let never = Body::from_stream(futures::stream::pending::<Result<Bytes, Infallible>>());
    assert_eq!(status_for(never).await, StatusCode::REQUEST_TIMEOUT);
    assert_eq!(start.elapsed(), BODY_TIMEOUT);
}

#[tokio::test]
async fn an_endless_body_is_cut_off() {
    let endless = futures::stream::repeat_with(|| Ok::<_, Infallible>(Bytes::from_static(&[b'x'; 4096])));
    assert_eq!(status_for(Body::from_stream(endless)).await, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_a_bad_request() {
    let broken = futures::stream::iter([Err::<Bytes, _>("connection reset")]);
    assert_eq!(status_for(Body::from_stream(broken)).await, StatusCode::BAD_REQUEST);
}
