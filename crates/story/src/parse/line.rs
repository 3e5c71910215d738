//! One line, taken word by word.

use crate::deed::{Object, PodName};
use crate::error::Error;
use crate::story::{Name, Story, Thing, WorkloadKind};
use crate::words::nearest;

/// What is left of a line.
#[derive(Clone)]
pub(super) struct Line<'a> {
    file: &'a str,
    /// From 1.
    pub(super) number: usize,
    /// Whether it belongs to the section above it.
    pub(super) indented: bool,
    /// The whole line, without comment and white space around.
    pub(super) text: &'a str,
    /// The whole line with the white space before it, without comment.
    pub(super) whole: &'a str,
    rest: &'a str,
}

/// The lines that hold something. A comment begins with `#` and a space, or is `#` alone.
pub(super) fn lines<'a>(file: &'a str, text: &'a str) -> impl Iterator<Item = Line<'a>> {
    let lines = text.lines().enumerate().map(move |(index, line)| {
        let whole = without_comment(line).trim_end();
        let text = whole.trim_start();
        Line { file, number: index + 1, indented: line.starts_with([' ', '\t']), text, whole, rest: text }
    });
    lines.filter(|line| !line.text.is_empty())
}

fn without_comment(line: &str) -> &str {
    let starts = |at: &usize| {
        let (before, after) = (&line[..*at], &line[*at + 1..]);
        (before.is_empty() || before.ends_with([' ', '\t'])) && (after.is_empty() || after.starts_with([' ', '\t']))
    };
    let comment = line.match_indices('#').map(|(at, _)| at).find(starts);
    comment.map_or(line, |at| &line[..at])
}

pub(super) fn missing(file: &str, line: usize, expected: &str) -> Error {
    let expected = expected.to_owned();
    Error::Word { file: file.to_owned(), line, word: String::new(), expected, nearest: None }
}

impl<'a> Line<'a> {
    /// The error that `word` is not what is expected here; `known` are the words it may be.
    pub(super) fn wrong(&self, word: &str, expected: &str, known: &[&str]) -> Error {
        let list = if known.is_empty() { String::new() } else { format!(" ({})", known.join(", ")) };
        Error::Word {
            file: self.file.to_owned(),
            line: self.number,
            word: word.to_owned(),
            expected: format!("{expected}{list}"),
            nearest: nearest(word, known.iter().copied()),
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next word, if there is one.
    pub(super) fn next(&mut self) -> Option<&'a str> {
        let (word, rest) = self.rest.split_once(char::is_whitespace).unwrap_or((self.rest, ""));
        self.rest = rest.trim_start();
        (!word.is_empty()).then_some(word)
    }

    /// Whether the next word is `end`, which is then taken.
    pub(super) fn ends_it(&mut self) -> bool {
        let rest = self.rest;
        let ends = self.next() == Some("end");
        if !ends {
            self.rest = rest;
        }
        ends
    }

    /// The next word.
    pub(super) fn word(&mut self, expected: &str) -> Result<&'a str, Error> {
        self.next().ok_or_else(|| missing(self.file, self.number, expected))
    }

