"""What the rules cost: reading their file, a text of prose, and the costliest texts that we know.

    python -m bench.rules_speed [--rules FILE]

CPU time of this process, the least of some runs: on a busy machine the least is nearest to the truth.
The hostile texts fill the whole length that is allowed: pieces that a pattern might look at again and
again, each word and each phrase of the file said over and over, words by chance, words that are all new.
"""

import argparse
import itertools
import random
import re
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.rules_corpus import AT, HASHER, submit
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


def _fill(piece: str, length: int) -> str:
    return (piece * (length // len(piece) + 1))[:length] if piece.strip(" ") else "a" * length


def least_ms(act: Callable[[], object], runs: int) -> float:
    least = float("inf")
    for _ in range(runs):
        started = time.process_time()
        act()
        least = min(least, time.process_time() - started)
    return least * 1000


def judge_ms(rules: Rules, kind: Kind, text: str, runs: int = 5) -> float:
    submitted = submit(kind, "Jo", text)
    return least_ms(lambda: rules.strikes(submitted, AT, HASHER), runs)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.rules_speed", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--rules", type=Path, default=DEFAULT_RULES)
    document = parser.parse_args(arguments).rules.read_text(encoding="utf-8")
    rules = read_rules(document)
    print(f"read the file: {least_ms(lambda: read_rules(document), 10):.1f} ms")
    for name, text in (("prose", _PROSE), ("struck by five rules", _STRUCK)):
        for length in (300, 5000):
            print(
                f"{name}, {length} characters: {judge_ms(rules, 'comment', _fill(text, length), 20):.2f} ms"
            )
    for kind, length in _LONGEST.items():
        costs = [(judge_ms(rules, kind, text), name) for name, text in hostile_texts(document, length)]
        # Those that seem worst are looked at again: the machine's own noise goes.
        again = dict(hostile_texts(document, length))
        worst = [(judge_ms(rules, kind, again[name], 20), name) for _, name in sorted(costs)[-8:]]
        print(f"{kind}, the worst of {len(costs)} texts of {length} characters:")
        for cost, name in sorted(worst, reverse=True):
            print(f"  {cost:.2f} ms  {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
