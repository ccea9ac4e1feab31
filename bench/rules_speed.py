"""What judging costs, rules alone and with danger: reading the files, prose, the costliest texts known.

    python -m bench.rules_speed [--rules FILE]

CPU time of this process, the least of some runs: on a busy machine the least is nearest to the truth.
The hostile texts fill the whole length that is allowed: pieces that a pattern might look at again and
again, each word and each phrase of the files said over and over, words, phrases and pieces by chance, words
that are all new. Most steps that are remembered from text to text (`phrases.py`) are when a text is timed;
`--cold` forgets them before each.
"""

import argparse
import gc
import itertools
import random
import re
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.rules_corpus import AT, HASHER, submit
from chalicelib.judgement.crisis import finding
from chalicelib.judgement.crisis.matching import Phrases
from chalicelib.judgement.judging import judge
from chalicelib.judgement.rules import Rules
from chalicelib.judgement.rules_file import DEFAULT_RULES, read_rules
from chalicelib.judgement.submitted import Kind

_PROSE = "I have been sober for ninety days, and my sister is proud of me, she said so at dinner. "
_STRUCK = "hmu for percs, do you take Aetna? Call 555-123-4567, or see http://bit.ly/x, 30 mg of fentanyl. "
_PIECES = [
    *(
        "a",
        "a ",
        "\n",
        "a\n",
        "a@",
        "a@b.c ",
        "a.",
        "a.b ",
        "a.com ",
        "com.",
        "http://",
        "http://a ",
        "1",
        "1 ",
    ),
    *("555-123-", "555 123 4567 ", "+", "+1 ", "+1(2", "+44 1 2 3 4 5 6 ", "1 A ", "12 Oak A B C ", "P.O. "),
    *(
        "Calle a b c d ",
        "1 Aaaaaaaaaaaaaaaaaaaaaaaa Bbbbbbbbbbbbbbbbbbb ",
        "_",
        "'",
        "&",
        "p3rc$ ",
        "a1 ",
        "f e n t ",
    ),
    *(
        "\u0436",
        "\u00bd",
        "\uac01",
        "a\u0301\u0302\u0303\u0304",
        "a\u200b",
        "\ufdfa",
        "\u0390",
        "\u00e9! ",
        "\u2167",
    ),
]
_DANGER = Path(finding.__file__).with_name("phrases.txt").read_text(encoding="utf-8")
_LONGEST: dict[Kind, int] = {"comment": 5000, "enquiry": 10_000}


def hostile_texts(document: str, length: int) -> Iterator[tuple[str, str]]:
    """(what it is, text)."""
    chance = random.Random(1)
    parsed = tomllib.loads(document)
    lists: dict[str, list[str]] = parsed["lists"]
    phrases = [p for rule in parsed["rule"] for p in [*rule.get("phrases", []), *rule.get("spelled_out", [])]]
    words = sorted(
        {
            word
            for text in [*phrases, *itertools.chain.from_iterable(lists.values())]
            for word in re.findall("[a-z]+", text)
        }
    )
    for piece in [*_PIECES, *(f"{word} " for word in words)]:
        yield repr(piece), _fill(piece, length)
    for phrase in phrases:
        parts = [part.split("/")[0].strip("*@#") for part in phrase.split() if part != "..."]
        yield f"all of {phrase[:40]!r}", _fill(" ".join(parts) + " ", length)
        yield f"most of {phrase[:40]!r}", _fill(" ".join(parts[:-1]) + " ", length)
    yield "words by chance", _fill(" ".join(chance.choices(words, k=length)), length)
    letters = ["".join(three) for three in itertools.product("abcdefghijklmnopqrstuvwxyz", repeat=3)]
    chance.shuffle(letters)
    yield "words that are all new", _fill(" ".join(letters), length)


def danger_texts(length: int) -> Iterator[tuple[str, str]]:
    """The same of the phrases of danger; their first words alone where a place or a phrase has several."""
    chance = random.Random(2)
    lines = [line for line in _DANGER.splitlines() if line and line[0] not in "%["]
    classes = dict(line.split(" = ") for line in lines if " = " in line)
    phrases = []
    for line in lines:
        if " = " not in line:
            places = [place.rstrip("?").split("|")[0] for place in line.split() if place != ".."]
            phrases.append(
                " ".join(classes.get(place, place).split()[0] for place in places).replace("#", "3")
            )
    for phrase in phrases:
        yield f"danger: {phrase!r}", _fill(f"{phrase} ", length)
    for between in (" ", ". "):
        for number in range(5):
            chance.shuffle(phrases)
            yield f"dangers by chance {number}, {between!r}", between.join(phrases)[:length]
    for _ in range(300):
        few = "".join(chance.choices(_PIECES, k=chance.randint(2, 6)))
        yield f"pieces, {few!r}", _fill(few, length)
    for number in range(60):
        mixed = chance.choices([*phrases, *(piece for piece in _PIECES if piece.strip())], k=length // 3)
        yield f"dangers and pieces by chance {number}", " ".join(mixed)[:length]
    for number in range(30):
        yield f"pieces by chance {number}", "".join(chance.choices(_PIECES, k=length))[:length]


def _fill(piece: str, length: int) -> str:
    return (piece * (length // len(piece) + 1))[:length] if piece.strip(" ") else "a" * length


def least_ms(act: Callable[[], object], runs: int) -> float:
    least = float("inf")
    for _ in range(runs):
        started = time.process_time()
        act()
        least = min(least, time.process_time() - started)
    return least * 1000


def judge_ms(rules: Rules, kind: Kind, text: str, runs: int, *, danger: bool, cold: bool = False) -> float:
    submitted = submit(kind, "Jo", text)

    def act() -> None:
        if cold:
            rules.phrases._forget_steps()
        if danger:
            judge(submitted, rules, AT, HASHER)
        else:
            rules.strikes(submitted, AT, HASHER)

    return least_ms(act, runs)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.rules_speed", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--rules", type=Path, default=DEFAULT_RULES)
    parser.add_argument("--cold", action="store_true", help="remember no steps from text to text")
    options = parser.parse_args(arguments)
    document = options.rules.read_text(encoding="utf-8")
    rules = read_rules(document)
    addition = least_ms(lambda: [number + 1 for number in range(100_000)], 20) * 10
    print(f"an addition in a list: {addition:.0f} ns")
    print(f"read the rules: {least_ms(lambda: read_rules(document), 10):.1f} ms")
    print(f"read the phrases of danger: {least_ms(lambda: Phrases(_DANGER), 10):.1f} ms")
    # As a function's start does.
    gc.collect()
    gc.freeze()
    for danger, what in ((False, "the rules"), (True, "rules and danger")):
        for name, text in (("prose", _PROSE), ("struck by five rules", _STRUCK)):
            for length in (300, 5000):
                cost = judge_ms(rules, "comment", _fill(text, length), 20, danger=danger)
                print(f"{what}: {name}, {length} characters: {cost:.2f} ms")
        for kind, length in _LONGEST.items():
            texts = dict([*hostile_texts(document, length), *danger_texts(length)])

            def cost_of(name: str, runs: int) -> float:
                return judge_ms(rules, kind, texts[name], runs, danger=danger, cold=options.cold)  # noqa: B023

            costs = sorted((cost_of(name, 3), name) for name in texts)
            # Those that seem worst are looked at again: the machine's own noise goes.
            worst = sorted(((cost_of(name, 20), name) for _, name in costs[-40:]), reverse=True)
            print(f"{what}: {kind}, the worst of {len(texts)} texts of {length} characters:")
            for cost, name in worst[:8]:
                print(f"  {cost:.2f} ms  {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
