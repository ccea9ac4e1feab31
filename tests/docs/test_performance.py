"""docs/performance.md and bench/README.md say what the last results say."""

import json
from pathlib import Path

from bench.summary import read_summary, summary
from tests.stack import ROOT


def last_results() -> Path:
    return max((ROOT / "bench" / "results").glob("*.json"))


def test_figures_of_the_page_are_the_last_results() -> None:
    result = json.loads(last_results().read_text())
    assert read_summary(ROOT / "docs" / "performance.md") == summary(result)


def test_page_of_the_bench_is_of_the_last_results() -> None:
    about = json.loads(last_results().read_text())["about"]
    assert f"{about['at']}, commit {about['commit']}" in (ROOT / "bench" / "README.md").read_text()
