"""Reading a rules file (TOML): all that is wrong with it is told at once, each with its line.

The file is documented in itself (rules.toml, the set that comes with Frontdesk) and in docs/judgement.md.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chalicelib.judgement.catalogue import BOTH, CATALOGUE, Number, Parameter, Phrased, RuleKind
from chalicelib.judgement.phrases import BadPhrase, Phrases, read_word
from chalicelib.judgement.rules import Rule, Rules

DEFAULT_RULES = Path(__file__).with_name("rules.toml")

_DOES = {"hold": False, "spam": True}
_OF_EVERY_RULE = ("name", "on", "for", "does")
_AT_TOP = ("version", "lists", "rule")
_HEADER = re.compile(r"[ \t]*\[\[?[ \t]*(\w+)")
_KEY = re.compile(r"[ \t]*([\w-]+)[ \t]*=")
_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


class RulesError(Exception):
    """The rules cannot be used. `problems` has one sentence for each that is wrong, with its line."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def read_rules(document: str) -> Rules:
    """Raises RulesError."""
    try:
        parsed = tomllib.loads(document)
    except tomllib.TOMLDecodeError as error:
        raise RulesError([_toml_problem(str(error), document)]) from None
    except RecursionError:
        raise RulesError(["line 1: it is nested too deeply"]) from None
    return _Reader(document).read(parsed)


def _toml_problem(said: str, document: str) -> str:
    place = _PLACE.search(said)
    line = place[1] if place and place[1] else str(document.count("\n") + 1)
    column = f", column {place[2]}" if place and place[2] else ""
    return f"line {line}{column}: this is no TOML: {_PLACE.sub('', said)}"


class _Lines:
    """On which line a key stands: `tomllib` does not tell."""

    def __init__(self, document: str) -> None:
        self._text = document.split("\n")
        self._lines: dict[tuple[str, str], int] = {}
        section, rules = "", 0
        for number, line in enumerate(self._text, 1):
            if header := _HEADER.match(line):
                section = header[1]
                if section == "rule":
                    section, rules = f"rule {rules}", rules + 1
                self._lines[section, ""] = number
            elif key := _KEY.match(line):
                self._lines.setdefault((section, key[1]), number)

    def of(self, section: str, key: str = "", member: object = None) -> int:
        """The line of a section, of a key in it, of a text in its list. The nearest known where unknown."""
        first = self._lines.get((section, key)) or self._lines.get((section, ""), 1)
        if not isinstance(member, str):
            return first
        quoted = (f'"{member}"', f"'{member}'")
        found = (n for n, line in enumerate(self._text[first - 1 :], first) if any(q in line for q in quoted))
        return next(found, first)


