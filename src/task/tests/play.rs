//! A play of tasks: lines of `what is done | what has changed since`.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use crate::{
    auth::Identity,
    config::{BudgetSettings, TaskSettings},
    conversation::tests::stage::{Call, Gate, Stage, settle},
    model::{
        AgentName, ConversationId, Event, Every, FinishReason, Priority, Task, TaskAnswer,
        TaskFilter, TaskStatus, UserId,
    },
    provider::{Item, Retry},
    store::Store,
    task::{Again, Change, NewTask, Refusal, Tasks},
};

/// Tasks over a stage, with everything outside in the test's hands.
pub(super) struct Play {
    pub(super) stage: Stage,
    pub(super) tasks: Tasks,
    settings: TaskSettings,
    pub(super) user: UserId,
    conversation: ConversationId,
    calls: Vec<Call>,
    seen: BTreeMap<u64, String>,
    events: u64,
}

impl Play {
    /// With so many workers.
    pub(super) async fn new(workers: u32) -> Self {
        Self::within(workers, BTreeMap::new()).await
    }

    /// The same within budgets.
    pub(super) async fn within(workers: u32, budgets: BTreeMap<String, BudgetSettings>) -> Self {
        let stage = Stage::over(Gate::new(), budgets);
        let user = UserId::named("ada");
        let (record, _) = stage.registry.create(user, None, None).await.unwrap();
        let settings = TaskSettings { workers, ..TaskSettings::default() };
        let tasks = Tasks::start(stage.registry.clone(), &settings).await.unwrap();
        let (calls, seen, conversation) = (Vec::new(), BTreeMap::new(), record.id);
        Self { stage, tasks, settings, user, conversation, calls, seen, events: 0 }
    }

    /// Plays the lines.
    pub(super) async fn check(&mut self, script: &str) {
        let lines = script.lines().map(str::trim).filter(|line| !line.is_empty());
        for (number, line) in (1..).zip(lines) {
            let (act, expected) = line.rsplit_once('|').unwrap_or((line, ""));
            let mut told = Vec::new();
            if let Err(refusal) = self.act(act.trim()).await {
                told.push(format!("! {refusal}"));
            }
            settle().await;
            told.extend(self.changes().await);
            assert_eq!(told.join(", "), expected.trim(), "line {number}: {act}");
        }
    }

    async fn act(&mut self, act: &str) -> Result<(), Refusal> {
        let words: Vec<&str> = act.split_whitespace().collect();
        match *words {
            [] => Ok(()),
            ["submit", ref options @ ..] => self.submit(options).await,
            [verb @ ("cancel" | "retry" | "update"), task, ref options @ ..] => {
                self.ask(verb, task, options).await
            }
            [verb @ ("say" | "end" | "cut" | "fail" | "panic"), task, ref words @ ..] => {
                self.provide(verb, task, words).await;
                Ok(())
            }
            [verb, ref words @ ..] => {
                self.happen(verb, words).await;
                Ok(())
            }
        }
    }

    /// What is asked about a task.
    async fn ask(&mut self, verb: &str, task: &str, options: &[&str]) -> Result<(), Refusal> {
        let id = self.task(task).await.id;
        let asked = match verb {
            "cancel" => self.tasks.cancel(self.user, id).await,
            "retry" => self.tasks.retry(self.user, id).await,
            _ => {
                let new = self.new_task(options).await;
                let change = Change {
                    priority: (new.priority != Priority::Normal).then_some(new.priority),
                    run_at: new.run_at,
                    pool: new.pool,
                    agent: new.agent,
                    after: (!new.after.is_empty()).then_some(new.after),
                    again: if options.contains(&"once") {
                        Some(Again::Never)
                    } else {
                        new.every.map(Again::By)
                    },
                };
                self.tasks.update(self.user, id, change).await
            }
        };
        asked.map(drop)
    }

