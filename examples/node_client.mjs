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
const answer = { position: null, turn: null, text: Buffer.alloc(0), end: null };
let pause = 200;

function connect() {
  const socket = new WebSocket(url, ["operatoros.v1.json"]);
  socket.on("open", () => {
    const resume = answer.turn
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
  if (type === "turn.delta") {
    // Offsets count bytes of UTF-8, not the UTF-16 units of a string.
    answer.text = Buffer.concat([answer.text.subarray(0, frame.offset), Buffer.from(frame.text)]);
    process.stdout.write(frame.text);
  } else if (type === "snapshot") {
    answer.position = { conversation, epoch, seq };
    const mine = frame.messages.find((m) => m.turn === answer.turn && m.role === "assistant");
    if (turn?.turn === answer.turn) answer.text = Buffer.from(turn.text);
    else if (mine) answer.text = Buffer.from(mine.text);
    if (mine && mine.status !== "running") answer.end = `turn.${mine.status}`;
  } else if (seq !== undefined && type !== "resumed") {
    answer.position = { conversation, epoch, seq };
    answer.turn ??= turn;
    if (type === "turn.reset") answer.text = Buffer.alloc(0);
    if (ENDS.includes(type) && turn === answer.turn) answer.end = type;
  }
}

function fail(why) {
  console.error(why);
  process.exit(1);
}

connect();
