//! Rules about how something was: a metric over a time.

use crate::{
    intent::{Component, Operation, concepts::*, reading::Heard, sentence::Sentence},
    model::Metric,
};

const LOOKING: Concepts = SHOW.or(SEND).or(WHAT).or(HOW).or(MANY).or(ALL).or(THIS).or(LASTING);

/// `how was memory in the last hour?`, `chart the cpu`, `how many turns ran today?`
pub(super) fn chart(sentence: &Sentence<'_>) -> Option<Heard> {
    if !sentence.has(CHART | HISTORY | PERIOD) {
        return connections_now(sentence);
    }
    let (metric, name) = sentence.measured()?;
    let state = STATUS | STATE | BUSY | UPDATE | DETAILS | FATE | FINE | SPENT | STANDING | SUMMARY;
    let drawing = CHART | HISTORY | CREATE | START | LAST | TOKENS | QUEUE;
    if !sentence.only_around(&name, LOOKING | state | drawing | SYSTEM | PERIOD) {
        return None;
    }
    let period = sentence.period();
    let named_first = name.start == 0;
    let behind = |more, concepts| sentence.is_at(name.end + more, concepts);
    // `what's the plot of Memory?` is asked of a film.
    let led = sentence.opens(CHART | SHOW | SEND | CREATE) || named_first;
    let kept = behind(0, HISTORY) || (behind(0, BUSY | TOKENS) && behind(1, HISTORY));
    let drawn = (sentence.has(CHART) && (led || period.is_some())) || kept;
    // `is the network show on tonight` is asked of television.
    let asked = !sentence.opens(BE) && (sentence.has(LOOKING) || named_first);
    let before = |concepts| name.start > 0 && sentence.is_at(name.start - 1, concepts);
    let somebodys = before(A | MY) && !sentence.has(OUR);
    // `the tasks waiting since yesterday` are a list.
    let listed = name.clone().any(|at| sentence.is_at(at, TASK | JOB | CHAT))
        && !sentence.has(CHART | MANY)
        && !kept;
    if somebodys || listed || !(drawn || (period.is_some() && asked)) {
        return None;
    }
    Some(Operation::Chart(metric, period).into())
}

/// `how many connections are open?`
fn connections_now(sentence: &Sentence<'_>) -> Option<Heard> {
    let (metric, name) = sentence.measured().filter(|_| sentence.has(MANY))?;
    let now = LOOKING | STATE | STATUS | FINE | SYSTEM | FATE | LINKED;
    let asked = metric == Metric::Connections && sentence.only_around(&name, now);
    asked.then(|| Operation::Health(Some(Component::Network)).into())
}
