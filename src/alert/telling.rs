//! Tells an incident in the conversation where somebody asked for it.
//!
//! Invariant: the words and the fact that they were told are one commit of the conversation, so
//! each is told exactly once, whenever the process ends.

use serde_json::json;
use tokio::time::sleep;

use crate::{
    auth::Identity,
    conversation::{Executed, Refusal, Registry, Told, Tour},
    limits::ALERT_RETRY_EVERY,
    model::{ConversationId, Incident, UserId, amount},
    store::StoreError,
    wire,
};

/// What became of telling.
#[derive(Debug)]
pub(super) struct Heard {
    /// With what was told of it by now.
    pub(super) incident: Incident,
    pub(super) conversation: ConversationId,
    pub(super) end: End,
}

/// How telling ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Told,
    /// The conversation is gone.
    Gone,
    /// The gateway goes down first.
    Draining,
}

/// Tells the next thing that is to be told of the incident, as soon as that is possible. Where the
/// gateway goes down first it stays untold.
pub(super) async fn tell(
    registry: Registry,
    conversation: ConversationId,
    (user, watch): (UserId, u64),
    incident: Incident,
) -> Heard {
    let news = incident.told + 1;
    let executed = words(&incident, (user, watch), news);
    let heard =
        |told, end| Heard { incident: Incident { told, ..incident.clone() }, conversation, end };
    loop {
        match tell_now(&registry, conversation, user, executed.clone()).await {
            Ok(()) => return heard(news, End::Told),
            Err(Refusal::NotFound) => return heard(incident.news, End::Gone),
            Err(Refusal::Draining | Refusal::Store(StoreError::Closed)) => {
                return heard(incident.told, End::Draining);
            }
            Err(refusal) => {
                tracing::debug!(incident = %incident.id, %refusal, "an alert cannot be told yet");
                sleep(ALERT_RETRY_EVERY).await;
            }
        }
        // Of one that was lost on the way it is not known whether it was told; the record knows.
        let kept = registry.workshop().store.incidents(Some(user), usize::MAX).await;
        let kept = kept.ok().and_then(|all| all.into_iter().find(|kept| kept.id == incident.id));
        if let Some(kept) = kept.filter(|kept| kept.told >= news) {
            return heard(kept.told, End::Told);
        }
    }
}

async fn tell_now(
    registry: &Registry,
    conversation: ConversationId,
    user: UserId,
    executed: Executed,
) -> Result<(), Refusal> {
    let record = registry.workshop().store.conversation(conversation).await?;
    let granted = record.and_then(|record| Identity::absent(user).grant(&record));
    let granted = granted.ok_or(Refusal::NotFound)?;
    registry.open(granted).await?.note(executed).known().await.map(drop)
}

fn words(incident: &Incident, (user, watch): (UserId, u64), news: u32) -> Executed {
    let open = news % 2 == 1;
    // What is told late is told as it was.
    let late = open && news < incident.news;
    let value = if late { incident.worst } else { incident.value };
    let said = Incident { value, ..incident.clone() };
    let condition = &incident.condition;
    let threshold = amount(condition.metric.unit(), condition.threshold);
    Executed {
        asked: format!("Alert {watch}: {} {} {threshold}", incident.label(), condition.side.word())
            .into(),
        key: None,
        intent: if open { "alert.raised" } else { "alert.cleared" }.into(),
        slots: json!({ "alert": watch }),
        text: format!("Alert {watch}: {}.", said.text(open)).into(),
        data: wire::alert_value(&said),
        offers: None,
        tour: Tour::AsItWas,
        subject: None,
        tells: Some(Told::Incident(user, incident.id, news)),
    }
}
