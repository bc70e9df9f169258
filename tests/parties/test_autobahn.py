"""Autobahn|TestSuite against `/ws/echo`: its cases through a runner of today, or itself."""

import asyncio
import json
import os
import shutil
import sys
from pathlib import Path

from harness import CACHE, Gateway, Skip, needs

# Compression is not offered: declining it is right, and what these groups then report.
COMPRESSED = ("12.", "13.")
GOOD = {"OK", "NON-STRICT", "INFORMATIONAL"}


def judge(report, cases_min):
    (cases,) = json.loads((report / "index.json").read_text()).values()
    assert len(cases) >= cases_min, f"only {len(cases)} cases ran"
    bad = {}
    for name, case in cases.items():
        good = GOOD | {"UNIMPLEMENTED"} if name.startswith(COMPRESSED) else GOOD
        if not {case["behavior"], case["behaviorClose"]} <= good:
            bad[name] = (case["behavior"], case["behaviorClose"])
    assert not bad, bad


async def execute(*args, **options):
    process = await asyncio.create_subprocess_exec(
        *map(str, args), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, **options)
    try:
        out, _ = await process.communicate()
    except BaseException:
        process.kill()
        raise
    return process.returncode, out.decode(errors="replace")


async def test_every_case():
    kosoku = Path(sys.executable).with_name("kosoku")
    needs(kosoku)
    async with Gateway(ECHO="true") as g:
        leave_out = [part for group in COMPRESSED for part in ("-x", f"{group}*")]
        code, out = await execute(kosoku, *leave_out, "-p", 2, "-o", g.home / "report",
                                  f"127.0.0.1:{g.port}/ws/echo")
        assert code == 0, out[-2000:]
        judge(g.home / "report", 300)


async def test_compression_is_declined():
    kosoku = Path(sys.executable).with_name("kosoku")
    needs(kosoku)
    async with Gateway(ECHO="true") as g:
        code, out = await execute(kosoku, "-i", "12.1.1", "-i", "12.5.1", "-i", "13.1.1",
                                  "-i", "13.7.1", "-o", g.home / "report",
                                  f"127.0.0.1:{g.port}/ws/echo")
        (cases,) = json.loads((g.home / "report" / "index.json").read_text()).values()
        verdicts = {name: case["behavior"] for name, case in cases.items()}
        assert set(verdicts.values()) == {"UNIMPLEMENTED"}, (verdicts, code, out[-500:])


async def test_the_original():
    python = shutil.which(os.environ.get("PARTIES_PYTHON2", ""))
    suite = CACHE / "wstest"
    if not python or not suite.exists():
        raise Skip("PARTIES_PYTHON2 names no Python 2.7 with autobahntestsuite")
    async with Gateway(ECHO="true") as g:
        spec = {"outdir": "report", "cases": ["*"], "exclude-cases": ["12.*", "13.*"],
                "servers": [{"agent": "gateway", "url": f"ws://127.0.0.1:{g.port}/ws/echo"}]}
        (g.home / "spec.json").write_text(json.dumps(spec))
        start = (f"import site; site.addsitedir({str(suite)!r}); "
                 "from autobahntestsuite.wstest import run; run()")
        _, out = await execute(python, "-c", start, "-m", "fuzzingclient", "-s", "spec.json",
                               cwd=g.home)
        assert (g.home / "report" / "index.json").exists(), out[-2000:]
        judge(g.home / "report", 300)
