//! What time it is, which no model knows.

use std::sync::Arc;

use chrono::Offset as _;
use chrono_tz::Tz;
use futures_util::{FutureExt, future::BoxFuture};
use serde::Deserialize;
use serde_json::json;

use super::{Found, Tool, Trouble, arguments, spec};
use crate::model::{Clock, ToolSpec};

struct CurrentTime {
    spec: ToolSpec,
    clock: Clock,
}

/// Tells the time by this clock.
pub(super) fn tool(clock: Clock) -> Arc<dyn Tool> {
    let parameters = json!({
        "type": "object",
        "properties": {
            "time_zone": {
                "type": "string",
                "description": "A time zone of the IANA database, such as Europe/Berlin; UTC if left out",
            },
        },
        "additionalProperties": false,
    });
    let description = "The current date, day of the week and time. Call it whenever an answer \
                       depends on today's date or on the time.";
    Arc::new(CurrentTime { spec: spec("current_time", description, parameters), clock })
}

#[derive(Deserialize)]
struct Arguments {
    time_zone: Option<String>,
}

impl Tool for CurrentTime {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn call(&self, json: Arc<str>) -> BoxFuture<'static, Result<Found, Trouble>> {
        let now = self.clock.now();
        let told = || {
            let Arguments { time_zone } = arguments(&json)?;
            let name = time_zone.as_deref().unwrap_or("UTC");
            let zone: Tz = name.parse().map_err(|_| {
                Trouble::Arguments(format!("{name:?} is no time zone of the IANA database"))
            })?;
            let now = now.to_utc().with_timezone(&zone);
            let (date, offset) = (now.format("%A, %Y-%m-%d %H:%M:%S"), now.offset().fix());
            let summary = format!("{date} in {zone}");
            Ok(Found { text: format!("{summary} (UTC{offset})"), summary })
        };
        std::future::ready(told()).boxed()
    }
}
