//! Lives that were found by chance once, told again.

use crate::random::{Happens, live};

/// A pod's third attempt deletes it while the drain of its node is about to evict it.
#[test]
fn a_pod_that_two_recoveries_want_gone_is_removed_once() {
    use Happens::{Deed, Store, Unwell, Wait};
    let deed = |text: &str| Deed(text.to_owned());
    let before = [Unwell(true), deed("fail db.2"), Wait(302.0), Store(true), deed("fail db.1"), deed("replace db.1")];
    let after = [deed("not-ready n5"), Wait(272.0), Store(false), Wait(30.0)];
    let ground = live(&[before.as_slice(), &after].concat()).unwrap();
    assert_eq!(ground.count("delete db.4"), 1, "{}", ground.report());
    assert_eq!(ground.count("evict db.4"), 0, "{}", ground.report());
}
