//! Finding what was said: through one's own conversations, newest first, as far as one search may
//! cost.

use std::{fmt::Write as _, ops::Range};

use serde_json::{Value, json};

use super::{
    Caller, Operator,
    conversations::{ago, title},
    period::span,
    report::Report,
};
use crate::{
    conversation::Refusal,
    intent::Period,
    limits,
    model::{Conversation, FinishReason, Message, Timestamp},
};

/// Characters of context before and after what was found.
const CONTEXT_CHARS: usize = 50;

/// A message that holds all words of a query.
struct Hit {
    conversation: Conversation,
    number: usize,
    message: Message,
    excerpt: String,
}

impl Operator {
    pub(super) async fn search(
        &self,
        caller: &Caller,
        query: &str,
        period: Option<Period>,
    ) -> Result<Report, Refusal> {
        let now = self.registry.workshop().clock.now();
        let words: Vec<String> = query.split_whitespace().map(str::to_lowercase).collect();
        let span = period.map(|period| span(period, now, self.tasks.zone()));
        let (hits, whole) = self.hits(caller, &words, span.as_ref()).await?;
        let when = period.map_or_else(String::new, |period| format!(" {period}"));
        let mut text = match hits.len() {
            0 => format!("Nothing was found about “{query}”{when}."),
            1 => format!("Once{when}:"),
            many => format!("{many} times{when}, newest conversations first:"),
        };
        for hit in &hits {
            let (title, ago) = (title(&hit.conversation), ago(hit.message.at, now));
            let _infallible = write!(text, "\n{}. {title}, {ago}: {}", hit.number, hit.excerpt);
        }
        if !whole {
            text += "\nThere may be more: name another word to find less.";
        }
        let rows: Vec<Value> = hits.iter().map(Hit::data).collect();
        Ok(Report::new(text, json!({ "query": query, "hits": rows, "whole": whole })))
    }

    /// What was found, and whether everything was looked at.
    async fn hits(
        &self,
        caller: &Caller,
        words: &[String],
        span: Option<&Range<Timestamp>>,
    ) -> Result<(Vec<Hit>, bool), Refusal> {
        let store = &self.registry.workshop().store;
        let newest =
            store.conversations(caller.user(), None, limits::SEARCH_CONVERSATIONS_MAX).await?;
        let mut whole = newest.len() < limits::SEARCH_CONVERSATIONS_MAX;
        let (mut hits, mut read) = (Vec::new(), 0);
        for (conversation, number) in newest.into_iter().zip(1..) {
            let mut after = None;
            loop {
                let page = store.messages(conversation.id, after, limits::STORE_SCAN_ROWS).await?;
                read += page.len();
                after = page.last().map(|message| message.id);
                let more = page.len() == limits::STORE_SCAN_ROWS;
                hits.extend(page.into_iter().filter_map(|message| {
                    let excerpt = found(&message, words, span)?;
                    Some(Hit { conversation: conversation.clone(), number, message, excerpt })
                }));
                if !more {
                    break;
                }
            }
            if hits.len() >= limits::SEARCH_HITS_MAX || read >= limits::SEARCH_MESSAGES_MAX {
                whole = false;
                break;
            }
        }
        hits.truncate(limits::SEARCH_HITS_MAX);
        Ok((hits, whole))
    }
}

impl Hit {
    fn data(&self) -> Value {
        json!({
            "conversation": self.conversation.id.to_string(),
            "title": self.conversation.title,
            "message": self.message.id.to_string(),
            "role": self.message.role,
            "at": self.message.at,
            "excerpt": self.excerpt,
        })
    }
}

/// Some of the message around the first word, where it holds all of them.
fn found(message: &Message, words: &[String], span: Option<&Range<Timestamp>>) -> Option<String> {
    if message.finish_reason == Some(FinishReason::Command)
        || span.is_some_and(|span| !span.contains(&message.at))
    {
        return None;
    }
    let text = message.text.to_lowercase();
    if !words.iter().all(|word| text.contains(word.as_str())) {
        return None;
    }
    let before = text.split(words.first()?.as_str()).next()?.chars().count();
    let skip = before.saturating_sub(CONTEXT_CHARS);
    let taken = CONTEXT_CHARS * 2 + words.first()?.chars().count();
    let mut excerpt = String::from(if skip > 0 { "…" } else { "" });
    excerpt.extend(message.text.chars().skip(skip).take(taken));
    if message.text.chars().count() > skip + taken {
        excerpt.push('…');
    }
    Some(excerpt.split_whitespace().collect::<Vec<_>>().join(" "))
}
