//! The page of invariants is current. `cargo xtask generate` runs this test with `UPDATE_GENERATED` set; then it writes what it would
//! otherwise compare.
#![allow(clippy::unwrap_used)]

use self_healing_trial::check::{INVARIANTS, invariants_markdown};
use std::fs;
use std::path::Path;

#[test]
fn the_checked_in_page_of_invariants_is_the_generated_one() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/invariants.md");
    let text = invariants_markdown();
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        fs::write(&file, &text).unwrap();
    }
    let stored = fs::read_to_string(&file).unwrap_or_default();
    assert!(stored == text, "docs/invariants.md is not current: run `cargo xtask generate`");
}

#[test]
fn every_invariant_of_the_project_is_in_the_table_once() {
    let ids = |letter: &str, count: usize| (1..=count).map(|number| format!("{letter}{number}")).collect::<Vec<_>>();
    let all = [ids("S", 22), ids("L", 10), ids("M", 5)].concat();
    assert_eq!(INVARIANTS.iter().map(|invariant| invariant.id).collect::<Vec<_>>(), all);
}
