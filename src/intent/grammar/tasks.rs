//! Rules about background tasks.

use serde_json::json;

use crate::{
    intent::{
        Operation, Period, Priority, Targets, TaskFilter, TaskNumbers, TaskStatus, concepts::*,
        reading::Heard, sentence::Sentence,
    },
    limits::COMMAND_TASKS_MAX,
};

const THING: Concepts = TASK.or(JOB);
/// Which tasks: what may stand in any sentence about them.
const WHICH: Concepts = THING.or(NUMBER).or(POOL).or(NAMED).or(STANDING).or(URGENCY);
const LOOKING: Concepts = SHOW.or(SEND).or(WHAT).or(MANY).or(ANY).or(ALL).or(HOW).or(WHERE);

pub(super) fn cancel(sentence: &Sentence<'_>) -> Option<Heard> {
    let ending = CANCEL | STOP | DELETE;
    let wished = sentence.has(DONE_AWAY) && sentence.has(WISH | SET | CAN);
    let mut allowed = ending | DONE_AWAY | WHICH | ALL | PART | QUEUE | LAST | THIS | WHAT;
    if wished || sentence.has(QUEUE) {
        allowed |= SET | LESS;
    }
    // `quit my job` tells of something else.
    let living = sentence.row(&[MY, JOB]) && !sentence.has(CANCEL | DELETE);
    let told = sentence.row(&[DO, DONE_AWAY]);
    if living
        || told
        || !(wished || sentence.has(ending))
        || sentence.asks()
        || !sentence.only(allowed)
    {
        return None;
    }
    let numbers = numbers(sentence);
    if sentence.has(HOLD) {
        return held(sentence, numbers);
    }
    if let Some(numbers) = numbers {
        return cancel_numbered(sentence, numbers);
    }
    let question = "Which task shall be cancelled? Say its number.";
    let asked = || Heard::ask(question, ("task.cancel", json!({})));
    if is_part(sentence) {
        return sentence.has(THING | QUEUE).then(asked);
    }
    let mut filter = filter(sentence);
    if sentence.has(QUEUE) {
        filter.status = filter.status.or(Some(TaskStatus::Queued));
        return Some(Operation::CancelTasks(Targets::All(filter)).into());
    }
    // `some tasks` are not all of them.
    let several = sentence.has(ALL) || (sentence.several(THING) && !sentence.has(ANY));
    let named = sentence.has(POOL) && sentence.pool().is_some() && !sentence.several(POOL);
    let standing = sentence.has(STANDING) && sentence.has(CANCEL);
    if several && (sentence.has(THING) || standing || named) {
        return Some(Operation::CancelTasks(Targets::All(filter)).into());
    }
    // `let it drop` is no cancelling.
    let pointed = sentence.has(IT) && sentence.bare(CANCEL) && !sentence.has(LESS | UNSUBSCRIBE);
    (pointed || sentence.has(THING)).then(asked)
}

/// `pause task 4`: a task waits for a time or is taken back, and is never held.
fn held(sentence: &Sentence<'_>, numbers: Option<TaskNumbers>) -> Option<Heard> {
    let named = numbers.as_ref().and_then(|numbers| numbers.as_slice().first());
    let told = sentence.has(THING) && (named.is_some() || sentence.several(THING));
    let one = named.copied().unwrap_or(EXAMPLE);
    told.then(|| {
        let question = format!(
            "A task cannot be paused. Say “move task {one} to tomorrow at 9”, or “cancel task {one}”."
        );
        let slots = numbers.map_or_else(|| json!({}), |some| json!({ "task_id": some.slot() }));
        Heard::ask(&question, ("task.reschedule", slots))
    })
}

/// A number of a task, where one is wanted to say what can be said.
const EXAMPLE: u32 = 12;

