"""The figures in docs/judgement.md are those that the rules reach on the labelled sentences."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from chalicelib.judgement.crisis.finding import find_danger
from tests.judgement.crisis_set import Sentence, read_sentences

PAGE = Path(__file__).parents[2] / "docs" / "judgement.md"
SENTENCES = read_sentences()
LANGUAGES = {"English": "en", "Spanish": "es"}
FOUND = {s.id for s in SENTENCES if find_danger(s.text)}


def of(split: str, **wanted: str) -> list[Sentence]:
    return [s for s in SENTENCES if s.split == split and all(getattr(s, k) == v for k, v in wanted.items())]


def share(sentences: Iterable[Sentence]) -> str:
    """How many of them are found, of how many: "11 of 34 (32 %)"."""
    ids = [s.id for s in sentences]
    found = sum(each in FOUND for each in ids)
    return f"{found} of {len(ids)} ({found / len(ids):.0%})".replace("%)", " %)")


def row(name: str, sentences: list[Sentence]) -> str:
    danger = share(s for s in sentences if s.in_danger)
    calm = share(s for s in sentences if not s.in_danger)
    return f"| {name} | {danger} | {calm} |"


@pytest.mark.parametrize(
    "split",
    ["tuning", "unseen", "hints", "fresh", "last", "independent", "independent2", "third", "independent3"],
)
def test_every_set_has_its_row(split: str) -> None:
    assert row(f"`{split}`", of(split)) in PAGE.read_text()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("batch", ["independent3", "independent2", "third"])
def test_unseen_batch_is_told_by_language(batch: str, language: str) -> None:
    sentences = of(batch, language=LANGUAGES[language])
    assert row(f"{language}, `{batch}`", sentences) in PAGE.read_text()


@pytest.mark.parametrize("kind", ["self_harm", "overdose", "relapse", "other_in_danger"])
def test_unseen_batch_is_told_by_kind(kind: str) -> None:
    shares = [share(of("independent3", label=kind, language=code)) for code in LANGUAGES.values()]
    assert f"| `{kind}` | {' | '.join(shares)} |" in PAGE.read_text()