class _Reader:
    def __init__(self, document: str) -> None:
        self._lines = _Lines(document)
        self._problems: list[tuple[int, str]] = []

    def read(self, parsed: dict[str, Any]) -> Rules:
        for key in parsed.keys() - _AT_TOP:
            self._note(f"`{key}` means nothing here", "", key)
        version = parsed.get("version")
        if not _is_number(version, 1, 10**9):
            self._note("`version` must be a whole number from 1 on", "", "version")
        phrases = self._read_lists(parsed.get("lists", {}))
        rules, parameters = self._read_all(parsed.get("rule"), phrases)
        if self._problems:
            raise RulesError([f"line {line}: {sentence}" for line, sentence in sorted(set(self._problems))])
        contacts = parameters.get("contact_details")
        allowed = None if contacts is None else frozenset(contacts["allowed_phones"])
        return Rules(int(version or 0), tuple(rules), phrases, allowed)

    def _read_lists(self, lists: Any) -> Phrases:
        good: dict[str, list[str]] = {}
        if not isinstance(lists, dict):
            self._note("`lists` must be a table of lists", "lists")
            return Phrases({})
        for name, members in lists.items():
            good[name] = []
            for member in self._texts(members, "lists", name):
                try:
                    read_word(member)
                    good[name].append(member)
                except BadPhrase as bad:
                    self._note(f"`{member}` cannot stand in a list: {bad}", "lists", name, member)
        return Phrases(good)

    def _read_all(self, given: Any, phrases: Phrases) -> tuple[list[Rule], dict[str, Mapping[str, Any]]]:
        """The rules that are on, and their parameters by their names."""
        if not isinstance(given, list) or not all(isinstance(rule, dict) for rule in given):
            self._note("there must be rules, each under `[[rule]]`", "rule")
            return [], {}
        rules: list[Rule] = []
        parameters: dict[str, Mapping[str, Any]] = {}
        seen: dict[str, int] = {}
        for index, rule in enumerate(given):
            section = f"rule {index}"
            name = rule.get("name")
            kind = CATALOGUE.get(name) if isinstance(name, str) else None
            if kind is None:
                known = ", ".join(CATALOGUE)
                self._note(f"there is no rule of this name; there are {known}", section, "name")
                continue
            if name in seen:
                self._note(
                    f"the rule `{name}` stands here twice, first in line {seen[name]}", section, "name"
                )
            seen.setdefault(name, self._lines.of(section))
            values, made = self._read_rule(section, name, rule, kind, phrases)
            if made is not None and rule.get("on", True):
                rules.append(made)
                parameters[name] = values
        return rules, parameters

    def _read_rule(
        self, section: str, name: str, rule: dict[str, Any], kind: RuleKind, phrases: Phrases
    ) -> tuple[dict[str, Any], Rule | None]:
        problems = len(self._problems)
        for key in rule.keys() - kind.parameters.keys() - set(_OF_EVERY_RULE):
            self._note(f"the rule `{name}` has no parameter `{key}`", section, key)
        if not isinstance(rule.get("on", True), bool):
            self._note("`on` must be true or false", section, "on")
        does = rule.get("does")
        if not isinstance(does, str) or does not in _DOES:
            self._note('`does` must be "hold" or "spam"', section, "does")
        kinds = self._texts(rule.get("for"), section, "for")
        for wrong in sorted(set(kinds) - BOTH):
            self._note(f'`for` has "{wrong}"; there are "comment" and "enquiry"', section, "for")
        for wrong in sorted(set(kinds) & BOTH - kind.kinds):
            self._note(f'the rule `{name}` is not for "{wrong}"', section, "for")
        if rule.get("for") == []:
            self._note("a rule for nothing: set `on = false`", section, "for")
        values = {
            key: self._read_parameter(section, key, rule, parameter, phrases)
            for key, parameter in kind.parameters.items()
        }
        self._check_contradiction(section, values)
        if len(self._problems) > problems:
            return values, None
        of_kinds = frozenset(each for each in BOTH if each in kinds)
        return values, Rule(name, of_kinds, _DOES[str(does)], kind.make(values), kind.once)

    def _read_parameter(
        self, section: str, key: str, rule: dict[str, Any], parameter: Parameter, phrases: Phrases
    ) -> Any:
        if key not in rule:
            self._note(f"the rule needs `{key}`", section)
            return []
        if isinstance(parameter, Number):
            if not _is_number(rule[key], parameter.least, parameter.most):
                self._note(
                    f"`{key}` must be a whole number from {parameter.least} to {parameter.most}", section, key
                )
            return rule[key]
        read: list[Any] = []
        for text in self._texts(rule[key], section, key):
            try:
                if isinstance(parameter, Phrased):
                    (phrases.add_words if parameter.plain else phrases.add)(text, parameter.code)
                else:
                    read.append(parameter.read(text))
            except ValueError as bad:
                self._note(f"`{text}`: {bad}", section, key, text)
        return read

    def _texts(self, given: Any, section: str, key: str) -> list[str]:
        """`given` if it is a list of texts, each of them once."""
        if not isinstance(given, list) or not all(isinstance(text, str) for text in given):
            self._note(f"`{key}` must be a list of texts", section, key)
            return []
        for text, times in Counter(given).items():
            if times > 1:
                self._note(f"`{text}` stands in `{key}` twice", section, key, text)
        return given

    def _check_contradiction(self, section: str, values: dict[str, Any]) -> None:
        for host in sorted(set(values.get("allowed", ())) & set(values.get("shorteners", ()))):
            self._note(f"`{host}` is in `allowed` and in `shorteners`", section, "shorteners", host)

    def _note(self, sentence: str, section: str, key: str = "", member: object = None) -> None:
        self._problems.append((self._lines.of(section, key, member), sentence))


def _is_number(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
