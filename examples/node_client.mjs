// Asks a question, prints the answer as it comes, and survives any number of lost connections.
//
// npm install ws
// node node_client.mjs ws://localhost:8000/ws "How did the markets close?"

import { randomUUID } from "node:crypto";
import WebSocket from "ws";

const [url = "ws://localhost:8000/ws", question = "What can you do?"] = process.argv.slice(2);
const ENDS = ["turn.completed", "turn.failed", "turn.cancelled", "turn.interrupted"];

// The key makes it safe to send again when the connection broke before the reply.
const message = { type: "message.send", id: "1", key: randomUUID(), text: question };
// Offsets count bytes of UTF-8, not the UTF-16 units of a string.
const NONE = Buffer.alloc(0);
const answer = { position: null, turn: null, text: NONE, shown: NONE, end: null };
let pause = 200;

function connect() {
  const socket = new WebSocket(url, ["operatoros.v1.json"]);
  socket.on("open", () => {
    const resume = answer.position
      ? [{ ...answer.position, turn: answer.turn, offset: answer.text.length }]
      : undefined;
    const send = (frame) => socket.send(JSON.stringify(frame));
    send({ type: "hello", token: process.env.OPERATOROS_TOKEN, resume });
    if (!resume) send(message);
  });
  socket.on("message", (data) => {
    pause = 200;
    const frame = JSON.parse(data);
    if (frame.type === "error" && !frame.retryable) fail(frame.message);
    take(frame);
    if (answer.end) {
      process.stdout.write("\n");
      process.exitCode = answer.end === "turn.completed" ? 0 : 1;
      socket.close(1000);
    }
  });
  socket.on("error", () => {}); // "close" follows.
  socket.on("close", (code) => {
    if (answer.end) return;
    if (code >= 4500 && code <= 4999) fail(`closed for good: ${code}`);
    console.error(`[lost: ${code}; again in ${pause} ms]`);
    setTimeout(connect, pause);
    pause = Math.min(pause * 2, 30_000);
  });
}

function take(frame) {
  const { type, conversation, epoch, seq, turn } = frame;
  if (type === "reply") {
    // What had been sent before has no events any more, so the reply alone tells its turn.
    answer.turn ??= frame.result.turn ?? null;
  } else if (type === "turn.delta") {
    grow(frame.offset, frame.text);
  } else if (type === "snapshot") {
    answer.position = { conversation, epoch, seq };
    const mine = frame.messages.find((m) => m.turn === answer.turn && m.role === "assistant");
    if (turn?.turn === answer.turn) grow(0, turn.text);
    else if (mine) grow(0, mine.text);
    if (mine && mine.status !== "running") answer.end = `turn.${mine.status}`;
  } else if (seq !== undefined && type !== "resumed") {
    answer.position = { conversation, epoch, seq };
    answer.turn ??= turn;
    if (type === "turn.reset") answer.text = answer.shown = NONE;
    if (ENDS.includes(type) && turn === answer.turn) answer.end = type;
  }
}

const begins = (whole, part) => whole.subarray(0, part.length).equals(part);

function grow(offset, text) {
  const { shown } = answer;
  const now = Buffer.concat([answer.text.subarray(0, offset), Buffer.from(text)]);
  answer.text = now;
  // Less was kept than was shown where the server was killed: nothing of it is new.
  if (begins(shown, now)) return;
  process.stdout.write(now.subarray(begins(now, shown) ? shown.length : 0));
  answer.shown = now;
}

function fail(why) {
  console.error(why);
  process.exit(1);
}

connect();
