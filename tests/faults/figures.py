"""`make faults`: every single fault and a sample of the pairs; writes the figures into docs/delivery.md.

The sample is the same each time. How large it is says FAULT_PAIRS.
"""

import logging
import multiprocessing
import os
import random
import sys
import tempfile
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from chalicelib.privacy.keys import make_key_files
from infra.local.aws import isolate
from tests.faults.engine import patient_sdk, running_engine
from tests.faults.matrix import Case, Outcome, list_pairs, list_singles, play
from tests.faults.stories import STORIES
from tests.faults.world import Engine

PAGE = Path(__file__).resolve().parents[2] / "docs" / "delivery.md"
BEGIN, END = "<!-- figures of make faults -->", "<!-- end of the figures -->"
_PROCESSES = 2
_PAIRS = 1500

_stack = ExitStack()
_engine: Engine
_keys: dict[str, str]


def _start(keys: dict[str, str]) -> None:
    """Each process has an engine of its own."""
    global _engine, _keys
    logging.disable(logging.CRITICAL)
    isolate(os.environ)
    folder = _stack.enter_context(tempfile.TemporaryDirectory())
    endpoint = _stack.enter_context(running_engine(Path(folder)))
    _stack.enter_context(patient_sdk())
    _engine, _keys = Engine(endpoint), keys


def _play(case: Case) -> Outcome:
    return play(_engine, _keys, case)


@dataclass
class Figures:
    """Of the cases that were played, out of `possible`."""

    possible: int
    cases: int = 0
    violations: list[str] = field(default_factory=list)
    mails: int = 0
    doubled: int = 0
    shown: int = 0
    dead: int = 0
    delay: timedelta = timedelta()
    windows: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, outcome: Outcome) -> None:
        self.cases += 1
        self.violations += [str(outcome)] if outcome.violations else []
        self.mails += outcome.mails
        self.doubled += outcome.doubled
        self.shown += outcome.unsent > 0
        self.dead += outcome.dead
        self.delay = max(self.delay, outcome.delay)
        if outcome.doubled and len(outcome.case.strikes) == 1:
            [(number, fault)] = outcome.case.strikes
            self.windows[outcome.steps[number].label, fault] += 1

    def row(self, name: str) -> str:
        minutes = int(self.delay.total_seconds() // 60)
        cells = (name, f"{self.cases} of {self.possible}", len(self.violations), self.mails, self.doubled)
        return "| " + " | ".join(str(c) for c in (*cells, self.shown, self.dead, f"{minutes} min")) + " |"


def write_page(singles: Figures, pairs: Figures) -> None:
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    lines = [
        BEGIN,
        "",
        "| Faults | Cases | Violations | Mails | Sent twice | Left to staff | Dead letters | Longest wait |",
        "|---|---|---|---|---|---|---|---|",
        singles.row("one"),
        pairs.row("two"),
        "",
        "| One fault after which a mail came twice, marked | Fault |",
        "|---|---|",
        *(f"| `{label}` | {fault} |" for label, fault in sorted(singles.windows)),
        "",
        END,
    ]
    PAGE.write_text(before + "\n".join(lines) + after)


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        make_key_files(Path(folder))
        keys = {
            "KEYS_FILE": f"{folder}/keys.json",
            "PRIVATE_KEYS_FILE": f"{folder}/private-keys.json",
        }
        with multiprocessing.get_context("spawn").Pool(_PROCESSES, _start, [keys]) as pool:
            recorded = pool.map(_play, [Case(story) for story in STORIES])
            cases = [case for outcome in recorded for case in list_singles(outcome)]
            singles = Figures(len(cases))
            all_pairs: list[Case] = []
            for outcome in pool.imap(_play, cases, 8):
                singles.add(outcome)
                all_pairs += list_pairs(outcome)
            wanted = min(int(os.environ.get("FAULT_PAIRS", _PAIRS)), len(all_pairs))
            pairs = Figures(len(all_pairs))
            for outcome in pool.imap_unordered(_play, random.Random(4).sample(all_pairs, wanted), 8):
                pairs.add(outcome)
    write_page(singles, pairs)
    sys.stdout.write(f"{singles.row('one')}\n{pairs.row('two')}\n")
    sys.stdout.write("\n".join(singles.violations + pairs.violations) + "\n")
    return 1 if singles.violations or pairs.violations else 0


if __name__ == "__main__":
    sys.exit(main())
