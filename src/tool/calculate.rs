//! Arithmetic, which models are bad at.

use std::sync::Arc;

use futures_util::{FutureExt, future::BoxFuture};
use serde::Deserialize;
use serde_json::json;

use super::{Found, Tool, Trouble, arguments, spec};
use crate::{limits, model::ToolSpec};

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
    let description = "Works out an arithmetic expression exactly. Call it for every calculation \
                       with more than one small whole number, such as interest, doses and averages.";
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

fn calculate(json: &str) -> Result<Found, Trouble> {
    let Arguments { expression } = arguments(json)?;
    let refused = |why: &str| Err(Trouble::Arguments(format!("{expression:?} {why}")));
    if expression.len() > limits::EXPRESSION_BYTES_MAX {
        return refused("is too long");
    }
    match exmex::eval_str::<f64>(&expression) {
        Ok(value) if value.is_finite() => {
            // Twelve digits hide what binary fractions do to 0.1 + 0.2.
            let value = format!("{value:.12e}").parse().unwrap_or(value);
            let text = format!("{expression} = {value}");
            Ok(Found { summary: text.clone(), text })
        }
        Ok(_) => refused("has no finite value"),
        Err(_) => refused("is no expression of numbers, + - * / ^, brackets and functions"),
    }
}
