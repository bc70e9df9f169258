"""Runs every `async def test_*` of the files beside it, one by one, and counts."""

import asyncio
import importlib
import sys
import time
import traceback
from pathlib import Path

import harness

TEST_WITHIN = 240
HERE = Path(__file__).parent


def found(wanted):
    for path in sorted(HERE.glob("test_*.py")):
        module = importlib.import_module(path.stem)
        for name, test in list(vars(module).items()):
            if name.startswith("test_") and asyncio.iscoroutinefunction(test):
                full = f"{path.stem}.{name}"
                if not wanted or any(word in full for word in wanted):
                    yield full, test


async def run(full, test):
    began = time.monotonic()
    try:
        await asyncio.wait_for(test(), TEST_WITHIN)
        verdict, why = "ok", ""
    except harness.Skip as skip:
        verdict, why = "skip", str(skip)
    except Exception as error:  # one failure must not hide the others
        verdict, why = "FAIL", "".join(traceback.format_exception(error))
    print(f"{verdict:4} {full} ({time.monotonic() - began:.1f} s)" + (f": {why}" if why else ""),
          flush=True)
    return verdict, full


async def main(wanted):
    print(f"gateway {harness.BIN}", flush=True)
    results = [await run(full, test) for full, test in found(wanted)]
    skipped = [name for verdict, name in results if verdict == "skip"]
    passed = sum(verdict == "ok" for verdict, _ in results)
    failed = sum(verdict == "FAIL" for verdict, _ in results)
    if skipped:
        print(f"{len(skipped)} skipped: " + ", ".join(skipped))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


sys.exit(asyncio.run(main(sys.argv[1:])))
