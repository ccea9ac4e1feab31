"""docs/judgement.md lists the rules that there are, what each can be for, and the codes that each gives.

One code means one thing, whichever part of the judgement it comes from.
"""

import ast
import re
from collections.abc import Iterator

from chalicelib.judgement.catalogue import BOTH, CATALOGUE
from tests.stack import ROOT


def test_every_rule_and_code_is_documented() -> None:
    rows = {}
    for line in (ROOT / "docs" / "judgement.md").read_text().splitlines():
        if row := re.match(r"\| `(\w+)` \| (both|comments) \| .* \| ([^|]+) \|$", line):
            rows[row[1]] = (row[2], re.findall(r"`(\w+)`", row[3]))
    assert rows == {
        name: ("both" if kind.kinds == BOTH else "comments", [reason.code for reason in kind.reasons])
        for name, kind in CATALOGUE.items()
    }


def codes_in_the_source() -> Iterator[str]:
    for path in (ROOT / "chalicelib").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Reason":
                code = node.args[0] if node.args else None
                if isinstance(code, ast.Constant):
                    yield str(code.value)


def test_one_code_means_one_thing() -> None:
    codes = sorted(codes_in_the_source())
    assert {"repeated_text", "sent_before", "first_time_author"} <= set(codes)
    assert codes == sorted(set(codes))
