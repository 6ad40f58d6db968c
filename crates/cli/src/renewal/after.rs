//! Telling the program that uses a certificate that there is a new one: a signal, or a command.

use std::num::NonZeroI32;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, anyhow, bail};
use rung_spec::file;
use rustix::process::{Pid, Signal, kill_process};

use super::words;
use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::Flag;

/// The flags that say what happens after a certificate was replaced.
pub(crate) static FLAGS: &[Flag] = &[
    Flag::value(&["pid"], "<pid>", "Send a signal to this process afterwards."),
    Flag::value(&["pid-file"], "<file>", "Send a signal afterwards to the process whose number is in this <file>."),
    Flag::value(&["signal"], "<number>", "The signal to send; 1 (SIGHUP) without it."),
    Flag::value(
        &["exec"],
        "<command>",
        "Run this command afterwards. Words are separated by spaces and may be quoted; no shell reads them.",
    ),
];

/// What to do after a certificate was replaced.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct After {
    /// Whom to signal, and how.
    pub(crate) signal: Option<(Recipient, i32)>,
    /// Which command to run, word by word.
    pub(crate) command: Option<Vec<String>>,
}

/// Who gets a signal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Recipient {
    /// The process whose number is in a file; it is read each time, since services are restarted.
    File(String),
    /// A process.
    Process(i32),
}

impl After {
    /// What the flags say, checked as far as that is possible now.
    pub(crate) fn of(call: &Call) -> anyhow::Result<Self> {
        let number = |name: &str| -> anyhow::Result<Option<i32>> {
            let Some(text) = call.text(name)? else { return Ok(None) };
            let number = text
                .parse()
                .map_err(|_| Usage::new(format!("invalid value \"{text}\" for flag -{name}: parse error")))?;
            if number <= 0 {
                return Err(Usage::new(format!("invalid value '{number}' for flag '--{name}'")).into());
            }
            Ok(Some(number))
        };
        let recipient = match (number("pid")?, call.text("pid-file")?) {
            (Some(_), Some(_)) => {
                return Err(Usage::new("flag '--pid' and flag '--pid-file' are mutually exclusive").into());
            }
            (Some(pid), None) => Some(Recipient::Process(pid)),
            (None, Some(file)) => Some(Recipient::File(file)),
            (None, None) => None,
        };
        let signal = number("signal")?.unwrap_or(HANGUP);
        if signal_of(signal).is_none() {
            return Err(Usage::new(format!("invalid value '{signal}' for flag '--signal'")).into());
        }
        if let Some(recipient) = &recipient {
            recipient.process()?;
        }
        let command = call.text("exec")?.map(|text| {
            words::split(&text)
                .map_err(|error| Usage::new(format!("invalid value '{text}' for flag '--exec': {error}")))
        });
        Ok(Self { signal: recipient.map(|recipient| (recipient, signal)), command: command.transpose()? })
    }

    /// Do it: the signal first, then the command, which gets our own input and output.
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        self.send()?;
        let Some(mut command) = self.command() else { return Ok(()) };
        let name = command.get_program().to_string_lossy().into_owned();
        let status = command.status().with_context(|| format!("could not start '{name}'"))?;
        match status.code() {
            Some(0) => Ok(()),
            Some(code) => Err(anyhow!("exit status {code}").context(format!("'{name}' failed"))),
            None => bail!("'{name}' was ended by a signal"),
        }
    }

    /// Send the signal, if there is one to send.
    pub(crate) fn send(&self) -> anyhow::Result<()> {
        let Some((recipient, number)) = &self.signal else { return Ok(()) };
        let pid = recipient.process()?;
        let signal = signal_of(*number).with_context(|| format!("there is no signal {number}"))?;
        let process = Pid::from_raw(pid).expect("process numbers are checked to be positive");
        kill_process(process, signal).map_err(|error| {
            let reason = match error {
                rustix::io::Errno::SRCH => "no such process".to_owned(),
                other => std::io::Error::from(other).to_string(),
            };
            anyhow!("kill {pid} with signal {number} failed: {reason}")
        })
    }

    /// The command, ready to be started.
    pub(crate) fn command(&self) -> Option<Command> {
        let (program, arguments) = self.command.as_ref()?.split_first()?;
        let mut command = Command::new(program);
        command.args(arguments);
        Some(command)
    }
}

impl Recipient {
    /// The number of the process.
    fn process(&self) -> anyhow::Result<i32> {
        let file = match self {
            Self::Process(pid) => return Ok(*pid),
            Self::File(file) => file,
        };
        let contents = file::read_text(Path::new(file))
            .with_context(|| format!("could not read the file of --pid-file, {file}"))?;
        let pid: Option<i32> = contents.trim().parse().ok();
        pid.filter(|pid| *pid > 0).with_context(|| format!("there is no process id in {file}"))
    }
}

fn signal_of(number: i32) -> Option<Signal> {
    NonZeroI32::new(number).and_then(Signal::from_named_raw_nonzero)
}

const HANGUP: i32 = 1;
