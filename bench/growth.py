"""The same requests on ever more comments, on Amazon's DynamoDB Local, whose own time is told apart.

DynamoDB Local listens on every interface, so it runs, and all that talks to it, in a network of its own
(`unshare -rn`): nothing outside can reach it. It comes from npm and needs Java 17; without either this part
is left out, and says so.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from math import log
from pathlib import Path
from typing import Any

import yaml

from bench import scene
from bench.aws_stub import Stub
from bench.engine import FOLDER
from bench.figures import figure
from bench.isolation import bring_loopback_up
from bench.measures import Bench, Event
from bench.runtime_api import Function
from bench.seeding import Seed
from infra.local.aws import make_client

ROOT = Path(__file__).resolve().parents[1]
PORT = 8123
# Comments on a page, on a site, and in the queue.
_FULL = ((100, 1_000, 10_000), (1_000, 100_000, 1_000_000), (10, 10_000))
_QUICK = ((100, 1_000), (1_500, 5_000), (10, 1_000))
Calls = dict[Any, tuple[Function, Event]]
_WARM_UP = 20
# Of memory, with its indexes: the engine keeps everything there.
_BYTES_A_COMMENT = 6_000


def measure(bench: Bench) -> dict[str, Any]:
    missing = [name for name in ("java", "unshare") if shutil.which(name) is None]
    if missing or not any(FOLDER.rglob("DynamoDBLocal.jar")):
        return {"left_out": f"needs {' and '.join(missing) or 'DynamoDB Local from npm'}"}
    arguments = [str(bench.python), str(bench.content), "quick" if bench.quick else "full"]
    done = subprocess.run(
        ["unshare", "-rn", sys.executable, "-m", "bench.growth", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        return {"left_out": "it failed, see above"}
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


def _inside(bench: Bench) -> dict[str, Any]:
    bring_loopback_up()
    [jar] = FOLDER.rglob("DynamoDBLocal.jar")
    command = ["java", f"-Djava.library.path={jar.parent / 'DynamoDBLocal_lib'}", "-jar", str(jar)]
    engine = subprocess.Popen(
        [*command, "-inMemory", "-sharedDb", "-disableTelemetry", "-port", str(PORT)],
        cwd=jar.parent,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        return _measure(bench, f"http://127.0.0.1:{PORT}")
    finally:
        engine.kill()
        engine.wait()


def _measure(bench: Bench, engine: str) -> dict[str, Any]:
    client = make_client("dynamodb", engine)
    _wait_for(client)
    documents = scene.Scene().documents
    stub = Stub(scene.Scene(documents=documents, thread=[]).answer, engine=engine)
    with ExitStack() as until_the_end:
        until_the_end.callback(stub.stop)
        place = _Place(bench, engine, client, documents[0], stub, until_the_end)
        return {**_by_page_and_queue(place), "site": _by_site(place)}


@dataclass(frozen=True)
class _Place:
    """What is measured on: one engine that all sites share, each with tables and functions of its own."""

    bench: Bench
    engine: str
    client: Any
    keys: str
    stub: Stub
    until_the_end: ExitStack

    def open_site(self, site: str) -> Seed:
        _create_tables(self.client, site)
        return Seed(self.engine, self.keys, site)

    def function(self, name: str, site: str) -> Function:
        function = self.until_the_end.enter_context(self.bench.function(name, self.stub, site))
        function.wait_until_idle()
        return function


def _by_page_and_queue(place: _Place) -> dict[str, Any]:
    pages, _, queues = _sizes(place.bench)
    seed = place.open_site("pages")
    public, staff = place.function("public", "pages"), place.function("staff", "pages")
    for size in pages:
        seed.page(f"example.org/of-{size}", size)
    calls: Calls = {}
    for size in pages:
        calls |= _requests(size, public, size)
    by_page = _by_size(_series(place.bench, place.stub, calls))
    by_queue = {}
    for size in queues:
        seed.queue(size)
        listed = _series(place.bench, place.stub, {"list the queue": (staff, scene.list_queue)})
        by_queue[size] = listed
    return {"page": by_page, "queue": by_queue, "exponents": _exponents(by_page)}


def _by_site(place: _Place) -> dict[int, Any]:
    """A page of 100 on sites of each size, in turn: one after the other, they would meet an engine that had
    run longer, and a machine in another mood."""
    page = 100
    calls: Calls = {}
    for size in _sizes(place.bench)[1]:
        site = f"site-{size}"
        seed = place.open_site(site)
        seed.page(f"example.org/of-{page}", page)
        seed.site(size)
        calls |= _requests(size, place.function("public", site), page)
    return _by_size(_series(place.bench, place.stub, calls))


def _sizes(bench: Bench) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """A site that would not fit into this machine's memory is left out."""
    pages, sites, queues = _QUICK if bench.quick else _FULL
    room = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return pages, tuple(size for size in sites if size * _BYTES_A_COMMENT < room), queues