    /// What the provider does about a task.
    async fn provide(&mut self, verb: &str, task: &str, words: &[&str]) {
        let call = self.call(task).await;
        match (verb, words) {
            ("say", [text]) => call.say(text),
            ("end", []) => call.end(),
            ("cut", []) => call.end_as(FinishReason::Length, None),
            ("panic", []) => call.panic(),
            (_, [after]) => {
                call.fail(Retry::After(Duration::from_secs(after.parse().unwrap())));
            }
            _ => call.fail(Retry::Never),
        }
    }

    /// What happens around the tasks.
    async fn happen(&mut self, verb: &str, words: &[&str]) {
        match (verb, words) {
            ("wait", [seconds]) => self.wait(seconds.parse().unwrap()).await,
            ("drain", []) => {
                let lifecycle = self.stage.registry.workshop().lifecycle.clone();
                lifecycle.drain(Duration::from_secs(5)).await;
            }
            ("restart", []) => self.restart().await,
            ("delete", []) => {
                let record = self.stage.store.conversation(self.conversation).await.unwrap();
                let granted = Identity::absent(self.user).grant(&record.unwrap()).unwrap();
                let handle = self.stage.registry.open(granted).await.unwrap();
                handle.delete().known().await.unwrap();
            }
            _ => panic!("{verb} {words:?}"),
        }
    }

    async fn submit(&mut self, options: &[&str]) -> Result<(), Refusal> {
        let number = self.tasks.list(self.user, &TaskFilter::default(), None, 1).await?;
        let number = number.tasks.first().map_or(0, |task| task.number) + 1;
        let new = self.new_task(options).await;
        let new = NewTask { text: format!("t{number}").into(), ..new };
        self.tasks.submit(self.user, new).await.map(drop)
    }

    async fn new_task(&mut self, options: &[&str]) -> NewTask {
        let mut new = NewTask { conversation: Some(self.conversation), ..NewTask::default() };
        for option in options {
            let (name, value) = option.split_once('=').unwrap_or((option, ""));
            match name {
                "urgent" => new.priority = Priority::Urgent,
                "low" => new.priority = Priority::Low,
                "key" => new.key = Some(value.into()),
                "pool" => new.pool = Some(value.into()),
                "agent" => new.agent = Some(value.into()),
                "attempts" => new.max_attempts = value.parse().ok(),
                "limit" => new.time_limit = value.parse().ok().map(Duration::from_secs),
                "once" => {}
                "nowhere" => new.conversation = None,
                "in" => {
                    let now = self.stage.registry.workshop().clock.now();
                    new.run_at = Some(now.plus(Duration::from_secs(value.parse().unwrap())));
                }
                "every" => {
                    let rule = format!("every {value} minutes").into();
                    new.every = Some(Every { rule, zone: "UTC".into() });
                }
                "after" => new.after.push(self.task(value).await.id),
                _ => panic!("{option}"),
            }
        }
        new
    }

    /// Which pool and agent a task has.
    pub(super) async fn who(&self, number: u64) -> String {
        let task = self.task(&number.to_string()).await;
        let agent = task.agent.as_ref().map_or("", AgentName::as_str);
        format!("{}/{agent}", task.pool.unwrap())
    }

    /// How far it is, in words.
    pub(super) async fn progress(&self, number: u64) -> Option<String> {
        self.task(&number.to_string()).await.progress.map(|says| says.to_string())
    }

    /// What is kept of its answer.
    pub(super) async fn answer(&self, number: u64) -> String {
        let answer = self.task(&number.to_string()).await.answer.unwrap();
        let TaskAnswer { provider, model, usage, finish_reason } = answer;
        format!("{provider}/{model} {}+{} {finish_reason:?}", usage.input, usage.output)
    }

    async fn task(&self, number: &str) -> Task {
        let number = number.parse().unwrap();
        self.tasks.numbered(self.user, number).await.unwrap().expect("such a task")
    }

