"""What is to be reached, and what the last results say: the table of docs/performance.md."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"


def write_summary(page: Path, result: dict[str, Any]) -> None:
    """Put the table between the two marks of the page."""
    before, _, rest = page.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    page.write_text(f"{before}{BEGIN}\n{summary(result)}\n{END}{after}")


def read_summary(page: Path) -> str:
    found = re.search(f"{BEGIN}\n(.*)\n{END}", page.read_text(), re.DOTALL)
    return found[1] if found else ""


def summary(result: dict[str, Any]) -> str:
    about = result["about"]
    kind = "A quick run, of few rounds" if about.get("quick") else "A whole run"
    return "\n".join(
        [
            f"{kind}, of {about['at']}, commit {about['commit']}, load {about['load_average']}:",
            "",
            "| What | Reach | Reached |",
            "|---|---|---|",
            *(f"| {what} | {reach} | {reached} |" for what, reach, reached in _rows(result)),
        ]
    )


def _rows(result: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    trips, operations = result["round_trips"], result["warm_requests"]["operations"]
    for name in (
        "post a comment",
        "list 100 comments",
        "counts of 50 pages",
        "send an enquiry",
        "approve a comment",
    ):
        yield f"AWS round trips: {name}", "1", str(len(trips[name]["calls"]))
    yield "items written by a POST", "≤ 4", str(trips["post a comment"]["written"])
    listed = operations["list 100 comments"]["own_cpu_ms"]
    yield "GET of 100 comments, CPU", "≤ 1.6 ms, try 1.0", _said(listed, "ms")
    posted = operations["post a comment"]
    yield "POST of a comment, CPU", "≤ 1.5 T, try 1.2", _said(posted["in_T"], "T")
    yield "the same against T as a function", "≤ 1.5 T, try 1.2", _said(posted["in_run_T"], "run T")
    yield "the same in milliseconds", "about 1.8 ms", _said(posted["own_cpu_ms"], "ms")
    yield from _growth_rows(result["growth"])
    name, worst = max(result["worst_input"].items(), key=lambda text: text[1]["post_cpu_ms"]["median"])
    yield f"worst input ({name}), whole POST, CPU", "≤ 50 ms, try 10", _said(worst["post_cpu_ms"], "ms")
    refused = trips["body of 40 kB, refused"]
    yield "oversized body: AWS calls", "0", f"{len(refused['calls'])}, status {refused['status']}"
    answered = trips["list 100 comments"]["answer_bytes_gzip"]
    yield "100 comments of 300 characters, compressed", "≤ 16 kB", f"{answered / 1000:.1f} kB"
    init = result["cold_starts"]["functions"]["public"]["init_in_B"]
    yield "public function's init, CPU", "≤ 1.4 B, try 1.0", _said(init, "B")
    yield "zip", "≤ 8,000,000 bytes", f"{result['zip_bytes']:,} bytes"
    memory = max(m["after_init_mb"] for m in result["memory"].values())
    yield "resident after the init, the largest function", "≤ 60 MB", f"{memory:.1f} MB"


def _growth_rows(growth: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    if "left_out" in growth:
        yield "growth with the comments on a page", "exponent ≤ 0.05", f"left out: {growth['left_out']}"
        return
    least, *_, greatest = sorted(int(size) for size in growth["page"])
    for name, exponents in growth["exponents"].items():
        what = f"{name}: growth of CPU from {least:,} to {greatest:,} on a page"
        yield what, "exponent ≤ 0.05", f"{exponents['cpu_ms']:+.3f}"
    small, *larger = sorted(growth["site"], key=int)
    for large in larger:
        for name, of_small in growth["site"][small].items():
            ratio = growth["site"][large][name]["cpu_ms"]["median"] / of_small["cpu_ms"]["median"]
            yield f"{name}: CPU, site of {int(large):,} against {int(small):,}", "≤ × 1.1", f"× {ratio:.2f}"


def _said(figure: dict[str, float], unit: str) -> str:
    return f"{figure['median']:.2f} {unit} ({figure['low']:.2f}–{figure['high']:.2f})"
