//! Whether each pool has a model that can be asked: what turns met, and what probes found.

use std::fmt::Write as _;

use crate::{
    model::{Check, LegLoad, Part, ProviderName, Reason, State},
    monitor::{gateway::Signs, probing::Finding},
    provider::{OFFLINE, Probed},
};

const NEW_KEY: &str = "set the right api_key of the provider";
const NEW_MODEL: &str = "name a model that the provider has, in the route or as the provider's own";
const LISTED: &str = "name a model that it lists, unless the server takes other names as well";

/// What is wrong with one model, or with all of a provider.
struct Fault {
    says: String,
    advice: &'static str,
}

/// The check.
pub(super) fn check(signs: &Signs) -> Check {
    let mut faults: Vec<Fault> = signs.down().filter_map(|(p, found)| of_all(p, found)).collect();
    let mut down: Vec<&LegLoad> = signs.legs().filter(|leg| !signs.may_answer(leg)).collect();
    down.sort_by_key(|leg| (&leg.provider, &leg.model));
    down.dedup_by_key(|leg| (&leg.provider, &leg.model));
    faults.extend(down.into_iter().filter_map(|leg| of_one(leg, signs)));
    if faults.is_empty() {
        return well(signs);
    }
    let mut says = faults.iter().map(|fault| fault.says.as_str()).collect::<Vec<_>>().join("; ");
    let deserted =
        |legs: &Vec<LegLoad>| !legs.is_empty() && !legs.iter().any(|leg| signs.may_answer(leg));
    let pools = signs.pools.iter().filter(|(_, legs)| deserted(legs));
    let pools: Vec<&str> = pools.map(|(pool, _)| pool.as_str()).collect();
    if !pools.is_empty() {
        says.extend(["; nobody is left to answer for ", &*pools.join(", ")]);
    }
    let state = if pools.is_empty() { State::Degraded } else { State::Failing };
    let worst = faults.iter().max_by_key(|fault| [NEW_MODEL, NEW_KEY].contains(&fault.advice));
    Check::bad(Part::Providers, state, says, worst.map_or(NEW_KEY, |fault| fault.advice))
}

impl Signs {
    /// How many providers do not work, as far as is known.
    pub(in crate::monitor) fn providers_down(&self) -> usize {
        self.down().count()
    }

    fn down(&self) -> impl Iterator<Item = (&ProviderName, &Finding)> {
        let all = self.findings.iter();
        all.filter(|(provider, found)| !found.is_up() && !self.was_heard_since(provider))
    }

    fn legs(&self) -> impl Iterator<Item = &LegLoad> {
        self.pools.iter().flat_map(|(_, legs)| legs)
    }

    /// It is asked, and would answer as far as is known.
    fn may_answer(&self, leg: &LegLoad) -> bool {
        let Some(finding) = self.findings.get(&leg.provider) else { return leg.is_asked() };
        let is_up = finding.is_up() || self.was_heard_since(&leg.provider);
        leg.is_asked() && is_up && !self.is_lacking(leg)
    }

    /// A model of it said something since it was probed, so its key and its server are well.
    fn was_heard_since(&self, provider: &ProviderName) -> bool {
        let heard = self.heard.iter().filter(|((of, _), _)| of == provider).map(|(_, at)| *at);
        let probed = self.findings.get(provider).map(|finding| finding.at);
        heard.max() > probed
    }

    /// Its provider said that it has it not, and it said nothing itself since.
    fn is_lacking(&self, leg: &LegLoad) -> bool {
        let heard = self.heard.get(&(leg.provider.clone(), leg.model.clone()));
        let lacking = self.findings.get(&leg.provider).filter(|found| found.lacks(&leg.model));
        lacking.is_some_and(|found| heard.is_none_or(|heard| *heard <= found.at))
    }
}

/// What is wrong with a provider as a whole.
fn of_all(provider: &ProviderName, finding: &Finding) -> Option<Fault> {
    let since = finding.since.to_utc().format("%H:%M UTC");
    let (says, advice) = match finding.probed {
        Probed::Refused => (format!("{provider} refuses its key"), NEW_KEY),
        Probed::Failing => (
            format!("{provider} answers only errors since {since}"),
            "it is tried again by itself; add another provider to the route where that lasts",
        ),
        Probed::Unreachable => (
            format!("{provider} cannot be reached since {since}"),
            "look at its base_url and at the network between; it is tried again by itself",
        ),
        Probed::Well { .. } | Probed::Reticent { .. } | Probed::Busy(_) => return None,
    };
    Some(Fault { says, advice })
}

/// What is wrong with a model, where that is not said of its provider.
fn of_one(leg: &LegLoad, signs: &Signs) -> Option<Fault> {
    let (provider, model) = (&leg.provider, &leg.model);
    if signs.down().any(|(down, _)| down == provider) {
        return None;
    }
    if signs.is_lacking(leg) {
        let says = format!("{provider} does not know the model {model}");
        return Some(Fault { says, advice: NEW_MODEL });
    }
    let advice = match leg.because {
        Some(Reason::ProviderAuth) => NEW_KEY,
        Some(Reason::ProviderQuota) => "top up the account behind the provider's key",
        _ => "it is tried again by itself; add another provider to the route where that lasts",
    };
    Some(Fault { says: format!("{provider}/{model} {}", why(leg)), advice })
}

fn why(leg: &LegLoad) -> &'static str {
    match leg.because {
        Some(Reason::ProviderAuth) => "refuses its key",
        Some(Reason::ProviderQuota) => "has no credit left",
        Some(Reason::ProviderRateLimited) => "wants to be left alone",
        Some(Reason::DeadlineExceeded) => "does not answer in time",
        _ => "fails",
    }
}

/// Who has no key is passed over, which is how it was set.
fn well(signs: &Signs) -> Check {
    let keyless = signs.keyless.join(", ");
    let only_offline = signs.legs().all(|leg| leg.provider.as_str() == OFFLINE);
    let mut says = match &*keyless {
        "" => "every model can be asked".to_owned(),
        _ if only_offline => format!("{keyless}: no key, so the offline provider answers"),
        _ => format!("every model with a key can be asked; {keyless}: no key"),
    };
    let mut advice =
        (!keyless.is_empty()).then_some("set the api_key of a provider to have its models asked");
    for (provider, finding) in &signs.findings {
        if let Some(took) = finding.took() {
            let _infallible = write!(says, "; {provider} answers in {} ms", took.as_millis());
        }
        if let Probed::Well { unlisted, .. } = &finding.probed
            && !unlisted.is_empty()
        {
            let _infallible = write!(says, " and does not list {}", unlisted.join(", "));
            advice = Some(LISTED);
        }
    }
    Check { advice, ..Check::ok(Part::Providers, says) }
}
