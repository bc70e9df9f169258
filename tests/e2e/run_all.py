"""Runs every `async def test_*` of the files beside it, a few at a time, and counts."""

import asyncio
import importlib
import os
import sys
import time
import traceback
from pathlib import Path

import harness

AT_ONCE = int(os.environ.get("E2E_JOBS", "3"))
TEST_WITHIN = 150 * max(1, harness.ROUNDS // 10)
HERE = Path(__file__).parent


def found(wanted):
    for path in sorted(HERE.glob("test_*.py")):
        module = importlib.import_module(path.stem)
        for name, test in vars(module).items():
            if name.startswith("test_") and asyncio.iscoroutinefunction(test):
                full = f"{path.stem}.{name}"
                if not wanted or any(word in full for word in wanted):
                    # A test that measures needs the machine for itself.
                    yield full, test, getattr(test, "alone", False)


async def run(full, test, seats, results):
    async with seats:
        began = time.monotonic()
        try:
            await asyncio.wait_for(test(), TEST_WITHIN)
            verdict, why = "ok", ""
        except harness.Skip as skip:
            verdict, why = "skip", str(skip)
        except BaseException as error:  # noqa: BLE001 - one failure must not hide the others
            verdict, why = "FAIL", "".join(traceback.format_exception(error))
        results.append((verdict, full))
        print(f"{verdict:4} {full} ({time.monotonic() - began:.1f} s)"
              + (f": {why}" if why else ""), flush=True)


async def main(wanted):
    print(f"gateway {harness.BIN}, {harness.ROUNDS} rounds, E2E_SEED={harness.SEED}", flush=True)
    tests, results, seats = list(found(wanted)), [], asyncio.Semaphore(AT_ONCE)
    await asyncio.gather(*(run(n, t, seats, results) for n, t, alone in tests if not alone))
    for name, test, alone in tests:
        if alone:
            await run(name, test, seats, results)
    count = lambda verdict: sum(v == verdict for v, _ in results)
    if count("skip"):
        print(f"{count('skip')} skipped: " + ", ".join(n for v, n in results if v == "skip"))
    print(f"{count('ok')} passed, {count('FAIL')} failed")
    return 1 if count("FAIL") or not results else 0


sys.exit(asyncio.run(main(sys.argv[1:])))
