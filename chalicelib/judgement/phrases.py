"""Phrases to look for, as the rules file writes them: words, and no regular expressions.

| written | stands for |
|---|---|
| `where can i get` | these words, one after the other, whole, however they are dressed up |
| `perc*` | every word that begins so (three letters at least) |
| `my/our son` | either word |
| `@drugs` | any word of the list `drugs` of the file; its words may end in `*` too |
| `#`, `#mg` | a number; a number with what stands right behind it |
| `bed ... son` | up to three other words in between, once in a phrase |

All phrases of a file are one graph of words. A text is walked once, word by word, beside the places of
the graph where phrases could go on: they are at most as many as the file makes, whatever the text is.
So a text of twice the length takes twice the time, by construction: nothing here can go back. Steps are
remembered, from text to text: people use the same words, and what tries to be slow says the same again.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from chalicelib.judgement.reading import fold, plainer, words_of

_LONGEST_GAP = 3
_GAP = "..."
_MOST_WORDS = 12
_MOST_GAPS = 3
_SHORTEST_STEM = 3
_FIGURES = "0123456789"
_NUMBER = re.compile(r"#\w*")
_PLAIN = re.compile("[a-z]+")
# When more steps are remembered, all are forgotten before the next text: one megabyte or so.
_MOST_STEPS = 2000


_NOTHING: tuple[str, ...] = ()
_NO_CODES: frozenset[str] = frozenset()


class BadPhrase(ValueError):
    """What is written is no phrase; says why."""


@dataclass(eq=False, slots=True)
class _Place:
    """A place in the graph: what may come next, and the codes of the phrases that end here."""

    next: dict[str, list["_Place"]] = field(default_factory=dict)
    # Whatever word comes next: inside a gap.
    any: "_Place | None" = None
    codes: set[str] = field(default_factory=set)
    # By what is written in the file: phrases that begin alike go the same way so far.
    ways: dict[str, "_Place"] = field(default_factory=dict)


class Phrases:
    """The phrases of a rules file, each with the code that it gives. `lists` are the named lists.

    Raises BadPhrase where a list has what is no word.
    """

    def __init__(self, lists: Mapping[str, Iterable[str]]) -> None:
        self.lists = lists
        self._first = _Place()
        # A word of a text, or what it begins with: what it stands for in the graph.
        self._words: dict[str, tuple[str, ...]] = {}
        # By their first letters, which they share with few.
        self._stems: dict[str, dict[str, tuple[str, ...]]] = {}
        self._numbers: set[str] = set()
        # What each of these words that a text had stands for in all, what it begins with too. No other words:
        # a visitor's are not kept.
        self._known: dict[str, tuple[str, ...]] = {}
        self._forget_steps()
        for name, members in lists.items():
            for member in members:
                self._know(read_word(member), f"@{name}")

    def add(self, phrase: str, code: str) -> None:
        """Raises BadPhrase."""
        parts = phrase.split()
        if not 1 <= len(parts) <= _MOST_WORDS or parts.count(_GAP) > _MOST_GAPS:
            raise BadPhrase(f"a phrase has 1 to {_MOST_WORDS} words, and at most {_MOST_GAPS} gaps")
        if any(_GAP == one == other for one, other in zip([_GAP, *parts], [*parts, _GAP], strict=True)):
            raise BadPhrase("a gap stands between two words")
        self._grow(parts, [[] if part == _GAP else self._choices(part) for part in parts], code)

    def add_words(self, words: str, code: str) -> None:
        """Add plain words, such as somebody's name, in which nothing has a meaning of its own.

        Raises BadPhrase.
        """
        parts = words_of(fold(words))
        if not 1 <= len(parts) <= _MOST_WORDS:
            raise BadPhrase(f"it must have 1 to {_MOST_WORDS} words")
        for part in parts:
            self._know(part, part)
        self._grow(parts, [[part] for part in parts], code)

    def find(self, words: Iterable[str]) -> set[str]:
        """Return the codes of the phrases that these words have among them."""
        if self._steps > _MOST_STEPS:
            self._forget_steps()
        known, own, stems = self._known, self._words, self._stems
        # Of words that are not the file's, each once: those that may stand for some that are.
        others: dict[str, tuple[str, ...]] = {}
        found: set[str] = set()
        state = self._start
        for word in words:
            meant = known.get(word)
            if meant is None:
                if word in own:
                    meant = known[word] = self._meanings(word)
                elif word.isalpha() and word[:_SHORTEST_STEM] not in stems:
                    meant = _NOTHING
                else:
                    meant = others.get(word)
                    if meant is None:
                        meant = others[word] = self._meanings(word)
            there = state.next.get(meant)
            state = self._step(state, meant) if there is None else there
            if state.codes:
                found |= state.codes
        return found

    def _choices(self, part: str) -> list[str]:
        return [self._read_choice(choice) for choice in part.split("/")]

    def _read_choice(self, choice: str) -> str:
        if choice.startswith("@"):
            if choice[1:] not in self.lists:
                raise BadPhrase(f"there is no list `{choice[1:]}`")
            return choice
        if _NUMBER.fullmatch(choice):
            number = fold(choice)
            self._numbers.add(number)
            return number
        word = read_word(choice)
        self._know(word, word)
        return word

    def _know(self, word: str, symbol: str) -> None:
        stem = word.removesuffix("*")
        known = self._words if stem == word else self._stems.setdefault(stem[:_SHORTEST_STEM], {})
        symbols = known.get(stem, ())
        if symbol not in symbols:
            known[stem] = (*symbols, symbol)

    def _grow(self, parts: list[str], choices: list[list[str]], code: str) -> None:
        places, way = [self._first], ""
        for part, symbols in zip(parts, choices, strict=True):
            if part == _GAP:
                places, way = _skip(places[0]), _GAP
                continue
            way += part
            there = places[0].ways.get(way)
            if there is None:
                there = places[0].ways[way] = _Place()
                for place in places:
                    for symbol in symbols:
                        place.next.setdefault(symbol, []).append(there)
            places, way = [there], ""
        places[0].codes.add(code)
        self._known = {}
        self._forget_steps()

    def _meanings(self, word: str) -> tuple[str, ...]:
        """What a word of a text stands for in the graph."""
        number = f"#{word.lstrip(_FIGURES)}" if word[0] in _FIGURES else ""
        meanings = (number,) if number in self._numbers else _NOTHING
        for reading in (word, plainer(word)):
            if reading is not None:
                meanings += self._words.get(reading, _NOTHING)
                for stem, symbols in self._stems.get(reading[:_SHORTEST_STEM], {}).items():
                    meanings += symbols if reading.startswith(stem) else _NOTHING
        return meanings

    def _step(self, state: "_State", meant: tuple[str, ...]) -> "_State":
        # Each once: phrases with gaps can come to one place from several beginnings.
        reached: dict[_Place, None] = {}
        for place in (*state.places, self._first) if meant else state.places:
            if place.any is not None:
                reached[place.any] = None
            for symbol in meant:
                for there in place.next.get(symbol, ()):
                    reached[there] = None
        places = tuple(reached)
        known = self._states.get(places)
        if known is None:
            ended = [place.codes for place in places if place.codes]
            known = self._states[places] = _State(places, _NO_CODES.union(*ended) if ended else _NO_CODES)
        state.next[meant] = known
        self._steps += 1
        return known

    def _forget_steps(self) -> None:
        self._start = _State((), _NO_CODES)
        self._states: dict[tuple[_Place, ...], _State] = {(): self._start}
        self._steps = 0


def _skip(place: _Place) -> list[_Place]:
    """The place, and those behind one, two, three words of whatever kind."""
    places = [place]
    for _ in range(_LONGEST_GAP):
        place.any = place.any or _Place()
        place = place.any
        places.append(place)
    return places


@dataclass(eq=False, slots=True)
class _State:
    """The places beside which a text is walked at one word, each once; and what the next word leads to.

    That goes by what the word means in the graph, so that no word of a visitor's is kept.
    """

    places: tuple[_Place, ...]
    codes: frozenset[str]
    next: dict[tuple[str, ...], "_State"] = field(default_factory=dict)


def read_word(written: str) -> str:
    """A word of a phrase or a list, folded as the texts are. Raises BadPhrase."""
    if _PLAIN.fullmatch(written):
        return written
    stem = written.removesuffix("*")
    words = words_of(fold(stem))
    # A hyphen or a full stop would part it, and then it would never be found.
    if len(words) != 1 or not _is_word(fold(stem)):
        raise BadPhrase("it is not one word of letters and figures, which may end in `*`")
    if stem != written and len(words[0]) < _SHORTEST_STEM:
        raise BadPhrase(f"before `*` stand at least {_SHORTEST_STEM} letters")
    return words[0] + ("*" if stem != written else "")


def _is_word(folded: str) -> bool:
    return folded.replace("$", "s").replace("_", "s").isalnum()
