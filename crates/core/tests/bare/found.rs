//! Lives that were found by chance once, told again.

use crate::random::{Happens, live};

/// A pod's second attempt deletes it while the drain of its node is about to evict it.
#[test]
fn a_pod_that_two_recoveries_want_gone_is_removed_once() {
    use Happens::{Deed, Unwell, Wait};
    let deed = |text: &str| Deed(text.to_owned());
    let life = [Unwell(true), deed("fail db.2"), Wait(209.993), deed("not-ready n4"), Wait(120.0)];
    let ground = live(&life).unwrap();
    assert_eq!(ground.count("delete db.3") + ground.count("evict db.3"), 1, "{}", ground.report());
}
