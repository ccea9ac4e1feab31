"""Write the pages of the last results again: python -m bench.pages"""

import json
from typing import Any

from bench.compare import compare
from bench.report import write_page
from bench.summary import write_summary
from infra.package import ROOT

RESULTS = ROOT / "bench" / "results"


def read_results() -> list[dict[str, Any]]:
    """All results, the oldest first."""
    return [json.loads(path.read_text()) for path in sorted(RESULTS.glob("*.json"))]


def write_pages() -> list[str]:
    """Return what moved since the results before."""
    *others, last = read_results()
    # A quick run is compared with quick ones alone.
    before = [result for result in others if result["about"].get("quick") == last["about"].get("quick")]
    compared = compare(before[-1], last) if before else ["These are the first results."]
    write_page(ROOT / "bench", last, compared)
    write_summary(ROOT / "docs" / "performance.md", last)
    return compared


if __name__ == "__main__":
    write_pages()
