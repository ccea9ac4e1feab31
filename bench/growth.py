"""The same requests on ever more comments, on Amazon's DynamoDB Local, whose own time is told apart.

DynamoDB Local listens on every interface, so it runs, and all that talks to it, in a network of its own
(`unshare -rn`): nothing outside can reach it. It comes from npm and needs Java 17; without either this part
is left out, and says so.
"""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
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
from chalicelib.privacy.keys import read_keys
from chalicelib.privacy.sealing import Sealer
from chalicelib.storage.comments import CommentsTable
from chalicelib.storage.dynamodb import Database
from chalicelib.storage.seal import Seal
from chalicelib.times import to_text
from infra.local.aws import make_client

ROOT = Path(__file__).resolve().parents[1]
PORT = 8123
_PAGES = (100, 1_000, 10_000)
_SITES = (1_000, 100_000)
_QUEUES = (10, 10_000)
_QUICK = ((100, 1_000), (1_500, 5_000), (10, 1_000))
_WARM_UP = 20


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
    documents = scene.Scene().documents
    client = make_client("dynamodb", engine)
    _wait_for(client)
    _create_tables(client)
    seed = _Seed(client, documents[0])
    stub = _KeysApart(documents, engine).stub
    pages, sites, queues = _QUICK if bench.quick else (_PAGES, _SITES, _QUEUES)
    found: dict[str, Any] = {"page": {}, "site": {}, "queue": {}}
    with bench.function("public", stub) as public, bench.function("staff", stub) as staff:
        public.wait_until_idle()
        staff.wait_until_idle()
        # The site first: the larger pages alone would make it larger than its least size.
        smallest, *larger = pages
        seed.page(f"example.org/of-{smallest}", smallest)
        for size in sites:
            seed.site(size)
            found["site"][size] = _pages(bench, public, stub, (smallest,))[smallest]
        for size in larger:
            seed.page(f"example.org/of-{size}", size)
        found["page"] = _pages(bench, public, stub, pages)
        for size in queues:
            seed.queue(size)
            found["queue"][size] = _series(bench, staff, stub, {"list the queue": scene.list_queue})
    stub.stop()
    return {**found, "exponents": _exponents(found["page"])}


class _Seed:
    """Puts comments where the code would have put them, many at once."""

    def __init__(self, client: Any, keys: str) -> None:
        self._client = client
        now = lambda: scene.FIRST  # noqa: E731
        seal = Seal(Sealer(read_keys(keys).sealing_keys), None)
        table = scene.table_name("comments")
        self._comments = CommentsTable(Database(client, now), table, timedelta(days=30), seal)
        self._number = 0
        self._on_site = 0
        self._waiting = 0

    def page(self, page: str, size: int) -> None:
        pattern = self._comments.put_new(scene.approved(0, page)).action["Put"]["Item"]
        self._put(self._like(pattern, size))
        edges = [
            {
                "comment_id": {"S": f"edge{edge}{page}"},
                "approved_page": {"S": page},
                "position": {"S": edge},
                "approved_count": {"N": str(size)},
            }
            for edge in "!~"
        ]
        self._put(iter(edges))
        self._on_site += size

    def site(self, size: int) -> None:
        """Other pages, of 100 comments each, until the site has `size`."""
        while self._on_site < size:
            self.page(f"example.org/other-{self._on_site}", 100)

    def queue(self, size: int) -> None:
        text = scene.approved(self._waiting)
        pattern = self._comments.put_new(scene.pending_of(text)).action["Put"]["Item"]
        self._put(self._like(pattern, size - self._waiting))
        self._waiting = size

    def _like(self, pattern: dict[str, Any], count: int) -> Iterator[dict[str, Any]]:
        """The same comment again under other ids, each a second later: sealing each would take minutes."""
        old = pattern["comment_id"]["S"]
        old_at = pattern["created_at"]["S"]
        for _ in range(count):
            self._number += 1
            comment = scene.approved(self._number)
            at = to_text(comment.created_at)
            yield {
                name: {"S": value["S"].replace(old, comment.id).replace(old_at, at)}
                if "S" in value
                else value
                for name, value in pattern.items()
            }

    def _put(self, items: Iterator[dict[str, Any]]) -> None:
        batch: list[dict[str, Any]] = []
        for item in items:
            batch.append({"PutRequest": {"Item": item}})
            if len(batch) == 25:
                self._write(batch)
                batch = []
        if batch:
            self._write(batch)

    def _write(self, batch: list[dict[str, Any]]) -> None:
        self._client.batch_write_item(RequestItems={scene.table_name("comments"): batch})


class _KeysApart:
    """SSM is answered here, DynamoDB by the engine."""

    def __init__(self, documents: tuple[str, str], engine: str) -> None:
        played = scene.Scene(documents=documents, thread=[])
        self.stub = Stub(played.answer, engine=engine, passed_on=("DynamoDB",))


def _pages(bench: Bench, public: Function, stub: Stub, pages: tuple[int, ...]) -> dict[int, Any]:
    """The requests on each of the pages, in turn: the engine becomes quicker as it runs."""
    events: dict[Any, Event] = {}
    for size in pages:
        events |= {
            (size, "post a comment"): partial(scene.post_comment, page=f"/of-{size}"),
            (size, "list 100 comments"): partial(scene.get_thread, page=f"/of-{size}"),
            (size, "counts of 50 pages"): scene.get_counts,
        }
    series = _series(bench, public, stub, events)
    return {size: {name: series[of, name] for of, name in series if of == size} for size in pages}


def _series(bench: Bench, function: Function, stub: Stub, events: dict[Any, Event]) -> dict[Any, Any]:
    cpu: dict[Any, list[float]] = {name: [] for name in events}
    engine: dict[Any, list[float]] = {name: [] for name in events}
    for round_ in range(bench.rounds(150) + _WARM_UP):
        for name, event in events.items():
            stub.calls.clear()
            outcome = function.invoke(event(time.monotonic_ns()))
            assert outcome.answer["statusCode"] in (200, 202), outcome.answer["body"]
            if round_ >= _WARM_UP:
                cpu[name].append(outcome.cpu * 1000)
                engine[name].append(sum(call.engine_seconds for call in stub.calls) * 1000)
    return {
        name: {"cpu_ms": figure(cpu[name]).to_json(), "engine_ms": figure(engine[name]).to_json()}
        for name in events
    }


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


def _create_tables(client: Any) -> None:
    resources = yaml.safe_load((ROOT / "infra" / "template.yaml").read_text())["Resources"]
    for logical_id, resource in resources.items():
        if resource["Type"] == "AWS::DynamoDB::Table":
            properties = resource["Properties"]
            kept = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
            client.create_table(
                TableName=scene.table_name(logical_id.removesuffix("Table").lower()),
                **{name: properties[name] for name in kept if name in properties},
            )


if __name__ == "__main__":
    _python, _content, _how = sys.argv[1:]
    print(json.dumps(_inside(Bench(Path(_python), Path(_content), _how == "quick"))))
