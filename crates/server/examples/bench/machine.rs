//! What things cost on this machine: processor time and memory.

use std::fs;

use crate::Outcome;

/// Microseconds of processor time that an operation takes: the median of several windows.
///
/// Processor time, as for the server, so that a busy machine does not flatter the comparison; and on all processors at
/// once, as while the server is measured, since they share caches, memory and power.
pub(crate) fn micros(operation: impl Fn() + Sync) -> Outcome<f64> {
    let processors = std::thread::available_parallelism()?.get();
    let windows = || (0..9).map(|_| window(&operation)).collect::<Vec<_>>();
    let mut windows: Vec<f64> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..processors).map(|_| scope.spawn(windows)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("cryptography does not panic")).collect()
    });
    windows.sort_by(f64::total_cmp);
    Ok(windows[windows.len() / 2])
}

fn window(operation: &impl Fn()) -> f64 {
    let before = thread_seconds();
    (0..1000).for_each(|_| operation());
    (thread_seconds() - before) * 1e3
}

/// Processor time of this thread.
fn thread_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Processor time of a process, user and system together.
pub(crate) fn cpu_seconds(pid: u32) -> Outcome<f64> {
    // Nanosecond accounting, one file a thread.
    let mut nanoseconds = 0_u64;
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        let text = fs::read_to_string(task?.path().join("schedstat"))?;
        nanoseconds += text.split(' ').next().ok_or("schedstat is empty")?.parse::<u64>()?;
    }
    Ok(nanoseconds as f64 / 1e9)
}

/// Megabytes of memory that a process holds.
pub(crate) fn resident_mb(pid: u32) -> Outcome<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).ok_or("no VmRSS")?;
    let kilobytes: f64 = line.split_whitespace().nth(1).ok_or("no number")?.parse()?;
    Ok(kilobytes / 1024.0)
}
