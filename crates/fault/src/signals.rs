//! The signals that end a container, and those of children that ended.
#![allow(unsafe_code)]

use std::mem::MaybeUninit;
use std::process::ExitCode;
use std::ptr;

/// The first process of a container gets no signal that it does not ask for, not even SIGTERM: so they are waited for.
pub(crate) struct Signals(libc::sigset_t);

impl Signals {
    /// Keeps them from this thread and from those that it starts.
    pub(crate) fn block() -> Self {
        let mut set = MaybeUninit::uninit();
        // SAFETY: sigemptyset makes a valid set of `set`, and the others only read and change it; no pointer is kept.
        unsafe {
            libc::sigemptyset(set.as_mut_ptr());
            for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGCHLD] {
                libc::sigaddset(set.as_mut_ptr(), signal);
            }
            libc::pthread_sigmask(libc::SIG_BLOCK, set.as_ptr(), ptr::null_mut());
            Self(set.assume_init())
        }
    }

    /// Returns at SIGTERM and SIGINT, or never; buries children meanwhile, since orphans of a pod's shared namespace come to its `pause`.
    pub(crate) fn wait(&self, ends_at_term: bool) -> ExitCode {
        loop {
            let mut signal = 0;
            // SAFETY: both pointers are to values of ours that live longer than the call.
            let answer = unsafe { libc::sigwait(&raw const self.0, &raw mut signal) };
            if answer == 0 && signal != libc::SIGCHLD && ends_at_term {
                return ExitCode::SUCCESS;
            }
            // SAFETY: a null pointer asks for no status.
            while unsafe { libc::waitpid(-1, ptr::null_mut(), libc::WNOHANG) } > 0 {}
        }
    }
}