/// A number alone may be that of anything.
fn cancel_numbered(sentence: &Sentence<'_>, numbers: TaskNumbers) -> Option<Heard> {
    let question = format!("Shall task {numbers} be cancelled?");
    let known = ("task.cancel", json!({ "task_id": numbers.slot() }));
    let operation = Operation::CancelTasks(Targets::Numbered(numbers));
    if names_one(sentence) {
        Some(operation.into())
    } else if sentence.bare(CANCEL | NUMBER) && sentence.has(CANCEL) {
        Some(Heard::choose(&question, known, [("yes", operation)]))
    } else {
        None
    }
}

pub(super) fn retry(sentence: &Sentence<'_>) -> Option<Heard> {
    // `again` alone says nothing: `show me task 7 again`.
    let tried = sentence.terms.iter().any(|term| term.is(RETRY) && !term.is(GLUE));
    let again = sentence.has(RETRY) && sentence.has(START | HANDLE);
    let mut allowed = RETRY | START | HANDLE | WHICH | ALL | PART | LAST | THIS;
    if tried {
        allowed |= SEND | SET | NEW | FATE;
    }
    if !(tried || again) || sentence.asks() || !sentence.only(allowed) {
        return None;
    }
    let intent = "task.retry";
    if let Some(numbers) = numbers(sentence) {
        let known = (intent, json!({ "task_id": numbers.slot() }));
        let question = format!("Shall task {numbers} be tried again?");
        let operation = Operation::RetryTasks(Targets::Numbered(numbers));
        return match names_one(sentence) {
            true => Some(operation.into()),
            false if tried && sentence.bare(RETRY | NUMBER) => {
                Some(Heard::choose(&question, known, [("yes", operation)]))
            }
            false => None,
        };
    }
    let mut filter = filter(sentence);
    let several = (sentence.has(ALL) || sentence.several(THING)) && !is_part(sentence);
    if several && (sentence.has(THING) || filter.status.is_some()) {
        filter.status = filter.status.or(Some(TaskStatus::Failed));
        return Some(Operation::RetryTasks(Targets::All(filter)).into());
    }
    let question = "Which task shall be tried again? Say its number.";
    (tried && sentence.has(THING)).then(|| Heard::ask(question, (intent, json!({}))))
}

pub(super) fn prioritise(sentence: &Sentence<'_>) -> Option<Heard> {
    let numbers = numbers(sentence)?;
    let changing = SET | MORE | LESS | HANDLE | CREATE | SWITCH | START;
    let about = names_one(sentence) || sentence.has(PRIORITY);
    if !about || sentence.asks() || !sentence.only(WHICH | PRIORITY | QUEUE | changing) {
        return None;
    }
    if let Some(priority) = sentence.priority().or_else(|| direction(sentence)) {
        return Some(Operation::Prioritise(numbers, priority).into());
    }
    (sentence.has(PRIORITY) && sentence.has(SET)).then(|| {
        let question = format!("How soon is task {numbers} wanted?");
        let known = ("task.priority", json!({ "task_id": numbers.slot() }));
        let choices = Priority::ALL.iter().rev();
        let choices =
            choices.map(|choice| (choice.word(), Operation::Prioritise(numbers.clone(), *choice)));
        Heard::choose(&question, known, choices)
    })
}

/// `raise the priority`, `bump task 5`: up is high and down is low.
fn direction(sentence: &Sentence<'_>) -> Option<Priority> {
    if sentence.has(MORE) && (sentence.has(PRIORITY) || sentence.bare(MORE | THING | NUMBER)) {
        Some(Priority::High)
    } else if sentence.has(LESS) && sentence.has(PRIORITY) {
        Some(Priority::Low)
    } else {
        None
    }
}

