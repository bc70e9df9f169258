//! Traces by OTLP: a layer that makes OpenTelemetry's spans of ours.
//!
//! A layer of our own, since a turn's trace has its id before anybody records it: the log names it, and
//! a client may have given it.
//!
//! Invariant: a span is looked at when it begins, is told something or ends, never when it is entered.

use std::{cell::Cell, fmt, time::Duration};

use opentelemetry::{
    Array, Context, KeyValue, StringValue, Value,
    trace::{
        Span as _, SpanBuilder, SpanContext, SpanId, SpanKind, Status, TraceContextExt as _,
        TraceFlags, TraceId, TraceState, Tracer as _, TracerProvider as _,
    },
};
use opentelemetry_otlp::{ExporterBuildError, SpanExporter};
use opentelemetry_sdk::{
    Resource,
    trace::{IdGenerator, RandomIdGenerator, SdkTracer, SdkTracerProvider, Span},
};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{
    Layer,
    filter::{FilterFn, filter_fn},
    layer,
    registry::LookupSpan,
};

use crate::config::TraceSettings;

/// Spans and events with this target are for traces alone; below it stands what holds texts.
pub(super) const TARGET: &str = "telemetry";
const CONTENT: &str = "telemetry::content";
/// The spans that are in the log as well.
const ROOTS: &[&str] = &["turn", "task", "operatoros.command"];

/// How long a gateway that goes down waits for whoever takes its traces.
const FAREWELL: Duration = Duration::from_secs(3);

/// Sends traces while it lives.
pub(super) struct Traces {
    provider: SdkTracerProvider,
    content: bool,
}

impl Traces {
    /// As the environment says, which the crates read themselves.
    pub(super) fn begin(settings: TraceSettings) -> Result<Self, ExporterBuildError> {
        let exporter = SpanExporter::builder().with_http().build()?;
        let mut resource = Resource::builder()
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
        if !settings.is_named {
            resource = resource.with_service_name("operatoros");
        }
        let provider = SdkTracerProvider::builder()
            .with_id_generator(Ids::default())
            .with_resource(resource.build())
            .with_batch_exporter(exporter)
            .build();
        Ok(Self { provider, content: settings.content })
    }

    /// What makes spans of ours theirs.
    pub(super) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'s> LookupSpan<'s>,
    {
        let tracer = self.provider.tracer("operatoros");
        SpanLayer { tracer }.with_filter(wanted(self.content))
    }

    pub(super) fn end(self) {
        // Whoever takes them may be gone, which is no reason to stay.
        drop(self.provider.shutdown_with_timeout(FAREWELL));
    }
}

/// What is of use for traces.
fn wanted(content: bool) -> FilterFn<impl Fn(&Metadata<'_>) -> bool> {
    let wanted = filter_fn(move |of: &Metadata<'_>| match of.target() {
        TARGET => true,
        CONTENT => content,
        _ => of.is_span() && ROOTS.contains(&of.name()) && of.target().starts_with("operatoros"),
    });
    wanted.with_max_level_hint(LevelFilter::INFO)
}

thread_local! {
    /// The id of the trace that begins on this thread at this moment.
    static BEGINS: Cell<Option<u128>> = const { Cell::new(None) };
    /// The id of the span that begins on it, where it has one already.
    static NAMED: Cell<Option<u64>> = const { Cell::new(None) };
}

/// Random ids, but for traces and spans that have theirs already.
#[derive(Debug, Default)]
struct Ids(RandomIdGenerator);

impl IdGenerator for Ids {
    fn new_trace_id(&self) -> TraceId {
        BEGINS.take().map_or_else(|| self.0.new_trace_id(), TraceId::from)
    }

    fn new_span_id(&self) -> SpanId {
        NAMED.take().map_or_else(|| self.0.new_span_id(), SpanId::from)
    }
}

struct SpanLayer {
    tracer: SdkTracer,
}

/// Kept with a span of ours.
struct Kept {
    span: Span,
    /// What it is about, which those below it are about as well.
    conversation: Option<String>,
}

