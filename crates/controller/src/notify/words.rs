//! The words of a message: ours, or those of the user's own template.
//!
//! A template is Jinja as minijinja knows it: it sees the values of one message and nothing else, reads no file, includes nothing, and
//! ends after a bounded number of steps.

use super::Letter;
use crate::notice::Notice;
use crate::plain::plain;
use minijinja::{Environment, UndefinedBehavior, context};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use reqwest::Url;
use std::fmt;

/// The name in errors, and the variable that holds it.
const NAME: &str = "NOTIFICATION_TEMPLATE";
/// Steps that a template may take; one that prints every value takes some hundred.
const FUEL: u64 = 20_000;
/// Characters of a text.
const LIMIT: usize = 3000;

/// What a URI may not have (RFC 3986) though browsers take it; in a link of Slack's, a bar even ends the address.
const NOT_IN_URIS: &AsciiSet = &CONTROLS.add(b'|').add(b'^').add(b'`').add(b'{').add(b'}').add(b'\\');

/// A template that was tried.
pub(super) struct Template(Environment<'static>);

/// Why a template is not used.
#[derive(Debug, thiserror::Error)]
#[error("{NAME}: {place}{problem}; the built-in text is used")]
pub(super) struct BadTemplate {
    place: String,
    problem: String,
}

impl BadTemplate {
    fn of(error: &minijinja::Error, source: &str) -> Self {
        let column = error.range().map(|range| {
            let before = source.get(..range.start).unwrap_or_default();
            before.rsplit('\n').next().unwrap_or_default().chars().count() + 1
        });
        let place = match (error.line(), column) {
            (Some(line), Some(column)) => format!("line {line}, column {column}: "),
            (Some(line), None) => format!("line {line}: "),
            _ => String::new(),
        };
        let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
        Self { place, problem: format!("{}{detail}", error.kind()) }
    }
}

impl Template {
    /// Reads it, and tries it with `sample`.
    ///
    /// # Errors
    /// When it is no template, asks for what there is not, or takes too many steps.
    pub(super) fn new(source: &str, sample: &Letter<'_>) -> Result<Self, BadTemplate> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        environment.set_debug(true);
        let bad = |error: minijinja::Error| BadTemplate::of(&error, source);
        environment.add_template_owned(NAME, source.to_owned()).map_err(bad)?;
        let template = Self(environment);
        template.render(sample, &sample.notice(), None).map_err(bad)?;
        Ok(template)
    }

    fn render(&self, letter: &Letter<'_>, notice: &Notice, runbook: Option<&str>) -> Result<String, minijinja::Error> {
        let value = |label: &str| notice.value(label).unwrap_or_default().to_owned();
        let spec = &letter.about.spec;
        self.0.get_template(NAME)?.render(context! {
            title => notice.title,
            key => letter.key,
            state => letter.stands().as_str(),
            failure_type => spec.failure.as_str(),
            cause => spec.cause.map_or("unknown", |cause| cause.as_str()),
            kind => spec.target.kind.as_str(),
            name => value("Resource").split_once('/').map(|(_, name)| name.to_owned()),
            namespace => value("Namespace"),
            severity => spec.severity.as_str(),
            description => value("Description"),
            action => value("Recovery Action"),
            result => value("Result"),
            timestamp => value("Timestamp"),
            cluster => letter.cluster,
            recovery => value("Recovery"),
            runbook => runbook.unwrap_or_default(),
            evidence => value("Evidence").lines().map(str::to_owned).collect::<Vec<_>>(),
        })
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Template")
    }
}

/// What a user's template has made, without what a terminal would obey.
fn lines(text: &str) -> String {
    let lines: Vec<String> = text.trim_end().lines().map(|line| plain(line, LIMIT)).collect();
    lines.join("\n").chars().take(LIMIT).collect()
}

/// What one message says.
pub(super) struct Words {
    /// By its fields.
    pub(super) notice: Notice,
    /// As the user wants it; `None` for our own.
    pub(super) own: Option<String>,
    /// The address of a page that says what to do, where the user has one.
    pub(super) runbook: Option<String>,
}

impl Words {
    /// A template that fails on this letter, though it did not when it was tried, gives way to our own words.
    pub(super) fn of(letter: &Letter<'_>, template: Option<&Template>, runbook: Option<&Url>) -> Self {
        let (notice, runbook) = (letter.notice(), runbook.map(|page| at_cause(page, letter)));
        let own = template.and_then(|template| match template.render(letter, &notice, runbook.as_deref()) {
            Ok(text) => Some(lines(&text)),
            Err(error) => {
                tracing::warn!(kind = %error.kind(), "{NAME} cannot tell of this; the built-in text is used");
                None
            }
        });
        Self { notice, own, runbook }
    }

    /// As plain text.
    pub(super) fn text(&self) -> String {
        match (&self.own, &self.runbook) {
            (Some(own), _) => own.clone(),
            (None, Some(runbook)) => format!("{}\nRunbook: {runbook}", self.notice),
            (None, None) => self.notice.to_string(),
        }
    }
}

/// The address of what `page` says on the letter's cause.
fn at_cause(page: &Url, letter: &Letter<'_>) -> String {
    let mut page = page.clone();
    if let Some(cause) = letter.about.spec.cause {
        page.set_fragment(Some(&cause.as_str().to_ascii_lowercase()));
    }
    utf8_percent_encode(page.as_str(), NOT_IN_URIS).to_string()
}

#[cfg(test)]
mod tests;
