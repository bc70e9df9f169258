//! Sentences about alerts: what shall be told when, what there is, and what shall be told no more.
//!
//! They have a reader of their own: what a condition says is a number with its unit, which the
//! words of other commands are not. Invariant: one word that no table explains makes a text chat.

mod condition;
mod phrases;
mod tokens;
mod wish;

use serde_json::json;

use super::{
    operation::Operation,
    reading::Heard,
    slots::{Period, Unit},
};
use condition::{Misfit, metric};
use phrases::{
    A_WHILE, ALERT, ALERTS, ANOTHER, AROUND, BEHIND, CHANGING, CONJUNCTIONS, ENDING, FORBIDDING,
    KEEPING, LIST_BEGINS, LISTING, LOOKING, MUTING, REMOVING, SETTING, TELLING, TELLING_OF,
    WATCHING,
};
use tokens::{Tokens, read};
pub use wish::{AlertWish, NewAlert, WhichAlerts};

/// Longer texts are none of these.
const BYTES_MAX: usize = 240;

/// What the text asks about alerts, if it does.
pub(super) fn hear(text: &str) -> Option<Heard> {
    if text.len() > BYTES_MAX {
        return None;
    }
    let words = read(text)?;
    let mut tokens = Tokens::of(&words);
    tokens.skip_any(AROUND);
    tokens.drop_behind(BEHIND);
    // What names no alert tells of a number, or of what shall end.
    let named = tokens.has_word("alert") || tokens.has_word("alerts");
    if (named || tokens.has_number())
        && let Some(heard) = watch(tokens)
    {
        return Some(heard);
    }
    let about = || {
        let one = || mute(tokens).or_else(|| one(tokens));
        subscribe(tokens).or_else(|| list(tokens)).or_else(one)
    };
    remove(tokens).or_else(|| named.then(about).flatten())
}

fn wish(wish: AlertWish) -> Heard {
    Operation::Alerts(wish).into()
}

/// What a slash command about alerts asks; its words are in lower case.
pub(super) fn slash(name: &str, words: &[&str]) -> Option<AlertWish> {
    Some(match (name, words) {
        ("alerts", []) => AlertWish::List(None),
        ("alerts", period) => AlertWish::List(Some(period.join(" ").parse().ok()?)),
        ("alert", ["remove", these @ ..]) => AlertWish::Remove(which_alerts(these)?),
        ("alert", says) => AlertWish::Set(condition(&says.join(" "))?),
        _ => AlertWish::Subscribe,
    })
}

fn which_alerts(words: &[&str]) -> Option<WhichAlerts> {
    match words {
        ["all"] => Some(WhichAlerts::All),
        [number] if number.trim_start_matches('#').parse::<u32>().is_ok() => {
            number.trim_start_matches('#').parse().ok().map(WhichAlerts::Number)
        }
        words => named(&words.join(" ")).map(WhichAlerts::Metric),
    }
}

/// The condition in a slash command: `turns_queued > 50 for 5m`.
fn condition(text: &str) -> Option<NewAlert> {
    let words = read(text)?;
    let mut tokens = Tokens::of(&words);
    let alert = condition::condition(&mut tokens, None)?.ok()?;
    tokens.is_empty().then_some(alert)
}

/// The metric in a slash command.
fn named(text: &str) -> Option<crate::model::Metric> {
    let words = read(text)?;
    let mut tokens = Tokens::of(&words);
    let found = metric(&mut tokens)?;
    tokens.is_empty().then(|| found.first())?
}

/// `tell me when the queue is longer than 50`.
fn watch(tokens: Tokens<'_>) -> Option<Heard> {
    let mut rest = tokens;
    if rest.take_any(SETTING) && rest.is_empty() {
        let question = "When shall I tell you? Say for example: tell me when the queue is longer \
                        than 50.";
        return Some(Heard::ask(question, ("alert.set", json!({}))));
    }
    let said = told_when(tokens).or_else(|| when_told(tokens)).or_else(|| watched(tokens))?;
    Some(match said {
        Ok(alert) => wish(AlertWish::Set(alert)),
        Err(misfit) => {
            let known = json!({ "metric": misfit.metric()?.name() });
            Heard::ask(&misfit.question(), ("alert.set", known))
        }
    })
}

