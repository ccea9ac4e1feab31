"""What is measured on the packaged zip: cold starts, warm requests, round trips, worst input, memory.

Everything compared is taken in turn, round after round, on one machine in one run.
"""

import gzip
import os
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import scene
from bench.aws_stub import Stub
from bench.figures import figure, ratio
from bench.runtime_api import Function
from bench.units import written_by
from bench.words import worst_texts

Event = Callable[[int], dict[str, Any]]
# What issue 8 names, by function.
OPERATIONS: dict[str, tuple[str, Event]] = {
    "post a comment": ("public", scene.post_comment),
    "list 100 comments": ("public", scene.get_thread),
    "counts of 50 pages": ("public", scene.get_counts),
    "send an enquiry": ("public", scene.post_enquiry),
    "approve a comment": ("staff", scene.approve),
    "body of 40 kB, refused": ("public", scene.too_large),
}
_HERE = Path(__file__).parent
_B = "import boto3; boto3.client('dynamodb')"


@dataclass(frozen=True)
class Bench:
    """Where things are, and how much is done: `python` is the bench's own, `content` the unpacked zip."""

    python: Path
    content: Path
    quick: bool

    def rounds(self, full: int) -> int:
        return 2 if self.quick else full

    def function(self, name: str, stub: Stub, site: str = "bench") -> Function:
        environment = scene.environment(name, stub.url, site)
        return Function(self.python, self.content, scene.handler_of(name), environment)


def cold_starts(bench: Bench) -> dict[str, Any]:
    """CPU and wall from the process's start to its first answer; CPU of the init alone, against B."""
    stub = Stub(scene.Scene().answer)
    b: list[float] = []
    taken: dict[str, list[tuple[float, float, float]]] = {name: [] for name in scene.FIRST_EVENTS}
    for _ in range(bench.rounds(9)):
        b.append(_cpu_of(bench, _B, stub))
        for name, event in scene.FIRST_EVENTS.items():
            with bench.function(name, stub) as function:
                function.wait_until_idle()
                init = function.cpu()
                taken[name].append((init, *function.first(event)))
    stub.stop()
    return {
        "B_ms": figure(b).scaled(1000).to_json(),
        "functions": {
            name: {
                "init_in_B": ratio([t[0] for t in times], b).to_json(),
                "init_cpu_ms": figure([t[0] for t in times]).scaled(1000).to_json(),
                "first_answer_cpu_ms": figure([t[1] for t in times]).scaled(1000).to_json(),
                "first_answer_wall_ms": figure([t[2] for t in times]).scaled(1000).to_json(),
                "modules": _modules(bench, name),
            }
            for name, times in taken.items()
        },
    }


def _cpu_of(bench: Bench, code: str, stub: Stub) -> float:
    process = subprocess.Popen([str(bench.python), "-c", code], env=_environment(stub))
    _, _, usage = os.wait4(process.pid, 0)
    return usage.ru_utime + usage.ru_stime


def _environment(stub: Stub) -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1", **scene.aws_environment(stub.url)}


def _modules(bench: Bench, name: str) -> int:
    """How many modules are imported when the init has ended."""
    stub = Stub(scene.Scene().answer)
    code = "import sys, app; print(len(sys.modules))"
    environment = {
        "PATH": "/usr/bin:/bin",
        "PYTHONDONTWRITEBYTECODE": "1",
        **scene.environment(name, stub.url),
    }
    done = subprocess.run(
        [str(bench.python), "-c", code], cwd=bench.content, env=environment, capture_output=True, check=True
    )
    stub.stop()
    return int(done.stdout)


def warm_requests(bench: Bench) -> dict[str, Any]:
    """CPU of one request in a warm function, against T; and what the runtime's own share of it is."""
    batch = 5 if bench.quick else 20
    taken: dict[str, list[float]] = {name: [] for name in (*OPERATIONS, "T", "run T", "nothing")}
    with ExitStack() as open_until_the_end:
        stub = Stub(scene.Scene().answer, recording=False)
        bare = _start_bare(bench, stub, open_until_the_end)
        functions = {
            name: open_until_the_end.enter_context(bench.function(name, stub)) for name in ("public", "staff")
        }
        for name, environment in (("nothing", {}), ("bare", scene.aws_environment(stub.url))):
            functions[name] = open_until_the_end.enter_context(
                Function(bench.python, _HERE, f"{name}.handler", environment)
            )
        # With the same event, so that reading it counts for all of them or for none.
        others = {"nothing": ("nothing", scene.post_comment), "run T": ("bare", scene.post_comment)}
        events = {**OPERATIONS, **others}
        for function in functions.values():
            function.wait_until_idle()
        number = 0
        for round_ in range(bench.rounds(30) + 2):
            for name, (function_name, event) in events.items():
                cpu = 0.0
                for _ in range(batch):
                    number += 1
                    cpu += functions[function_name].invoke(event(number)).cpu
                _keep(taken[name], cpu / batch, round_)
            _keep(taken["T"], _ask(bare, batch), round_)
        stub.stop()
    own = {name: _less(taken[name], taken["nothing"]) for name in (*OPERATIONS, "run T")}
    return {
        "T_ms": figure(taken["T"]).scaled(1000).to_json(),
        "run_T_ms": figure(own["run T"]).scaled(1000).to_json(),
        "runtime_ms": figure(taken["nothing"]).scaled(1000).to_json(),
        "operations": {
            name: {
                "cpu_ms": figure(taken[name]).scaled(1000).to_json(),
                "own_cpu_ms": figure(own[name]).scaled(1000).to_json(),
                "in_T": ratio(own[name], taken["T"]).to_json(),
                "in_run_T": ratio(own[name], own["run T"]).to_json(),
            }
            for name in OPERATIONS
        },
    }


