//! What was found, one line for each thing, for people and as JSON whose fields stay as they are.

use serde::Serialize;
use serde_json::Value;
use std::fmt::Write as _;

/// What a check is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Area {
    ApiServer,
    Identity,
    Clock,
    Configuration,
    Rights,
    Admission,
    Definitions,
    Leader,
    Installations,
    Channels,
    Resources,
}

impl Area {
    /// Those that need an API server that answers.
    pub(super) const OF_THE_CLUSTER: [Self; 8] = [
        Self::Identity,
        Self::Clock,
        Self::Configuration,
        Self::Rights,
        Self::Admission,
        Self::Definitions,
        Self::Leader,
        Self::Installations,
    ];

    /// The name of a check that is about the whole of it.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::ApiServer => "API server",
            Self::Identity => "account",
            Self::Clock => "clock",
            Self::Configuration => "configuration",
            Self::Rights => "rights",
            Self::Admission => "admission policies",
            Self::Definitions => "definitions",
            Self::Leader => "leader",
            Self::Installations => "other installations",
            Self::Channels => "notifications",
            Self::Resources => "resources",
        }
    }
}

/// How it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    Ok,
    /// It works, and somebody should look at it.
    Warning,
    /// Not wanted, or not needed as things are configured.
    Off,
    /// It could not be found out; the message says why.
    Unchecked,
    Failed,
}

impl State {
    const ALL: [Self; 5] = [Self::Ok, Self::Warning, Self::Off, Self::Unchecked, Self::Failed];

    const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Off => "off",
            Self::Unchecked => "unchecked",
            Self::Failed => "failed",
        }
    }
}

/// What was found about one thing.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Check {
    pub(super) area: Area,
    pub(super) name: String,
    pub(super) state: State,
    pub(super) message: String,
    /// What to do about it.
    pub(super) todo: Option<String>,
    /// The RBAC rule that is missing.
    pub(super) rule: Option<Value>,
}

impl Check {
    pub(super) fn new(area: Area, name: impl Into<String>, state: State, message: impl Into<String>) -> Self {
        Self { area, name: name.into(), state, message: message.into(), todo: None, rule: None }
    }

    /// About the whole of an area.
    pub(super) fn of(area: Area, state: State, message: impl Into<String>) -> Self {
        Self::new(area, area.title(), state, message)
    }

    pub(super) fn todo(mut self, todo: impl Into<String>) -> Self {
        self.todo = Some(todo.into());
        self
    }
}

/// A line for each check, below it what to do, and at the end how many there are of each state.
pub(super) fn text(checks: &[Check]) -> String {
    let mut text = String::new();
    for Check { state, name, message, todo, .. } in checks {
        let _ = writeln!(text, "{:<9}  {name}: {message}", state.word());
        if let Some(todo) = todo {
            let _ = writeln!(text, "{:<9}  -> {todo}", "");
        }
    }
    let count = |state: State| checks.iter().filter(|check| check.state == state).count();
    let counts = State::ALL.into_iter().filter(|state| count(*state) > 0);
    let counts: Vec<String> = counts.map(|state| format!("{} {}", count(state), state.word())).collect();
    let _ = writeln!(text, "\n{}", counts.join(", "));
    text
}
