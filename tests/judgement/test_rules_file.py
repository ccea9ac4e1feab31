"""A rules file that cannot be used stops the start: everything wrong with it, each with its line."""

import re
from pathlib import Path

import pytest

from chalicelib.config import SettingsError
from chalicelib.judgement.catalogue import CATALOGUE
from chalicelib.judgement.rules_file import RulesError, read_rules
from chalicelib.wiring import open_desk
from tests.judgement.submissions import DOCUMENT, RULES, codes
from tests.stack import Stack

HEAD = "version = 1\n\n[lists]\n"
LINKS = """
[[rule]]
name = "links"
for = ["comment"]
does = "hold"
most = 1
allowed = []
shorteners = []
spelled_out = []
"""


def problems(document: str) -> list[str]:
    with pytest.raises(RulesError) as raised:
        read_rules(document)
    return raised.value.problems


def test_every_rule_that_there_is_stands_in_the_file_that_comes_with_frontdesk() -> None:
    assert {rule.name for rule in RULES.rules} == set(CATALOGUE)
    assert RULES.version >= 1


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ("version = ", "line 1: "),
        ("version = 1\nrule = [\n", "line 3"),
        ("version = 1\n[[rule]]\nname = links\n", "line 3, column 8"),
        ("version = 1\nversion = 2\n", "line 2"),
        ("\x00", "line 1, column 1"),
    ],
)
def test_what_is_no_toml_is_told_with_its_line(document: str, place: str) -> None:
    [problem] = problems(document)
    assert problem.startswith(f"{place}")
    assert "this is no TOML" in problem


def test_everything_wrong_is_told_at_once_with_its_line() -> None:
    document = """version = "one"
color = "red"

[lists]
drugs = ["perc*", "xy*", "two words", "perc*"]

[[rule]]
name = "linx"

[[rule]]
name = "links"
for = ["comment", "letter"]
does = "delete"
most = 1.5
most_links = 3
allowed = ["example.org", "no domain"]
shorteners = [
  "bit.ly",
  "example.org",
]
spelled_out = [
  "dot com",
  "a (b|c)+",
  "where ... ... get",
  "for @medicines",
]

[[rule]]
name = "links"
for = []
does = "hold"
on = "no"

[[rule]]
name = "contact_details"
for = ["comment", "enquiry"]
does = "hold"
allowed_phones = ["1"]

[[rule]]
name = "blocked_networks"
for = ["comment"]
does = "spam"
networks = ["192.0.2.0/24", "192.0.2.1/24", "2001:db8::/129"]
"""
    found = problems(document)
    expected = {
        "line 1: `version`",
        "line 2: `color`",
        "line 5: `perc*` stands in `drugs` twice",
        "line 5: `two words`",
        "line 5: `xy*`",
        "line 8: there is no rule of this name",
        'line 12: `for` has "letter"',
        "line 13: `does`",
        "line 14: `most`",
        "line 15: the rule `links` has no parameter `most_links`",
        "line 16: `no domain`",
        "line 19: `example.org` is in `allowed` and in `shorteners`",
        "line 23: `a (b|c)+`",
        "line 24: `where ... ... get`",
        "line 25: `for @medicines`: there is no list `medicines`",
        "line 29: the rule `links` stands here twice, first in line 10",
        "line 30: a rule for nothing",
        "line 32: `on`",
        "line 28: the rule needs `most`",
        "line 28: the rule needs `allowed`",
        "line 28: the rule needs `shorteners`",
        "line 28: the rule needs `spelled_out`",
        'line 36: the rule `contact_details` is not for "enquiry"',
        "line 38: `1`: it is no phone number",
        "line 44: `192.0.2.1/24`",
        "line 44: `2001:db8::/129`",
    }
    assert {e for e in expected if not any(p.startswith(e) for p in found)} == set(), found
    assert len(found) == len(expected), found
    lines = [int(re.match(r"line (\d+)", p)[1]) for p in found]  # type: ignore[index]
    assert lines == sorted(lines)


@pytest.mark.parametrize(
    "phrase",
    [
        "",
        " ",
        "...",
        "... get",
        "get ...",
        "a ... ... b",
        "a " * 13,
        "a ... b ... c ... d ... e",
        "(a+)+b",
        "a|b",
        "a.*b",
        "[a-z]",
        "a\\\\1",
        "ab*",
        "*",
        "per*c",
        "a//b",
        "@",
        "@nothing",
        "up-to",
        "evil.com",
    ],
)
def test_what_is_no_phrase_is_refused(phrase: str) -> None:
    document = HEAD + LINKS.replace("spelled_out = []", f'spelled_out = ["{phrase}"]')
    [problem] = problems(document)
    assert problem.startswith("line 12: ")


