//! The topics that a connection subscribes to: the newest values, and never a queue of them.
//!
//! Invariant: a connection that subscribes to nothing pays one pointer for this; one that does
//! holds a place in each topic, and is woken by a watch of it.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::{Context, Poll},
};

use axum::extract::ws::Message;
use futures_util::{Sink, Stream};
use tokio::sync::watch;

use super::{Connection, Flow, asks::Re};
use crate::{
    limits,
    model::TaskFilter,
    task::{Subscription, Taken},
    wire::{self, Complaint},
};

/// Everything that a connection subscribes to.
#[derive(Default)]
pub(super) struct Topics {
    tasks: Option<Subscribed<Subscription>>,
}

/// One topic: a place in it, and what wakes its reader.
struct Subscribed<T> {
    place: T,
    news: News,
}

/// Resolves whenever a watched number changes.
struct News {
    next: Pin<Box<dyn Future<Output = Option<watch::Receiver<u64>>> + Send>>,
}

impl News {
    fn of(watched: watch::Receiver<u64>) -> Self {
        Self { next: Box::pin(changed(watched)) }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        match self.next.as_mut().poll(context) {
            Poll::Ready(Some(watched)) => {
                self.next = Box::pin(changed(watched));
                Poll::Ready(())
            }
            // Whoever told of it is gone; nothing will follow.
            Poll::Ready(None) => {
                self.next = Box::pin(std::future::pending());
                Poll::Pending
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

async fn changed(mut watched: watch::Receiver<u64>) -> Option<watch::Receiver<u64>> {
    watched.changed().await.is_ok().then_some(watched)
}

/// Resolves when a topic has something new; never where nothing is subscribed to. Cancel-safe.
pub(super) fn arrived(topics: &mut Option<Box<Topics>>) -> impl Future<Output = ()> + '_ {
    poll_fn(|context| match topics.as_mut().and_then(|topics| topics.tasks.as_mut()) {
        Some(tasks) => tasks.news.poll(context),
        None => Poll::Pending,
    })
}

impl<T, E> Connection<T>
where
    T: Stream<Item = Result<Message, E>> + Sink<Message> + Unpin + Send,
{
    /// The user's own tasks from here on, the newest of them at once.
    pub(super) async fn subscribe(&mut self, re: Re) -> Result<Flow, Complaint> {
        let user = self.user()?.user;
        // Before they are read, so that no change falls in between.
        let place = self.gateway.tasks.subscribe(user);
        let newest = TaskFilter::default();
        let page = self.gateway.tasks.list(user, &newest, None, limits::PAGE_ROWS).await?;
        let mut frames: Vec<_> = re.map(wire::tasks_topic_reply).into_iter().collect();
        let rev = place.rev();
        frames.extend(page.tasks.iter().rev().map(|task| wire::task_change(rev, task)));
        let news = News::of(place.news());
        self.topics.get_or_insert_default().tasks = Some(Subscribed { place, news });
        for frame in frames {
            if let Err(end) = self.feed(frame).await {
                return Ok(Err(end));
            }
        }
        Ok(self.deliver_topics().await)
    }

    /// Nothing more of them.
    pub(super) async fn unsubscribe(&mut self, re: Re) -> Flow {
        self.topics = None;
        match re {
            Some(re) => self.say(wire::tasks_topic_reply(re)).await,
            None => Ok(()),
        }
    }

    /// Writes what is new in the topics, and flushes.
    pub(super) async fn deliver_topics(&mut self) -> Flow {
        let store = self.gateway.tasks.store().clone();
        loop {
            let tasks = self.topics.as_mut().and_then(|topics| topics.tasks.as_mut());
            let Some(tasks) = tasks else { return self.flush().await };
            let mut frames = Vec::new();
            let taken = tasks.place.take(&*store, &mut frames).await;
            for frame in frames {
                self.feed(frame).await?;
            }
            self.flush().await?;
            match taken {
                Ok(Taken::All) => return Ok(()),
                Ok(Taken::More) => {}
                Ok(Taken::Behind) => {
                    self.topics = None;
                    return self.complain(None, Complaint::fell_behind()).await;
                }
                Err(error) => {
                    self.topics = None;
                    return self.complain(None, Complaint::from(error)).await;
                }
            }
        }
    }
}
