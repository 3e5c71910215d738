//! This machine's clock against the API server's, by the Date header of an answer.

use super::check::{Area, Check, State};
use super::connection::Cluster;
use crate::client::words;
use crate::outside::Wall;
use http::{Request, header};
use jiff::{SignedDuration, Timestamp};
use kube::client::Body;

/// The header counts in whole seconds, and a busy server answers late: below this nothing is certain. It is a sixth of the default
/// health check, so that no count of checks is off by one.
const WARNING: SignedDuration = SignedDuration::from_secs(5);
/// Two default health checks of the three that make a node failed: a failure of a moment ago would look almost old enough.
const FAILURE: SignedDuration = SignedDuration::from_secs(60);

/// What is to be said, and how far the API server's clock is ahead of this one; zero when that is not known.
pub(super) async fn check(cluster: &Cluster) -> (Check, SignedDuration) {
    match ahead(cluster).await {
        Ok(ahead) => (judged(ahead), ahead),
        Err(why) => (Check::of(Area::Clock, State::Unchecked, why), SignedDuration::ZERO),
    }
}

async fn ahead(cluster: &Cluster) -> Result<SignedDuration, String> {
    let wall = Wall::system();
    let request = Request::get("/version").body(Body::empty()).map_err(|error| error.to_string())?;
    let asked = wall.now();
    let answer = cluster.clients.reads.send(request).await.map_err(|error| words(&error))?;
    let answered = wall.now();
    let date = answer.headers().get(header::DATE).and_then(|date| date.to_str().ok());
    let date = date.ok_or("the API server, or what is in front of it, sends no Date header")?;
    let shown = jiff::fmt::rfc2822::parse(date).map_err(|_| "the API server's Date header is no date".to_owned())?;
    Ok(between(shown.timestamp(), asked, answered))
}

/// On average the header is half a second old when it is written, in the middle of asking and answering.
fn between(shown: Timestamp, asked: Timestamp, answered: Timestamp) -> SignedDuration {
    let half_a_second = SignedDuration::from_millis(500);
    let half_way = SignedDuration::from_millis(answered.duration_since(asked).as_millis() as i64 / 2);
    shown.duration_since(asked) + half_a_second - half_way
}

fn judged(ahead: SignedDuration) -> Check {
    let (seconds, side) = (ahead.abs().as_secs_f64().round(), if ahead.is_positive() { "behind" } else { "ahead of" });
    let state = match ahead.abs() {
        apart if apart > FAILURE => State::Failed,
        apart if apart > WARNING => State::Warning,
        _ => return Check::of(Area::Clock, State::Ok, "in step with the API server's"),
    };
    let message = format!(
        "{seconds} s {side} the API server's: how long something failed, maintenance windows and approvals are counted wrongly"
    );
    Check::of(Area::Clock, state, message)
        .todo("synchronise this machine's clock and the control plane's, e.g. by chrony; compare `date -u` on both")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_header_is_compared_with_the_middle_of_the_request() {
        let (asked, answered) = (at("2026-01-01T00:00:00Z"), at("2026-01-01T00:00:02Z"));
        assert_eq!(between(at("2026-01-01T00:00:01Z"), asked, answered), SignedDuration::from_millis(500));
        assert_eq!(between(at("2026-01-01T00:10:01Z"), asked, answered), SignedDuration::from_millis(600_500));
        assert_eq!(between(at("2025-12-31T23:59:56Z"), asked, answered), SignedDuration::from_millis(-4500));
    }

    #[test]
    fn small_differences_are_none_and_large_ones_fail() {
        let state = |seconds| judged(SignedDuration::from_secs(seconds)).state;
        assert_eq!([state(0), state(5), state(-5)], [State::Ok; 3]);
        assert_eq!([state(6), state(-60)], [State::Warning; 2]);
        assert_eq!([state(61), state(-3600)], [State::Failed; 2]);
        assert!(judged(SignedDuration::from_secs(90)).message.starts_with("90 s behind"));
        assert!(judged(SignedDuration::from_secs(-90)).message.starts_with("90 s ahead of"));
    }
}
