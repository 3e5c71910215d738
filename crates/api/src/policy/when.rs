//! `spec.match.when`: CEL over a failure and its target, with the functions that Kubernetes adds to CEL.
//!
//! What evaluates it has no budget of its own, so what an expression can cost is bounded before: its length, its depth, how
//! often and how deep it goes through a list, and how large what it makes can become. Policies are written by whoever may also
//! stop the controller; the bounds are against accidents.

mod values;

use super::BadPolicy;
use kube_cel::KubeCelExt;
use kube_cel::cel::common::ast::{Expr, IdedExpr};
use kube_cel::cel::{Context, ExecutionError, Program, Value};
use self_healing_core::policy::{About, Answer, Expression, When};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Characters of one expression.
pub(super) const MAX_LENGTH: u32 = 1024;
/// Brackets of any kind within each other.
const MAX_DEPTH: usize = 16;
/// Macros (all, exists, exists_one, map, filter) in one expression, and within each other.
const MAX_MACROS: (usize, usize) = (4, 2);
/// Entries of one list or map that an expression writes out.
const MAX_ENTRIES: usize = 64;
/// Calls of functions that make a text longer.
const MAX_GROWING: usize = 4;
const FIELD: &str = "spec.match.when";
const EXPECTED: &str = "a CEL expression over failure and target that gives true or false";

#[derive(Debug)]
struct Compiled(Program);

/// The expression of this text, if there is one.
pub(super) fn when(text: Option<&str>) -> Result<Option<When>, BadPolicy> {
    let Some(text) = text else { return Ok(None) };
    let wrong = |why: String| BadPolicy::new(FIELD, format!("{text:?}"), why);
    if text.trim().is_empty() || text.chars().count() > MAX_LENGTH as usize {
        return Err(wrong(format!("1 to {MAX_LENGTH} characters")));
    }
    if depth(text) > MAX_DEPTH {
        return Err(wrong(format!("at most {MAX_DEPTH} brackets within each other")));
    }
    let parsed = catch_unwind(|| Program::compile(text)).map_err(|_| wrong(EXPECTED.to_owned()))?;
    let program = parsed.map_err(|error| wrong(format!("{EXPECTED}: {}", one_line(&error.to_string()))))?;
    let mut cost = Cost::default();
    cost.add(program.expression(), 0);
    cost.bounded().map_err(wrong)?;
    let compiled = Compiled(program);
    compiled.tried().map_err(wrong)?;
    Ok(Some(When { text: text.to_owned(), expression: Arc::new(compiled) }))
}

impl Compiled {
    /// Runs it on a failure made up for that: a name that there is not, or a result that is not true or false, is found so.
    fn tried(&self) -> Result<(), String> {
        match values::with_sample(|about| self.run(about)) {
            Ok(Value::Bool(_)) => Ok(()),
            Ok(other) => Err(format!("{EXPECTED}, not {}", other.type_of())),
            Err(ExecutionError::UndeclaredReference(name)) => Err(format!("{EXPECTED}: there is no {name}")),
            // What another failure has, this one need not have.
            Err(_) => Ok(()),
        }
    }

    fn run(&self, about: &About<'_>) -> Result<Value, ExecutionError> {
        let run = || {
            let mut context = Context::default().with_all();
            let failed = |error| ExecutionError::function_error("failure", error);
            values::fill(&mut context, about).map_err(failed)?;
            self.0.execute(&context)
        };
        catch_unwind(AssertUnwindSafe(run))
            .unwrap_or_else(|_| Err(ExecutionError::function_error("the expression", "it cannot be evaluated")))
    }
}

impl Expression for Compiled {
    fn ask(&self, about: &About<'_>) -> Answer {
        match self.run(about) {
            Ok(Value::Bool(true)) => Answer::Yes,
            Ok(Value::Bool(false)) => Answer::No,
            Ok(other) => Answer::Error(format!("it gives {}, not true or false", other.type_of())),
            Err(error) => Answer::Error(one_line(&error.to_string())),
        }
    }
}

/// How much an expression can ask for.
#[derive(Default)]
struct Cost {
    macros: usize,
    deepest: usize,
    entries: usize,
    growing: usize,
    ranges: bool,
}

impl Cost {
    fn add(&mut self, expression: &IdedExpr, within: usize) {
        match &expression.expr {
            Expr::Call(call) => {
                self.growing += usize::from(matches!(call.func_name.as_str(), "replace" | "join" | "format"));
                self.ranges |= call.func_name.ends_with("range");
                call.target.iter().for_each(|target| self.add(target, within));
                call.args.iter().for_each(|arg| self.add(arg, within));
            }
            Expr::Comprehension(each) => {
                self.macros += 1;
                self.deepest = self.deepest.max(within + 1);
                self.add(&each.iter_range, within);
                let inside = [&each.accu_init, &each.loop_cond, &each.loop_step, &each.result];
                inside.into_iter().for_each(|part| self.add(part, within + 1));
            }
            Expr::List(list) => {
                self.entries = self.entries.max(list.elements.len());
                list.elements.iter().for_each(|element| self.add(element, within));
            }
            Expr::Map(map) => {
                self.entries = self.entries.max(map.entries.len());
                map.entries.iter().for_each(|entry| self.entry(&entry.expr, within));
            }
            Expr::Struct(made) => made.entries.iter().for_each(|entry| self.entry(&entry.expr, within)),
            Expr::Select(select) => self.add(&select.operand, within),
            Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => {}
        }
    }

    fn entry(&mut self, entry: &kube_cel::cel::common::ast::EntryExpr, within: usize) {
        use kube_cel::cel::common::ast::EntryExpr;
        match entry {
            EntryExpr::StructField(field) => self.add(&field.value, within),
            EntryExpr::MapEntry(pair) => {
                self.add(&pair.key, within);
                self.add(&pair.value, within);
            }
        }
    }

    fn bounded(&self) -> Result<(), String> {
        let (macros, deep) = MAX_MACROS;
        let limits = [
            (self.macros > macros, format!("at most {macros} of all, exists, exists_one, map, filter")),
            (self.deepest > deep, format!("at most {deep} of all, exists, exists_one, map, filter within each other")),
            (self.entries > MAX_ENTRIES, format!("at most {MAX_ENTRIES} entries in a list or map")),
            (self.growing > MAX_GROWING, format!("at most {MAX_GROWING} of replace, join, format")),
            (self.ranges, "no lists.range".to_owned()),
        ];
        limits.into_iter().find(|(broken, _)| *broken).map_or(Ok(()), |(_, limit)| Err(limit))
    }
}

/// How many brackets are open at once; those inside texts count as well.
fn depth(text: &str) -> usize {
    let mut open = 0_usize;
    let mut most = 0;
    for c in text.chars() {
        match c {
            '(' | '[' | '{' => open += 1,
            ')' | ']' | '}' => open = open.saturating_sub(1),
            _ => {}
        }
        most = most.max(open);
    }
    most
}

fn one_line(text: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(300).collect()
}
