"""The classifier: what it sees of a text, that it unlearns exactly, and when it says something."""

import math
import random
import string
import struct
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.judgement.features import BUCKETS, buckets_of
from chalicelib.judgement.learning import (
    FEWEST_DECISIONS,
    Counts,
    Lesson,
    Model,
    explain,
    unpack_buckets,
    unpack_counts,
)
from chalicelib.judgement.taught import Label, Taught, read_taught
from tests.stack import ROOT

KEY = bytes(range(32))
SPAM = "Check out my channel and subscribe for free gift cards number {}"
KIND = "Thank you for this, ninety days sober today, day {}"

texts = st.text(max_size=200)
labels: st.SearchStrategy[Label] = st.sampled_from(["approved", "spam"])
changes = st.tuples(st.one_of(st.none(), labels), st.one_of(st.none(), labels))


def lesson(text: str, learn: Label | None, unlearn: Label | None = None) -> Lesson:
    return Lesson(buckets_of(text, KEY), learn, unlearn)


def taught(approved: int, spam: int) -> Counts:
    counts = Counts()
    for n in range(approved):
        counts.apply(lesson(KIND.format(n), "approved"))
    for n in range(spam):
        counts.apply(lesson(SPAM.format(n), "spam"))
    return counts


def score(counts: Counts, text: str) -> float:
    found = Model(counts, KEY).score(text)
    assert found is not None
    return found


@given(st.lists(st.tuples(texts, labels)), texts, labels)
def test_what_is_unlearnt_was_never_there(before: list[tuple[str, Label]], text: str, label: Label) -> None:
    counts = Counts()
    for other, its in before:
        counts.apply(lesson(other, its))
    was = counts.pack(), dict(counts.comments)
    counts.apply(lesson(text, label))
    counts.apply(lesson(text, None, label))
    assert (counts.pack(), counts.comments) == was


@given(st.lists(st.tuples(texts, labels), min_size=1), st.randoms())
def test_order_does_not_matter(lessons: list[tuple[str, Label]], chance: random.Random) -> None:
    shuffled = chance.sample(lessons, len(lessons))
    first, second = Counts(), Counts()
    for one, other in zip(lessons, shuffled, strict=True):
        first.apply(lesson(*one))
        second.apply(lesson(*other))
    assert first == second


@given(texts, labels, labels)
def test_decision_changed_is_as_if_it_had_been_so_at_once(text: str, first: Label, then: Label) -> None:
    changed, at_once = Counts(), Counts()
    changed.apply(lesson(text, first))
    changed.apply(lesson(text, then, first))
    at_once.apply(lesson(text, then))
    assert changed == at_once


@given(st.lists(st.tuples(texts, labels)))
def test_counts_are_the_same_after_storing(lessons: list[tuple[str, Label]]) -> None:
    counts = Counts()
    for text, label in lessons:
        counts.apply(lesson(text, label))
    assert unpack_counts(counts.pack(), **counts.comments) == counts


@pytest.mark.parametrize("packed", [b"", b"nonsense", Counts().pack()[:-1], struct.pack("<3i", 1, 2, 3)])
def test_what_are_no_counts_is_refused(packed: bytes) -> None:
    with pytest.raises(ValueError, match="counts"):
        unpack_counts(packed, 1, 1)


@given(texts)
def test_buckets_are_sorted_unique_and_the_same_after_storing(text: str) -> None:
    buckets = buckets_of(text, KEY)
    assert list(buckets) == sorted(set(buckets))
    assert all(0 <= bucket < BUCKETS for bucket in buckets)
    assert unpack_buckets(Lesson(buckets, None, None).pack()) == buckets


@given(labels, st.from_regex(r"h[0-9]{1,3}\.[0-9]{1,3}", fullmatch=True))
def test_what_was_taught_is_the_same_after_storing(label: Label, generation: str) -> None:
    assert read_taught(str(Taught(label, generation))) == Taught(label, generation)


def test_buckets_are_the_same_in_another_process() -> None:
    """Else what one environment learnt, another could not take back. Sets of strings have no such order."""
    text = " ".join(f"word{n}" for n in range(2000))
    code = (
        "from chalicelib.judgement.features import buckets_of;"
        f"print(hash('a'), buckets_of(' '.join(f'word{{n}}' for n in range(2000)), {KEY!r}))"
    )
    said = set()
    hashes = set()
    for seed in ("1", "2"):
        command = [sys.executable, "-c", code]
        run = subprocess.run(  # noqa: S603
            command, cwd=ROOT, env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        )
        own_hash, _, buckets = run.stdout.strip().partition(" ")
        hashes.add(own_hash)
        said.add(buckets)
    assert len(hashes) == 2
    assert said == {str(buckets_of(text, KEY))}


