"""Play labelled comments to the classifier as a moderator would decide them, and say how well it does.

    python -m bench.judge_corpus comments.csv [--speed]

The file has the columns `date`, `message`, `spam` (1 or 0). In order of date each comment is first scored,
then decided on as it is labelled, and learnt: so no comment is scored by what it taught. Figures are of
the second half; how the classifier was built was chosen by the first half alone (docs/judgement.md).

What is hashed depends on the secret, so each figure is the mean of several secrets. `--speed` adds
milliseconds of CPU, the best of several tries.
"""

import argparse
import csv
import json
import random
import string
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from statistics import mean
from typing import Any

from chalicelib.judgement.features import buckets_of
from chalicelib.judgement.learning import SHOWN_FROM, Counts, Lesson, Model, unpack_counts
from chalicelib.judgement.taught import Label
from chalicelib.text import normalise

SECRETS = [sha256(b"%d" % n).digest() for n in range(8)]
_CURVE = (10, 20, 50, 100, 175)


@dataclass(frozen=True)
class Labelled:
    text: str
    spam: bool

    @property
    def label(self) -> Label:
        return "spam" if self.spam else "approved"


@dataclass(frozen=True)
class Scored:
    score: float | None
    spam: bool

    @property
    def flagged(self) -> bool:
        return self.score is not None and self.score >= SHOWN_FROM


def read_corpus(path: Path) -> list[Labelled]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row["date"])
    # As it would be stored.
    return [Labelled(normalise(row["message"]), row["spam"] == "1") for row in rows]


def play(corpus: Iterable[Labelled], key: bytes) -> list[Scored]:
    """Score each, then learn it."""
    counts, scored = Counts(), []
    for comment in corpus:
        buckets = buckets_of(comment.text, key)
        scored.append(Scored(counts.score(buckets), comment.spam))
        counts.apply(Lesson(buckets, comment.label, None))
    return scored


def learn(corpus: Iterable[Labelled], key: bytes) -> Counts:
    counts = Counts()
    for comment in corpus:
        counts.apply(Lesson(buckets_of(comment.text, key), comment.label, None))
    return counts


def measure(scored: list[Scored]) -> dict[str, float | int | None]:
    """Of all that were to be scored: what has no score counts as not flagged, and as 0.5 for the curve."""
    hits = sum(s.flagged and s.spam for s in scored)
    alarms = sum(s.flagged and not s.spam for s in scored)
    return {
        "flagged": hits + alarms,
        "precision": hits / (hits + alarms) if hits + alarms else None,
        "recall": hits / sum(s.spam for s in scored),
        "false_alarms": alarms,
        "area": area_under_curve(scored),
    }


def area_under_curve(scored: list[Scored]) -> float:
    """How often a spam comment scores higher than one that is not; a tie is half (ROC, Mann-Whitney)."""
    of = {
        spam: [0.5 if s.score is None else s.score for s in scored if s.spam is spam]
        for spam in (True, False)
    }
    pairs = [(p > n) + 0.5 * (p == n) for p in of[True] for n in of[False]]
    return mean(pairs)


def report(corpus: list[Labelled]) -> dict[str, Any]:
    half = len(corpus) // 2
    later = corpus[half:]
    curve = {}
    for decisions in _CURVE:
        taught = [learn(corpus[:decisions], key) for key in SECRETS]
        tried = [
            [Scored(counts.score(buckets_of(c.text, key)), c.spam) for c in later]
            for counts, key in zip(taught, SECRETS, strict=True)
        ]
        curve[decisions] = {
            "spam": sum(c.spam for c in corpus[:decisions]),
            **_means([measure(scored) for scored in tried]),
        }
    return {
        "comments": len(corpus),
        "second_half": {"comments": len(later), "spam": sum(c.spam for c in later)},
        "as_decided": _means([measure(play(corpus, key)[half:]) for key in SECRETS]),
        "second_half_after_the_first_so_many": curve,
    }


def _means(figures: list[dict[str, float | int | None]]) -> dict[str, float | None]:
    """The mean over the secrets, and the worst precision, recall and area besides."""
    means: dict[str, float | None] = {}
    for name in figures[0]:
        known = [value for f in figures if (value := f[name]) is not None]
        means[name] = round(mean(known), 3) if known else None
        if name in ("precision", "recall", "area"):
            means[f"worst_{name}"] = round(min(known), 3) if known else None
    return means


def speed(corpus: list[Labelled]) -> dict[str, float]:
    chance = random.Random(1)
    texts = [" ".join(chance.choice(corpus).text for _ in range(8))[:300].ljust(300, ".") for _ in range(100)]
    counts = learn(corpus, SECRETS[0])
    model = Model(counts, SECRETS[0])
    stored = counts.pack()
    hostile = {
        "5,000 letters": "".join(chance.choices(string.ascii_letters, k=5000)),
        "5,000 letters and spaces": "".join(chance.choices(string.ascii_letters + "   ", k=5000)),
        "5,000 Chinese characters": "".join(chr(chance.randrange(0x4E00, 0x9FFF)) for _ in range(5000)),
        "2,500 words of one character": " ".join(chr(chance.randrange(0x4E00, 0x9FFF)) for _ in range(2500)),
        "5,000 times U+FDFA": "\ufdfa" * 5000,
    }
    return {
        "score 100 comments of 300 characters": _milliseconds(lambda: [model.score(text) for text in texts]),
        **{
            f"score {name}": _milliseconds(lambda text=text: model.score(text))
            for name, text in hostile.items()
        },
        "unpack the counts": _milliseconds(lambda: unpack_counts(stored, 1, 1)),
        "pack the counts": _milliseconds(counts.pack),
        "kilobytes stored": round(len(stored) / 1000, 1),
    }


def _milliseconds(act: Callable[..., object]) -> float:
    best = float("inf")
    for _ in range(15):
        started = time.process_time()
        act()
        best = min(best, time.process_time() - started)
    return round(best * 1000, 2)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--speed", action="store_true")
    options = parser.parse_args(arguments)
    corpus = read_corpus(options.corpus)
    print(json.dumps(report(corpus), indent=2))
    if options.speed:
        print(json.dumps(speed(corpus), indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
