"""Traces by OTLP, as OpenTelemetry's own decoder reads them."""

import asyncio
import contextlib

from harness import Client, Gateway, Skip, offline
from upstream import Upstream, answer, pool

try:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
        ExportTraceServiceRequest, ExportTraceServiceResponse)
except ImportError:
    ExportTraceServiceRequest = None

KEY = "sk-planted-key-7f31"
ASKED, SAID = "planted-question-90aa", "planted-answer-33be"


class Collector:
    """Takes OTLP over HTTP, and keeps the spans."""

    def __init__(self):
        self.spans, self.resources, self.heads, self.bytes = [], [], [], b""

    async def __aenter__(self):
        if ExportTraceServiceRequest is None:
            raise Skip("opentelemetry-proto is not installed")
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_):
        self.server.close()

    async def _serve(self, reader, writer):
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                self.heads.append(head)
                length = next(int(line.split(":")[1]) for line in head.lower().split("\r\n")
                              if line.startswith("content-length:"))
                body = await reader.readexactly(length)
                self.bytes += body
                for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                    self.resources.append(attributes(resource.resource))
                    for scope in resource.scope_spans:
                        self.spans.extend(scope.spans)
                done = ExportTraceServiceResponse().SerializeToString()
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\n"
                             b"content-length: %d\r\n\r\n" % len(done) + done)
                await writer.drain()

    def named(self, name):
        return [span for span in self.spans if span.name == name]


def attributes(of):
    def plain(value):
        kind = value.WhichOneof("value")
        if kind == "array_value":
            return [plain(one) for one in value.array_value.values]
        return getattr(value, kind)
    return {pair.key: plain(pair.value) for pair in of.attributes}


class Traced(Gateway):
    """A gateway with the standard variables."""

    def __init__(self, collector, otel=None, **more):
        super().__init__(**more)
        self.otel = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "100",
                     **(otel or {})}

    def env(self):
        return {**super().env(), **self.otel}


async def stopped(g):
    g.signal()
    await g.exited()


async def test_a_turn_is_one_trace_from_frame_to_provider_and_back():
    trace, above = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    async with Collector() as collector, Upstream(lambda e: answer(e, f"{SAID} more")) as up:
        toml = up.provider("near", kind="openai", key=KEY) + pool("near")
        otel = {"OTEL_RESOURCE_ATTRIBUTES": "deployment.environment=test",
                "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer collected"}
        async with Traced(collector, otel, toml=toml) as g:
            async with await Client.connect(g.url) as c:
                first = await c.say(ASKED, traceparent=f"00-{trace}-{above}-01")
                await c.end(first["turn"])
                second = await c.say(ASKED)
                await c.end(second["turn"])
            await stopped(g)
        assert collector.heads[0].startswith("POST /v1/traces ")
        assert "authorization: bearer collected" in collector.heads[0].lower()
        resource = collector.resources[0]
        assert resource["service.name"] == "operatoros", resource
        assert resource["deployment.environment"] == "test", resource
        turns = {attributes(span)["operatoros.turn"]: span for span in collector.named("turn")}
        assert set(turns) == {first["turn"], second["turn"]}
        root = turns[first["turn"]]
        assert (root.trace_id.hex(), root.parent_span_id.hex()) == (trace, above)
        assert turns[second["turn"]].parent_span_id == b"" and turns[second["turn"]].trace_id != root.trace_id
        for sent in (first, second):
            root = turns[sent["turn"]]
            [chat] = [s for s in collector.named("chat fake") if s.trace_id == root.trace_id]
            [frame] = [s for s in collector.named("message.send") if s.trace_id == root.trace_id]
            assert chat.parent_span_id == root.span_id == frame.parent_span_id
            assert chat.kind == chat.SPAN_KIND_CLIENT and root.kind == root.SPAN_KIND_SERVER
            said = attributes(chat)
            expected = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai",
                        "gen_ai.request.model": "fake", "gen_ai.response.model": "fake",
                        "gen_ai.usage.input_tokens": 3, "gen_ai.usage.output_tokens": 2,
                        "gen_ai.response.finish_reasons": ["stop"],
                        "gen_ai.conversation.id": sent["conversation"]}
            assert expected.items() <= said.items(), said
            assert [event.name for event in root.events] == ["started", "first token"], root.events
            assert attributes(root)["operatoros.outcome"] == "completed"
            assert root.start_time_unix_nano <= frame.start_time_unix_nano
            assert chat.end_time_unix_nano <= root.end_time_unix_nano
            assert frame.end_time_unix_nano < root.end_time_unix_nano
        for planted in (ASKED, SAID, KEY):
            assert planted.encode() not in collector.bytes, planted


TRACE, ABOVE = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


async def test_a_connection_goes_on_with_the_trace_that_it_came_with():
    other = "0af7651916cd43dd8448eb211c80319c"
    async with Collector() as collector, Upstream() as up:
        toml = up.provider("near", key=KEY) + pool("near")
        async with Traced(collector, toml=toml) as g:
            headers = {"traceparent": f"00-{TRACE}-{ABOVE}-01"}
            async with await Client.connect(g.url, headers=headers) as c:
                await c.end((await c.say(ASKED))["turn"])
                own = await c.say(ASKED, traceparent=f"00-{other}-{ABOVE}-01")
                await c.end(own["turn"])
                await c.end((await c.ask("turn.retry", turn=own["turn"]))["turn"])
            await stopped(g)
        traces = [span.trace_id.hex() for span in collector.named("turn")]
        assert sorted(traces) == sorted([TRACE, other, TRACE]), traces