/// An alert that is wanted, or a unit that does not fit it.
type Said = Result<NewAlert, Misfit>;

fn told_when(mut tokens: Tokens<'_>) -> Option<Said> {
    let set = tokens.take_any(SETTING);
    if !set && !tokens.take_any(TELLING) {
        return None;
    }
    let joined = tokens.take_any(CONJUNCTIONS) || (set && tokens.take_any("for, on"));
    // `alert memory > 2 GB`, `add an alert: load above 4`
    if !joined && !set && !tokens.has_sign() {
        return None;
    }
    whole(tokens)
}

/// `if memory goes above 2 GB, let me know`.
fn when_told(mut tokens: Tokens<'_>) -> Option<Said> {
    if !tokens.take_any(CONJUNCTIONS) {
        return None;
    }
    let alert = condition::condition(&mut tokens, None)?;
    tokens.skip_any("then, please");
    (tokens.take_any(TELLING) && tokens.is_empty()).then_some(alert)
}

/// `keep an eye on the queue and tell me when it is longer than 50`.
fn watched(mut tokens: Tokens<'_>) -> Option<Said> {
    if !tokens.take_any(WATCHING) {
        return None;
    }
    let it = metric(&mut tokens)?;
    tokens.skip_any("and, then, please");
    if !tokens.take_any(TELLING) || !tokens.take_any(CONJUNCTIONS) {
        return None;
    }
    let alert = condition::condition(&mut tokens, Some(it))?;
    tokens.is_empty().then_some(alert)
}

fn whole(mut tokens: Tokens<'_>) -> Option<Said> {
    let alert = condition::condition(&mut tokens, None)?;
    tokens.is_empty().then_some(alert)
}

/// `remove alert 2`, `stop telling me about the queue`, `delete all my alerts`.
fn remove(mut tokens: Tokens<'_>) -> Option<Heard> {
    let forbids = tokens.take_any(FORBIDDING);
    let ends = !forbids && tokens.take_any(ENDING);
    let removes = !forbids && !ends && tokens.take_any(REMOVING);
    if !(forbids || ends || removes) {
        return None;
    }
    tokens.drop_behind("any more, anymore, no more");
    if forbids && !tokens.take_any(TELLING_OF) {
        return None;
    }
    let all = tokens.take_any("all of my, all of the, all my, all the, all, every");
    tokens.skip_any("the, my, that");
    let alert = tokens.take_any(ALERTS) || tokens.take_any(ALERT);
    if alert && tokens.is_empty() {
        let every = all && removes;
        let remove_all = || wish(AlertWish::Remove(WhichAlerts::All));
        return Some(if every { remove_all() } else { which_end() });
    }
    if alert {
        let numbered = remove_numbered(tokens);
        if numbered.is_some() {
            return numbered;
        }
        tokens.skip_any("about, on, for, when, if");
    }
    let found = metric(&mut tokens)?;
    let alert = alert || tokens.take_any(ALERTS) || tokens.take_any(ALERT);
    // `cancel the queue` is about tasks.
    let meant = (alert || !removes) && tokens.is_empty();
    meant.then(|| Some(wish(AlertWish::Remove(WhichAlerts::Metric(found.first()?)))))?
}

/// The alerts of these numbers, which go one by one.
fn remove_numbered(tokens: Tokens<'_>) -> Option<Heard> {
    Some(match *numbers(tokens).as_slice() {
        [] => return None,
        [number] => wish(AlertWish::Remove(WhichAlerts::Number(number))),
        _ => {
            let question = "Alerts are removed one at a time, or all. Which one? Say its number.";
            Heard::ask(question, ("alert.remove", json!({})))
        }
    })
}

