//! Ports for servers of a test, chosen when it runs.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};
use std::net::TcpListener;
use std::sync::{Mutex, PoisonError};

use anyhow::{Result, bail};

/// Below the kernel's range for outgoing connections, so that no client takes a port between our choice and the server's start.
const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;
const ATTEMPTS: u16 = 200;

static TAKEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());

/// A port of 127.0.0.1 that nobody listens on and that this program has not given out before.
///
/// # Errors
/// When 200 random ports in a row are in use.
pub(crate) fn free() -> Result<u16> {
    let random = RandomState::new();
    for attempt in 0..ATTEMPTS {
        let offset = random.hash_one(attempt) % u64::from(COUNT);
        let port = FIRST + u16::try_from(offset)?;
        let unused = TcpListener::bind(("127.0.0.1", port)).is_ok();
        if unused && TAKEN.lock().unwrap_or_else(PoisonError::into_inner).insert(port) {
            return Ok(port);
        }
    }
    bail!("no free port among {ATTEMPTS} tried between {FIRST} and {}; end what listens there", FIRST + COUNT)
}
