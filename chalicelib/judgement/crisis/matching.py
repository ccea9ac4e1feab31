"""Phrases, found in a sentence in a time that grows with its length.

A phrase is looked up by its first two words, or by its first where a gap follows. No phrase is longer than
a few words, and a gap is four at most, so the steps from one word of a sentence are bounded, whatever the
text.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain, pairwise, product
from typing import NamedTuple

from chalicelib.judgement.crisis.words import MANY, NUMBER

_LONGEST_GAP = 4
_GAP = ".."
# Stands for whatever word follows.
_ANY = ("",)


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


class _Phrase(NamedTuple):
    """What follows behind the first word, by which it is looked up."""

    places: tuple[_Place, ...]
    meaning: Meaning
    # Of one word or two: who has looked it up has found it.
    is_short: bool
    # The words that it can end with, so that what cannot end in a text is not begun.
    last: frozenset[str]


# By their second word; by "" those of one word, or with a gap behind the first.
_Begun = dict[str, list[_Phrase]]


class Phrases:
    """All phrases of a text written as phrases.txt explains.

    What stands behind a first word is read when a text first has that word: few texts need many of them, and
    a cold start need not wait for all.
    """

    def __init__(self, text: str) -> None:
        # What is written behind each first word.
        self._written: dict[str, list[tuple[str, Meaning]]] = defaultdict(list)
        self._begun: dict[str, _Begun] = {}
        self._phrases: dict[tuple[str, Meaning], list[_Phrase]] = {}
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
                self._add(line, meaning)

    def words_of(self, name: str) -> frozenset[str]:
        """Return the words of a class."""
        return self._classes[name]

    def find(self, sentences: Iterable[tuple[str, ...]]) -> list[tuple[tuple[str, ...], list[Match]]]:
        """Return each sentence that says anything, with what it says in the order of the beginnings.

        A sentence that comes again is looked at once.
        """
        different = list(dict.fromkeys(sentences))
        vocabulary = frozenset(chain.from_iterable(different))
        # Two words that are repeated a thousand times are looked up once.
        known: dict[tuple[str, str], list[_Phrase]] = {}
        read = []
        for words in different:
            found: list[Match] = []
            for start, pair in enumerate(pairwise((*words, ""))):
                if pair[0] not in self._written:
                    continue
                begun = self._begun.get(pair[0]) or self._begin(pair[0])
                phrases = known.get(pair)
                if phrases is None:
                    phrases = known[pair] = [
                        each
                        for each in (*begun.get("", ()), *(begun.get(pair[1], ()) if pair[1] else ()))
                        if each.is_short or not each.last.isdisjoint(vocabulary)
                    ]
                for phrase in phrases:
                    if phrase.is_short:
                        found.append(Match(start, start + 1 + len(phrase.places), phrase.meaning))
                    else:
                        ends = _ends(phrase.places, words, start + 1)
                        found += [Match(start, end, phrase.meaning) for end in ends]
            if found:
                read.append((words, found))
        return read

    def _add(self, line: str, meaning: Meaning) -> None:
        first, _, rest = line.partition(" ")
        # A word that may be missing makes two phrases.
        if first[-1] == "?":
            self._add(rest, meaning)
            first = first[:-1]
        for word in self._place(first) or ():
            self._written[word].append((rest, meaning))

    def _begin(self, word: str) -> _Begun:
        begun: _Begun = defaultdict(list)
        for written in self._written[word]:
            if written not in self._phrases:
                self._phrases[written] = list(self._read(*written))
            for phrase in self._phrases[written]:
                second = phrase.places[0] if phrase.places else None
                for following in _ANY if second is None else second:
                    begun[following].append(phrase)
        self._begun[word] = begun
        return begun

    def _read(self, rest: str, meaning: Meaning) -> Iterator[_Phrase]:
        kept = [(element[:-1], "") if element[-1] == "?" else (element,) for element in rest.split()]
        for chosen in product(*kept):
            places = tuple(self._place(element) for element in chosen if element)
            last = places[-1] if places else None
            yield _Phrase(places, meaning, len(places) <= 1, last or frozenset())

    def _place(self, element: str) -> _Place:
        if element not in self._places:
            names = element.split("|")
            classes = [self._classes[name] for name in names if name in self._classes]
            self._places[element] = frozenset(names).union(*classes) if classes else frozenset(names)
        return self._places[element]


def _ends(places: tuple[_Place, ...], words: tuple[str, ...], at: int) -> list[int]:
    """Return where a phrase can end of which `places` are left at the word `at`. A gap is never its end."""
    for number, place in enumerate(places):
        if place is None:
            following, rest = places[number + 1] or (), places[number + 2 :]
            ends: list[int] = []
            for behind in range(at, min(at + _LONGEST_GAP + 1, len(words))):
                if words[behind] in following:
                    ends += _ends(rest, words, behind + 1) if rest else (behind + 1,)
            return ends
        if at >= len(words) or words[at] not in place:
            return []
        at += 1
    return [at]
