"""Phrases, found in a sentence in a time that grows with its length.

A phrase is looked up by its first two words, or by its first where a gap follows. No phrase is longer than
a few words, and a gap is four at most, so the steps from one word of a sentence are bounded, whatever the
text.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import product
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


# A phrase found at the words from `start` to `end` (exclusive), and what it means. A plain tuple, for a
# hostile text can have thousands.
Match = tuple[int, int, Meaning]
# The words that may stand in a place; None for a gap.
_Place = frozenset[str] | None


# A phrase: how many words are looked up of it, the first or the first two; the places that are left; what it
# means; and the words that it can end with, so that what cannot end in a sentence is not begun (None where
# nothing is left). A plain tuple: they are taken apart at every other word of a text.
_Phrase = tuple[int, tuple[_Place, ...], Meaning, frozenset[str] | None]
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
        # Of those of them that were met in a text, what was read; the others.
        self._begun: dict[str, _Begun] = {}
        self._unread: set[str] = set()
        self._phrases: dict[tuple[str, Meaning], list[tuple[Iterable[str], _Phrase]]] = {}
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
        self._unread |= self._written.keys()

    def words_of(self, name: str) -> frozenset[str]:
        """Return the words of a class."""
        return self._classes[name]

    def find(self, sentences: Iterable[tuple[str, ...]]) -> list[tuple[tuple[str, ...], list[Match]]]:
        """Return each sentence that says anything, with what it says in the order of the beginnings.

        A sentence that comes again is looked at once.
        """
        read = ((words, self._find_in(words)) for words in dict.fromkeys(sentences))
        return [(words, found) for words, found in read if found]

    def _find_in(self, words: tuple[str, ...]) -> list[Match]:
        found: list[Match] = []
        vocabulary = frozenset(words)
        for word in self._unread & vocabulary:
            self._begin(word)
        followed_by = (*words[1:], "")
        # Two words that are repeated a thousand times are looked up once.
        known: dict[tuple[str, str], list[_Phrase]] = {}
        # So are words that many phrases can end with.
        can_end: dict[_Place, bool] = {None: True}
        # By far the most words begin nothing, or nothing together with the next.
        for start, begun in enumerate(map(self._begun.get, words)):
            if begun is None:
                continue
            following = followed_by[start]
            looked_up = begun.get(following) or begun[""]
            if not looked_up:
                continue
            pair = (words[start], following)
            phrases = known.get(pair)
            if phrases is None:
                phrases = known[pair] = []
                for phrase in looked_up:
                    last = phrase[-1]
                    if last is not None and last not in can_end:
                        can_end[last] = not last.isdisjoint(vocabulary)
                    if can_end[last]:
                        phrases.append(phrase)
            for length, rest, meaning, _ in phrases:
                at = start + length
                if not rest:
                    found.append((start, at, meaning))
                elif rest[0] is None or (at < len(words) and words[at] in rest[0]):
                    found += [(start, end, meaning) for end in _ends(rest, words, at)]
        return found

    def _add(self, line: str, meaning: Meaning) -> None:
        first, _, rest = line.partition(" ")
        # A word that may be missing makes two phrases.
        if first[-1] == "?":
            self._add(rest, meaning)
            first = first[:-1]
        for word in self._place(first) or ():
            self._written[word].append((rest, meaning))

    def _begin(self, word: str) -> None:
        begun: _Begun = {"": []}
        for written in self._written[word]:
            if written not in self._phrases:
                self._phrases[written] = list(self._read(*written))
            for second, phrase in self._phrases[written]:
                for following in second:
                    begun.setdefault(following, []).append(phrase)
        whatever = begun[""]
        if whatever:
            begun = {
                following: whatever + (phrases if following else []) for following, phrases in begun.items()
            }
        self._begun[word] = begun
        self._unread.discard(word)

    def _read(self, rest: str, meaning: Meaning) -> Iterator[tuple[Iterable[str], _Phrase]]:
        """The phrases that are written so behind their first word, each by what it is looked up with."""
        kept = [(element[:-1], "") if element[-1] == "?" else (element,) for element in rest.split()]
        for chosen in product(*kept):
            places = tuple(self._place(element) for element in chosen if element)
            second = places[0] if places else None
            looked_up, left = (_ANY, places) if second is None else (second, places[1:])
            # A gap is never its end.
            last = left[-1] if left else None
            yield looked_up, (1 if second is None else 2, left, meaning, last)

    def _place(self, element: str) -> _Place:
        if element not in self._places:
            names = element.split("|")
            classes = [self._classes[name] for name in names if name in self._classes]
            self._places[element] = frozenset(names).union(*classes) if classes else frozenset(names)
        return self._places[element]


def _ends(places: tuple[_Place, ...], words: tuple[str, ...], at: int) -> Sequence[int]:
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
            return ()
        at += 1
    return (at,)
