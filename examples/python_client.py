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
        self.conversation = self.turn = None
        self.epoch = self.seq = 0
        self.text, self.end = b"", None  # Offsets count bytes of UTF-8.

    def take(self, frame):
        kind = frame["type"]
        if kind == "reply" and "turn" in frame.get("result", {}):
            self.conversation, self.turn = (frame["result"][of] for of in ("conversation", "turn"))
        if kind == "snapshot":
            self.epoch, self.seq = frame["epoch"], frame["seq"]
            for message in frame["messages"]:
                if message["turn"] == self.turn and message["role"] == "assistant":
                    self.become(message["text"])
                    self.end = None if message["status"] == "running" else "turn." + message["status"]
            if frame.get("turn", {}).get("turn") == self.turn:
                self.become(frame["turn"]["text"])
        elif kind == "turn.delta" and self.turn in (None, frame["turn"]):
            self.text = self.text[: frame["offset"]] + frame["text"].encode()
            print(frame["text"], end="", flush=True)
        elif "seq" in frame and kind != "resumed":
            self.conversation, self.turn = frame["conversation"], self.turn or frame.get("turn")
            self.epoch, self.seq = frame["epoch"], frame["seq"]
            if kind == "turn.reset":
                self.text = b""
            if kind in ENDS and frame["turn"] == self.turn:
                self.end = kind

    def become(self, text):
        known, self.text = self.text, text.encode()
        new = self.text.removeprefix(known)
        print(new.decode(errors="replace"), end="", flush=True)

    def position(self):
        return {"conversation": self.conversation, "epoch": self.epoch, "seq": self.seq,
                "turn": self.turn, "offset": len(self.text)}


async def ask(url, question, token=None):
    answer, pause = Answer(), 0.2
    # With a key it is safe to send again when the connection broke before the reply.
    message = {"type": "message.send", "id": "1", "key": str(uuid.uuid4()), "text": question}
    while not answer.end:
        try:
            async with websockets.connect(url, subprotocols=["operatoros.v1.json"]) as socket:
                known = {"resume": [answer.position()]} if answer.turn else {}
                await socket.send(json.dumps({"type": "hello", "token": token, **known}))
                if not known:
                    await socket.send(json.dumps(message))
                pause = 0.2
                while not answer.end:
                    frame = json.loads(await socket.recv())
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
    url, question, *_ = [*sys.argv[1:], *["ws://localhost:8000/ws", "What can you do?"][len(sys.argv) - 1 :]]
    sys.exit(asyncio.run(ask(url, question, os.environ.get("OPERATOROS_TOKEN"))))
