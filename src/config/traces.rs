//! Whether traces are wanted: by the variables on which the makers of such things have agreed.
//!
//! Where they go, how many and under which name is read by OpenTelemetry's own crates, so that the
//! variables mean here what they mean everywhere.

use std::collections::BTreeMap;

/// Traces are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceSettings {
    /// With what was asked and answered.
    pub content: bool,
    /// The environment says what the service is called.
    pub is_named: bool,
}

/// How traces are wanted; `None` where they are not.
pub fn traces(environment: impl IntoIterator<Item = (String, String)>) -> Option<TraceSettings> {
    let environment: BTreeMap<String, String> = environment.into_iter().collect();
    let said =
        |name: &str| environment.get(name).map(String::as_str).filter(|text| !text.is_empty());
    let is =
        |name: &str, word: &str| said(name).is_some_and(|text| text.eq_ignore_ascii_case(word));
    let asked = said("OTEL_EXPORTER_OTLP_ENDPOINT").is_some()
        || said("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT").is_some();
    let refused = is("OTEL_SDK_DISABLED", "true") || is("OTEL_TRACES_EXPORTER", "none");
    let named = said("OTEL_RESOURCE_ATTRIBUTES").is_some_and(|all| all.contains("service.name="));
    (asked && !refused).then(|| TraceSettings {
        content: is("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "true"),
        is_named: named || said("OTEL_SERVICE_NAME").is_some(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words of `NAME=value`, and `c` for content, `n` for a name of its own.
    #[track_caller]
    fn check(variables: &str, expected: Option<&str>) {
        let pairs = variables.split(' ').filter_map(|word| word.split_once('='));
        let told = traces(pairs.map(|(name, text)| (format!("OTEL_{name}"), text.to_owned())));
        let told = told.map(|TraceSettings { content, is_named }| {
            [("c", content), ("n", is_named)]
                .iter()
                .filter(|(_, is)| *is)
                .map(|(c, _)| *c)
                .collect()
        });
        assert_eq!(told, expected.map(str::to_owned), "{variables}");
    }

    #[test]
    fn traces_are_made_where_there_is_somebody_to_take_them() {
        let to = "EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318";
        check("", None);
        check("EXPORTER_OTLP_ENDPOINT=", None);
        check("SERVICE_NAME=gateway", None);
        check(to, Some(""));
        check("EXPORTER_OTLP_TRACES_ENDPOINT=http://127.0.0.1:4318/v1/traces", Some(""));
        check(&format!("{to} SDK_DISABLED=true"), None);
        check(&format!("{to} SDK_DISABLED=false"), Some(""));
        check(&format!("{to} TRACES_EXPORTER=none"), None);
        check(&format!("{to} SERVICE_NAME=gateway"), Some("n"));
        check(&format!("{to} RESOURCE_ATTRIBUTES=a=b,service.name=gateway"), Some("n"));
        check(&format!("{to} INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true"), Some("c"));
        check(&format!("{to} INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=no"), Some(""));
    }
}
