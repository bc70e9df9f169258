//! Tools: what a model may have the gateway look up or work out.

use std::sync::Arc;

use serde_json::Value;

/// A tool as a model is told of it.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolSpec {
    /// What it is called: `a` to `z` and `_`, as every provider takes it.
    pub name: Arc<str>,
    /// What it does and when to call it.
    pub description: Arc<str>,
    /// The JSON Schema of its arguments: an object.
    pub parameters: Arc<Value>,
}

impl ToolSpec {
    /// What a model has to read of it, in bytes.
    pub fn bytes(&self) -> usize {
        self.name.len() + self.description.len() + self.parameters.to_string().len()
    }
}
