//! The tools of the sports agents: scores and odds.

mod credits;
mod espn;
mod game;
mod league;
mod listing;
mod odds;
mod odds_api;
mod prices;
mod scores;
mod sources;
#[cfg(test)]
mod tests;
mod words;

use self::sources::{Espn, OddsApi};
use super::{Offer, Unbuildable};
use crate::{config::ToolSettings, model::Clock};

/// The tools that these settings allow, and what has to be set for the others.
pub(super) fn offer(settings: &ToolSettings, clock: &Clock) -> Result<Offer, Unbuildable> {
    let espn = Espn::new(&settings.espn)?;
    let odds_api = OddsApi::new(&settings.odds_api)?;
    let mut offer = match &odds_api {
        Some(odds_api) => Offer::of([odds::tool(odds_api.clone(), clock.clone())]),
        None => Offer::missing(&["sports_odds"], "ODDS_API_KEY"),
    };
    offer.add(match scores::tool(espn, odds_api, clock.clone()) {
        Some(tool) => Offer::of([tool]),
        None => Offer::missing(&["sports_scores"], "ODDS_API_KEY or tools.espn.enabled = true"),
    });
    Ok(offer)
}
