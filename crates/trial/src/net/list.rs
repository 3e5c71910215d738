//! A list that comes as a stream, on its way to the process: it comes whole, and it may be behind as any list.

use bytes::{Bytes, BytesMut};
use http::{StatusCode, Uri};
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use serde_json::{Value, json};
use tower::BoxError;

/// The mark of a list's last line.
const END: &[u8] = b"k8s.io/initial-events-end";
/// What tells such a list from the same one page by page.
const STREAMED: [&str; 4] = ["watch=", "allowWatchBookmarks=", "sendInitialEvents=", "timeoutSeconds="];

/// The lines up to the list's end; what would follow is nobody's.
pub(super) async fn whole(mut body: UnsyncBoxBody<Bytes, BoxError>) -> Result<Bytes, BoxError> {
    let mut lines = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(line) = frame?.into_data() else { continue };
        lines.extend_from_slice(&line);
        if line.windows(END.len()).any(|part| part == END) {
            break;
        }
    }
    Ok(lines.freeze())
}

/// How to ask for the same list as it was at `version`, in one page.
pub(super) fn at(uri: &Uri, version: u64) -> Result<Uri, BoxError> {
    let kept = uri
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.starts_with("resourceVersion") && !STREAMED.iter().any(|name| pair.starts_with(name)));
    let query: Vec<&str> = kept.collect();
    let query = format!("resourceVersion={version}&resourceVersionMatch=Exact&{}", query.join("&"));
    Ok(format!("{}?{query}", uri.path()).parse()?)
}

/// The same as lines; an answer without a list, such as an error, stays as it is.
pub(super) fn lines(status: StatusCode, list: &Bytes) -> Result<Bytes, BoxError> {
    if !status.is_success() {
        return Ok(list.clone());
    }
    let list: Value = serde_json::from_slice(list)?;
    let added = list["items"].as_array().into_iter().flatten().map(|item| json!({ "type": "ADDED", "object": item }));
    let version = &list["metadata"]["resourceVersion"];
    let end = json!({ "resourceVersion": version, "annotations": { "k8s.io/initial-events-end": "true" } });
    let lines = added.chain([json!({ "type": "BOOKMARK", "object": { "metadata": end } })]);
    Ok(lines.map(|line| format!("{line}\n")).collect::<String>().into())
}
