//! The pages under `/api/v1` that the decision loop answers: it is asked, and waited for only shortly.

use super::desk::Busy;
use super::pages::error;
use super::state::Pages;
use crate::explain::{limits, question};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use self_healing_api::explanation::Explanation;
use self_healing_api::overview::Overview;
use serde_json::json;

/// A pod, a workload: what is in a namespace.
pub(super) async fn explain(
    State(pages): State<Pages>,
    Path((kind, namespace, name)): Path<(String, String, String)>,
) -> Response {
    about(&pages, &kind, &namespace, &name).await
}

/// A node, or the target of a Recovery.
pub(super) async fn explain_cluster_scoped(
    State(pages): State<Pages>,
    Path((kind, name)): Path<(String, String)>,
) -> Response {
    about(&pages, &kind, "", &name).await
}

/// 404 with the same shape when the object is not known: that answer says why that may be.
async fn about(pages: &Pages, kind: &str, namespace: &str, name: &str) -> Response {
    let found = match pages.desk.explain(question(kind, name, namespace)).await {
        Ok(found) => found,
        Err(busy) => return unanswered(busy),
    };
    let mut answer = Explanation::from(&found);
    answer.observer.name = pages.name.to_string();
    limits(&mut answer, &pages.scope);
    let status = if answer.is_known() { StatusCode::OK } else { StatusCode::NOT_FOUND };
    (status, Json(answer)).into_response()
}

pub(super) async fn status(State(pages): State<Pages>) -> Response {
    match pages.desk.overview().await {
        Ok(found) => {
            let mut answer = Overview::from(&found);
            answer.observer.name = pages.name.to_string();
            Json(answer).into_response()
        }
        Err(busy) => unanswered(busy),
    }
}

/// Everything at a glance, as rows.
pub(super) async fn board(State(pages): State<Pages>) -> Response {
    match pages.desk.board().await {
        Ok((at, rows)) => {
            let rows: Vec<String> = rows.iter().map(|(key, row)| format!("{}:{row}", json!(key))).collect();
            let body = format!("{{\"at\":{},\"rows\":{{{}}}}}", json!(at), rows.join(","));
            ([(CONTENT_TYPE, "application/json")], body).into_response()
        }
        Err(busy) => unanswered(busy),
    }
}

/// The Recoveries that are kept.
pub(super) async fn history(State(pages): State<Pages>) -> Response {
    pages.desk.history().await.map_or_else(unanswered, |history| Json(history).into_response())
}

/// One Recovery with all that belongs to it.
pub(super) async fn recovery(State(pages): State<Pages>, Path(name): Path<String>) -> Response {
    match pages.desk.record(name.clone()).await {
        Ok(Some(told)) => Json(told).into_response(),
        Ok(None) => {
            let why = format!("no Recovery {name}: it may have expired (recovery_ttl)");
            error(StatusCode::NOT_FOUND, &why)
        }
        Err(busy) => unanswered(busy),
    }
}

fn unanswered(busy: Busy) -> Response {
    error(StatusCode::SERVICE_UNAVAILABLE, &busy.to_string())
}