@pytest.mark.parametrize("document", ["", "version = 1", "version = 1\nrule = 3", "version = 1\nrule = [3]"])
def test_file_without_rules_is_refused(document: str) -> None:
    assert any("there must be rules" in problem for problem in problems(document))


@pytest.mark.parametrize(
    "value", ["3", "true", "1.5", '"x"', "[]", "[1]", '["x", 2]', "{a = 1}", "2026-01-01", "[[]]"]
)
@pytest.mark.parametrize("key", ["name", "on", "for", "does", "most", "allowed", "spelled_out"])
def test_value_of_a_wrong_type_is_told_whatever_it_is(key: str, value: str) -> None:
    lines = [f"{key} = {value}" if line.startswith(f"{key} =") else line for line in LINKS.splitlines()]
    if key == "on":
        lines.insert(3, f"on = {value}")
    document = HEAD + "\n".join(lines)
    right = {("on", "true"), ("most", "3"), ("allowed", "[]"), ("spelled_out", "[]")}
    if (key, value) in right:
        read_rules(document)
    else:
        assert all(problem.startswith("line ") for problem in problems(document))


@pytest.mark.parametrize(
    "lists", ["lists = 3", "lists = []", "[lists]\na = 3", "[lists]\na = [3]", "[lists.a]\nb = 1"]
)
def test_lists_of_a_wrong_type_are_told(lists: str) -> None:
    assert problems(f"version = 1\n{lists}\n{LINKS}")


@pytest.mark.parametrize("version", ["0", "-1", "true", "1.0", '"1"'])
def test_version_is_a_whole_number(version: str) -> None:
    assert problems(f"version = {version}\n{LINKS}")[0].startswith("line 1: `version`")


def test_deeply_nested_file_is_refused() -> None:
    assert problems("a = " + "[" * 5000 + "]" * 5000)


def test_rule_that_does_not_stand_in_the_file_is_off() -> None:
    rules = read_rules(HEAD + LINKS)
    assert codes("online casino, call 555-123-4567, evil.com and evil.org", rules, website="x") == [
        "has_links"
    ]
    assert rules.propose_text("call 555-123-4567") is None


def test_rules_are_asked_in_the_order_of_the_file() -> None:
    rules = read_rules(HEAD + LINKS.replace("most = 1", "most = 0") + ADVERTISING)
    assert codes("online casino at evil.com", rules) == ["has_links", "advertising"]
    rules = read_rules(HEAD + ADVERTISING + LINKS.replace("most = 1", "most = 0"))
    assert codes("online casino at evil.com", rules) == ["advertising", "has_links"]


ADVERTISING = (
    '\n[[rule]]\nname = "advertising"\nfor = ["comment"]\ndoes = "hold"\nphrases = ["online casino"]\n'
)


def test_sites_own_file_is_used_and_a_wrong_one_stops_the_start(stack: Stack, tmp_path: Path) -> None:
    own = tmp_path / "rules.toml"
    own.write_text(DOCUMENT.replace("most = 0", "most = 7").replace("version = 2", "version = 42"))
    stack.settings["RULES_FILE"] = str(own)
    for function in ("public", "staff"):
        assert stack.fresh_desk(function).rules.version == 42
    own.write_text(DOCUMENT.replace("most = 0", "mots = 0\ncolor = 1"))
    for function in ("public", "staff"):
        with pytest.raises(SettingsError) as raised:
            open_desk(stack.environ(function))
        assert len(raised.value.problems) == 3
        assert all(re.match(r"RULES_FILE, line \d+: ", p) for p in raised.value.problems)
    # What judges nothing and shows nothing that was judged needs no rules.
    assert stack.fresh_desk("relay").rules.rules == ()


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_unreadable_rules_file_stops_the_start(content: bytes | None, stack: Stack, tmp_path: Path) -> None:
    own = tmp_path / "rules.toml"
    if content is not None:
        own.write_bytes(content)
    stack.settings["RULES_FILE"] = str(own)
    with pytest.raises(SettingsError, match="RULES_FILE cannot be read"):
        stack.fresh_desk("public")


def test_path_of_the_rules_begins_where_the_app_is(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    stack.settings["RULES_FILE"] = "chalicelib/judgement/rules.toml"
    assert stack.fresh_desk("public").rules.version == RULES.version
