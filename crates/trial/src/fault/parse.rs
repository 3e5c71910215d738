//! Faults from their text.

use super::{Aim, CallTrouble, EventTrouble, Fault, Side, Trouble, Which};
use anyhow::{Result, bail, ensure};
use self_healing_story::Reception;
use std::str::{FromStr, SplitWhitespace};
use std::time::Duration;

impl FromStr for Fault {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut words = Words { text, rest: text.split_whitespace() };
        let fault = words.fault()?;
        ensure!(words.rest.next().is_none(), "{text:?}: too many words");
        Ok(fault)
    }
}

struct Words<'a> {
    text: &'a str,
    rest: SplitWhitespace<'a>,
}

impl<'a> Words<'a> {
    fn word(&mut self, expected: &str) -> Result<&'a str> {
        match self.rest.next() {
            Some(word) => Ok(word),
            None => bail!("{:?}: {expected} is missing", self.text),
        }
    }

    fn wrong<T>(&self, word: &str, expected: &str) -> Result<T> {
        bail!("{:?}: `{word}`: expected {expected}", self.text)
    }

    /// The next word, which must be this one.
    fn literal(&mut self, expected: &str) -> Result<()> {
        let word = self.word(expected)?;
        if word == expected { Ok(()) } else { self.wrong(word, expected) }
    }

    fn number<T: FromStr>(&mut self, expected: &str) -> Result<T> {
        let word = self.word(expected)?;
        word.parse().or_else(|_| self.wrong(word, expected))
    }

    fn seconds(&mut self) -> Result<Duration> {
        let word = self.word("a number of seconds")?;
        self.span(word)
    }

    fn span(&self, word: &str) -> Result<Duration> {
        let seconds = word.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        seconds.map_or_else(|| self.wrong(word, "a number of seconds"), Ok)
    }

    /// A last word and its number, if they are there.
    fn option<T: FromStr>(&mut self, name: &str) -> Result<Option<T>> {
        match self.rest.clone().next() {
            None => Ok(None),
            Some(_) => {
                self.literal(name)?;
                self.number("a number").map(Some)
            }
        }
    }

    fn side(&mut self, before: &str, after: &str) -> Result<Side> {
        let word = self.word(before)?;
        match word {
            _ if word == before => Ok(Side::Before),
            _ if word == after => Ok(Side::After),
            _ => self.wrong(word, &format!("`{before}` or `{after}`")),
        }
    }

    fn fault(&mut self) -> Result<Fault> {
        let first = self.word("a fault")?;
        if first.starts_with(|c: char| c.is_ascii_digit()) {
            let (from, span) = first.split_once('+').unwrap_or((first, "0"));
            let (from, span) = (self.span(from)?, self.span(span)?);
            return Ok(Fault::During { from, span, what: self.trouble()? });
        }
        self.aim(first).map(Fault::At)
    }

    fn aim(&mut self, first: &str) -> Result<Aim> {
        Ok(match first {
            "crash" => {
                let side = self.side("before", "after")?;
                self.literal("write")?;
                Aim::Crash { side, write: self.number("which write")?, view: self.option("view")? }
            }
            "lose" => Aim::Lose { side: self.side("request", "reply")?, write: self.number("which write")? },
            "double" => {
                self.literal("write")?;
                let write = self.number("which write")?;
                self.literal("late")?;
                Aim::Double { write, late: self.seconds()? }
            }
            "pause" => {
                let side = self.side("before", "after")?;
                self.literal("request")?;
                let request = self.number("which request")?;
                self.literal("for")?;
                Aim::Pause { side, request, span: self.seconds()? }
            }
            "hide" => {
                self.literal("event")?;
                Aim::Hide { event: self.number("which event")? }
            }
            other => return self.wrong(other, "a time, or one of crash, lose, double, pause, hide"),
        })
    }

    fn trouble(&mut self) -> Result<Trouble> {
        let first = self.word("what happens")?;
        let which = match first {
            "calls" => Which::All,
            "reads" => Which::Reads,
            "writes" => Which::Writes,
            "renewals" => Which::Lease,
            _ => return self.other(first),
        };
        let every = self.every()?;
        Ok(Trouble::Calls { which, every, how: self.call()? })
    }

    fn every(&mut self) -> Result<u64> {
        self.literal("every")?;
        let every = self.number("every how many")?;
        if every == 0 { self.wrong("0", "at least 1") } else { Ok(every) }
    }

    fn other(&mut self, first: &str) -> Result<Trouble> {
        Ok(match first {
            "events" => {
                let every = self.every()?;
                let how = match self.word("what becomes of them")? {
                    "delay" => EventTrouble::Delay(self.seconds()?),
                    "hide" => EventTrouble::Hide,
                    other => return self.wrong(other, "delay or hide"),
                };
                Trouble::Events { every, how }
            }
            "messages" => {
                let every = self.every()?;
                let word = self.word("how they are taken")?;
                match Reception::parse(word) {
                    Some(how) if how != Reception::Well => Trouble::Messages { every, how },
                    _ => return self.wrong(word, "busy, fails, refuses, hangs or closes"),
                }
            }
            "watches" => match self.word("what becomes of them")? {
                "close" => Trouble::Close,
                "break" => Trouble::Break,
                "silence" => Trouble::Silence,
                "forget" => Trouble::Forget,
                other => return self.wrong(other, "close, break, silence or forget"),
            },
            "lists" => {
                self.literal("old")?;
                Trouble::Old(self.number("how many commits ago")?)
            }
            "crash" => Trouble::Crash,
            "stop" => Trouble::Stop,
            "pause" => Trouble::Pause,
            "split" => Trouble::Split,
            "clock" => Trouble::Clock(self.number("a number of seconds, perhaps negative")?),
            "drift" => Trouble::Drift(self.number("how many times as fast")?),
            "apiserver" => {
                self.literal("down")?;
                Trouble::Down
            }
            other => {
                return self.wrong(
                    other,
                    "calls, reads, writes, renewals, events, messages, watches, lists, a process or clock",
                );
            }
        })
    }

    fn call(&mut self) -> Result<CallTrouble> {
        Ok(match self.word("what becomes of them")? {
            "delay" => CallTrouble::Delay(self.seconds()?),
            "refuse" => CallTrouble::Refuse(self.number("a status")?, self.option("after")?),
            "unreachable" => CallTrouble::Unreachable,
            "reset" => CallTrouble::Reset(self.side("before", "after")?),
            "lose" => CallTrouble::Lose(self.side("request", "reply")?),
            "double" => CallTrouble::Double(self.seconds()?),
            "late" => CallTrouble::Late(self.seconds()?),
            other => return self.wrong(other, "delay, refuse, unreachable, reset, lose, double or late"),
        })
    }
}