def _requests(size: int, public: Function, page: int) -> Calls:
    """Those whose time may grow, asked of a page of `page` comments."""
    return {
        (size, "post a comment"): (public, partial(scene.post_comment, page=f"/of-{page}")),
        (size, "list 100 comments"): (public, partial(scene.get_thread, page=f"/of-{page}")),
        (size, "counts of 50 pages"): (public, scene.get_counts),
    }


def _series(bench: Bench, stub: Stub, calls: Calls) -> dict[Any, Any]:
    """All calls in turn, round after round: the engine becomes quicker as it runs."""
    cpu: dict[Any, list[float]] = {name: [] for name in calls}
    engine: dict[Any, list[float]] = {name: [] for name in calls}
    for round_ in range(bench.rounds(150) + _WARM_UP):
        for name, (function, event) in calls.items():
            stub.calls.clear()
            outcome = function.invoke(event(time.monotonic_ns()))
            assert outcome.answer["statusCode"] in (200, 202), outcome.answer["body"]
            if round_ >= _WARM_UP:
                cpu[name].append(outcome.cpu * 1000)
                engine[name].append(sum(call.engine_seconds for call in stub.calls) * 1000)
    return {
        name: {"cpu_ms": figure(cpu[name]).to_json(), "engine_ms": figure(engine[name]).to_json()}
        for name in calls
    }


def _by_size(series: dict[Any, Any]) -> dict[int, Any]:
    sizes = dict.fromkeys(size for size, _ in series)
    return {size: {name: series[of, name] for of, name in series if of == size} for size in sizes}


def _exponents(pages: dict[int, Any]) -> dict[str, dict[str, float]]:
    """b in: time is a times size to the power b, between the least and the greatest."""
    least, greatest = min(pages), max(pages)
    return {
        name: {
            kind: round(
                log(pages[greatest][name][kind]["median"] / pages[least][name][kind]["median"])
                / log(greatest / least),
                3,
            )
            for kind in ("cpu_ms", "engine_ms")
        }
        for name in pages[least]
    }


def _wait_for(client: Any) -> None:
    for _ in range(600):
        try:
            client.list_tables()
        except Exception:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("DynamoDB Local did not start")


def _create_tables(client: Any, site: str) -> None:
    resources = yaml.safe_load((ROOT / "infra" / "template.yaml").read_text())["Resources"]
    for logical_id, resource in resources.items():
        if resource["Type"] == "AWS::DynamoDB::Table":
            properties = resource["Properties"]
            kept = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
            client.create_table(
                TableName=scene.table_name(logical_id.removesuffix("Table").lower(), site),
                **{name: properties[name] for name in kept if name in properties},
            )


if __name__ == "__main__":
    _python, _content, _how = sys.argv[1:]
    print(json.dumps(_inside(Bench(Path(_python), Path(_content), _how == "quick"))))