impl<S> Layer<S> for SpanLayer
where
    S: Subscriber + for<'s> LookupSpan<'s>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: layer::Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut told = Told::default();
        attributes.record(&mut told);
        let above = match attributes.parent() {
            Some(parent) => context.span(parent),
            None if attributes.is_contextual() => context.lookup_current(),
            None => None,
        };
        let mut parent = None;
        if let Some(above) = above
            && let Some(kept) = above.extensions().get::<Kept>()
        {
            parent = Some(kept.span.span_context().clone());
            told.about(kept.conversation.as_deref());
        }
        let name = told.name.take().unwrap_or_else(|| named(span.name(), &told));
        let builder = SpanBuilder::from_name(name).with_kind(told.kind());
        let under = |parent| Context::new().with_remote_span_context(parent);
        let under = parent.map_or_else(Context::new, under);
        let builder = builder.with_attributes(told.attributes);
        NAMED.set(told.id);
        let begun = match (told.trace, told.above) {
            (Some(trace), Some(above)) => self.below(builder, trace, above),
            (trace, _) => self.begin(builder, &under, trace),
        };
        NAMED.set(None);
        let kept = Kept { span: begun, conversation: told.conversation };
        span.extensions_mut().insert(kept);
    }

    fn on_record(&self, id: &Id, record: &Record<'_>, context: layer::Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut told = Told::default();
        record.record(&mut told);
        let mut extensions = span.extensions_mut();
        let Some(kept) = extensions.get_mut::<Kept>() else { return };
        if let Some(failed) = told.failed() {
            kept.span.set_status(Status::error(failed));
        }
        kept.span.set_attributes(told.attributes);
        kept.conversation = told.conversation.or(kept.conversation.take());
    }

    fn on_event(&self, event: &Event<'_>, context: layer::Context<'_, S>) {
        let Some(span) = context.event_span(event) else { return };
        let mut told = Told::default();
        event.record(&mut told);
        if let Some(kept) = span.extensions_mut().get_mut::<Kept>() {
            kept.span.add_event(told.message, told.attributes);
        }
    }

    fn on_close(&self, id: Id, context: layer::Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        if let Some(kept) = span.extensions_mut().get_mut::<Kept>() {
            kept.span.end();
        }
    }
}

impl SpanLayer {
    /// A span of its own, or below another of ours. One that begins a trace says which.
    fn begin(&self, builder: SpanBuilder, under: &Context, trace: Option<u128>) -> Span {
        BEGINS.set(trace);
        let begun = self.tracer.build_with_context(builder, under);
        BEGINS.set(None);
        begun
    }

    /// A span below somebody else's.
    fn below(&self, builder: SpanBuilder, trace: u128, (span, sampled): (u64, bool)) -> Span {
        let flags = TraceFlags::default().with_sampled(sampled);
        let (trace, span) = (TraceId::from(trace), SpanId::from(span));
        let above = SpanContext::new(trace, span, flags, true, TraceState::default());
        let under = Context::new().with_remote_span_context(above);
        self.tracer.build_with_context(builder, &under)
    }
}

/// What a call to a model is called.
fn named(name: &'static str, told: &Told) -> String {
    let model = told.attributes.iter().find(|pair| pair.key.as_str() == "gen_ai.request.model");
    model.map_or_else(|| name.to_owned(), |model| format!("{name} {}", model.value))
}

/// What a span or an event of ours says.
#[derive(Default)]
struct Told {
    attributes: Vec<KeyValue>,
    message: String,
    name: Option<String>,
    kind: Option<String>,
    /// The trace that it begins or belongs to.
    trace: Option<u128>,
    /// Somebody else's span above it, and whether that is recorded.
    above: Option<(u64, bool)>,
    conversation: Option<String>,
    /// The span's own id, where that was told to somebody.
    id: Option<u64>,
}

impl Told {
    fn say(&mut self, field: &Field, value: impl Into<Value>) {
        let value = value.into();
        match field.name() {
            "message" => self.message = value.as_str().into_owned(),
            "otel.name" => self.name = Some(value.as_str().into_owned()),
            "otel.kind" => self.kind = Some(value.as_str().into_owned()),
            "trace" => self.trace = u128::from_str_radix(&value.as_str(), 16).ok(),
            "above" => {
                let text = value.as_str();
                let (span, flags) = text.split_once('-').unwrap_or((&text, ""));
                let span = u64::from_str_radix(span, 16).ok();
                self.above = span.map(|span| (span, flags == "01"));
            }
            "id" => self.id = u64::from_str_radix(&value.as_str(), 16).ok(),
            "conversation" => self.about(Some(&value.as_str())),
            "gen_ai.response.finish_reasons" => {
                let one = Array::String(vec![StringValue::from(value.as_str().into_owned())]);
                self.attributes.push(KeyValue::new(field.name(), Value::Array(one)));
            }
            "turn" | "task" | "pool" | "outcome" | "intent" | "submitted_in" => {
                let name = format!("operatoros.{}", field.name());
                self.attributes.push(KeyValue::new(name, value));
            }
            name => self.attributes.push(KeyValue::new(name, value)),
        }
    }

    /// It is about this conversation.
    fn about(&mut self, conversation: Option<&str>) {
        if let Some(conversation) = conversation {
            let id = KeyValue::new("gen_ai.conversation.id", conversation.to_owned());
            self.attributes.push(id);
            self.conversation = Some(conversation.to_owned());
        }
    }

    fn kind(&self) -> SpanKind {
        match self.kind.as_deref() {
            Some("client") => SpanKind::Client,
            // Whoever sent the message waits for it.
            None if self.trace.is_some() => SpanKind::Server,
            _ => SpanKind::Internal,
        }
    }

    /// The code of what went wrong.
    fn failed(&self) -> Option<String> {
        let error = self.attributes.iter().find(|pair| pair.key.as_str() == "error.type");
        error.map(|error| error.value.as_str().into_owned())
    }
}

impl Visit for Told {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.say(field, value.to_owned());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.say(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.say(field, i64::try_from(value).unwrap_or(i64::MAX));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.say(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.say(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.say(field, format!("{value:?}"));
    }
}
