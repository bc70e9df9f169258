//! Tests of the providers against recorded bodies and a faulty server.

use super::{Item, Request, Style};

/// A request with these items, for no model in particular.
pub(super) fn request(items: &[Item]) -> Request {
    Request {
        model: "a-model".into(),
        pool: "general".into(),
        system: "You are concise.".into(),
        items: items.to_vec(),
        style: Style { temperature: None, effort: None, max_output_tokens: 1_024 },
        remote: None,
    }
}
