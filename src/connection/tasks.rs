//! What a program asks for about background tasks, frame by frame.

use axum::extract::ws::Message;
use futures_util::{FutureExt, Sink, Stream};

use super::{Connection, Flow, Says, Settled, asks::Re};
use crate::{
    model::{Task, TraceParent},
    task::{Again, Change, NewTask, Refusal, Submitted, Tasks},
    wire::{self, Asked, Complaint, TaskAsked, TaskChangeAsked},
};

impl<T, E> Connection<T>
where
    T: Stream<Item = Result<Message, E>> + Sink<Message> + Unpin + Send,
{
    /// Does what is asked about tasks and topics.
    pub(super) async fn work_off(&mut self, re: Re, asked: Asked) -> Result<Flow, Complaint> {
        let user = self.user()?.user;
        let tasks = self.gateway.tasks.clone();
        match asked {
            Asked::Subscribe(topic, every) => return self.subscribe(re, topic, every).await,
            Asked::Unsubscribe(topic) => return Ok(self.unsubscribe(re, topic).await),
            Asked::Task { task } => {
                let task = tasks.get(user, task).await?;
                let task = task.ok_or_else(|| Complaint::not_found("task"))?;
                return Ok(self.reply(re, |re| wire::task_reply(re, &task, false)).await);
            }
            Asked::Tasks { filter, before, rows } => {
                let page = tasks.list(user, &filter, before, rows).await?;
                return Ok(self
                    .reply(re, |re| wire::tasks_reply(re, &page.tasks, page.more))
                    .await);
            }
            Asked::SubmitTask(asked) => {
                self.room_for_an_outcome()?;
                if let Some(conversation) = asked.conversation {
                    self.record(conversation).await?;
                }
                let new = new_task(&tasks, *asked, self.traceparent)?;
                let submitted = async move { tasks.submit(user, new).await };
                self.pending.push(submitted.map(|outcome| settle(re, outcome)).boxed());
            }
            Asked::CancelTask { task } => {
                self.room_for_an_outcome()?;
                let cancelled = async move { tasks.cancel(user, task).await.map(again) };
                self.pending.push(cancelled.map(|outcome| settle(re, outcome)).boxed());
            }
            Asked::UpdateTask { task, to } => {
                self.room_for_an_outcome()?;
                let to = change(&tasks, *to)?;
                let updated = async move { tasks.update(user, task, to).await.map(again) };
                self.pending.push(updated.map(|outcome| settle(re, outcome)).boxed());
            }
            Asked::RetryTask { task } => {
                self.room_for_an_outcome()?;
                let retried = async move { tasks.retry(user, task).await.map(again) };
                self.pending.push(retried.map(|outcome| settle(re, outcome)).boxed());
            }
            // Those were answered before.
            Asked::Hello { .. }
            | Asked::Ping
            | Asked::Send(_)
            | Asked::Cancel { .. }
            | Asked::Retry { .. }
            | Asked::Create { .. }
            | Asked::Get { .. }
            | Asked::List { .. }
            | Asked::Update { .. }
            | Asked::Fork { .. }
            | Asked::Delete { .. }
            | Asked::History { .. }
            | Asked::Follow { .. }
            | Asked::Unfollow { .. } => {}
        }
        Ok(Ok(()))
    }
}

fn new_task(
    tasks: &Tasks,
    asked: TaskAsked,
    traceparent: Option<TraceParent>,
) -> Result<NewTask, Complaint> {
    let every = asked.every.map(|rule| tasks.every(&rule, asked.time_zone.as_deref()));
    Ok(NewTask {
        text: asked.text,
        conversation: asked.conversation,
        key: asked.key,
        pool: asked.pool,
        agent: asked.agent,
        priority: asked.priority,
        run_at: asked.run_at,
        every: every.transpose().map_err(Refusal::from)?,
        after: asked.after,
        max_attempts: asked.max_attempts,
        time_limit: asked.time_limit,
        trace: traceparent.map(|parent| parent.trace),
    })
}

fn change(tasks: &Tasks, asked: TaskChangeAsked) -> Result<Change, Complaint> {
    let again = asked.every.map(|rule| match &*rule {
        "" => Ok(Again::Never),
        rule => tasks.every(rule, asked.time_zone.as_deref()).map(Again::By),
    });
    Ok(Change {
        priority: asked.priority,
        run_at: asked.run_at,
        pool: asked.pool,
        agent: asked.agent,
        after: asked.after,
        again: again.transpose().map_err(Refusal::from)?,
    })
}

/// What was there before is answered like what is new.
fn again(task: Task) -> Submitted {
    Submitted { task, duplicate: false }
}

fn settle(re: Re, outcome: Result<Submitted, Refusal>) -> Settled {
    Settled::say(match outcome {
        Ok(Submitted { task, duplicate }) => {
            re.map(|re| wire::task_reply(re, &task, duplicate)).into()
        }
        Err(refusal) => Says::Refused(re, refusal.into()),
    })
}