def test_buckets_of_another_key_are_others() -> None:
    """Who has the counts and not the key cannot look a word up."""
    text = SPAM.format(1)
    mine, others = set(buckets_of(text, KEY)), set(buckets_of(text, bytes(32)))
    # By chance some meet: 60 in 16,384.
    assert len(mine & others) <= 3
    assert len(mine) > 40


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SUBSCRIBE now", "subscribe NOW"),
        ("ｓｕｂｓｃｒｉｂｅ", "subscribe"),  # full width
        ("𝗳𝗿𝗲𝗲 𝗴𝗶𝗳𝘁", "free gift"),  # mathematical bold
        ("free free free", "free"),
    ],
)
def test_disguise_changes_nothing(one: str, other: str) -> None:
    assert buckets_of(one, KEY) == buckets_of(other, KEY)


def test_misspelling_keeps_much_in_common() -> None:
    word, odd, another = (set(buckets_of(w, KEY)) for w in ("subscribers", "subscribbers", "gratitude"))
    assert len(word & odd) >= 5
    assert len(word & another) <= 1


@pytest.mark.parametrize("text", ["", "   \n", "\u200b\u200d"])
def test_text_without_a_word_has_no_score(text: str) -> None:
    counts = taught(20, 20)
    if not buckets_of(text, KEY):
        assert Model(counts, KEY).score(text) is None
    else:
        assert 0.3 < score(counts, text) < 0.7


@pytest.mark.parametrize(
    ("approved", "spam"),
    [(0, 0), (100, 0), (0, 100), (100, FEWEST_DECISIONS - 1), (FEWEST_DECISIONS - 1, 100)],
)
def test_untrained_it_says_nothing(approved: int, spam: int) -> None:
    assert Model(taught(approved, spam), KEY).score(SPAM.format("x")) is None


def test_with_the_fewest_decisions_of_each_it_tells_them_apart() -> None:
    counts = taught(FEWEST_DECISIONS, FEWEST_DECISIONS)
    assert score(counts, SPAM.format("new")) > 0.9
    assert score(counts, KIND.format("new")) < 0.1


@pytest.mark.parametrize(("approved", "spam"), [(500, 5), (5, 500), (50, 50)])
def test_text_unlike_anything_is_neither_though_one_kind_be_rare(approved: int, spam: int) -> None:
    """Where 500 were approved and 5 were spam, what is new must not look like spam for being new."""
    counts = taught(approved, spam)
    # Not quite 0.5: some bucket of it can be another word's.
    assert 0.25 < score(counts, "Zebras graze beyond quiet mountains") < 0.75
    assert score(counts, SPAM.format("new")) > 0.9
    assert score(counts, KIND.format("new")) < 0.1


@given(st.text(max_size=300), st.lists(st.tuples(texts, labels), max_size=5))
def test_score_is_strictly_between_0_and_1(text: str, more: list[tuple[str, Label]]) -> None:
    counts = taught(FEWEST_DECISIONS, FEWEST_DECISIONS)
    for other, label in more:
        counts.apply(lesson(other, label))
    found = Model(counts, KEY).score(text)
    assert found is None or 0 < found < 1


def test_counts_below_zero_are_as_none() -> None:
    """Where tables were restored to different times: it must not fail."""
    counts = taught(20, 20)
    never = Counts(dict(counts.comments), {label: a[:] for label, a in counts.seen.items()})
    new = "Zebras graze"
    for bucket in buckets_of(new, KEY):
        counts.seen["approved"][bucket] = -3
        never.seen["approved"][bucket] = 0
    assert score(counts, new) == score(never, new)
    assert math.isfinite(score(counts, new))


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (None, []),
        (0.0, []),
        (0.8999, []),
        (0.9, ["Looks like what moderators here marked as spam (90 %)."]),
        (0.938, ["Looks like what moderators here marked as spam (93 %)."]),
        (0.9999999, ["Looks like what moderators here marked as spam (99 %)."]),
    ],
)
def test_moderators_are_told_of_high_scores_alone(found: float | None, told: list[str]) -> None:
    assert [reason.text for reason in explain(found)] == told


def random_text(letters: str) -> str:
    return "".join(random.Random(1).choices(letters, k=5000))


@pytest.mark.parametrize(
    "text",
    [
        random_text(string.ascii_letters),
        random_text(string.ascii_letters + "   "),
        random_text("".join(map(chr, range(0x4E00, 0x9FFF)))),
        " ".join(random_text("".join(map(chr, range(0x4E00, 0x9FFF))))[:2500]),
        "\ufdfa" * 5000,
    ],
    ids=["letters", "words", "one word of Chinese", "words of one letter", "eighteen letters each"],
)
def test_hostile_text_has_no_more_features_than_prose(text: str) -> None:
    """Work is in proportion to these: docs/judgement.md has the milliseconds."""
    assert len(buckets_of(text, KEY)) <= 1500


def test_counts_fit_into_one_item_whatever_they_are() -> None:
    """DynamoDB takes 400 kB."""
    counts, chance = Counts(), random.Random(1)
    for seen in counts.seen.values():
        seen[:] = type(seen)("i", (chance.getrandbits(31) for _ in range(BUCKETS)))
    assert len(counts.pack()) < 140_000
