//! Models that take no tools, as they themselves have said: those are asked without.
//!
//! Invariant: nobody is refused an answer because tools were offered.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use super::{Answer, Failure, Item, Offer, Request, ToolCall, http::Server, refusal};
use crate::limits::TOOLLESS_MODELS_MAX;

/// Those of one provider. Forgotten with it: the server may have learnt by then.
#[derive(Debug, Default)]
pub(super) struct Toolless(Mutex<BTreeSet<Arc<str>>>);

impl Toolless {
    fn holds(&self, model: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(model)
    }

    /// Whether that is news.
    fn note(&self, model: &Arc<str>) -> bool {
        let mut models = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        models.len() < TOOLLESS_MODELS_MAX && models.insert(model.clone())
    }
}

/// Asks; once more without tools where they are why the server refuses, and from then on always.
pub(super) async fn ask<A>(
    server: &Server,
    request: Request,
    ask: impl Fn(Request) -> A,
) -> Result<Answer, Failure>
where
    A: Future<Output = Result<Answer, Failure>>,
{
    let (known, model) = (&server.toolless, request.model.clone());
    if request.tools.tools.is_empty() {
        return ask(request).await;
    }
    if known.holds(&model) {
        return ask(without_tools(request)).await;
    }
    match ask(request.clone()).await {
        Err(failure) if failure.code == Some(refusal::NO_TOOLS) => {}
        answer => return answer,
    }
    // A server may refuse that none may be called, and take them nevertheless.
    let is_sure = request.tools.is_open();
    let answer = ask(without_tools(request)).await?;
    if is_sure && known.note(&model) {
        tracing::info!(provider = %server.name, %model, "takes no tools");
    }
    Ok(answer)
}

/// The same request for somebody who knows of no tools. What they have answered by now the person
/// says, in one message with the question: some models insist that roles alternate.
fn without_tools(request: Request) -> Request {
    let mut items: Vec<Item> = Vec::with_capacity(request.items.len());
    let mut calls: Vec<ToolCall> = Vec::new();
    for item in request.items {
        match item {
            Item::Replay(_) => {}
            Item::ToolCall(call) => calls.push(call),
            Item::ToolResult { call, output, failed } => {
                let called = calls.iter().rfind(|asked| asked.id == call);
                let name = called.map_or("a tool", |call| &*call.name);
                let arguments = called.map_or("", |call| &*call.arguments);
                let how = if failed { "failed" } else { "answered" };
                let told = format!("({name} {arguments} {how}: {output})");
                match items.last_mut() {
                    Some(Item::User(said)) => *said = format!("{said}\n\n{told}").into(),
                    _ => items.push(Item::User(told.into())),
                }
            }
            said => items.push(said),
        }
    }
    Request { items, tools: Offer::default(), ..request }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::tests::{long_conversation, request};

    #[test]
    fn the_person_tells_what_tools_have_answered() {
        let told = without_tools(request(&long_conversation()));
        let said: Vec<_> = told
            .items
            .iter()
            .map(|item| match item {
                Item::User(text) => format!("user: {text}"),
                Item::Assistant(text) => format!("assistant: {text}"),
                other => format!("{other:?}"),
            })
            .collect();
        insta::assert_snapshot!("without_tools", said.join("\n---\n"));
    }
}