/// All that is left, where that is numbers: `1 and 2`.
fn numbers(mut tokens: Tokens<'_>) -> Vec<u32> {
    let mut numbers = Vec::new();
    loop {
        tokens.skip_any("number, no, #, and");
        if tokens.is_empty() {
            return numbers;
        }
        let Some(number) = tokens.whole_number() else { return Vec::new() };
        numbers.push(number);
        tokens = tokens.after_number();
    }
}

/// `stop the alerts` may mean those that come by themselves, or those that one has set.
fn which_end() -> Heard {
    let question = "Shall nothing come by itself any more, or shall the alerts go that you set?";
    let choices = [
        ("stop the updates", Operation::Unsubscribe),
        ("remove all alerts", Operation::Alerts(AlertWish::Remove(WhichAlerts::All))),
    ];
    Heard::choose(question, ("alert.remove", json!({})), choices)
}

/// `mute alerts`, `silence alert 2 for an hour`, which no alert can.
fn mute(mut tokens: Tokens<'_>) -> Option<Heard> {
    if !tokens.take_any(MUTING) {
        return None;
    }
    tokens.skip_any("all, of, the, my, system, gateway, active");
    if !tokens.take_any(ALERTS) && !tokens.take_any(ALERT) {
        return None;
    }
    while !tokens.is_empty() {
        if tokens.take_number().is_none() && !tokens.take_any(A_WHILE) {
            return None;
        }
    }
    Some(which_end())
}

/// `show alert 1`, `change alert 1 to 90`.
fn one(mut tokens: Tokens<'_>) -> Option<Heard> {
    let changes = tokens.take_any(CHANGING);
    if !changes {
        tokens.skip_any(LOOKING);
    }
    tokens.skip_any("the, my");
    if !tokens.take_any(ALERT) {
        return None;
    }
    tokens.skip_any("number, no, #");
    let number = tokens.whole_number()?;
    tokens = tokens.after_number();
    if !changes {
        return tokens.is_empty().then(|| wish(AlertWish::List(None)));
    }
    while !tokens.is_empty() {
        if tokens.take_number().is_none() && !tokens.take_any(ANOTHER) {
            return None;
        }
    }
    let question = format!(
        "An alert is not changed: say “remove alert {number}”, and then anew when I shall tell you."
    );
    Some(Heard::ask(&question, ("alert.set", json!({ "alert": number }))))
}

/// `keep me posted on alerts`.
fn subscribe(mut tokens: Tokens<'_>) -> Option<Heard> {
    if !tokens.take_any(KEEPING) {
        return None;
    }
    tokens.skip_any("the, all, any, every, new, system, gateway, active, an, a");
    let alerts = tokens.take_any(ALERTS) || tokens.take_any(ALERT);
    tokens.skip_any("as they come, as they happen, is raised, are raised, is, live");
    (alerts && tokens.is_empty()).then(|| wish(AlertWish::Subscribe))
}

/// `which alerts are active?`, `what alerts were there today?`
fn list(tokens: Tokens<'_>) -> Option<Heard> {
    let mut rest = tokens;
    let begins = rest.take_any(LIST_BEGINS);
    let mut rest = tokens;
    let period = rest.drop_period();
    let history = rest.has_word("history") || rest.has_word("log") || rest.has_word("recent");
    let mut alerts = 0;
    let means = rest.has_only("what, is, are, an, a, the, alert, alerts") && rest.has_word("what");
    while !rest.is_empty() {
        if rest.take_any(ALERTS) || rest.take_any(ALERT) {
            alerts += 1;
        } else if !rest.take_any(LISTING) {
            return None;
        }
    }
    // `what is an alert?` asks for a meaning.
    if !begins || alerts != 1 || (means && period.is_none()) {
        return None;
    }
    let period = period.or(history.then_some(Period::Past(7, Unit::Day)));
    Some(wish(AlertWish::List(period)))
}
