//! The settings: read anew when somebody says so, and how the last reading went.

use serde_json::json;

use super::{Operator, report::Report};
use crate::{
    config::{Changes, SettingsState, listed},
    intent::Operation,
};

impl Operator {
    /// The settings are to be read anew; asks back first, unless that was agreed to.
    pub(super) async fn reload(&self, agreed: bool) -> Report {
        if !agreed {
            let question = "Read the settings again? What has changed takes effect at once.";
            return Report::consent(question, &Operation::Reload);
        }
        match self.settings.reload().await {
            Ok(changes) => {
                let text = told(&changes);
                let Changes { live, waiting, certificate_refused } = changes;
                let mut data =
                    json!({ "reloaded": true, "changed": live, "after_restart": waiting });
                if let Some(because) = certificate_refused {
                    data["certificate_refused"] = because.into();
                }
                Report::new(text, data)
            }
            Err(refused) => Report::new(
                format!("Everything stays as it is: {refused}."),
                json!({ "reloaded": false, "because": refused.to_string() }),
            ),
        }
    }
}

/// What came of a reading.
fn told(Changes { live, waiting, certificate_refused }: &Changes) -> String {
    let now = match live.as_slice() {
        [] => "Nothing that can change now is different.".to_owned(),
        live => format!("In force now: {}.", listed(live)),
    };
    let waits = match waiting.as_slice() {
        [] => String::new(),
        waiting => format!(" Changed, and takes effect after a restart: {}.", listed(waiting)),
    };
    let refused = certificate_refused.map_or_else(String::new, |because| {
        format!(" The certificate's new files were refused, {because}: mend them.")
    });
    format!("{now}{waits}{refused}")
}

/// How the settings stand, and whether that is as it should be.
pub(super) fn standing(SettingsState { refused, waiting }: &SettingsState) -> (bool, String) {
    match (refused, waiting.as_slice()) {
        (Some(because), _) => {
            let says = format!("the file was refused, what held before still does: {because}");
            (false, format!("{says}; mend it, it is read again by itself"))
        }
        (None, []) => (true, "as their file has them".to_owned()),
        (None, waiting) => {
            (true, format!("changed, and takes effect after a restart: {}", listed(waiting)))
        }
    }
}