def _less(values: list[float], of_the_runtime: list[float]) -> list[float]:
    return [value - own for value, own in zip(values, of_the_runtime, strict=True)]


def _keep(values: list[float], value: float, round_: int) -> None:
    # The first two rounds warm up.
    if round_ >= 2:
        values.append(value)


def _start_bare(bench: Bench, stub: Stub, stack: ExitStack) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [str(bench.python), str(_HERE / "bare.py")],
        env=_environment(stub),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    stack.callback(process.wait)
    stack.callback(process.kill)
    return process


def _ask(bare: "subprocess.Popen[str]", calls: int) -> float:
    assert bare.stdin is not None
    assert bare.stdout is not None
    bare.stdin.write(f"{calls}\n")
    bare.stdin.flush()
    return float(bare.stdout.readline())


def round_trips(bench: Bench) -> dict[str, Any]:
    """Calls, items and units of one request each, as they are on the wire."""
    counted = {}
    stub = Stub(scene.Scene().answer)
    with bench.function("public", stub) as public, bench.function("staff", stub) as staff:
        functions = {"public": public, "staff": staff}
        for function in functions.values():
            function.wait_until_idle()
        for name, (function_name, event) in OPERATIONS.items():
            stub.calls.clear()
            answer = functions[function_name].invoke(event(1)).answer
            body = str(answer["body"]).encode()
            counted[name] = {
                "status": answer["statusCode"],
                "calls": [call.operation for call in stub.calls],
                "items": sum(call.items for call in stub.calls),
                "written": sum(written_by(call.operation, call.body) for call in stub.calls),
                "write_units": sum(call.write_units for call in stub.calls),
                "read_units": sum(call.read_units for call in stub.calls),
                "answer_bytes": len(body),
                "answer_bytes_gzip": len(gzip.compress(body, 6, mtime=0)),
            }
    stub.stop()
    return counted


def worst_input(bench: Bench) -> dict[str, Any]:
    """CPU of a whole POST of each of the costliest texts, and of the decision that publishes it."""
    found: dict[str, Any] = {}
    stub = Stub(scene.Scene().answer, recording=False)
    with bench.function("public", stub) as public, bench.function("staff", stub) as staff:
        public.wait_until_idle()
        staff.wait_until_idle()
        public.invoke(scene.post_comment(0))
        staff.invoke(scene.approve(0))
        for name, text in worst_texts().items():
            posted, approved = [], []
            for number in range(bench.rounds(5)):
                outcome = public.invoke(scene.post_comment(number, text))
                posted.append(outcome.cpu)
                if outcome.answer["statusCode"] == 202:
                    approved.append(staff.invoke(scene.approve(number)).cpu)
            found[name] = {
                "status": outcome.answer["statusCode"],
                "post_cpu_ms": figure(posted).scaled(1000).to_json(),
                "approve_cpu_ms": figure(approved).scaled(1000).to_json() if approved else None,
            }
    stub.stop()
    return found


def memory(bench: Bench) -> dict[str, Any]:
    """Resident megabytes after the init, and after 1,000 requests."""
    found = {}
    stub = Stub(scene.Scene().answer, recording=False)
    events = {**scene.FIRST_EVENTS, "public": None, "staff": None}
    for name, event in events.items():
        with bench.function(name, stub) as function:
            function.wait_until_idle()
            started = function.memory()
            for number in range(100 if bench.quick else 1000):
                function.invoke(event if event is not None else _mixed(name, number))
            found[name] = {"after_init_mb": _mb(started), "after_requests_mb": _mb(function.memory())}
    stub.stop()
    return found


def _mixed(name: str, number: int) -> dict[str, Any]:
    own = [event for function, event in OPERATIONS.values() if function == name]
    return own[number % len(own)](number)


def _mb(size: int) -> float:
    return round(size / 1e6, 1)


def elapsed(started: float) -> str:
    return f"{time.perf_counter() - started:.0f} s"