async def test_a_command_is_a_trace_and_a_task_names_it():
    async with Collector() as collector, Upstream() as up:
        toml = up.provider("near", key=KEY) + pool("near")
        async with Traced(collector, toml=toml, LOG="operatoros=debug") as g:
            headers = {"traceparent": f"00-{TRACE}-{ABOVE}-01"}
            async with await Client.connect(g.url, headers=headers) as c:
                await c.ask("subscribe", topic="tasks")
                sent = await c.ask("message.send", text=f"/task submit {ASKED}")
                await c.frame("task", status="succeeded")
                asked = await c.ask("message.send", text=f"/ask general {ASKED}")
                await c.end(asked["turn"])
            await stopped(g)
        commands = {attributes(span)["operatoros.intent"]: span
                    for span in collector.named("operatoros.command")}
        submit, ask = commands["task.submit"], commands["pools.ask"]
        for command, of in ((submit, sent), (ask, asked)):
            assert (command.trace_id.hex(), command.parent_span_id.hex()) == (TRACE, ABOVE)
            said = attributes(command)
            expected = {"operatoros.turn": of["turn"], "operatoros.outcome": "completed",
                        "gen_ai.conversation.id": of["conversation"]}
            assert expected.items() <= said.items(), said
        [turn] = collector.named("turn")
        assert turn.parent_span_id == ask.span_id and turn.trace_id == ask.trace_id
        [task] = collector.named("task")
        assert task.trace_id.hex() != TRACE
        assert attributes(task)["operatoros.submitted_in"] == TRACE, attributes(task)
        assert ASKED.encode() not in collector.bytes


async def test_a_provider_is_told_of_a_trace_only_where_its_settings_say_so():
    def header(exchange):
        lines = exchange.head.split("\r\n")
        return next((line[13:] for line in lines if line.startswith("traceparent: ")), None)
    for traced in (True, False):
        async with Collector() as collector, Upstream() as up:
            toml = up.provider("near", key=KEY, trace=True) + up.provider("far", key=KEY) \
                + pool("near", name="general") + pool("far", name="sports")
            otel = {} if traced else {"OTEL_EXPORTER_OTLP_ENDPOINT": ""}
            async with Traced(collector, otel, toml=toml) as g:
                async with await Client.connect(g.url) as c:
                    for name in ("general", "sports"):
                        parent = f"00-{TRACE}-{ABOVE}-01"
                        sent = await c.say(ASKED, pool=name, traceparent=parent)
                        await c.end(sent["turn"])
                await stopped(g)
            near, far = [header(exchange) for exchange in up.exchanges]
            assert far is None, far
            if traced:
                chat = collector.named("chat fake")[0]
                assert near == f"00-{TRACE}-{chat.span_id.hex()}-01", near
            else:
                assert near == f"00-{TRACE}-{ABOVE}-01", near


async def test_failures_have_their_code_and_each_attempt_its_span():
    async def script(exchange):
        if exchange.body["model"] == "fake":
            return await exchange.status(503)
        await answer(exchange)
    async with Collector() as collector, Upstream(script) as up:
        toml = up.provider("near", key=KEY) + up.provider("far", kind="anthropic", key=KEY, model="better") \
            + pool("near", "far")
        async with Traced(collector, toml=toml) as g:
            async with await Client.connect(g.url) as c:
                sent = await c.say("Hello")
                assert (await c.end(sent["turn"]))["type"] == "turn.completed"
                up.script = lambda exchange: exchange.status(400)
                sent = await c.say("Hello")
                assert (await c.end(sent["turn"]))["type"] == "turn.failed"
            await stopped(g)
        ill, well = collector.named("chat fake")[0], collector.named("chat better")[0]
        assert ill.trace_id == well.trace_id
        assert attributes(ill)["error.type"] == "provider_unavailable" and ill.status.code == 2, ill
        assert attributes(well)["gen_ai.provider.name"] == "anthropic" and well.status.code == 0, well
        [failed] = [s for s in collector.named("turn") if attributes(s).get("operatoros.outcome") == "failed"]
        assert attributes(failed)["error.type"] == "provider_rejected", failed


async def test_what_is_said_is_in_a_trace_only_where_that_is_switched_on():
    content = {"OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "true"}
    async with Collector() as collector, Upstream(lambda e: answer(e, SAID)) as up:
        toml = up.provider("near", key=KEY) + pool("near")
        async with Traced(collector, content, toml=toml, LOG="operatoros=trace,debug") as g:
            async with await Client.connect(g.url) as c:
                await c.end((await c.say(ASKED))["turn"])
            await stopped(g)
            log = g.log
        said = attributes(collector.named("chat fake")[0])
        assert ASKED in said["gen_ai.input.messages"] and SAID in said["gen_ai.output.messages"], said
        assert "gen_ai.system_instructions" in said
        assert ASKED not in log and SAID not in log and KEY.encode() not in collector.bytes


async def test_nothing_is_sent_where_nobody_asks_and_nobody_waits_for_a_dead_collector():
    quick = offline(words=20, per_second=400, first_ms=5)
    async with Collector() as collector:
        for otel in ({"OTEL_SDK_DISABLED": "true"}, {"OTEL_TRACES_SAMPLER": "always_off"},
                     {"OTEL_EXPORTER_OTLP_ENDPOINT": ""}):
            async with Traced(collector, otel, **quick) as g, await Client.connect(g.url) as c:
                assert (await c.end((await c.say("Hello"))["turn"]))["type"] == "turn.completed"
                await stopped(g)
        assert collector.spans == []
        dead = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
        async with Traced(collector, dead, **quick) as g, await Client.connect(g.url) as c:
            assert (await c.end((await c.say("Hello"))["turn"]))["type"] == "turn.completed"
            g.signal()
            await g.exited(within=10)
