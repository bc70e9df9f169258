//! What is asked of the owner: to take a task in, to take it back, to change it, to try it again.

use super::{
    command::{Again, Change, Command, Invalid, NewTask, Refusal, Reply, Submitted, answer_to},
    outcome,
    owner::{New, Owner},
    recurrence::Recurrence,
};
use crate::{
    conversation, limits,
    model::{AgentName, ConversationId, PoolName, Task, TaskId, TaskStatus, UserId},
    route::Context,
    store::{StoreError, Write},
};

/// A pool and one of its agents, where they are known.
type Who = (Option<PoolName>, Option<AgentName>);

impl Owner {
    /// Does what is asked, or holds it until what is under way about its task has ended.
    pub(super) async fn heed(&mut self, command: Command) {
        if self.registry.workshop().lifecycle.draining().is_reached() {
            return command.refuse(Refusal::Draining);
        }
        match self.hold(command) {
            None => {}
            Some(Command::Submit(user, new, reply)) => self.submit(user, *new, reply).await,
            Some(Command::Cancel(user, id, reply)) => {
                match self.own(user, id).await {
                    Ok(mut task) if task.status.is_open() => {
                        let was = task.open();
                        outcome::cancel(&mut task, self.keeper.now());
                        self.change(Some(was), task, reply);
                    }
                    // What has ended stays as it is.
                    read => answer_to(reply, read),
                }
            }
            Some(Command::Update(user, id, to, reply)) => match self.changed(user, id, *to).await {
                Ok((was, task)) => self.change(Some(was.open()), task, reply),
                Err(refusal) => answer_to(reply, Err(refusal)),
            },
            Some(Command::Retry(user, id, reply)) => match self.revived(user, id).await {
                Ok(task) => self.change(None, task, reply),
                Err(refusal) => answer_to(reply, Err(refusal)),
            },
        }
    }

    // ---- to take in -----------------------------------------------------------------------

    async fn submit(&mut self, user: UserId, new: NewTask, reply: Reply<Submitted>) {
        if let Some(key) = &new.key {
            if let Some(waiting) = self.keys.get_mut(&(user, key.clone())) {
                if waiting.len() >= limits::TASK_COMMANDS_HELD_MAX {
                    return answer_to(reply, Err(Refusal::Busy));
                }
                return waiting.push(reply);
            }
            match self.before(user, key).await {
                Ok(None) => {}
                Ok(Some(task)) => {
                    return answer_to(reply, Ok(Submitted { task, duplicate: true }));
                }
                Err(error) => return answer_to(reply, Err(error.into())),
            }
        }
        match self.admit(user, &new).await {
            Ok((pool, agent)) => self.take_in(user, NewTask { pool, agent, ..new }, reply),
            Err(refusal) => answer_to(reply, Err(refusal)),
        }
    }

    /// The task that was handed in under this key.
    async fn before(&mut self, user: UserId, key: &str) -> Result<Option<Task>, StoreError> {
        let store = self.keeper.store();
        match store.keyed_task(user, key, self.keeper.now()).await? {
            Some(id) => store.task(id).await,
            None => Ok(None),
        }
    }

    /// Whether it may come in, and who shall do it, as far as that is known by then.
    async fn admit(&mut self, user: UserId, new: &NewTask) -> Result<Who, Refusal> {
        if self.schedule.len() + self.in_flight() >= limits::TASKS_OPEN_MAX {
            return Err(Refusal::Full);
        }
        if self.schedule.len_of(user) >= limits::TASKS_OPEN_PER_USER_MAX {
            return Err(Refusal::TooMany(limits::TASKS_OPEN_PER_USER_MAX));
        }
        self.keeper.store().room()?;
        let wanted = (new.pool.clone(), new.agent.clone());
        let who = self.wanted(&new.text, new.conversation, wanted).await?;
        new.check(self.keeper.now())?;
        self.unmet(user, &new.after).await?;
        Ok(who)
    }

    /// Who is named must be there. An agent is found as that of a message is, so that it has its pool.
    async fn wanted(
        &mut self,
        text: &str,
        asked_in: Option<ConversationId>,
        (pool, agent): Who,
    ) -> Result<Who, Refusal> {
        let workshop = self.registry.workshop();
        let (pools, named) = (&workshop.pools, pool.as_ref());
        if named.is_some_and(|pool| pools.get(pool.as_str()).is_none()) {
            return Err(Refusal::UnknownPool(pools.names()));
        }
        let Some(agent) = agent else { return Ok((pool, None)) };
        let asked_in = match asked_in {
            Some(conversation) => workshop.store.conversation(conversation).await?,
            None => None,
        };
        let pinned = asked_in.as_ref().and_then(|record| record.pool.as_ref());
        let context = Context { named, pinned, agent: Some(&agent), ..Context::default() };
        match workshop.choose(text, context) {
            Ok((pool, _)) => Ok((Some(pool.name.clone()), pool.agent_name().cloned())),
            Err(conversation::Refusal::UnknownAgent(there)) => Err(Refusal::UnknownAgent(there)),
            Err(_unknown) => Err(Refusal::UnknownPool(pools.names())),
        }
    }

