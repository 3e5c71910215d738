//! The table of scenarios; each is a function in one of the files below, named as a user would say it.

mod nodes;
mod pods;

use crate::ground::Ground;
use anyhow::Result;
use std::future::Future;
use std::pin::Pin;

type Run = for<'a> fn(&'a Ground) -> Pin<Box<dyn Future<Output = Result<()>> + 'a>>;

/// One scenario.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) run: Run,
}

macro_rules! scenarios {
    ($($name:literal => $run:path,)+) => {
        &[$(Scenario { name: $name, run: |ground| Box::pin($run(ground)) },)+]
    };
}

/// Long ones first, so that the others run beside them.
pub(crate) const SCENARIOS: &[Scenario] = scenarios! {
    "node silent, stock timings" => nodes::silent_with_stock_timings,
    "pod failed" => pods::failed,
};