pub(super) fn show(sentence: &Sentence<'_>) -> Option<Heard> {
    let numbers = numbers(sentence)?;
    let state = STATUS | STATE | DETAILS | FATE | FINE | DONE_AWAY | UPDATE | HEALTH | BUSY;
    let looking = SHOW | SEARCH | SEND | WHAT | HOW | WHERE | WHY | ABOUT | MANY | START | HANDLE;
    let mut allowed =
        state | looking | THING | NUMBER | STANDING | PRIORITY | URGENCY | LAST | THIS;
    if sentence.has(ANY) {
        allowed |= NEW;
    }
    if !names_one(sentence) || !sentence.only(allowed | POOL) {
        return None;
    }
    if awaits_end(sentence) {
        let question = "What comes of a task is told in the conversation where it was handed in. \
                        Shall it be shown now?";
        let known = ("task.show", json!({ "task_id": numbers.slot() }));
        return Some(Heard::choose(question, known, [("yes", Operation::ShowTasks(numbers))]));
    }
    Some(Operation::ShowTasks(numbers).into())
}

/// `tell me when task 5 is done`, and not `tell me when task 5 was done`.
fn awaits_end(sentence: &Sentence<'_>) -> bool {
    let now = |at: usize| matches!(sentence.between(at, at + 1), "is" | "are" | "has" | "have");
    let when = |at: &usize| sentence.row_at(*at, &[I, WHERE, THING, NUMBER, BE | DO, STANDING]);
    let mut places = (0..sentence.terms.len()).filter(when);
    sentence.has(SHOW | SEND) && places.any(|at| now(at + 4))
}

pub(super) fn list(sentence: &Sentence<'_>) -> Option<Heard> {
    let state = STATUS | STATE | DETAILS | FATE | FINE | DONE_AWAY | BUSY | HANDLE | CREATE | START;
    let about = QUEUE | LAST | THIS | PRIORITY | SYSTEM | SUMMARY | CREW;
    let mut allowed = LOOKING | WHICH | state | about;
    if sentence.has(STANDING) {
        allowed |= PERIOD;
    }
    let named = names_several(sentence) && !sentence.has(NUMBER);
    // `jobs report` is one of the labour market.
    let market = sentence.row(&[JOB, UPDATE]);
    // `all jobs are important` asks for none.
    let said = sentence.row(&[THING, BE, URGENCY | STANDING]);
    let market = market || (said && !sentence.has(WHAT | SHOW | ANY | HOW | MANY));
    if !named || market || !sentence.only(allowed) {
        return None;
    }
    Some(listed_apart(sentence).unwrap_or_else(|| Operation::Tasks(filter(sentence)).into()))
}

/// What one list cannot show is asked for, since a part of it would pass for the whole.
fn listed_apart(sentence: &Sentence<'_>) -> Option<Heard> {
    let one = filter(sentence);
    let ask = |question, choices: Vec<(&'static str, Operation)>| {
        Some(Heard::choose(question, ("tasks.list", json!({})), choices))
    };
    let joined = sentence.several(POOL) && sentence.several(THING) && sentence.says("and");
    if joined {
        let both = vec![("the pools", Operation::Pools), ("the tasks", Operation::Tasks(one))];
        return ask("One list at a time: which one?", both);
    }
    let statuses = sentence.statuses();
    if statuses.len() > 1 {
        let listed = |status: TaskStatus| {
            let filter = TaskFilter { status: Some(status), ..one.clone() };
            (status.word(), Operation::Tasks(filter))
        };
        return ask("One status at a time: which one?", statuses.into_iter().map(listed).collect());
    }
    let day = sentence.period().is_some_and(|period| period != Period::Today);
    if day {
        let all = vec![("yes", Operation::Tasks(one))];
        return ask(
            "No list is of a day, but each says when its tasks ended. Shall it be shown?",
            all,
        );
    }
    let part = sentence.has(PART) && one.priority == Some(Priority::Low);
    part.then(|| ask("Which priority: low, normal, high or urgent?", Vec::new())).flatten()
}

