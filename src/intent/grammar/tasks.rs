//! Rules about background tasks.

use serde_json::json;

use crate::{
    intent::{
        Operation, Priority, Targets, TaskFilter, TaskNumbers, TaskStatus, concepts::*,
        reading::Heard, sentence::Sentence,
    },
    limits::COMMAND_TASKS_MAX,
};

const THING: Concepts = TASK.or(JOB);
const AWAY: Concepts = CANCEL.or(STOP).or(DELETE);
/// What may stand beside a task to say which one.
const WHICH: Concepts = THING.or(NUMBER).or(POOL).or(NAMED).or(STANDING).or(URGENCY);

pub(super) fn cancel(sentence: &Sentence<'_>) -> Option<Heard> {
    let wished = sentence.has(DONE_AWAY) && sentence.has(WISH);
    if !(sentence.has(AWAY) || wished) || asks(sentence) {
        return None;
    }
    let allowed = AWAY | DONE_AWAY | WHICH | ALL | QUEUE | LAST | THIS | PLURAL | WHAT;
    if !sentence.only(allowed) {
        return None;
    }
    if let Some(numbers) = numbers(sentence) {
        let targets = Targets::Numbered(numbers.clone());
        let operation = Operation::CancelTasks(targets);
        // A number alone may be anything.
        return Some(if sentence.has(THING) {
            operation.into()
        } else if sentence.has(CANCEL) && sentence.bare(AWAY | NUMBER) {
            let question = format!("Shall task {numbers} be cancelled?");
            Heard::ask(
                &question,
                ("task.cancel", json!({ "task_id": numbers.slot() })),
                [operation],
            )
        } else {
            return None;
        });
    }
    let several = sentence.has(ALL) || sentence.row(&[THING.or(QUEUE)]) && plural(sentence);
    if sentence.has(QUEUE) && !sentence.has(STANDING) {
        let queued = TaskFilter { status: Some(TaskStatus::Queued), ..filter(sentence) };
        return Some(Operation::CancelTasks(Targets::All(queued)).into());
    }
    if several && (sentence.has(THING) || sentence.has(STANDING)) {
        return Some(Operation::CancelTasks(Targets::All(filter(sentence))).into());
    }
    if sentence.has(THING)
        || (sentence.has(CANCEL) && sentence.bare(CANCEL | IT) && sentence.has(IT))
    {
        let question = "Which task shall be cancelled? Say its number.";
        return Some(Heard::ask(question, ("task.cancel", json!({})), []));
    }
    None
}

pub(super) fn prioritise(sentence: &Sentence<'_>) -> Option<Heard> {
    let numbers = numbers(sentence)?;
    let allowed = WHICH | PRIORITY | SET | MORE | LESS | QUEUE | HANDLE | CREATE | SWITCH | START;
    if !(sentence.has(THING) || sentence.has(PRIORITY)) || asks(sentence) || !sentence.only(allowed)
    {
        return None;
    }
    let lesser = sentence.has(LESS) && !sentence.has(MORE);
    let priority = match sentence.priority() {
        Some(priority) => priority,
        None if sentence.has(PRIORITY) && lesser => Priority::Low,
        None if (sentence.has(PRIORITY) || sentence.bare(MORE | THING | NUMBER))
            && raised(sentence) =>
        {
            Priority::High
        }
        None if sentence.has(PRIORITY) && sentence.has(SET) => {
            let question = format!("How soon is task {numbers} wanted?");
            let choices = Priority::ALL.iter().rev();
            let choices = choices.map(|choice| Operation::Prioritise(numbers.clone(), *choice));
            let known = ("task.priority", json!({ "task_id": numbers.slot() }));
            return Some(Heard::ask(&question, known, choices));
        }
        None => return None,
    };
    Some(Operation::Prioritise(numbers, priority).into())
}

fn raised(sentence: &Sentence<'_>) -> bool {
    sentence.has(MORE) && !sentence.has(NEW)
}