    fn take_in(&mut self, user: UserId, new: NewTask, reply: Reply<Submitted>) {
        let now = self.keeper.now();
        let NewTask { text, conversation, key, pool, agent, trace, .. } = new;
        let NewTask { priority, run_at, every, after, .. } = new;
        let rule = every.as_ref().and_then(|every| Recurrence::of(every).ok());
        let first = || rule.and_then(|rule| rule.next(now, now));
        let time_limit_ms = match new.time_limit {
            Some(limit) => u64::try_from(limit.as_millis()).unwrap_or(u64::MAX),
            None => self.settings.time_limit_seconds.saturating_mul(1_000),
        };
        let task = Task {
            id: TaskId::new(),
            number: self.next_number,
            user,
            conversation,
            text,
            pool,
            agent,
            priority,
            status: TaskStatus::Queued,
            attempts: 0,
            max_attempts: new.max_attempts.unwrap_or(self.settings.max_attempts),
            time_limit_ms,
            created_at: now,
            updated_at: now,
            run_at: run_at.or_else(first),
            planned_at: None,
            started_at: None,
            ended_at: None,
            every,
            runs: 0,
            after: after.into(),
            result: None,
            answer: None,
            fault: None,
            progress: None,
            untold: false,
            trace,
        };
        self.next_number += 1;
        let mut writes = vec![Write::Task(task.clone())];
        if let Some(key) = &key {
            let expires_at = now.plus(limits::KEY_LIVES);
            writes.push(Write::TaskKey { user, key: key.clone(), task: task.id, expires_at });
            self.keys.insert((user, key.clone()), Vec::new());
        }
        self.keep_new(New { task, key, reply }, writes);
    }

    /// A new task is durable, or could not be kept.
    pub(super) async fn submitted(&mut self, new: New, kept: Result<(), StoreError>) {
        let New { task, key, reply } = new;
        let again = key.and_then(|key| self.keys.remove(&(task.user, key))).unwrap_or_default();
        let answer = |duplicate| match &kept {
            Ok(()) => Ok(Submitted { task: task.clone(), duplicate }),
            Err(error) => Err(Refusal::Store(error.clone())),
        };
        answer_to(reply, answer(false));
        for waiting in again {
            answer_to(waiting, answer(true));
        }
        if kept.is_ok() {
            self.put(task.open()).await;
        }
    }

    // ---- to change ------------------------------------------------------------------------

    async fn own(&mut self, user: UserId, id: TaskId) -> Result<Task, Refusal> {
        let task = self.keeper.store().task(id).await?;
        task.filter(|task| task.user == user).ok_or(Refusal::NotFound)
    }

    /// The task as it is, and as it is wanted.
    async fn changed(
        &mut self,
        user: UserId,
        id: TaskId,
        to: Change,
    ) -> Result<(Task, Task), Refusal> {
        let was = self.own(user, id).await?;
        match was.status {
            TaskStatus::Queued => {}
            TaskStatus::Running => return Err(Refusal::Begun(was.number)),
            _ => return Err(Refusal::Ended(was.number)),
        }
        to.check(self.keeper.now())?;
        let moves = to.pool.as_ref().is_some_and(|pool| was.pool.as_ref() != Some(pool));
        let usual = was.agent.as_ref().filter(|_| !moves);
        let wanted = (to.pool.as_ref().or(was.pool.as_ref()).cloned(), to.agent.clone());
        let (pool, agent) = match (&to.pool, &to.agent) {
            (None, None) => (was.pool.clone(), None),
            _ => self.wanted(&was.text, was.conversation, wanted).await?,
        };
        if let Some(after) = &to.after {
            if self.schedule.would_circle(id, after) {
                return Err(Invalid::Circle.into());
            }
            self.unmet(user, after).await?;
        }
        let now = self.keeper.now();
        let (every, first) = match to.again {
            None => (was.every.clone(), None),
            Some(Again::Never) => (None, None),
            Some(Again::By(_)) if !self.schedule.dependents(id).is_empty() => {
                return Err(Invalid::Awaited(was.number).into());
            }
            Some(Again::By(every)) => {
                let first = Recurrence::of(&every).map_err(Invalid::from)?.next(now, now);
                (Some(every), first)
            }
        };
        let moved = to.run_at.or(first);
        let task = Task {
            priority: to.priority.unwrap_or(was.priority),
            run_at: moved.or(was.run_at),
            planned_at: was.planned_at.filter(|_| moved.is_none()),
            every,
            pool,
            agent: agent.or_else(|| usual.cloned()),
            after: to.after.map_or_else(|| was.after.clone(), Into::into),
            ..was.clone()
        };
        Ok((was, task))
    }

    /// The task as it is when it is tried again.
    async fn revived(&mut self, user: UserId, id: TaskId) -> Result<Task, Refusal> {
        let mut task = self.own(user, id).await?;
        if !matches!(task.status, TaskStatus::Failed | TaskStatus::Cancelled) {
            return Err(Refusal::NotFailed(task.number));
        }
        if self.schedule.len_of(user) >= limits::TASKS_OPEN_PER_USER_MAX {
            return Err(Refusal::TooMany(limits::TASKS_OPEN_PER_USER_MAX));
        }
        self.unmet(user, &task.after).await?;
        outcome::revive(&mut task, self.keeper.now());
        Ok(task)
    }
}
