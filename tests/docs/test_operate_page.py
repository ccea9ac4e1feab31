"""docs/operate.md has a section for each alarm and a row for each metric, and for no other."""

import re
from functools import cache
from typing import Any

import yaml

from chalicelib.api import counting
from chalicelib.outbox import STATES
from tests.docs.test_docs import _LINK, ROOT, TEXTS, _anchors

PAGE = TEXTS["docs/operate.md"]
OPERATE = ROOT / "docs" / "operate.md"


@cache
def resources() -> dict[str, Any]:
    files = sorted((ROOT / "infra").glob("*.yaml"))
    return {n: r for f in files for n, r in yaml.safe_load(f.read_text()).get("Resources", {}).items()}


def alarms() -> dict[str, Any]:
    return {n: r["Properties"] for n, r in resources().items() if r.get("Type") == "AWS::CloudWatch::Alarm"}


def metrics_of_the_code() -> set[str]:
    """What any function counts."""
    modules = [path.read_text() for path in (ROOT / "chalicelib").rglob("*.py")]
    named = {name for text in modules for name in re.findall(r'\bcount\("([A-Z]\w+)"', text)}
    ages = re.findall(r'"([A-Z]\w+Seconds)":', (ROOT / "chalicelib" / "mail" / "housekeeping.py").read_text())
    # No mail is noted to be under way.
    states = {f"Mail{state.capitalize()}" for state in STATES if state != "sending"}
    return named | set(ages) | states | set(counting._DECIDED.values())


def rows_of_metrics() -> list[str]:
    _, _, table = PAGE.partition("| Metric | Counted when |")
    return re.findall(r"^\| `(\w+)` \|", table.partition("\n\n")[0], re.MULTILINE)


def test_every_alarm_has_a_section_and_every_section_its_alarm() -> None:
    _, _, after = PAGE.partition("\n## Alarms\n")
    sections = re.findall(r"^### (.+)$", after.partition("\n## ")[0], re.MULTILINE)
    budgets = ["The budget" for r in resources().values() if r.get("Type") == "AWS::Budgets::Budget"]
    assert sorted(sections) == sorted([*alarms(), *budgets])


def test_the_table_of_contents_leads_to_every_section_of_an_alarm() -> None:
    _, _, after = PAGE.partition("| Alarm | Says | How urgent |")
    linked = set(_LINK.findall(after.partition("\n\n")[0]))
    assert linked == {f"#{name.lower()}" for name in alarms()} | {"#the-budget"}


def test_every_section_of_an_alarm_says_what_was_tried() -> None:
    _, _, after = PAGE.partition("\n## Alarms\n")
    for section in re.split(r"^### ", after.partition("\n## ")[0], flags=re.MULTILINE)[1:]:
        name, _, text = section.partition("\n")
        assert re.search(r"[Tt]ried:|Not tried|As above", text), name


def test_the_anchor_that_an_alarm_names_is_there() -> None:
    anchors = _anchors(OPERATE)
    for name, alarm in alarms().items():
        [anchor] = re.findall(r"docs/operate\.md#([\w-]+)$", alarm["AlarmDescription"])
        assert anchor in anchors, name


def test_every_metric_that_the_code_counts_is_listed_and_on_the_dashboard() -> None:
    rows = rows_of_metrics()
    assert sorted(rows) == sorted(metrics_of_the_code())
    dashboard = str(resources()["Dashboard"]["Properties"]["DashboardBody"])
    assert [name for name in rows if f'"{name}"' not in dashboard] == []
