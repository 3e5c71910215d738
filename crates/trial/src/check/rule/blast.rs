//! S8: when a node's recovery begins, the nodes that are sick or in recovery are not more than `max_unhealthy_nodes` allows.

use crate::check::book::share;
use crate::check::scene::{Act, Rule};
use crate::check::violation::Found;
use jiff::SignedDuration;
use self_healing_api::keys::Config;
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
        let grace = book.possible(now).map(|config| config.node_startup_grace).max().unwrap_or_default();
        let grace = SignedDuration::try_from(grace).unwrap_or(SignedDuration::MAX);
        let flying = book.records.iter().filter(|kept| kept.record.is_about_node() && kept.record.is_in_flight());
        let flying = flying.map(|kept| kept.record.target.name.as_str());
        let ill: BTreeSet<&str> = book.fleet.sick(seen, decided, grace).chain(flying).collect();
        let nodes = book.fleet.most_since(seen - SIZE_LAG);
        let limit = book.possible(now).map(|config| limit(config, nodes)).max().unwrap_or(1);
        found.judge(ill.len() <= limit, || {
            format!(
                "Recovery {} began an attempt by commit {} while {} of {nodes} nodes were sick or in recovery, {limit} are allowed",
                record.name, act.commit.version, ill.len()
            )
        });
    }
}

/// So many at once are recovered whatever the breaker says; one sick node alone never trips it.
fn limit(config: &Config, nodes: usize) -> usize {
    share(config.max_unhealthy_nodes, nodes).max(share(config.node_concurrency, nodes)).max(1)
}