    /// The next word, one of a list.
    pub(super) fn known(&mut self, expected: &str, known: &[&str]) -> Result<&'a str, Error> {
        let word = self.word(&format!("{expected} ({})", known.join(", ")))?;
        if known.contains(&word) { Ok(word) } else { Err(self.wrong(word, expected, known)) }
    }

    /// The next word as a whole number.
    pub(super) fn number(&mut self, expected: &str) -> Result<u32, Error> {
        let word = self.word(expected)?;
        word.parse().map_err(|_| self.wrong(word, expected, &[]))
    }

    /// Everything that is left.
    pub(super) fn rest(&mut self, expected: &str) -> Result<String, Error> {
        if self.rest.is_empty() {
            return Err(missing(self.file, self.number, expected));
        }
        Ok(std::mem::take(&mut self.rest).to_owned())
    }

    /// Nothing may be left.
    pub(super) fn end(&self) -> Result<(), Error> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.wrong(self.rest, "the end of the line", &[])) }
    }

    /// The next word, a node of the story.
    pub(super) fn node(&mut self, story: &Story) -> Result<String, Error> {
        let word = self.word("a node")?;
        let nodes: Vec<&str> = story.nodes().collect();
        if nodes.contains(&word) { Ok(word.to_owned()) } else { Err(self.wrong(word, "a node of this story", &nodes)) }
    }

    /// The next word, a pod of the story.
    pub(super) fn pod(&mut self, story: &Story) -> Result<PodName, Error> {
        match self.object_if(story, "a pod of this story, as `web.1`", |object| matches!(object, Object::Pod(_)))? {
            Object::Pod(pod) => Ok(pod),
            other => Err(self.wrong(&other.to_string(), "a pod", &[])),
        }
    }

    /// The next word, a workload of the story.
    pub(super) fn workload(&mut self, story: &Story) -> Result<(WorkloadKind, Name), Error> {
        let wanted = |object: &Object| matches!(object, Object::Workload(..));
        match self.object_if(story, "a workload of this story", wanted)? {
            Object::Workload(kind, name) => Ok((kind, name)),
            other => Err(self.wrong(&other.to_string(), "a workload", &[])),
        }
    }

    /// The next word, a Service of the story, as `service/web`.
    pub(super) fn service(&mut self, story: &Story) -> Result<Name, Error> {
        let wanted = |object: &Object| matches!(object, Object::Service(_));
        match self.object_if(story, "a Service of this story, as `service/web`", wanted)? {
            Object::Service(name) => Ok(name),
            other => Err(self.wrong(&other.to_string(), "a Service", &[])),
        }
    }

    /// Whether nothing is left, or `word` is next.
    pub(super) fn ends_or(&self, word: &str) -> bool {
        self.clone().next().is_none_or(|next| next == word)
    }

    /// The next word, anything of the story.
    pub(super) fn object(&mut self, story: &Story) -> Result<Object, Error> {
        self.object_if(story, "a node, workload, pod, `service/NAME` or `namespace/NAME` of this story", |_| true)
    }

    fn object_if(&mut self, story: &Story, expected: &str, fits: impl Fn(&Object) -> bool) -> Result<Object, Error> {
        let word = self.word(expected)?;
        let namespace = word.strip_prefix("namespace/").filter(|name| namespaces(story).contains(name));
        let found = namespace.map(|name| Object::Namespace(name.to_owned())).or_else(|| story.object(word));
        found.filter(&fits).ok_or_else(|| {
            let known: Vec<String> = story.things.iter().filter_map(|thing| known_as(thing, &fits)).collect();
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            self.wrong(word, expected, &known)
        })
    }
}

fn namespaces(story: &Story) -> Vec<&str> {
    let mut found = Vec::new();
    for thing in &story.things {
        if let Thing::Workload { name, .. } | Thing::Pod { name, .. } = thing {
            found.push(name.namespace.as_str());
        }
    }
    found
}

/// How a thing is written where `fits` decides what may stand; of a workload perhaps its first pod.
fn known_as(thing: &Thing, fits: &impl Fn(&Object) -> bool) -> Option<String> {
    let objects = match thing {
        Thing::Node { name, .. } => vec![Object::Node(name.clone())],
        Thing::Workload { kind, name, .. } => {
            let first = PodName::Numbered { workload: name.clone(), number: 1 };
            vec![Object::Workload(*kind, name.clone()), Object::Pod(first)]
        }
        Thing::Pod { name, .. } => vec![Object::Pod(PodName::Bare(name.clone()))],
        Thing::Service { name, .. } => vec![Object::Service(name.clone())],
        Thing::Budget { .. } => Vec::new(),
    };
    objects.iter().find(|object| fits(object)).map(ToString::to_string)
}
