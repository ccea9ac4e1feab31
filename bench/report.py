"""The page of the last results: tables, and plots beside it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.plots import bars, lines

_HEAD = """\
# The bench

Written by `make bench`: do not edit. What is measured and how: the docstrings in this folder. What helped and
what did not: [docs/performance.md](../docs/performance.md).

B is `import boto3; boto3.client("dynamodb")`; T is one bare boto3 `TransactWriteItems` of four puts to the
same stub, again and again in one process; run T is the same call as a function that does nothing else, which
is run as ours are. All were taken in turn with what is compared to them, in the same run and Python. A figure
is the median; in brackets are the quartiles.
"""

_QUICK = "\nA quick run has two rounds of each, of smaller sizes: it shows that the bench works, no more.\n"


def write_page(folder: Path, result: dict[str, Any], compared: list[str]) -> None:
    for name, plot in _plots(result).items():
        (folder / f"{name}.svg").write_text(plot)
    sections = [_HEAD, _about(result), "## Since the last results\n", *(f"- {line}" for line in compared), ""]
    sections += [
        "## Cold start\n\n![Init of each function against B](cold.svg)\n",
        *cold_table(result),
        "\n## Warm requests\n\n![CPU of a request against T](warm.svg)\n",
        *warm_table(result),
        "\n## Round trips\n\nAt the wire; units are of tables, without their indexes.\n",
        *trips_table(result),
        "\n## Worst input\n\nTexts of up to 5,000 characters: CPU of the whole POST, and of approving it.\n",
        *_worst(result),
        "\n## Size\n",
        *size_table(result),
        "\n## Growth\n",
        *_growth(result),
        "\n## Load\n",
        *_load(result),
    ]
    (folder / "README.md").write_text("\n".join(sections) + "\n")


def _plots(result: dict[str, Any]) -> dict[str, str]:
    functions = result["cold_starts"]["functions"]
    operations = result["warm_requests"]["operations"]
    plots = {
        "cold": bars(
            "CPU of the init, in B", [_row(n, f["init_in_B"]) for n, f in functions.items()], 1.4, "B"
        ),
        "warm": bars("CPU of a request, in T", [_row(n, o["in_T"]) for n, o in operations.items()], 1.5, "T"),
    }
    if "page" in result["growth"]:
        pages = result["growth"]["page"]
        series = {
            name: [(float(size), pages[size][name]["cpu_ms"]["median"]) for size in pages]
            for name in next(iter(pages.values()))
        }
        plots["growth"] = lines("CPU of a request", series, "comments on the page", "ms")
    return plots


def _row(name: str, figure: dict[str, float]) -> tuple[str, float, float, float]:
    return (name, figure["median"], figure["low"], figure["high"])


def _about(result: dict[str, Any]) -> str:
    about = result["about"]
    changed = ", with changes that are not committed" if about["changed_since"] else ""
    quick = about.get("quick")
    return (
        f"Last{' quick' if quick else ''} run: {about['at']}, commit {about['commit']}{changed}, "
        f"Python {about['python']}, {about['machine']}, load {about['load_average']} at its start.\n"
        f"{_QUICK if quick else ''}"
    )


def cold_table(result: dict[str, Any]) -> Iterator[str]:
    cold = result["cold_starts"]
    yield f"B: {_said(cold['B_ms'], 0)} ms of CPU.\n"
    yield from _table(
        (
            "function",
            "init, in B",
            "init, CPU ms",
            "first answer, CPU ms",
            "first answer, wall ms",
            "modules",
        ),
        [
            (
                name,
                _said(f["init_in_B"], 2),
                _said(f["init_cpu_ms"], 0),
                _said(f["first_answer_cpu_ms"], 0),
                _said(f["first_answer_wall_ms"], 0),
                str(f["modules"]),
            )
            for name, f in cold["functions"].items()
        ],
    )


def warm_table(result: dict[str, Any]) -> Iterator[str]:
    warm = result["warm_requests"]
    yield f"T: {_said(warm['T_ms'], 2)} ms of CPU; run T: {_said(warm['run_T_ms'], 2)}.\n"
    yield f"Lambda's runtime itself takes {_said(warm['runtime_ms'], 2)} ms, and is left out.\n"
    yield from _table(
        ("request", "in T", "in run T", "CPU ms"),
        [
            (name, *(_said(o[figure], 2) for figure in ("in_T", "in_run_T", "own_cpu_ms")))
            for name, o in warm["operations"].items()
        ],
    )


def trips_table(result: dict[str, Any]) -> Iterator[str]:
    yield from _table(
        ("request", "calls", "items", "written", "write units", "read units", "answer, bytes", "compressed"),
        [
            (
                name,
                ", ".join(o["calls"]) or "none",
                str(o["items"]),
                str(o["written"]),
                f"{o['write_units']:g}",
                f"{o['read_units']:g}",
                f"{o['answer_bytes']:,}",
                f"{o['answer_bytes_gzip']:,}",
            )
            for name, o in result["round_trips"].items()
        ],
    )


def size_table(result: dict[str, Any]) -> Iterator[str]:
    yield f"Zip for arm64: {result['zip_bytes']:,} bytes.\n"
    yield from _table(
        ("function", "MB resident after the init", "after 1,000 requests"),
        [
            (name, f"{m['after_init_mb']:.1f}", f"{m['after_requests_mb']:.1f}")
            for name, m in result["memory"].items()
        ],
    )


def _worst(result: dict[str, Any]) -> Iterator[str]:
    texts = sorted(result["worst_input"].items(), key=lambda text: -text[1]["post_cpu_ms"]["median"])
    yield from _table(
        ("text", "POST, CPU ms", "approve, CPU ms", "status"),
        [
            (
                name,
                _said(t["post_cpu_ms"], 1),
                _said(t["approve_cpu_ms"], 1) if t["approve_cpu_ms"] else "",
                str(t["status"]),
            )
            for name, t in texts
        ],
    )


def _growth(result: dict[str, Any]) -> Iterator[str]:
    growth = result["growth"]
    if "left_out" in growth:
        yield f"Left out: {growth['left_out']}."
        return
    yield "![CPU of a request by the number of comments on the page](growth.svg)\n"
    yield "On DynamoDB Local; the engine's own time is told apart.\n"
    rows: list[tuple[str, ...]] = []
    for kind in ("page", "site", "queue"):
        for size, requests in growth[kind].items():
            for name, r in requests.items():
                place = f"{kind} of {int(size):,}"
                rows.append((place, name, _said(r["cpu_ms"], 2), _said(r["engine_ms"], 2)))
    yield from _table(("comments", "request", "CPU ms", "engine, wall ms"), rows)
    yield "\nTime grows with the page's size to the power of:\n"
    yield from _table(
        ("request", "our CPU", "the engine"),
        [(n, f"{e['cpu_ms']:+.3f}", f"{e['engine_ms']:+.3f}") for n, e in growth["exponents"].items()],
    )


def _load(result: dict[str, Any]) -> Iterator[str]:
    load = result["load"]
    if "left_out" in load:
        yield f"Left out: {load['left_out']}."
        return
    yield load["about"] + "\n"
    yield from _table(
        ("server", "request", "connections", "per second", "p50 ms", "p99 ms", "errors"),
        [
            (
                server,
                name,
                connections,
                f"{r['per_second']:.0f}",
                f"{r['p50_ms']:.1f}",
                f"{r['p99_ms']:.1f}",
                str(r["errors"]),
            )
            for server, requests in load["servers"].items()
            for name, by_connections in requests.items()
            for connections, r in by_connections.items()
        ],
    )


def _said(figure: dict[str, float], digits: int) -> str:
    return f"{figure['median']:.{digits}f} ({figure['low']:.{digits}f}–{figure['high']:.{digits}f})"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
