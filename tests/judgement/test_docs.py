"""docs/judgement.md lists the rules that there are, what each can be for, and the codes that each gives."""

import re

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
