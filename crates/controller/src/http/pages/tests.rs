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
        desk: crate::http::Desk::default(),
        broadcast: crate::http::Broadcast::default(),
        name: "controller-0".into(),
        scope: Arc::default(),
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

async fn page(pages: &Pages, path: &str) -> (StatusCode, serde_json::Value) {
    let request = Request::get(path).body(Body::empty()).unwrap();
    let response = router(pages.clone()).oneshot(request).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap())
}

/// A loop that knows nothing of the cluster, and answers.
fn answering(pages: &Pages) -> tokio::task::JoinHandle<()> {
    let desk = pages.desk.clone();
    tokio::spawn(async move {
        let healer = self_healing_core::healer::Healer::new(self_healing_core::settings::Settings::default());
        loop {
            match desk.next().await {
                crate::http::Asked::Explain(question, answer) => {
                    drop(answer.send(healer.explain(Now::default(), &question)));
                }
                crate::http::Asked::Overview(answer) => drop(answer.send(healer.overview(Now::default()))),
                other => panic!("{other:?} was not asked for here"),
            }
        }
    })
}

#[tokio::test(start_paused = true)]
async fn an_unknown_object_is_answered_with_why() {
    let pages = pages();
    let answers = answering(&pages);
    let (status, answer) = page(&pages, "/api/v1/explain/pod/shop/web-1").await;
    assert_eq!((status, &answer["standing"]), (StatusCode::NOT_FOUND, &json!("Unknown")));
    assert_eq!((&answer["observer"]["name"], &answer["object"]["kind"]), (&json!("controller-0"), &json!("Pod")));
    let (status, answer) = page(&pages, "/api/v1/explain/node/n1").await;
    assert_eq!(
        (status, &answer["unknownBecause"][0]),
        (StatusCode::NOT_FOUND, &json!("the watch of nodes is not current: it may be there"))
    );
    let (status, answer) = page(&pages, "/api/v1/status").await;
    assert_eq!((status, &answer["observer"]["leader"]), (StatusCode::OK, &json!(false)));
    answers.abort();
}

#[tokio::test(start_paused = true)]
async fn a_loop_that_does_not_answer_is_not_waited_for() {
    let pages = pages();
    let start = tokio::time::Instant::now();
    let (status, answer) = page(&pages, "/api/v1/explain/pod/shop/web-1").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{answer}");
    assert_eq!(start.elapsed(), Duration::from_secs(2));
    // Those that have given up still wait in the queue, and no more than it holds.
    let asked = futures::future::join_all((0..20).map(|_| page(&pages, "/api/v1/status"))).await;
    assert!(asked.iter().all(|(status, _)| *status == StatusCode::SERVICE_UNAVAILABLE));
}
