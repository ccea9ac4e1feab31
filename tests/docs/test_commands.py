"""Each command that a page names can be typed as it stands there; docs/commands.md names them all."""

import argparse
import re
import shlex
from collections.abc import Iterator

import pytest

from chalicelib.commands.main import _with_folder
from chalicelib.commands.parser import make_parser
from tests.docs.test_docs import TEXTS, _code, _prose

_TYPED = re.compile(r"python3? -m chalicelib\.commands((?: [^\s|<>#]+| \"[^\"]*\")*)")


def commands(parser: argparse.ArgumentParser, *words: str) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Each command by its words, with its parser."""
    groups = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    if not groups:
        yield " ".join(words), parser
    for group in groups:
        for name, below in group.choices.items():
            yield from commands(below, *words, name)


COMMANDS = dict(commands(make_parser()))
# What pages show as typed at a prompt, or in a block: whole. In a sentence it may be the words alone.
TYPED = sorted(
    {
        (name, match.strip())
        for name, text in TEXTS.items()
        for code in _code(text)
        for match in _TYPED.findall(code)
    }
)


def test_commands_are_found() -> None:
    assert {"queue", "decide", "tokens add", "audit verify", "keys rotate"} <= set(COMMANDS)
    assert len(TYPED) > 10


def parses(typed: str) -> bool:
    try:
        make_parser().parse_args(_with_folder(shlex.split(typed), {}))
    except SystemExit as exited:
        return exited.code == 0
    return True


@pytest.mark.parametrize(("page", "typed"), TYPED)
def test_command_that_a_page_names_can_be_typed(page: str, typed: str) -> None:
    assert typed in ("", *COMMANDS) or parses(typed), page


@pytest.mark.parametrize("words", COMMANDS)
def test_help_of_a_command_has_examples_that_can_be_typed(words: str) -> None:
    parser = COMMANDS[words]
    assert parser.description
    examples = [match.strip() for match in _TYPED.findall(parser.epilog or "")]
    assert examples
    for example in examples:
        assert example.startswith(words), example
        assert parses(example), example


def test_table_of_commands_is_whole_and_true() -> None:
    _, _, table = TEXTS["docs/commands.md"].partition("| Command | What it does |")
    rows = [row.split("|")[1] for row in table.partition("\n\n")[0].splitlines()[2:]]
    assert sorted(span for row in rows for span in re.findall("`([^`]+)`", row)) == sorted(COMMANDS)


def test_page_tells_every_exit_code() -> None:
    rows = re.findall(r"^\| (\d+) \|", _prose(TEXTS["docs/commands.md"]), re.MULTILINE)
    told = re.findall(r"^  (\d+) +\w", make_parser().epilog or "", re.MULTILINE)
    assert rows == told == ["0", "1", "2", "130"]
