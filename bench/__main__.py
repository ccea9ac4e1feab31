"""Measure what is claimed: `make bench`, or `python -m bench --quick` to see that the bench itself works.

Packages for this machine, runs the zip as Lambda does, and writes bench/results/<date>.json and
bench/README.md. Nothing here passes or fails by a time: what is compared is the last results.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from bench import growth, load, measures
from bench.measures import Bench
from bench.pages import RESULTS, write_pages
from infra.package import CannotPackageError, package

ROOT = Path(__file__).resolve().parents[1]
PYTHON = ROOT / ".venv-bench" / "bin" / "python"
_ARCHITECTURES = {"x86_64": "x86_64", "aarch64": "arm64"}

PARTS: dict[str, Callable[[Bench], Any]] = {
    "cold_starts": measures.cold_starts,
    "warm_requests": measures.warm_requests,
    "round_trips": measures.round_trips,
    "worst_input": measures.worst_input,
    "memory": measures.memory,
    "growth": growth.measure,
    "load": load.measure,
}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few rounds, and nothing is kept")
    parser.add_argument("--keep", action="store_true", help="keep a quick run, marked as such")
    parser.add_argument("--part", action="append", choices=sorted(PARTS), help="only this; nothing is kept")
    options = parser.parse_args(arguments)
    try:
        result = _measure(options.part or list(PARTS), quick=options.quick)
    except CannotPackageError as error:
        print(error, file=sys.stderr)
        return 1
    if options.part or (options.quick and not options.keep):
        print(json.dumps(result, indent=1))
        return 0
    _keep(result)
    return 0


def _measure(parts: list[str], *, quick: bool) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="frontdesk-bench-") as temporary:
        folder = Path(temporary)
        _say("packaging")
        package("prod", folder, with_zip=True)
        size = (folder / "deployment.zip").stat().st_size
        package("prod", folder / "own", with_zip=True, architecture=_ARCHITECTURES[platform.machine()])
        with ZipFile(folder / "own" / "deployment.zip") as made:
            made.extractall(folder / "content")
        bench = Bench(PYTHON, folder / "content", quick)
        result: dict[str, Any] = {"about": _about(quick=quick), "zip_bytes": size}
        for part in parts:
            started = time.perf_counter()
            result[part] = PARTS[part](bench)
            _say(f"{part}: {time.perf_counter() - started:.0f} s")
    return result


def _about(*, quick: bool) -> dict[str, Any]:
    return {
        "quick": quick,
        "at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "commit": _git("rev-parse", "--short=12", "HEAD"),
        "changed_since": bool(_git("status", "--porcelain", "--untracked-files=no")),
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}",
        "load_average": round(os.getloadavg()[0], 1),
    }


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _keep(result: dict[str, Any]) -> None:
    RESULTS.mkdir(exist_ok=True)
    moment = result["about"]["at"].replace(":", "").replace("-", "")
    (RESULTS / f"{moment}.json").write_text(json.dumps(result, indent=1) + "\n")
    print("\n".join(write_pages()))


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