pub(super) fn show(sentence: &Sentence<'_>) -> Option<Heard> {
    let numbers = numbers(sentence)?;
    let allowed = THING
        | NUMBER
        | SHOW
        | SEND
        | STATUS
        | STATE
        | DETAILS
        | FATE
        | STANDING
        | WHAT
        | HOW
        | WHERE
        | WHY
        | PRIORITY
        | URGENCY
        | FINE
        | DONE_AWAY
        | UPDATE
        | LAST
        | ABOUT
        | MANY
        | POOL
        | HEALTH
        | THIS
        | HANDLE
        | BUSY;
    (sentence.has(THING) && sentence.only(allowed)).then(|| Operation::ShowTasks(numbers).into())
}

pub(super) fn list(sentence: &Sentence<'_>) -> Option<Heard> {
    let looking = SHOW | SEND | WHAT | MANY | ANY | ALL | HOW | STATUS | STATE | WHERE;
    let mut allowed = looking
        | WHICH
        | QUEUE
        | PLURAL
        | LAST
        | DETAILS
        | THIS
        | PRIORITY
        | FATE
        | LATE_WORDS
        | START
        | SYSTEM;
    if sentence.has(STANDING) {
        allowed |= PERIOD;
    }
    if sentence.has(NUMBER) || !sentence.only(allowed) || !names_tasks(sentence) {
        return None;
    }
    Some(Operation::Tasks(filter(sentence)).into())
}

/// Words that tell of what became of tasks.
const LATE_WORDS: Concepts = DONE_AWAY.or(BUSY).or(FINE).or(HANDLE).or(CREATE);

fn names_tasks(sentence: &Sentence<'_>) -> bool {
    let narrowed = sentence.has(POOL | STANDING | URGENCY | QUEUE) || sentence.row(&[SHOW, ALL]);
    if sentence.has(THING) {
        let many = plural(sentence) || sentence.has(QUEUE);
        // `healthcare jobs` are for people.
        let for_people = sentence.has(JOB) && sentence.has(NAMED) && !narrowed;
        return (many || (sentence.has(ANY | STANDING) && sentence.has(THING))) && !for_people;
    }
    let asked = sentence.has(WHAT | ANY | SHOW | MANY | ALL);
    if sentence.has(QUEUE) {
        return !sentence.has(NAMED) && (asked || sentence.bare(QUEUE | STATUS));
    }
    let standing = |it: &Sentence<'_>| it.bare(STANDING.or(WHAT).or(ANY).or(ALL)) && !it.has(SHOW);
    sentence.has(WHAT | ANY) && standing(sentence) && !sentence.has(IT | I | YOU | A)
}

fn plural(sentence: &Sentence<'_>) -> bool {
    sentence.terms.iter().any(|term| term.is(THING) && term.is(PLURAL))
}

/// `has task 7 finished?`, `was it cancelled?`: it is asked for, not wanted.
fn asks(sentence: &Sentence<'_>) -> bool {
    let first = |kinds| sentence.begins(&[kinds]);
    first(BE | WHAT | WHY | HOW | WHERE) || (first(DO) && !first(WISH))
}

pub(super) fn filter(sentence: &Sentence<'_>) -> TaskFilter {
    TaskFilter { status: sentence.status(), priority: sentence.priority(), pool: sentence.pool() }
}

/// The numbers of tasks; `3 to 5` are three.
pub(super) fn numbers(sentence: &Sentence<'_>) -> Option<TaskNumbers> {
    let mut numbers: Vec<u32> = Vec::new();
    let mut before: Option<usize> = None;
    for (at, number) in sentence.numbers() {
        let through = before.is_some_and(|before| {
            (at == before + 2 && sentence.is_at(before + 1, TO))
                || (at == before + 1 && sentence.terms.get(at).is_some_and(|t| t.place.mark == '-'))
        });
        let from = numbers.last().copied().filter(|_| through);
        match from {
            Some(from) if from < number => {
                numbers.extend((from + 1..=number).take(COMMAND_TASKS_MAX))
            }
            _ => numbers.push(number),
        }
        before = Some(at);
    }
    numbers.truncate(COMMAND_TASKS_MAX);
    TaskNumbers::new(numbers)
}