    /// The newest request for the task of that number.
    async fn call(&mut self, number: &str) -> &Call {
        self.take_calls().await;
        let text: Arc<str> = format!("t{number}").into();
        let asks = |call: &&Call| matches!(call.request.items.last(), Some(Item::User(asked)) if *asked == text);
        self.calls.iter().rev().find(asks).expect("the provider was asked")
    }

    /// Time passes, on the clock and for those who wait.
    pub(super) async fn wait(&self, seconds: u64) {
        for _ in 0..seconds {
            self.stage.registry.workshop().clock.advance(Duration::from_secs(1));
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// The process is killed, and started again.
    pub(super) async fn restart(&mut self) {
        let now = self.stage.registry.workshop().clock.now();
        let store = self.stage.store.crash();
        self.stage = Stage::over(store, BTreeMap::default());
        let clock = &self.stage.registry.workshop().clock;
        clock.advance(now.since(clock.now()));
        self.tasks = Tasks::start(self.stage.registry.clone(), &self.settings).await.unwrap();
    }

    // ---- for random plays -----------------------------------------------------------------

    /// Hands a task in, of three attempts.
    pub(super) async fn submit_plainly(&mut self) {
        self.submit(&[]).await.unwrap();
        settle().await;
    }

    /// Every request that is open is answered.
    pub(super) async fn end_all(&mut self) {
        self.take_calls().await;
        for call in self.calls.iter().filter(|call| !call.is_dropped()) {
            call.say("x");
            call.end();
        }
        settle().await;
    }

    /// Every request that is open breaks.
    pub(super) async fn break_all(&mut self) {
        self.take_calls().await;
        for call in self.calls.iter().filter(|call| !call.is_dropped()) {
            call.panic();
        }
        settle().await;
    }

    /// How many outcomes were told, and how many tasks have ended.
    pub(super) async fn outcomes(&mut self) -> (usize, usize) {
        let events = self.stage.store.events(self.conversation, 0, 10_000).await.unwrap();
        let told = events.iter().filter(|e| matches!(e.event, Event::CommandResult { .. }));
        let page = self.tasks.list(self.user, &TaskFilter::default(), None, 100).await.unwrap();
        let ended = page.tasks.iter().filter(|task| !task.is_unsettled());
        (told.count(), ended.count())
    }

    /// How often the provider was asked for each task.
    pub(super) fn asked(&self) -> BTreeMap<String, usize> {
        let mut asked = BTreeMap::new();
        for call in &self.calls {
            *asked.entry(format!("{:?}", call.request.items)).or_default() += 1;
        }
        asked
    }

    async fn take_calls(&mut self) {
        settle().await;
        while let Ok(call) = self.stage.calls.try_recv() {
            self.calls.push(call);
        }
    }

    /// Tasks that stand otherwise than before, and outcomes that were told.
    async fn changes(&mut self) -> Vec<String> {
        let page = self.tasks.list(self.user, &TaskFilter::default(), None, 100).await.unwrap();
        let mut changes = Vec::new();
        for task in page.tasks.iter().rev() {
            let brief = brief(task);
            if self.seen.insert(task.number, brief.clone()).as_ref() != Some(&brief) {
                changes.push(format!("{} {brief}", task.number));
            }
        }
        let events = self.stage.store.events(self.conversation, self.events, 1_000).await.unwrap();
        for shown in events {
            self.events = shown.seq;
            if let Event::CommandResult { text, intent, .. } = &shown.event {
                assert_eq!(&**intent, "task.result");
                changes.push(format!("“{}”", text.replace('\n', " / ")));
            }
        }
        changes
    }
}

/// How a task stands, and how many attempts it has had.
fn brief(task: &Task) -> String {
    let status = match task.status {
        TaskStatus::Queued => "queued",
        TaskStatus::Running => "running",
        TaskStatus::Succeeded => "succeeded",
        TaskStatus::Failed => "failed",
        TaskStatus::Cancelled => "cancelled",
    };
    let untold = if task.untold { " untold" } else { "" };
    format!("{status} {}{untold}", task.attempts)
}
