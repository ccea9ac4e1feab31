"""No text makes the rules slow: by how they are built, not by a clock.

What takes how long is in docs/judgement.md, with the command that measures it.
"""

import importlib
import pkgutil
import random
import re
import tomllib
from re import _constants as ops  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

import pytest

import chalicelib.judgement
from chalicelib.judgement.crisis.words import _ADORNED, _MOST_REMEMBERED, _Folding
from chalicelib.judgement.phrases import _MOST_STEPS, Phrases
from chalicelib.judgement.reading import fold, words_of
from chalicelib.judgement.rules_file import read_rules
from tests.judgement.submissions import DOCUMENT, codes

# A repeat with an end may repeat what has an end, as long as the whole stays short.
_LONGEST = 256
_SHORT_REPEAT = 12


def patterns() -> dict[str, re.Pattern[str]]:
    """Every regular expression that a module of judgement compiles, by its name."""
    found = {}
    for module in pkgutil.iter_modules(chalicelib.judgement.__path__):
        name = f"chalicelib.judgement.{module.name}"
        for key, value in vars(importlib.import_module(name)).items():
            several = value if isinstance(value, tuple) else (value,)
            for number, pattern in enumerate(several):
                if isinstance(pattern, re.Pattern):
                    found[f"{module.name}.{key}" + (f".{number}" if number else "")] = pattern
    return found


PATTERNS = patterns()
PHRASES = read_rules(DOCUMENT).phrases
# Over the words of a rules file, and not over what visitors write.
_OF_THE_FILE = {name for name in PATTERNS if name.startswith(("rules_file.", "phrases."))}
OVER_TEXTS = sorted(PATTERNS.keys() - _OF_THE_FILE)


def problems(parsed: Any) -> list[str]:
    """What could make a pattern look at one place of a text more often than a fixed number of times."""
    items = list(parsed)
    found = []
    for index, (op, argument) in enumerate(items):
        if op in (ops.GROUPREF, ops.GROUPREF_EXISTS):
            found.append("a back reference")
        elif op is ops.MIN_REPEAT:
            found.append("a lazy repeat")
        elif op in (ops.MAX_REPEAT, ops.POSSESSIVE_REPEAT):
            _, most, body = argument
            endless = most is ops.MAXREPEAT
            if endless and op is ops.MAX_REPEAT and not _is_whole(items):
                found.append("an endless repeat that gives back")
            # Behind a look-behind or a letter it may begin; else each place begins one.
            if endless and index == 0 and len(items) > 1:
                found.append("an endless repeat at the beginning, with nothing that says where it may begin")
            if endless and body.getwidth()[1] > _SHORT_REPEAT:
                found.append("an endless repeat of something long")
            if not endless and most * body.getwidth()[1] > _LONGEST:
                found.append("a repeat that is long")
            found += problems(body)
        elif op is ops.SUBPATTERN:
            found += problems(argument[-1])
        elif op is ops.BRANCH:
            found += [problem for branch in argument[1] for problem in problems(branch)]
        elif op in (ops.ASSERT, ops.ASSERT_NOT):
            found += problems(argument[1])
        elif op is ops.ATOMIC_GROUP:
            found += problems(argument)
    return found


def _is_whole(items: list[Any]) -> bool:
    """A repeat of one set that is the whole pattern takes all that it can, and never fails behind it."""
    return len(items) == 1


@pytest.mark.parametrize("name", OVER_TEXTS)
def test_no_pattern_over_texts_can_look_again_and_again(name: str) -> None:
    assert problems(_parser.parse(PATTERNS[name].pattern)) == []


def test_patterns_are_found_and_bad_ones_told() -> None:
    assert {
        "contacts._STREETS",
        "contacts._STREETS.2",
        "contacts._US_PHONE",
        "contacts._EMAIL",
        "links._RUN",
        "reading._WORD",
    } <= set(OVER_TEXTS)
    for bad in (
        "(a+)+b",
        "x(a|a)*b",
        r"(\w)\1",
        "a+@",
        r"(?<!\w)\w+@",
        "x.*?y",
        r"\w++@",
        "x(?:a{1,50}){1,50}",
    ):
        assert problems(_parser.parse(bad)), bad


