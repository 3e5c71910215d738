//! S7: no more nodes are in recovery at once than `node_concurrency` allows.

use crate::check::book::share;
use crate::check::scene::{Act, Rule};
use crate::check::violation::Found;
use jiff::SignedDuration;

/// How long a larger cluster may still be believed in.
const SIZE_LAG: SignedDuration = SignedDuration::from_secs(10);

#[derive(Default)]
pub(crate) struct Concurrency;

impl Rule for Concurrency {
    fn commit(&mut self, act: &Act<'_>, found: &mut Found) {
        let Some(record) = act.change.and_then(|change| change.takes_off()).filter(|record| record.is_about_node())
        else {
            return;
        };
        let (book, now) = (act.scene.book, act.scene.now);
        let flying = book.records.iter().filter(|kept| kept.record.is_about_node() && kept.record.is_in_flight());
        let flying: Vec<&str> = flying.map(|kept| kept.record.target.name.as_str()).collect();
        let nodes = book.fleet.most_since(book.seen_until(now) - SIZE_LAG);
        let limit = book.possible(now).map(|config| share(config.node_concurrency, nodes)).max().unwrap_or(0).max(1);
        found.judge(flying.len() <= limit, || {
            format!(
                "Recovery {} began by commit {}: {} nodes are in recovery ({}), {limit} of {nodes} are allowed",
                record.name,
                act.commit.version,
                flying.len(),
                flying.join(", ")
            )
        });
    }
}
