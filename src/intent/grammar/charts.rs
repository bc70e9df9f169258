//! Rules about how something was: a metric over a time.

use crate::intent::{Operation, concepts::*, reading::Heard, sentence::Sentence};
use crate::model::Metric;

const LOOKING: Concepts = SHOW.or(SEND).or(WHAT).or(HOW).or(MANY).or(ALL).or(THIS).or(LASTING);
const MEASURED: Concepts = METRIC.or(COMPONENT);

/// `how was memory in the last hour?`, `chart the cpu`, `how many turns ran today?`
pub(super) fn chart(sentence: &Sentence<'_>) -> Option<Heard> {
    let state = STATUS | STATE | BUSY | UPDATE | DETAILS | FATE | FINE | SPENT | STANDING | SUMMARY;
    let drawing = CHART | HISTORY | CREATE | START | LAST | TOKENS | QUEUE;
    if !sentence.only(LOOKING | state | drawing | SYSTEM | MEASURED | PERIOD) {
        return None;
    }
    let period = sentence.period();
    // `what's the plot of Memory?` is asked of a film.
    let led = sentence.opens(CHART | SHOW | SEND | CREATE) || sentence.opens(MEASURED);
    let kept =
        sentence.row(&[MEASURED, HISTORY]) || sentence.row(&[MEASURED, BUSY | TOKENS, HISTORY]);
    let drawn = (sentence.has(CHART) && (led || period.is_some())) || kept;
    // `is the network show on tonight` is asked of television.
    let asked = !sentence.opens(BE) && (sentence.has(LOOKING) || sentence.opens(MEASURED | QUEUE));
    let somebodys = sentence.row(&[A | MY, MEASURED]) && !sentence.has(OUR);
    if somebodys || !(drawn || (period.is_some() && asked)) {
        return None;
    }
    // `how long was the queue today?`
    let queue = || sentence.has(QUEUE).then_some(Metric::TurnsQueued);
    let metric = sentence.metric().or_else(queue)?;
    Some(Operation::Chart(metric, period).into())
}
