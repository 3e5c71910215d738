//! A page of the documentation as its reader sees it: links, places that can be linked to, blocks and spans of code.

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Folders in which no page of ours is.
const NOT_OURS: [&str; 3] = ["target", ".git", "node_modules"];
/// What ends a command on its line.
const ENDS: [&str; 6] = ["|", "||", "&&", ";", ">", ">>"];

/// One Markdown file.
#[derive(Default)]
pub(crate) struct Page {
    /// Seen from the project's root.
    pub(crate) path: PathBuf,
    pub(crate) links: Vec<String>,
    pub(crate) anchors: BTreeSet<String>,
    /// Language and text.
    blocks: Vec<(String, String)>,
    spans: Vec<String>,
}

/// One call of ours.
pub(crate) struct Command {
    /// First the name of who is called.
    pub(crate) words: Vec<String>,
    /// Whether it stands in a sentence, where arguments may be left out.
    pub(crate) in_prose: bool,
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every page of the project.
pub(crate) fn project() -> Vec<Page> {
    let (mut pages, mut open) = (Vec::new(), vec![PathBuf::new()]);
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(root().join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let path = folder.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                let name = entry.file_name();
                open.extend((!NOT_OURS.iter().any(|other| name == *other)).then_some(path));
            } else if path.extension().is_some_and(|end| end == "md") {
                let text = fs::read_to_string(root().join(&path)).unwrap();
                pages.push(Page::read(path, &text));
            }
        }
    }
    pages
}

impl Page {
    pub(crate) fn read(path: PathBuf, text: &str) -> Self {
        let mut page = Self { path, ..Self::default() };
        let (mut heading, mut block): (Option<String>, Option<(String, String)>) = (None, None);
        for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
            match event {
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => page.name(&heading.take().unwrap_or_default()),
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    page.links.push(dest_url.into_string());
                }
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => {
                    block = Some((language.into_string(), String::new()));
                }
                Event::End(TagEnd::CodeBlock) => page.blocks.extend(block.take()),
                Event::Text(text) => match (&mut block, &mut heading) {
                    (Some((_, code)), _) => code.push_str(&text),
                    (None, Some(words)) => words.push_str(&text),
                    (None, None) => {}
                },
                Event::Code(code) => {
                    if let Some(words) = &mut heading {
                        words.push_str(&code);
                    }
                    page.spans.push(code.into_string());
                }
                Event::Html(html) | Event::InlineHtml(html) => {
                    let ids = html.split("id=\"").skip(1).filter_map(|rest| rest.split('"').next());
                    page.anchors.extend(ids.map(str::to_owned));
                }
                _ => {}
            }
        }
        page
    }

    /// Makes the anchor of a heading, as the usual viewers do.
    fn name(&mut self, heading: &str) {
        let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | ' '));
        let name: String = kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect();
        let again = (1..).map(|number| format!("{name}-{number}"));
        let free = std::iter::once(name.clone()).chain(again).find(|name| !self.anchors.contains(name));
        self.anchors.extend(free);
    }

    fn blocks_of(&self, languages: &[&str]) -> impl Iterator<Item = &str> {
        let languages: Vec<String> = languages.iter().map(ToString::to_string).collect();
        self.blocks.iter().filter(move |(language, _)| languages.contains(language)).map(|(_, text)| text.as_str())
    }

    /// The command lines of the program and of the plugin in blocks of shell and in spans.
    pub(crate) fn commands(&self) -> Vec<Command> {
        let lines = self.blocks_of(&["sh"]).flat_map(str::lines).map(|line| (line, false));
        let lines = lines.chain(self.spans.iter().map(|span| (span.as_str(), true)));
        let found = lines.filter_map(|(line, in_prose)| Some(Command { words: called(&words(line))?, in_prose }));
        found.filter(|command| command.words.len() > 1).collect()
    }

    /// Blocks of YAML, and what shell blocks hand to a command between `<<'YAML'` and `YAML`.
    pub(crate) fn yaml(&self) -> Vec<String> {
        let handed = |shell: &str| {
            let after = shell.split("<<'YAML'\n").skip(1).filter_map(|rest| rest.split("\nYAML\n").next());
            after.map(str::to_owned).collect::<Vec<_>>()
        };
        let blocks = self.blocks_of(&["yaml"]).map(str::to_owned);
        blocks.chain(self.blocks_of(&["sh"]).flat_map(handed)).collect()
    }
}

/// The words of the first command of a shell line: quotes are taken away, a comment and what follows a pipe are left out.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote): (Vec<String>, Option<String>, Option<char>) = (Vec::new(), None, None);
    for c in line.chars() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (None, '\'' | '"') => (quote, word) = (Some(c), Some(word.unwrap_or_default())),
            (None, '#') if word.is_none() => break,
            (None, _) if c.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    let end = words.iter().position(|word| ENDS.contains(&word.as_str())).unwrap_or(words.len());
    words.truncate(end);
    words
}

/// Who of us is called by these words, and with what; `None` when it is somebody else.
fn called(words: &[String]) -> Option<Vec<String>> {
    let assigns = |word: &&String| {
        word.split_once('=').is_some_and(|(name, _)| name.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
    };
    let words = &words[words.iter().take_while(assigns).count()..];
    let after = |who: &str, rest: &[String]| Some([&[who.to_owned()], rest].concat());
    let inside = || words.windows(2).position(|two| two[0] == "--" && two[1] == "/self-healing-controller");
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["self-healing-controller", ..] => after("self-healing-controller", &words[1..]),
        ["kubectl", "heal", ..] => after("kubectl-heal", &words[2..]),
        ["cargo", "run", "--release", "--", ..] => after("self-healing-controller", &words[4..]),
        _ => after("self-healing-controller", &words[inside()? + 2..]),
    }
}
