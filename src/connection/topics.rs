//! The topics that a connection subscribes to: the newest values, and never a queue of them.
//!
//! Invariant: a connection that subscribes to nothing pays one pointer for this; one that does
//! holds a place in each topic, and is woken by a watch of it.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::extract::ws::Message;
use futures_util::{Sink, Stream};
use tokio::{sync::watch, time::Instant};

use super::{Connection, Flow, Voice, asks::Re};
use crate::{
    alert::Shown,
    limits,
    model::TaskFilter,
    monitor::{PoolsNow, Sample},
    task::{Subscription, Taken},
    wire::{self, Complaint, Topic},
};

/// Everything that a connection subscribes to.
#[derive(Default)]
pub(super) struct Topics {
    tasks: Option<Subscribed<Subscription>>,
    status: Option<StatusPosts>,
    pools: Option<PoolPosts>,
    alerts: Option<AlertPosts>,
}

impl Topics {
    fn is_empty(&self) -> bool {
        let Self { tasks, status, pools, alerts } = self;
        tasks.is_none() && status.is_none() && pools.is_none() && alerts.is_none()
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let tasks = self.tasks.as_mut().map(|tasks| tasks.news.poll(context));
        let status = self.status.as_mut().map(|status| status.news.poll(context));
        let pools = self.pools.as_mut().map(|pools| pools.news.poll(context));
        let alerts = self.alerts.as_mut().map(|alerts| alerts.news.poll(context));
        let polled = [tasks, status, pools, alerts];
        let ready = polled.into_iter().flatten().any(|polled| polled.is_ready());
        if ready { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// The status as one connection is told it: not more often than it wants.
struct StatusPosts {
    samples: watch::Receiver<Arc<Sample>>,
    news: News<Arc<Sample>>,
    every: Duration,
    due: Instant,
    /// The changes that were told.
    changes: u64,
}

/// The pools as one connection is told of them.
struct PoolPosts {
    now: watch::Receiver<Arc<PoolsNow>>,
    news: News<Arc<PoolsNow>>,
    /// What it was told last.
    told: Arc<PoolsNow>,
}

/// The alerts as one connection is told them.
struct AlertPosts {
    shown: watch::Receiver<Arc<Shown>>,
    news: News<Arc<Shown>>,
    /// The value that it has.
    seen: u64,
}

/// One topic: a place in it, and what wakes its reader.
struct Subscribed<T> {
    place: T,
    news: News<u64>,
}

/// Resolves whenever a watched value changes.
struct News<V> {
    next: Pin<Box<dyn Future<Output = Option<watch::Receiver<V>>> + Send>>,
}

impl<V: Send + Sync + 'static> News<V> {
    fn of(watched: watch::Receiver<V>) -> Self {
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

async fn changed<V>(mut watched: watch::Receiver<V>) -> Option<watch::Receiver<V>> {
    watched.changed().await.is_ok().then_some(watched)
}

/// Resolves when a topic has something new; never where nothing is subscribed to. Cancel-safe.
pub(super) fn arrived(topics: &mut Option<Box<Topics>>) -> impl Future<Output = ()> + '_ {
    poll_fn(|context| topics.as_mut().map_or(Poll::Pending, |topics| topics.poll(context)))
}

impl<T, E> Connection<T>
where
    T: Stream<Item = Result<Message, E>> + Sink<Message> + Unpin + Send,
{
    /// The topic from here on, and how it is at once.
    pub(super) async fn subscribe(
        &mut self,
        re: Re,
        topic: Topic,
        every: Option<Duration>,
    ) -> Result<Flow, Complaint> {
        match topic {
            Topic::Tasks => return self.subscribe_to_tasks(re).await,
            Topic::Status => {
                self.post_status(Some(every.unwrap_or(self.gateway.monitor.every())));
            }
            Topic::Pools => self.post_pools(),
            Topic::Alerts => self.post_alerts(false),
        }
        if let Some(re) = re
            && let Err(end) = self.say(wire::topic_reply(re, topic)).await
        {
            return Ok(Err(end));
        }
        Ok(self.deliver_topics().await)
    }

    /// The status from here on, so often; no more of it where it is `None`.
    pub(super) fn post_status(&mut self, every: Option<Duration>) {
        let samples = self.gateway.monitor.samples();
        let posts = every.map(|every| StatusPosts {
            news: News::of(samples.clone()),
            samples,
            every,
            due: Instant::now(),
            changes: 0,
        });
        self.topics.get_or_insert_default().status = posts;
    }

    /// The pools from here on.
    pub(super) fn post_pools(&mut self) {
        let now = self.gateway.pools.subscribe();
        let news = News::of(now.clone());
        let told = Arc::default();
        self.topics.get_or_insert_default().pools = Some(PoolPosts { now, news, told });
    }

    /// Alerts from here on; how they stand at once, unless that was told already.
    pub(super) fn post_alerts(&mut self, told: bool) {
        let shown = self.gateway.alerts.shown();
        let seen = if told { shown.borrow().rev } else { 0 };
        let posts = AlertPosts { news: News::of(shown.clone()), shown, seen };
        self.topics.get_or_insert_default().alerts = Some(posts);
    }

    /// No more of what is told by itself; one's tasks are another matter.
    pub(super) fn stop_posts(&mut self) {
        if let Some(topics) = &mut self.topics {
            (topics.status, topics.pools, topics.alerts) = (None, None, None);
        }
    }

    /// The user's own tasks from here on, the newest of them at once.
    async fn subscribe_to_tasks(&mut self, re: Re) -> Result<Flow, Complaint> {
        let user = self.user()?.user;
        // Before they are read, so that no change falls in between.
        let place = self.gateway.tasks.subscribe(user);
        let newest = TaskFilter::default();
        let page = self.gateway.tasks.list(user, &newest, None, limits::PAGE_ROWS).await?;
        let mut frames: Vec<_> =
            re.map(|re| wire::topic_reply(re, Topic::Tasks)).into_iter().collect();
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

    /// Nothing more of it.
    pub(super) async fn unsubscribe(&mut self, re: Re, topic: Topic) -> Flow {
        if let Some(topics) = &mut self.topics {
            match topic {
                Topic::Tasks => topics.tasks = None,
                Topic::Status => topics.status = None,
                Topic::Pools => topics.pools = None,
                Topic::Alerts => topics.alerts = None,
            }
            if topics.is_empty() {
                self.topics = None;
            }
        }
        match re {
            Some(re) => self.say(wire::topic_reply(re, topic)).await,
            None => Ok(()),
        }
    }

    /// Writes what is new in the topics, and flushes.
    pub(super) async fn deliver_topics(&mut self) -> Flow {
        self.deliver_status().await?;
        self.deliver_pools().await?;
        self.deliver_alerts().await?;
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
                    self.forget_tasks();
                    return self.complain(None, Complaint::fell_behind()).await;
                }
                Err(error) => {
                    self.forget_tasks();
                    return self.complain(None, Complaint::from(error)).await;
                }
            }
        }
    }

    fn forget_tasks(&mut self) {
        if let Some(topics) = &mut self.topics {
            topics.tasks = None;
        }
    }

    /// Tells how the gateway is, where that is due.
    async fn deliver_status(&mut self) -> Flow {
        let Some(posts) = self.topics.as_mut().and_then(|topics| topics.status.as_mut()) else {
            return Ok(());
        };
        let (now, sample) = (Instant::now(), posts.samples.borrow_and_update().clone());
        let changed = sample.changes != posts.changes;
        // Nothing is measured in the first moment.
        if sample.rev == 0 || (now < posts.due && !changed) {
            return Ok(());
        }
        // Measured a little early counts as in time, or each other one would be passed over.
        posts.due = now + posts.every.saturating_sub(self.gateway.monitor.every() / 2);
        posts.changes = sample.changes;
        let frame = match self.voice {
            Voice::Text(_) => sample.line(),
            Voice::Json | Voice::Undecided => sample.frame(),
        };
        self.feed(frame).await
    }

    /// Tells how the pools are, where that is news.
    async fn deliver_pools(&mut self) -> Flow {
        let Some(posts) = self.topics.as_mut().and_then(|topics| topics.pools.as_mut()) else {
            return Ok(());
        };
        let now = posts.now.borrow_and_update().clone();
        let told = std::mem::replace(&mut posts.told, now.clone());
        if told.rev == now.rev {
            return Ok(());
        }
        let frame = match self.voice {
            Voice::Text(_) => now.lines(&told),
            Voice::Json | Voice::Undecided => Some(now.frame()),
        };
        match frame {
            Some(frame) => self.feed(frame).await,
            None => Ok(()),
        }
    }

    /// Tells how the alerts stand, where that is new.
    async fn deliver_alerts(&mut self) -> Flow {
        let Some(posts) = self.topics.as_mut().and_then(|topics| topics.alerts.as_mut()) else {
            return Ok(());
        };
        let shown = posts.shown.borrow_and_update().clone();
        if std::mem::replace(&mut posts.seen, shown.rev) == shown.rev {
            return Ok(());
        }
        let frame = match self.voice {
            Voice::Text(_) => shown.lines(),
            Voice::Json | Voice::Undecided => shown.frame(),
        };
        match frame {
            Some(frame) => self.feed(frame).await,
            None => Ok(()),
        }
    }
}
