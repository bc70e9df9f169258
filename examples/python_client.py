"""Asks a question, prints the answer as it comes, and survives any number of lost connections.

pip install websockets
python python_client.py ws://localhost:8000/ws "How did the markets close?"
"""

import asyncio
import json
import os
import sys
import uuid

import websockets

ENDS = {"turn.completed", "turn.failed", "turn.cancelled", "turn.interrupted"}

class Answer:
    """One answer, put together from deltas, and the position to resume from."""

    def __init__(self):
        self.position, self.turn, self.end = {}, None, None
        self.text = self.shown = b""  # Offsets count bytes of UTF-8.

    def take(self, frame):
        kind, turn = frame["type"], frame.get("turn")
        if kind == "reply":
            # What had been sent before has no events any more, so the reply alone tells its turn.
            self.turn = self.turn or frame["result"].get("turn")
        elif kind == "turn.delta":
            self.grow(frame["offset"], frame["text"])
        elif kind == "snapshot":
            self.stand(frame)
            for message in frame["messages"]:
                if message["turn"] == self.turn and message["role"] == "assistant":
                    self.grow(0, message["text"])
                    self.end = None if message["status"] == "running" else "turn." + message["status"]
            if turn and turn["turn"] == self.turn:
                self.grow(0, turn["text"])
        elif "seq" in frame and kind != "resumed":
            self.stand(frame)
            self.turn = self.turn or turn
            if kind == "turn.reset":
                self.text = self.shown = b""
            self.end = kind if kind in ENDS else self.end

    def grow(self, offset, text):
        self.text = self.text[:offset] + text.encode()
        # Less was kept than was shown where the server was killed: nothing of it is new.
        if not self.shown.startswith(self.text):
            print(self.text.removeprefix(self.shown).decode(), end="", flush=True)
            self.shown = self.text

    def stand(self, frame):
        self.position = {of: frame[of] for of in ("conversation", "epoch", "seq")}

async def ask(url, question, token=None):
    answer, pause = Answer(), 0.2
    # With a key it is safe to send again when the connection broke before the reply.
    message = {"type": "message.send", "id": "1", "key": str(uuid.uuid4()), "text": question}
    while not answer.end:
        try:
            async with websockets.connect(url, subprotocols=["operatoros.v1.json"]) as socket:
                at = {**answer.position, "turn": answer.turn, "offset": len(answer.text)}
                hello = {"type": "hello", "token": token, "resume": [at] if answer.position else []}
                await socket.send(json.dumps(hello))
                if not answer.position:
                    await socket.send(json.dumps(message))
                while not answer.end:
                    frame = json.loads(await socket.recv())
                    pause = 0.2
                    if frame["type"] == "error" and not frame["retryable"]:
                        raise SystemExit(frame["message"])
                    answer.take(frame)
        except (OSError, websockets.WebSocketException) as lost:
            if 4500 <= getattr(getattr(lost, "rcvd", None), "code", 0) <= 4999:
                raise SystemExit(f"closed for good: {lost}") from lost
            print(f"[lost: {lost}; again in {pause:.1f} s]", file=sys.stderr)
            await asyncio.sleep(pause)
            pause = min(pause * 2, 30)
    print()
    return answer.end != "turn.completed"


if __name__ == "__main__":
    url, question, *_ = sys.argv[1:] + ["ws://localhost:8000/ws", "What can you do?"][len(sys.argv) - 1 :]
    sys.exit(asyncio.run(ask(url, question, os.environ.get("OPERATOROS_TOKEN"))))
