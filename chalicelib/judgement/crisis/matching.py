"""Phrases, read once, and found in a sentence in a time that grows with its length.

A phrase is looked up by its first two words. No phrase is longer than a few words, and a gap is four at most,
so the steps from one word of a sentence are bounded, whatever the text.
"""

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise, product
from typing import NamedTuple

from chalicelib.judgement.crisis.words import MANY, NUMBER

_LONGEST_GAP = 4
_GAP = ".."


class Meaning(NamedTuple):
    """Of a phrase: the kind of danger or context, and when (phrases.txt)."""

    kind: str
    when: str


class Match(NamedTuple):
    """A phrase found at the words `start` to `end` (exclusive)."""

    start: int
    end: int
    meaning: Meaning


# The words that may stand in a place; None for a gap.
_Place = frozenset[str] | None


@dataclass(frozen=True)
class _Phrase:
    """What follows behind the words that it was looked up by."""

    places: tuple[_Place, ...]
    meaning: Meaning


class Phrases:
    """All phrases of a text written as phrases.txt explains."""

    def __init__(self, text: str) -> None:
        self._alone: dict[str, list[_Phrase]] = defaultdict(list)
        self._in_pairs: dict[str, dict[str, list[_Phrase]]] = defaultdict(lambda: defaultdict(list))
        self._classes: dict[str, frozenset[str]] = {}
        # Many phrases have the same words in a place: they are read once.
        self._places: dict[str, _Place] = {_GAP: None, NUMBER: frozenset({NUMBER, MANY})}
        meaning = Meaning("", "")
        for line in text.splitlines():
            if not line or line[0] == "%":
                continue
            if line[0] == "[":
                kind, when = line.strip("[]").split()
                meaning = Meaning(kind, when)
            elif line[0] == "@" and " = " in line:
                name, words = line.split(" = ")
                self._classes[name] = frozenset(words.split())
            else:
                self._add(line.split(), meaning)

    def words_of(self, name: str) -> frozenset[str]:
        """Return the words of a class."""
        return self._classes[name]

    def find(self, words: tuple[str, ...]) -> list[Match]:
        """Return what is found, in the order of the beginnings."""
        found: list[Match] = []
        vocabulary = frozenset(words)
        # Words that are repeated a thousand times are looked up once.
        known: dict[tuple[str, str], list[tuple[_Phrase, int]]] = {}
        for start, pair in enumerate(pairwise((*words, ""))):
            if pair not in known:
                known[pair] = self._look_up(*pair, vocabulary)
            for phrase, looked_up in known[pair]:
                ends = _ends(phrase.places, words, start + looked_up)
                found += [Match(start, end, phrase.meaning) for end in ends]
        return found

    def _look_up(self, word: str, following: str, vocabulary: frozenset[str]) -> list[tuple[_Phrase, int]]:
        """Return each phrase that may begin with these words, and how many of them it was looked up by."""
        alone = self._alone.get(word, ())
        in_pairs = self._in_pairs[word].get(following, ()) if word in self._in_pairs else ()
        return [
            (phrase, number)
            for number, phrases in ((1, alone), (2, in_pairs))
            for phrase in phrases
            if not any(place is not None and place.isdisjoint(vocabulary) for place in phrase.places)
        ]

    def _add(self, elements: list[str], meaning: Meaning) -> None:
        optional = [i for i, element in enumerate(elements) if element[-1] == "?"]
        # A word that may be missing makes two phrases.
        for left_out in product((False, True), repeat=len(optional)):
            gone = {i for i, missing in zip(optional, left_out, strict=True) if missing}
            places = [self._place(e.rstrip("?")) for i, e in enumerate(elements) if i not in gone]
            self._index(places, meaning)

    def _index(self, places: list[_Place], meaning: Meaning) -> None:
        first, second = places[0] or (), places[1] if len(places) > 1 else None
        if second is None:
            phrase = _Phrase(tuple(places[1:]), meaning)
            for word in first:
                self._alone[word].append(phrase)
        else:
            phrase = _Phrase(tuple(places[2:]), meaning)
            for word in first:
                followers = self._in_pairs[word]
                for follower in second:
                    followers[follower].append(phrase)

    def _place(self, element: str) -> _Place:
        if element not in self._places:
            names = element.split("|")
            self._places[element] = frozenset().union(*(self._classes.get(name, (name,)) for name in names))
        return self._places[element]


def _ends(places: tuple[_Place, ...], words: tuple[str, ...], at: int) -> list[int]:
    """Return where a phrase can end of which `places` are left at the word `at`. A gap is never its end."""
    for number, place in enumerate(places):
        if place is None:
            rest = places[number + 1 :]
            following = rest[0] or ()
            behind = [
                k + 1 for k, word in enumerate(words[at : at + _LONGEST_GAP + 1], at) if word in following
            ]
            return [end for begin in behind for end in _ends(rest[1:], words, begin)]
        if at >= len(words) or words[at] not in place:
            return []
        at += 1
    return [at]
