//! A running program and what it writes.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};

/// Nothing on a test machine takes longer than this.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running program; it ends when this is dropped.
pub(crate) struct Server {
    child: Child,
    lines: Receiver<String>,
    /// Everything that it wrote on standard error and that was looked at.
    pub(crate) said: String,
    /// Where it serves HTTPS.
    pub(crate) address: String,
}

/// How a program ended.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Server {
    /// Start the program and wait until it serves.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut server = Self::spawn(command);
        server.address = server.serving();
        server
    }

    /// Start the program, which may fail to.
    pub(crate) fn try_start(command: &mut Command) -> Result<Self, Ended> {
        let mut server = Self::spawn(command);
        loop {
            match server.lines.recv_timeout(PATIENCE) {
                Ok(line) => {
                    server.said.push_str(&line);
                    server.said.push('\n');
                    if let Some((_, rest)) = line.split_once("Serving HTTPS on ") {
                        server.address = rest.split(" ...").next().unwrap().to_owned();
                        return Ok(server);
                    }
                }
                Err(RecvTimeoutError::Timeout) => panic!("it neither serves nor ends:\n{}", server.said),
                Err(RecvTimeoutError::Disconnected) => return Err(server.wait()),
            }
        }
    }

    /// The same for a program whose standard input means something.
    pub(crate) fn start_with_input(command: &mut Command) -> Self {
        let mut server = Self::spawn_with_input(command);
        server.address = server.serving();
        server
    }

    /// Start the program and wait for nothing.
    pub(crate) fn spawn(command: &mut Command) -> Self {
        Self::spawn_with_input(command.stdin(Stdio::null()))
    }

    fn spawn_with_input(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || {
            for line in stderr.lines() {
                // Nobody listens any more once the test is over.
                if line.is_ok_and(|line| sender.send(line).is_err()) {
                    return;
                }
            }
        });
        Self { child, lines, said: String::new(), address: String::new() }
    }

    /// The address of the next line that says where HTTPS is served.
    pub(crate) fn serving(&mut self) -> String {
        let line = self.wait_for("Serving HTTPS on ");
        line.split_once("Serving HTTPS on ").unwrap().1.split(" ...").next().unwrap().to_owned()
    }

    /// The address of the next line that says where metrics are served.
    pub(crate) fn serving_metrics(&mut self) -> String {
        let line = self.wait_for("Serving metrics on http://");
        line.split_once("http://").unwrap().1.trim_end_matches("/metrics ...").to_owned()
    }

    /// The next line with this text.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, text: &str) -> String {
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => {
                    self.said.push_str(&line);
                    self.said.push('\n');
                    if line.contains(text) {
                        return line;
                    }
                }
                Err(RecvTimeoutError::Timeout) => panic!("{text:?} was not said in time:\n{}", self.said),
                Err(RecvTimeoutError::Disconnected) => panic!("it ended without saying {text:?}:\n{}", self.said),
            }
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Ask for a reload and wait for its end; says everything that was logged on the way.
    #[track_caller]
    pub(crate) fn reload(&mut self, last: &str) -> String {
        let before = self.said.len();
        self.signal(Signal::HUP);
        self.wait_for(last);
        self.said[before..].to_owned()
    }

    /// End it in good order.
    pub(crate) fn stop(self) -> Ended {
        self.signal(Signal::TERM);
        self.wait()
    }

    /// Wait until it ends by itself.
    #[track_caller]
    pub(crate) fn wait(mut self) -> Ended {
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => {
                    self.said.push_str(&line);
                    self.said.push('\n');
                }
                Err(RecvTimeoutError::Timeout) => panic!("it did not end:\n{}", self.said),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        let status = self.child.wait().unwrap();
        let mut stdout = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
        Ended { status, stdout, stderr: std::mem::take(&mut self.said) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended long ago.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
