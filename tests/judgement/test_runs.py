"""Runs are found as they would be by looking at each character; the quick look before it misses none."""

import random

import pytest

from chalicelib.judgement.crisis.words import split_sentences
from chalicelib.judgement.phrases import Phrases
from chalicelib.judgement.runs import has_run, may_have_run


def longest_run(text: str) -> int:
    return max((end - start for start in range(len(text)) for end in ends_of_run(text, start)), default=0)


def ends_of_run(text: str, start: int) -> list[int]:
    return [end for end in range(start + 1, len(text) + 1) if len({*text[start:end]}) == 1]


@pytest.mark.parametrize("characters", ["ab", "a \n", "a\0", "aé", "é\u2026", "a\U0001f600"])
def test_no_run_is_missed(characters: str) -> None:
    chance = random.Random(5)
    for _ in range(500):
        text, most = "".join(chance.choices(characters, k=chance.randint(0, 12))), chance.randint(1, 5)
        runs = longest_run(text) > most
        assert has_run(text, most) is runs, text
        assert may_have_run(text, most) or not runs, text


def test_quick_look_tells_texts_without_a_run() -> None:
    assert not may_have_run("", 2)
    assert not may_have_run("All is well, too.", 2)
    assert may_have_run("soo well", 1)
    assert may_have_run("sooo", 2)


def test_drawn_out_letters_beyond_a_marked_one_are_one() -> None:
    assert split_sentences("Please héééélp meee") == [("help", "me")]


def test_phrases_added_after_a_text_was_read_are_found_in_the_next() -> None:
    phrases = Phrases({"drugs": ["perc*"]})
    phrases.add("take @drugs", "one")
    words = ["take", "percs", "30", "doses"]
    assert phrases.find(words) == {"one"}
    phrases.add("#", "two")
    phrases.add("doses", "three")
    assert phrases.find(words) == {"one", "two", "three"}


def test_first_text_reads_no_word_of_the_file_that_it_does_not_have(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    meanings = Phrases._meanings

    def reading(phrases: Phrases, word: str) -> tuple[str, ...]:
        read.append(word)
        return meanings(phrases, word)

    monkeypatch.setattr(Phrases, "_meanings", reading)
    phrases = Phrases({"names": ["anna", "bert", "carla"]})
    phrases.add("call @names", "one")
    assert phrases.find(["call", "anna", "call", "anna"]) == {"one"}
    assert phrases.find(["call", "anna"]) == {"one"}
    assert read == ["call", "anna"]
