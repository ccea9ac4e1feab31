"""What the rules find in real comments: how many of the spam and of the rest each code strikes.

    python -m bench.rules_corpus --labelled comments.csv --wordpress export.xml [--rules FILE] [--show CODE]

Each comment is judged as a visitor's would be, its form token and honeypot left aside, for the files
have none. It prints a Markdown table, as in docs/judgement.md; `--show` prints the texts that a code
strikes, for reading on this machine.
"""

import argparse
import csv
import sys
from collections import Counter
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from bench.load_corpus import read_wordpress
from chalicelib.judgement.catalogue import CATALOGUE
from chalicelib.judgement.form_tokens import make_form_token
from chalicelib.judgement.rules import Rules
from chalicelib.judgement.rules_file import DEFAULT_RULES, read_rules
from chalicelib.judgement.submitted import Kind, Submitted
from chalicelib.privacy.hashing import Hasher

AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
HASHER = Hasher({"h1": sha256(b"bench").digest()})
_TOKENS = {kind: make_form_token(kind, AT.replace(minute=1), HASHER) for kind in ("comment", "enquiry")}


def submit(kind: Kind, name: str, message: str) -> Submitted:
    return Submitted(kind, name, "jo@visitor.example", message, "", _TOKENS[kind], "192.0.2.7")


def codes_of(rules: Rules, message: str) -> list[str]:
    return [strike.reason.code for strike in rules.strikes(submit("comment", "Jo", message), AT, HASHER)]


def read_labelled(path: Path) -> list[tuple[str, str]]:
    """(group, message) of each comment."""
    with path.open(encoding="utf-8", newline="") as file:
        return [("spam" if row["spam"] == "1" else "ham", row["message"]) for row in csv.DictReader(file)]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.rules_corpus", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--labelled", type=Path, required=True)
    parser.add_argument("--wordpress", type=Path, required=True)
    parser.add_argument("--rules", type=Path, default=DEFAULT_RULES)
    parser.add_argument("--show")
    options = parser.parse_args(arguments)
    rules = read_rules(options.rules.read_text(encoding="utf-8"))
    texts = read_labelled(options.labelled)
    texts += [("wordpress", source.message) for source in read_wordpress(options.wordpress)]
    totals = Counter(group for group, _ in texts)
    struck: Counter[tuple[str, str]] = Counter()
    for group, message in texts:
        codes = codes_of(rules, message)
        struck.update((code, group) for code in [*codes, *(["any"] if codes else [])])
        if options.show in codes:
            print(f"{group}: {message!r}")
    print("| code | " + " | ".join(f"{group} ({n})" for group, n in totals.items()) + " |")
    print("|---|" + "---:|" * len(totals))
    known = [reason.code for kind in CATALOGUE.values() if not kind.once for reason in kind.reasons]
    for code in [*known, "any"]:
        print(f"| {code} | " + " | ".join(str(struck[code, group]) for group in totals) + " |")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
