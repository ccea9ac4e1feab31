"""The labelled set is what docs/judgement.md says that it is."""

from collections import Counter

from tests.judgement.crisis_set import read_sentences, split_of

SENTENCES = read_sentences()


def test_split_follows_from_the_id_alone() -> None:
    assert [s.id for s in SENTENCES if s.split != split_of(s.id)] == []


def test_no_sentence_stands_there_twice() -> None:
    texts = Counter(s.text.casefold() for s in SENTENCES)
    ids = Counter(s.id for s in SENTENCES)
    assert [each for each, times in (texts + ids).items() if times > 1] == []


def test_about_half_are_nobody_in_danger() -> None:
    assert len(SENTENCES) >= 240
    calm = sum(not s.in_danger for s in SENTENCES) / len(SENTENCES)
    assert 0.45 < calm < 0.55


def test_every_kind_is_there_in_both_languages_and_splits() -> None:
    found = {(s.language, s.label, s.split) for s in SENTENCES}
    labels = ("none", "self_harm", "overdose", "relapse", "other_in_danger")
    assert found == {
        (la, lb, sp)
        for la in ("en", "es")
        for lb in labels
        for sp in (
            "tuning",
            "unseen",
            "hints",
            "fresh",
            "last",
            "independent",
            "independent2",
            "third",
            "independent3",
        )
    }
