//! The four system calls that std does not offer. They are the only `unsafe` of this crate.
#![allow(unsafe_code)]

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::sync::{OnceLock, mpsc};
use std::thread;
use std::time::Duration;

type Order = (Command, mpsc::Sender<io::Result<Child>>);

/// Spawns a child in a process group of its own that the kernel kills when this program ends, however it ends.
///
/// # Errors
/// What `spawn` answered, or that the spawning thread is gone.
pub(crate) fn spawn(mut command: Command) -> io::Result<Child> {
    command.process_group(0);
    bind_to_parent(&mut command);
    let (answer, answered) = mpsc::channel();
    let gone = || io::Error::other("the thread that starts processes has ended");
    keeper().send((command, answer)).map_err(|_| gone())?;
    answered.recv().map_err(|_| gone())?
}

/// Sends a signal to the whole process group of a child that has not been waited for yet.
///
/// # Errors
/// What kill(2) answered, for example that no such group exists.
pub(crate) fn signal_group(pid: u32, signal: i32) -> io::Result<()> {
    let pid = libc::pid_t::try_from(pid).map_err(io::Error::other)?;
    // SAFETY: kill(2) takes two integers and touches no memory of ours.
    if unsafe { libc::kill(-pid, signal) } == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// The time that a process has spent on processors: its own clock, to the nanosecond.
///
/// # Errors
/// What clock_gettime(2) answered, for example that no such process exists.
pub(crate) fn processor_time(pid: u32) -> io::Result<Duration> {
    /// How a clock is made of a process id: CPUCLOCK_SCHED of the whole process, as clock_getcpuclockid(3) makes it.
    const PROCESS: libc::clockid_t = 2;
    let pid = libc::pid_t::try_from(pid).map_err(io::Error::other)?;
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: clock_gettime(2) writes to the one structure that it is given.
    if unsafe { libc::clock_gettime((!pid << 3) | PROCESS, &raw mut time) } != 0 {
        return Err(io::Error::last_os_error());
    }
    let seconds = u64::try_from(time.tv_sec).map_err(io::Error::other)?;
    let nanos = u32::try_from(time.tv_nsec).map_err(io::Error::other)?;
    Ok(Duration::new(seconds, nanos))
}

/// Moves this thread into a new network namespace; what it starts from now on is in it as well.
///
/// # Errors
/// What unshare(2) answered, for example that this needs root.
#[cfg(target_os = "linux")]
pub(crate) fn own_network() -> io::Result<()> {
    // SAFETY: unshare(2) takes an integer and touches no memory of ours.
    if unsafe { libc::unshare(libc::CLONE_NEWNET) } == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// There are none elsewhere.
///
/// # Errors
/// Always.
#[cfg(not(target_os = "linux"))]
pub(crate) fn own_network() -> io::Result<()> {
    Err(io::Error::other("network namespaces are a thing of Linux"))
}

/// The kernel's promise is bound to the *thread* that spawned, and a test's thread ends before the program does: so one thread that lives
/// as long as the program spawns for all.
fn keeper() -> &'static mpsc::Sender<Order> {
    static KEEPER: OnceLock<mpsc::Sender<Order>> = OnceLock::new();
    KEEPER.get_or_init(|| {
        let (orders, taken) = mpsc::channel::<Order>();
        thread::spawn(move || {
            for (mut command, answer) in taken {
                // A caller that no longer listens drops the child's handle; the kernel still ends the child with us.
                let _ = answer.send(command.spawn());
            }
        });
        orders
    })
}

#[cfg(target_os = "linux")]
fn bind_to_parent(command: &mut Command) {
    // SAFETY: between fork and exec only async-signal-safe calls are allowed; prctl is one, and nothing is allocated.
    unsafe {
        command.pre_exec(|| match libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        });
    }
}

#[cfg(not(target_os = "linux"))]
fn bind_to_parent(_command: &mut Command) {}
