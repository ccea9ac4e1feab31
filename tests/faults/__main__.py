"""`make faults`: each call struck once, then pairs of faults; prints what docs/delivery.md shows.

    python -m tests.faults --pairs 1200

The pairs are a sample, the same each time. Exit code 1 if any promise was broken.
"""

import argparse
import random
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from chalicelib.privacy.keys import make_key_files
from tests.faults.engine import patient_sdk, running_engine
from tests.faults.matrix import Case, Outcome, list_pairs, list_singles, play
from tests.faults.stories import STORIES
from tests.faults.world import Engine


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--pairs", type=int, default=1200, help="how many pairs of faults, over all stories")
    pairs = parser.parse_args(arguments).pairs
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        make_key_files(root / "keys")
        keys = {
            "KEYS_FILE": str(root / "keys" / "keys.json"),
            "PRIVATE_KEYS_FILE": str(root / "keys" / "private-keys.json"),
        }
        with running_engine(root / "data") as endpoint, patient_sdk():
            return _run(Engine(endpoint), keys, pairs)


def _run(engine: Engine, keys: dict[str, str], pairs: int) -> int:
    broken = 0
    print("| Story | Faults | Cases | Violations | Mails | Doubled | Longest wait |")
    print("|---|---|---|---|---|---|---|")
    for story in STORIES:
        recorded = play(engine, keys, Case(story))
        singles = [play(engine, keys, case) for case in list_singles(recorded, again=True)]
        possible = [case for single in singles for case in list_pairs(single)]
        sample = random.Random(1).sample(possible, min(len(possible), pairs // len(STORIES)))
        doubles = [play(engine, keys, case) for case in sample]
        for name, outcomes in (
            ("none", [recorded]),
            ("one", singles),
            (f"two, of {len(possible):,}", doubles),
        ):
            _print(story, name, outcomes)
            broken += sum(bool(outcome.violations) for outcome in outcomes)
            for line in _violations(outcomes):
                print(line, file=sys.stderr)
    return 1 if broken else 0


def _print(story: str, faults: str, outcomes: list[Outcome]) -> None:
    violated = sum(bool(outcome.violations) for outcome in outcomes)
    mails, doubled = (sum(getattr(o, name) for o in outcomes) for name in ("mails", "doubled"))
    wait = max((outcome.delay for outcome in outcomes), default=None)
    print(f"| {story} | {faults} | {len(outcomes)} | {violated} | {mails} | {doubled} | {wait} |", flush=True)


def _violations(outcomes: list[Outcome]) -> Iterator[str]:
    return (str(outcome) for outcome in outcomes if outcome.violations)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