fn names_several(sentence: &Sentence<'_>) -> bool {
    if sentence.has(THING) {
        let narrowed =
            sentence.has(POOL | STANDING | URGENCY | QUEUE) || sentence.row(&[SHOW, ALL]);
        // `healthcare jobs` are for people.
        let for_people = sentence.has(JOB) && sentence.has(NAMED) && !narrowed;
        let listed = sentence.has(SHOW) && !sentence.has(THE | A | IT);
        let mine = sentence.row(&[MY, JOB]);
        let some = sentence.has(ANY | STANDING) && !sentence.has(THE | A | IT) && !mine;
        let several = some || listed || sentence.several(THING) || sentence.has(QUEUE);
        return several && !for_people;
    }
    if sentence.has(QUEUE) {
        let asked = sentence.has(LOOKING) || sentence.bare(QUEUE | STATUS);
        return asked && !sentence.has(NAMED);
    }
    // `what failed?`
    let alone = sentence.bare(STANDING | WHAT | ANY | ALL | SHOW | PERIOD);
    let asked = sentence.has(STANDING) && sentence.has(WHAT | ANY | ALL);
    // `all failed` tells how something went.
    let over = sentence.begins(&[ALL, STANDING | FATE]) && sentence.has(FATE);
    (alone && asked && !over && !sentence.has(YOU | A | FOR | WHO)) || asks_of_pool(sentence)
}

/// `what is running in the sports pool?`, `what are the finance agents working on?`
fn asks_of_pool(sentence: &Sentence<'_>) -> bool {
    let running = sentence.has(SHOW) && sentence.status() == Some(TaskStatus::Running);
    let queued = running || sentence.status() == Some(TaskStatus::Queued);
    let named = sentence.pool().is_some()
        && (queued || sentence.has(POOL | CREW) || sentence.row(&[NAMED, HANDLE]));
    let asked = sentence.has(STANDING) && sentence.has(WHAT | ANY | ALL);
    named
        && asked
        && sentence.only(STANDING | WHAT | ANY | ALL | SHOW | POOL | CREW | NAMED | HANDLE)
}

/// A task, or at least a number that is marked as one.
fn names_one(sentence: &Sentence<'_>) -> bool {
    sentence.has(THING) || (sentence.has_marked_number() && !sentence.has(CHAT))
}

fn filter(sentence: &Sentence<'_>) -> TaskFilter {
    let (status, priority) = (sentence.status(), sentence.priority());
    TaskFilter { status, priority, pool: sentence.pool(), before: None }
}

/// It speaks of some tasks that neither their numbers nor a filter tells from the others.
fn is_part(sentence: &Sentence<'_>) -> bool {
    let these =
        sentence.row(&[IT, THING]) || sentence.row(&[IT, STANDING | URGENCY | NAMED, THING]);
    sentence.has(NUMBER | PART | LAST) || these
}

/// The numbers of tasks; `3 to 5` are three. There are none where one counts tasks or sets a bound.
pub(super) fn numbers(sentence: &Sentence<'_>) -> Option<TaskNumbers> {
    let mut numbers: Vec<u32> = Vec::new();
    let mut before = None;
    // `a low priority one` is no number.
    let is_number =
        |at: &usize| *at == 0 || !sentence.is_at(at - 1, PRIORITY) || !sentence.is_at(*at, IT);
    for (at, number) in sentence.numbers().filter(|(at, _)| is_number(at)) {
        if sentence.counts(at, THING) || sentence.bounds(at) {
            return None;
        }
        let to = sentence.is_at(at.wrapping_sub(1), TO) && before == at.checked_sub(2);
        let dash = sentence.mark_at(at) == '-' && before == at.checked_sub(1);
        let first = numbers.last().map_or(number, |last| last + 1);
        if before.is_some() && (to || dash) && first < number {
            numbers.extend((first..=number).take(COMMAND_TASKS_MAX));
        } else {
            numbers.push(number);
        }
        before = Some(at);
    }
    numbers.truncate(COMMAND_TASKS_MAX);
    TaskNumbers::new(numbers)
}
