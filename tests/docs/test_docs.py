"""What the pages name is there: links, pictures, make targets, routes, commands, error codes; and what
is there is named: policies, functions, indexes, targets, commands, and for each promise its test."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.api import problems
from chalicelib.api.routes import ROUTES
from infra.functions import FUNCTIONS
from infra.local.mailbox_page import PATH as MAILBOX_PATH
from infra.local.template import read_template
from infra.roles import POLICIES

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
TEXTS = {page.relative_to(ROOT).as_posix(): page.read_text() for page in PAGES}

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CODE_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_ROUTE = re.compile(r"(GET|HEAD|POST|PUT|PATCH|DELETE) (/[^\s?`]*)")
_COMING = re.compile(r"`([^`\n]+)` \(coming\)")
_TARGET = re.compile(r"\bmake ([a-z][a-z-]*)")
_COMMAND = re.compile(r"python3? -m (chalicelib[\w.]*)")
_DIAGRAMS = ("flowchart ", "graph ", "sequenceDiagram", "stateDiagram-v2", "classDiagram", "erDiagram")
_KINDS_OF_CHANGE = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
_MOST_BYTES_OF_A_PICTURE = 200_000

every_page = pytest.mark.parametrize("name", TEXTS)


def _prose(text: str) -> str:
    return _FENCE.sub("", text)


def _code(text: str) -> Iterator[str]:
    """Everything that is written as code: fenced blocks and spans."""
    yield from (block for _, block in _FENCE.findall(text))
    yield from _CODE_SPAN.findall(_prose(text))


def _anchors(page: Path) -> set[str]:
    """The anchors that GitHub makes of headings."""
    headings = re.findall(r"^#+ (.+)$", _prose(page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@every_page
def test_every_relative_link_and_picture_leads_somewhere(name: str) -> None:
    page = ROOT / name
    for link in _LINK.findall(_prose(TEXTS[name])):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        if anchor:
            assert anchor in _anchors(target), link


def test_every_picture_is_shown_and_small() -> None:
    pictures = set((ROOT / "docs" / "images").iterdir())
    shown = {
        (ROOT / name).parent / link
        for name, text in TEXTS.items()
        for link in _LINK.findall(text)
        if link.endswith(".png")
    }
    assert pictures == shown
    assert all(picture.stat().st_size < _MOST_BYTES_OF_A_PICTURE for picture in pictures)


@every_page
def test_every_make_target_exists(name: str) -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {target for code in _code(TEXTS[name]) for target in _TARGET.findall(code)}
    assert named <= targets


@every_page
def test_every_route_exists_or_is_marked_as_coming(name: str) -> None:
    there = {f"{route.method} {route.path}" for route in ROUTES} | {f"GET {MAILBOX_PATH}"}
    prose = _prose(TEXTS[name])
    named = {
        f"{method} {path}" for span in _CODE_SPAN.findall(prose) for method, path in _ROUTE.findall(span)
    }
    assert named - set(_COMING.findall(prose)) <= there


def test_the_api_page_shows_every_route_of_the_api() -> None:
    spans = " ".join(_CODE_SPAN.findall(_prose(TEXTS["docs/api.md"])))
    missing = [
        f"{route.method} {route.path}"
        for route in ROUTES
        if route.path.startswith("/v1/") and f"{route.method} {route.path}" not in spans
    ]
    assert missing == []


def test_the_api_page_lists_every_error() -> None:
    rows = set(re.findall(r"^\| (\d{3}) \| `(\w+)` \|", TEXTS["docs/api.md"], re.MULTILINE))
    assert rows == {(str(status), code) for status, code, _, _ in problems._TABLE.values()} | {
        ("500", "internal")
    }


@pytest.mark.parametrize(
    "module", sorted({module for text in TEXTS.values() for module in _COMMAND.findall(text)})
)
def test_every_command_explains_itself(module: str) -> None:
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", module, "--help"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "usage:" in done.stdout


@every_page
def test_mermaid_blocks_are_of_a_known_kind_and_have_no_tabs(name: str) -> None:
    for language, block in _FENCE.findall(TEXTS[name]):
        if language == "mermaid":
            assert block.startswith(_DIAGRAMS)
            assert "\t" not in block


@every_page
def test_every_fence_is_closed(name: str) -> None:
    assert "```" not in _prose(TEXTS[name])


@every_page
def test_no_page_names_a_path_of_one_machine(name: str) -> None:
    assert re.findall(r"(?<![\w.])/(?:home|root|tmp|work|usr|Users)/\S*", TEXTS[name]) == []


@every_page
def test_every_page_begins_with_one_title(name: str) -> None:
    titles = re.findall(r"^# .+$", _prose(TEXTS[name]), re.MULTILINE)
    assert len(titles) == 1
    assert TEXTS[name].startswith(titles[0])


def test_decisions_are_numbered_without_gaps_and_have_the_same_parts() -> None:
    decisions = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    for number, decision in enumerate(decisions, 1):
        text = decision.read_text()
        assert decision.name.startswith(f"{number:04d}-")
        assert text.startswith(f"# {number}. ")
        parts = re.findall(r"^## (.+)$", text, re.MULTILINE)
        wanted = ["Context", "Decision", "Against what", "Consequences"]
        assert [part for part in parts if part in wanted] == wanted


def test_changelog_follows_keep_a_changelog() -> None:
    changelog = TEXTS["CHANGELOG.md"]
    assert changelog.startswith("# Changelog\n")
    assert "https://keepachangelog.com/en/1.1.0/" in changelog
    versions = re.findall(r"^## (.+)$", changelog, re.MULTILINE)
    assert versions[0] == "[Unreleased]"
    assert all(re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d{2}-\d{2}", version) for version in versions[1:])
    assert set(re.findall(r"^### (.+)$", changelog, re.MULTILINE)) <= _KINDS_OF_CHANGE


def test_the_security_page_names_every_policy_file() -> None:
    linked = set(_LINK.findall(TEXTS["docs/security.md"]))
    policies = {f"../infra/policies/{policy.name}" for policy in POLICIES.glob("*.yaml")}
    assert policies <= linked


def test_the_architecture_page_lists_every_function_and_who_opens() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \| [^|]+ \| [^|]+ \| (yes|no) \|$", TEXTS["docs/architecture.md"], re.MULTILINE
    )
    assert sorted(rows) == sorted((f.name, "yes" if f.opens_sealed else "no") for f in FUNCTIONS)


def test_the_architecture_page_lists_every_index() -> None:
    resources = read_template(ROOT / "infra" / "template.yaml")["Resources"].values()
    tables = [r["Properties"] for r in resources if r["Type"] == "AWS::DynamoDB::Table"]
    indexes = {i["IndexName"] for table in tables for i in table.get("GlobalSecondaryIndexes", [])}
    assert indexes <= set(_CODE_SPAN.findall(_prose(TEXTS["docs/architecture.md"])))


def test_every_make_target_that_help_tells_is_described() -> None:
    told = set(re.findall(r'^\t@echo "make ([a-z-]+) ', (ROOT / "Makefile").read_text(), re.MULTILINE))
    described = {t for text in TEXTS.values() for c in _code(text) for t in _TARGET.findall(c)}
    assert told
    assert told <= described


@pytest.mark.parametrize(("name", "heading"), [("README.md", "Promise"), ("docs/security.md", "Measure")])
def test_every_promise_and_measure_names_a_file_and_a_test(name: str, heading: str) -> None:
    _, _, after = TEXTS[name].partition(f" {heading} |")
    rows = [row.strip("|").split("|") for row in after.partition("\n\n")[0].splitlines()[2:]]
    assert rows
    for *_, kept, shown in rows:
        assert _LINK.findall(kept) or kept.strip() == "all of it", kept
        assert any("tests/" in link for link in _LINK.findall(shown)), shown
