"""The figures of docs/judgement.md, computed anew where the labelled comments are at hand.

They are not part of this project. They are looked for beside it, or where LABELLED_COMMENTS says.
"""

import os
from pathlib import Path
from typing import Any

import pytest

from bench.judge_corpus import SECRETS, Labelled, Scored, area_under_curve, measure, play, read_corpus, report
from chalicelib.judgement.learning import FEWEST_DECISIONS, SHOWN_FROM
from tests.stack import ROOT

CORPUS = Path(os.environ.get("LABELLED_COMMENTS", ROOT.parent / "shared" / "data" / "comments-labelled.csv"))
DOCS = (ROOT / "docs" / "judgement.md").read_text()
with_corpus = pytest.mark.skipif(not CORPUS.exists(), reason="the labelled comments are not at hand")


@pytest.fixture(scope="module")
def found() -> Any:
    return report(read_corpus(CORPUS))


def percent(share: float | None) -> str:
    return "none" if share is None else f"{share:.0%}".replace("%", " %")


@with_corpus
def test_figures_of_the_second_half_are_those_of_the_docs(found: Any) -> None:
    half, all_ = found["second_half"], found["as_decided"]
    assert f"{half['comments']} comments, {half['spam']} of them spam" in DOCS
    for name, shown in (("Precision", "precision"), ("Recall", "recall")):
        row = f"| {name} | {percent(all_[shown])} | {percent(all_[f'worst_{shown}'])} |"
        assert row in DOCS, row
    row = f"| Area under the curve | {all_['area']:.2f} | {all_['worst_area']:.2f} |"
    assert row in DOCS, row


@with_corpus
def test_figures_of_few_decisions_are_those_of_the_docs(found: Any) -> None:
    for decisions, figures in found["second_half_after_the_first_so_many"].items():
        shares = (percent(figures["precision"]), percent(figures["recall"] if figures["flagged"] else None))
        area = f"{figures['area']:.2f}" if figures["flagged"] else "none"
        row = f"| {decisions} | {figures['spam']} | {' | '.join([*shares, area])} |"
        assert row in DOCS, row


def test_docs_tell_the_threshold_and_the_fewest_decisions() -> None:
    assert f"from {SHOWN_FROM:.0%}".replace("%", " %") in DOCS
    assert f"{FEWEST_DECISIONS} of each" in DOCS


def test_no_comment_is_scored_by_what_it_taught() -> None:
    corpus = [Labelled(f"word{n}", spam=n % 2 == 0) for n in range(2 * FEWEST_DECISIONS)]
    assert [s.score for s in play(corpus, SECRETS[0])] == [None] * len(corpus)


def test_area_is_one_for_a_perfect_order_and_a_half_for_none() -> None:
    perfect = [Scored(0.9, spam=True), Scored(0.1, spam=False), Scored(0.2, spam=False)]
    assert area_under_curve(perfect) == 1
    assert area_under_curve([Scored(None, s.spam) for s in perfect]) == 0.5
    assert area_under_curve([Scored(0.1, spam=True), Scored(0.9, spam=False)]) == 0


def test_precision_and_recall_are_of_what_is_shown() -> None:
    scored = [Scored(0.95, spam=True), Scored(0.5, spam=True), Scored(0.95, spam=False), Scored(None, False)]
    found = measure(scored)
    assert (found["precision"], found["recall"], found["false_alarms"]) == (0.5, 0.5, 1)
