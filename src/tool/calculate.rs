//! Arithmetic, which models are bad at.

mod number;
mod reader;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use futures_util::{FutureExt, future::BoxFuture};
use serde::Deserialize;
use serde_json::json;

use super::{Found, Tool, Trouble, arguments, spec};
use crate::model::ToolSpec;

struct Calculate {
    spec: ToolSpec,
}

/// Works out expressions.
pub(super) fn tool() -> Arc<dyn Tool> {
    let parameters = json!({
        "type": "object",
        "properties": {
            "expression": {
                "type": "string",
                "description": "Such as 1200 * (1 + 0.04/12)^(12*5): numbers, + - * / ^, brackets, \
                                sqrt, exp, ln, log10, sin, cos, tan, abs, round, floor, ceil, PI, E",
            },
        },
        "required": ["expression"],
        "additionalProperties": false,
    });
    let description = "Works out an arithmetic expression, exactly or to 13 digits. Call it for every \
                       calculation with more than one small whole number, such as interest, doses \
                       and averages.";
    Arc::new(Calculate { spec: spec("calculate", description, parameters) })
}

#[derive(Deserialize)]
struct Arguments {
    expression: String,
}

impl Tool for Calculate {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn call(&self, json: Arc<str>) -> BoxFuture<'static, Result<Found, Trouble>> {
        std::future::ready(calculate(&json)).boxed()
    }
}

/// Why an expression has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Unsolved {
    #[error("is too long")]
    Long,
    #[error("has too much within each other")]
    Deep,
    #[error("is no expression of numbers, + - * / ^, brackets and functions")]
    Unread,
    #[error("has no finite value")]
    Infinite,
}

fn calculate(json: &str) -> Result<Found, Trouble> {
    let Arguments { expression } = arguments(json)?;
    let value = reader::work_out(&expression)
        .map_err(|unsolved| Trouble::Arguments(format!("{expression:?} {unsolved}")))?;
    let text = format!("{expression} = {value}");
    Ok(Found { summary: text.clone(), text })
}
