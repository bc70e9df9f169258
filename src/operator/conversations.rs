//! One's conversations: which there are, what they were about, beginning and deleting them.

use serde_json::{Value, json};

use super::{
    Caller, Operator,
    report::{Here, Outcome, Report, Then},
    summary,
    table::table,
};
use crate::{
    conversation::{Ask, Branch, Refusal},
    intent::{Operation, Which},
    limits,
    model::{Conversation, ConversationId, PoolName, Timestamp},
    provider::OFFLINE,
    store::Page,
};

impl Operator {
    pub(super) async fn conversations(&self, caller: &Caller) -> Result<Report, Refusal> {
        let workshop = self.registry.workshop();
        let page = workshop.store.conversations(caller.user(), None, limits::LISTED_ROWS).await?;
        let now = workshop.clock.now();
        let here =
            |record: &Conversation| if record.id == caller.conversation() { "*" } else { "" };
        let row = |(record, number): (&Conversation, usize)| {
            [
                format!("{number}{}", here(record)),
                title(record).to_owned(),
                record.messages.to_string(),
                record.pool.as_ref().map_or_else(String::new, ToString::to_string),
                ago(record.updated_at, now),
            ]
        };
        let rows: Vec<_> = page.iter().zip(1..).map(row).collect();
        let data: Vec<Value> = page.iter().zip(1..).map(facts).collect();
        let text = match rows.as_slice() {
            [] => "You have no conversation yet.".to_owned(),
            rows => table(["#", "title", "messages", "pool", "last"], rows),
        };
        Ok(Report::new(text, json!({ "conversations": data })))
    }

    /// Begins another conversation, and goes on there.
    pub(super) async fn begin(
        &self,
        caller: &Caller,
        pool: Option<&PoolName>,
    ) -> Result<Report, Refusal> {
        if let Some(pool) =
            pool.filter(|pool| self.registry.workshop().pools.get(pool.as_str()).is_none())
        {
            return Ok(self.no_pool(pool));
        }
        let (record, handle) = self.registry.create(caller.user(), None, pool.cloned()).await?;
        let text = match pool {
            Some(pool) => format!("A new conversation, with {pool}."),
            None => "A new conversation.".to_owned(),
        };
        let then = Then::Here(Here::Enter(record.id, handle));
        let data = json!({ "conversation": record.id.to_string() });
        Ok(Report { then, ..Report::new(text, data) })
    }

    /// Deletes a conversation; asks back first, unless that was agreed to.
    pub(super) async fn delete(
        &self,
        caller: &Caller,
        which: Which,
        agreed: bool,
    ) -> Result<Report, Refusal> {
        let Some(record) = self.find(caller, which).await? else {
            return Ok(none_such(which));
        };
        let called = format!("“{}”, {} messages", title(&record), record.messages);
        if !agreed {
            // The question is about this one, whichever number it has by the time of the answer.
            let exactly = Operation::Delete(Which::Id(record.id));
            return Ok(Report::consent(&format!("Delete the conversation {called}?"), &exactly));
        }
        let data = json!({ "conversation": record.id.to_string(), "messages": record.messages });
        let report = Report::new(format!("Deleted: {called}."), data);
        if record.id == caller.conversation() {
            return Ok(Report { then: Then::Delete, ..report });
        }
        let granted = caller.identity.grant(&record).ok_or(Refusal::NotFound)?;
        self.registry.open(granted).await?.delete().known().await?;
        Ok(report)
    }

    /// What a conversation was about: by its pool's model, or picked from its sentences where no
    /// model is connected.
    pub(super) async fn summarise(
        &self,
        caller: &Caller,
        which: Which,
        asked: &str,
    ) -> Result<Outcome, Refusal> {
        let Some(record) = self.find(caller, which).await? else {
            return Ok(none_such(which).into());
        };
        let head = record.head.filter(|_| record.messages > 0);
        let Some(head) = head else {
            return Ok(Report::new("Nothing was said there yet.", json!({ "messages": 0 })).into());
        };
        let about = Branch { conversation: record.id, head };
        let pool = record.pool.clone().unwrap_or_else(|| crate::route::DEFAULT_POOL.into());
        if self.has_model(&pool) {
            return Ok(Outcome::Asked(Ask {
                text: asked.into(),
                pool: Some(pool),
                about: Some(about),
                ..Ask::default()
            }));
        }
        let page = Page { rows: limits::CONTEXT_MESSAGES_MAX, bytes: limits::SNAPSHOT_BYTES_MAX };
        let mut branch = self.registry.workshop().store.branch(record.id, head, page).await?;
        branch.reverse();
        let summary = summary::of(&branch);
        let data = json!({
            "conversation": record.id.to_string(),
            "messages": record.messages,
            "topics": summary.topics,
            "points": summary.points,
        });
        Ok(Report::new(format!("{}: {}", title(&record), summary.text()), data).into())
    }

    fn has_model(&self, pool: &PoolName) -> bool {
        let pool = self.registry.workshop().pools.get(pool.as_str());
        let first = pool.as_ref().and_then(|pool| pool.first());
        first.is_some_and(|(provider, _)| provider.as_str() != OFFLINE)
    }

    /// One of the caller's own conversations.
    async fn find(&self, caller: &Caller, which: Which) -> Result<Option<Conversation>, Refusal> {
        let store = &self.registry.workshop().store;
        let current = caller.conversation();
        let newest = |rows| store.conversations(caller.user(), None, rows);
        Ok(match which {
            Which::Current => store.conversation(current).await?,
            Which::Id(id) => store.conversation(id).await?,
            Which::Last => newest(2).await?.into_iter().find(|record| record.id != current),
            Which::Number(number) => {
                let rows = usize::try_from(number).unwrap_or(usize::MAX);
                if !(1..=limits::LISTED_ROWS).contains(&rows) {
                    return Ok(None);
                }
                newest(rows).await?.into_iter().nth(rows - 1)
            }
        }
        .filter(|record| caller.identity.grant(record).is_some()))
    }
}

fn none_such(which: Which) -> Report {
    let text = match which {
        Which::Current => "Nothing was said here yet.".to_owned(),
        Which::Last => "There is no conversation before this one.".to_owned(),
        Which::Number(number) => {
            format!("There is no conversation {number}. /conversations lists them.")
        }
        Which::Id(_) => "That conversation is gone.".to_owned(),
    };
    Report::new(text, json!({ "conversation": null }))
}

fn facts((record, number): (&Conversation, usize)) -> Value {
    json!({
        "number": number,
        "conversation": record.id.to_string(),
        "title": record.title,
        "messages": record.messages,
        "pool": record.pool.as_ref().map(PoolName::as_str),
        "updated_at": record.updated_at,
    })
}

/// What it is called, for people.
pub(super) fn title(record: &Conversation) -> &str {
    record.title.as_deref().unwrap_or("untitled")
}

/// How long ago that was, roughly.
pub(super) fn ago(then: Timestamp, now: Timestamp) -> String {
    let seconds = now.0.saturating_sub(then.0) / 1_000;
    match seconds {
        ..60 => "just now".to_owned(),
        60..3_600 => format!("{} min ago", seconds / 60),
        3_600..86_400 => format!("{} h ago", seconds / 3_600),
        _ => format!("{} d ago", seconds / 86_400),
    }
}

impl Caller {
    /// Where it is said.
    pub(super) fn conversation(&self) -> ConversationId {
        self.handle.feed().conversation()
    }

    pub(super) fn user(&self) -> crate::model::UserId {
        self.identity.user
    }
}