def work(words: list[str], monkeypatch: pytest.MonkeyPatch) -> int:
    """How many places of the graph one walk looks at, for each meaning, with nothing remembered."""
    done = 0
    step = Phrases._step

    def counted(phrases: Phrases, state: Any, meant: tuple[str, ...]) -> Any:
        nonlocal done
        done += (len(state.places) + 1) * (len(meant) + 1)
        return step(phrases, state, meant)

    PHRASES._forget_steps()
    with monkeypatch.context() as patched:
        patched.setattr(Phrases, "_step", counted)
        PHRASES.find(words)
    return done


def vocabulary() -> list[str]:
    """Every word that a phrase or a list of the file has."""
    lists = tomllib.loads(DOCUMENT)
    texts = [text for members in lists["lists"].values() for text in members]
    for rule in lists["rule"]:
        texts += [text for value in rule.values() if isinstance(value, list) for text in value]
    return sorted({word for text in texts for word in re.findall("[a-z]+", text)})


def test_work_of_a_walk_grows_no_faster_than_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chance takes the words: so that the walk remembers as few of its steps as can be."""
    words = random.Random(7).choices(vocabulary(), k=8000)
    work_of = {length: work(words[:length], monkeypatch) for length in (1000, 2000, 4000, 8000)}
    for length in (1000, 2000, 4000):
        assert work_of[2 * length] <= 2.5 * work_of[length], work_of
    # Beside each word a handful of phrases can go on.
    assert work_of[8000] < 8000 * 60


def test_saying_a_word_again_is_no_more_work(monkeypatch: pytest.MonkeyPatch) -> None:
    words = vocabulary()
    assert len(words) > 300
    more = [w for w in words if work([w] * 1000, monkeypatch) != work([w] * 100, monkeypatch)]
    assert more == []


def test_steps_are_remembered_without_a_word_of_a_visitor_s() -> None:
    PHRASES._forget_steps()
    PHRASES.find(words_of("where can i get zolgensma for my son jonathan wren 77zz p3rcs zz99"))
    states = PHRASES._states.values()
    kept = {symbol for state in states for meant in state.next for symbol in meant}
    assert kept
    assert kept <= {*vocabulary(), *PHRASES._words, *(f"@{name}" for name in PHRASES.lists), "#", "#mg"}
    assert kept.isdisjoint({"zolgensma", "jonathan", "wren", "#zz"})


def test_no_more_steps_are_remembered_than_one_text_adds_to_the_most() -> None:
    chance = random.Random(3)
    words = vocabulary()
    remembered = []
    for _ in range(40):
        PHRASES.find(chance.choices(words, k=500))
        remembered.append(PHRASES._steps)
    assert max(remembered) <= _MOST_STEPS + 500
    # They were forgotten meanwhile, or the test has shown nothing.
    assert remembered != sorted(remembered)


@pytest.mark.parametrize("kind", ["comment", "enquiry"])
@pytest.mark.parametrize(
    "piece",
    [
        "a ",
        "where can i get ",
        "a.",
        "a@",
        "1",
        "1 A ",
        "555 123 ",
        "+1(",
        "\u00bd",
        "\uac01",
        "f e n t ",
        "\ufdfa",
    ],
)
def test_hostile_text_is_judged_whole(piece: str, kind: str) -> None:
    most = 5000 if kind == "comment" else 10_000
    text = (piece * most)[: most - 20] + " hmu for fentanyl"
    assert "drug_sourcing" in codes(text, kind=kind)


@pytest.mark.parametrize(
    "character", ["\ufdfa", "\u3316", "\u00bd", "\u2167", "\uac01", "\u0390", "\u1f82", "\u0130"]
)
def test_folding_makes_no_text_much_longer(character: str) -> None:
    assert len(fold(character * 1000)) <= 4000


def test_rare_characters_of_one_text_make_no_later_one_slower() -> None:
    """Whoever sends thousands of them fills what is remembered; letters to take apart still are, once."""
    folding = _Folding()
    rare = "".join(chr(0xAC00 + number) for number in range(_MOST_REMEMBERED + 1000))
    assert rare.translate(folding) == rare
    assert len(folding) == _MOST_REMEMBERED
    adorned = "".join(chr(code) for first, last in _ADORNED for code in range(first, last + 1))
    adorned.translate(folding)
    assert {ord(character) for character in adorned} <= folding.keys()
