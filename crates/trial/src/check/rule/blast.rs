//! S8: when a node's recovery begins, the nodes that are sick or in recovery are not more than `max_unhealthy_nodes` allows, in
//! the cluster and in the node's zone, and a zone that is sick as a whole is left alone.

use crate::check::book::{Book, share};
use crate::check::record::Record;
use crate::check::scene::{Act, Rule};
use crate::check::violation::Found;
use jiff::{SignedDuration, Timestamp};
use self_healing_api::keys::Config;
use self_healing_core::names::Phase;
use std::collections::BTreeSet;

/// How long a larger cluster may still be believed in.
const SIZE_LAG: SignedDuration = SignedDuration::from_secs(10);

#[derive(Default)]
pub(crate) struct Blast;

impl Rule for Blast {
    fn commit(&mut self, act: &Act<'_>, found: &mut Found) {
        let Some((record, attempt)) = act.change.and_then(|change| change.begins()) else { return };
        if !record.is_about_node() {
            return;
        }
        let (book, now) = (act.scene.book, act.scene.now);
        let (decided, seen) = book.decided(attempt, now);
        let begins = || format!("Recovery {} began an attempt by commit {}", record.name, act.commit.version);
        let ill = ill(book, (seen, decided), now);
        let removed = removed(book, now);
        let nodes = book.fleet.most_since(seen - SIZE_LAG) + removed.len();
        let limit = most(book, nodes, now);
        found.judge(ill.len() <= limit, || {
            let ill = ill.len();
            format!("{} while {ill} of {nodes} nodes were sick or in recovery, {limit} are allowed", begins())
        });
        let Some(zone) = book.fleet.zone_of(&record.target.name, seen) else { return };
        let ill = ill.iter().filter(|name| book.fleet.zone_of(name, seen) == Some(zone)).count();
        // Of a node that is gone nobody here knows the zone.
        let nodes = book.fleet.most_of_zone(zone, seen - SIZE_LAG) + removed.len();
        let limit = most(book, nodes, now);
        found.judge(ill <= limit && (ill < 2 || ill < nodes), || {
            format!(
                "{} while {ill} of {nodes} nodes of zone {zone} were sick or in recovery, {limit} are allowed",
                begins()
            )
        });
    }
}

/// Names of the nodes that were sick all along or are in recovery.
fn ill(book: &Book, (seen, decided): (Timestamp, Timestamp), now: Timestamp) -> BTreeSet<&str> {
    let grace = book.possible(now).map(|config| config.node_startup_grace).max().unwrap_or_default();
    let grace = SignedDuration::try_from(grace).unwrap_or(SignedDuration::MAX);
    let flying = book.records.iter().filter(|kept| kept.record.is_about_node() && kept.record.is_in_flight());
    let flying = flying.map(|kept| kept.record.target.name.as_str());
    book.fleet.sick(seen, decided, grace).chain(flying).collect()
}

/// Nodes that are gone after a recovery that succeeded; they count on for a while.
fn removed(book: &Book, now: Timestamp) -> BTreeSet<&str> {
    let window = book.possible(now).map(|config| config.history_window).max().unwrap_or_default();
    let window = SignedDuration::try_from(window).unwrap_or(SignedDuration::MAX);
    let lately = |ended: Option<Timestamp>| ended.is_some_and(|ended| now.duration_since(ended) <= window);
    let succeeded = |record: &Record| record.is_about_node() && record.phase == Phase::Succeeded.as_str();
    let kept = book.records.iter().filter(|kept| succeeded(&kept.record) && lately(kept.ended));
    kept.map(|kept| kept.record.target.name.as_str()).filter(|name| !book.fleet.has(name)).collect()
}

/// So many at once are recovered whatever the breaker says; one sick node alone never trips it.
fn limit(config: &Config, nodes: usize) -> usize {
    share(config.max_unhealthy_nodes, nodes).max(share(config.node_concurrency, nodes)).max(1)
}

fn most(book: &Book, nodes: usize, now: Timestamp) -> usize {
    book.possible(now).map(|config| limit(config, nodes)).max().unwrap_or(1)
}
