"""Who writes as if somebody were in danger now: of self-harm, an overdose, or a relapse.

It raises the priority, and does nothing else: it publishes nothing, refuses nothing, and diagnoses nobody.
What it misses and what it mistakes is measured in docs/judgement.md. Where it is unsure it finds danger: who
reads in vain has lost a minute.
"""

from bisect import bisect_left
from collections.abc import Set as AbstractSet
from itertools import pairwise
from pathlib import Path
from typing import Literal, NamedTuple

from chalicelib.judgement.crisis.matching import Match, Meaning, Phrases
from chalicelib.judgement.crisis.signs import SIGN, meanings_of
from chalicelib.judgement.crisis.words import COMMA, QUOTE, split_sentences
from chalicelib.judgement.reasons import Reason


def _words(spaced: str) -> frozenset[str]:
    return frozenset(spaced.split())


_PHRASES = Phrases(Path(__file__).with_name("phrases.txt").read_text(encoding="utf-8"))
_REASONS = {
    "self_harm": Reason("crisis_self_harm", "Somebody may be about to hurt or kill themselves."),
    "overdose": Reason("crisis_overdose", "Somebody may have taken too much."),
    "other": Reason("crisis_other_in_danger", "Somebody writes about another person who may be in danger."),
    "relapse": Reason("crisis_relapse", "Somebody may have relapsed, or be about to."),
}
# So many words before a phrase tell whom it is about, and whether it is denied.
_FAR = 8
# A denial stands closer.
_DENIED_FROM = 4
# So many words around it tell when it was.
_NEAR = 14
# "Until I came here" stands so few words behind what lasted until then.
_ENDED_WITHIN = 4
# "If my son": between the condition and whom it is about stands one word at most.
_NEXT_BUT_ONE = 2
_SELF = _words("i me yo my mi")
_OTHERS = _words("he she they him her them ella ellos ellas") | _PHRASES.words_of("@kin")
# Spanish "he" is "I have": its participle follows.
_PARTICIPLES = ("ado", "ido", "elto", "echo", "icho", "isto", "uesto")
# In a phrase itself: whose hurt it is.
_ANOTHER = _words("himself herself themselves themself his their se")
# Whom nobody has in mind: advice, rules, questions about anybody.
_ANYBODY = _words(
    "you someone somebody anyone anybody everyone people patients patient client clients one members"
    " veterans teens alguien usted ustedes personas quien quienes pacientes paciente tu uno"
)
_DENIALS = _words("not never no without nor neither stopped instead nunca jamas sin ni tampoco deje")
# "Can not stop thinking of it", "not only that": these deny nothing.
_NO_DENIALS = _words("stop help only quit one idea dejar parar solo evitar se to")
_BOUNDARIES = _words(f"{COMMA} {QUOTE} but and or because that then pero y o porque que entonces")
_PAST = ("event", "recent")
_NOWHERE: frozenset[int] = frozenset()
# Who repeats a sign more often in a sentence does not mean it more.
_MOST_READ = 8
# Of these, "if it happens" is a question, not danger.
_CONDITIONAL = frozenset({"overdose", "relapse"})
_CONDITIONS = _words("if when whenever unless should si cuando")
# Who says so means now, whatever year stands beside it.
_PRESENT = _words("want need am is are can will going keep quiero quiere voy va estoy esta puedo puede ya me")
# "The will to live" is not to come.
_PRESENT_BUT_WILL = _PRESENT - {"will"}
# "I cut myself": only what stands beside it tells when.
_SAME_IN_THE_PAST = _words("cut hurt put hit let")
_MEDIA = _words(
    "song songs sing sings sang singing album lyrics book novel movie film scene episode series podcast"
    " cancion pelicula libro serie novela escena"
)


class _Danger(NamedTuple):
    """A phrase of danger at the words from `start` to `end` (exclusive)."""

    start: int
    end: int
    meaning: Meaning


class _Before(NamedTuple):
    """What the words before a phrase say about it."""

    about: Literal["self", "other", "anybody"] = "self"
    denied: bool = False
    conditional: bool = False
    over: bool = False


def find_danger(text: str) -> tuple[Reason, ...]:
    """Return which dangers `text` (as stored: text.py) speaks of, each once, the gravest first.

    The time that it takes grows with the length of the text, and no faster.
    """
    found = _PHRASES.find(split_sentences(text))
    if not _may_be_danger({meaning for _, matches in found for _, _, meaning in matches}):
        return ()
    read = [_Reading(words, matches) for words, matches in found]
    overcome = any(reading.overcome for reading in read)
    for earlier, later in pairwise(read):
        earlier.is_dated |= later.dates_what_went_before
        earlier.returned |= later.returned
    kinds: set[str] = set()
    for earlier, later in pairwise([read[0], *read]):
        # Who repeats what is known already is not read again.
        if len(kinds) < len(_REASONS):
            kinds |= later.dangers(overcome=overcome) | earlier.dangers_together(later, overcome=overcome)
    return tuple(reason for kind, reason in _REASONS.items() if kind in kinds)


def _may_be_danger(meanings: set[Meaning]) -> bool:
    """Whether the context need be read: not where there is no danger, and no signs that mean one together."""
    signs = {when for kind, when in meanings if kind == SIGN}
    return bool(meanings_of(signs)) or any(kind in _REASONS for kind, _ in meanings)


class _Reading:
    """One sentence, and the phrases found in it that mean what they say."""

    __slots__ = (
        "_befores",
        "_dangers",
        "_ended",
        "_lately",
        "_long_ago",
        "_quotes",
        "_signs",
        "_signs_meant",
        "_tells_a_story",
        "_words",
        "dates_what_went_before",
        "is_dated",
        "overcome",
        "returned",
    )

    def __init__(self, words: tuple[str, ...], found: list[Match]) -> None:
        self._words = words
        self._befores: dict[tuple[str, ...], _Before] = {}
        turns = [match for match in found if match[2].kind == "harmless"]
        if turns:
            harmless = _places(turns)
            found = [match for match in found if harmless.isdisjoint(range(match[0], match[1]))]
        meant = _by_kind(found)
        self.overcome = "overcome" in meant
        good = _places(meant["overcome"]) if self.overcome else _NOWHERE
        # "Now" in "two years sober now" is when it was overcome.
        self._lately = sorted(_places(meant["lately"]) - good) if "lately" in meant else []
        self._long_ago = sorted(_places(meant["long_ago"])) if "long_ago" in meant else []
        self._quotes = [at for at, word in enumerate(words) if word == QUOTE] if QUOTE in words else []
        self._tells_a_story = not _MEDIA.isdisjoint(words)
        self.returned = "returned" in meant and self._says(meant["returned"])
        self._ended = {start for start, _, _ in meant["ended"]} if "ended" in meant else _NOWHERE
        self.is_dated = "dated" in meant
        self.dates_what_went_before = "dated_before" in meant
        self._dangers = [_Danger(*match) for kind in meant if kind in _REASONS for match in meant[kind]]
        if not self._lately:
            self._dangers = [danger for danger in self._dangers if danger.meaning.when != "recent"]
        # Where each begins.
        self._signs: dict[str, list[int]] = {}
        for start, _, meaning in meant.get(SIGN, ()):
            self._signs.setdefault(meaning.when, []).append(start)
        self._signs_meant: frozenset[str] | None = None

    def dangers(self, *, overcome: bool) -> set[str]:
        """Return the kinds of danger; `overcome` where the text tells that it went well in the end."""
        kinds: set[str] = set()
        for danger in self._dangers:
            if danger.meaning.kind not in kinds:
                before = self._before(danger.start)
                if self._is_meant_now(danger, before, overcome=overcome):
                    kinds.add(self._kind(danger, before))
        return kinds

    def dangers_together(self, later: "_Reading", *, overcome: bool) -> set[str]:
        """Return the dangers that the signs in this sentence and in the one after it mean together."""
        if self._long_ago or later._long_ago or not meanings_of({*self._signs, *later._signs}):
            return set()
        meanings = meanings_of(self._read_signs() | later._read_signs())
        return {meaning.kind for meaning in meanings if meaning.when == "now" or not overcome}

    def _says(self, context: list[Match]) -> bool:
        """Whether one of it is not denied."""
        return any(_is_meant(self._before(start)) for start, _, _ in context[:_MOST_READ])

    def _read_signs(self) -> frozenset[str]:
        """The names of the signs that are neither denied, nor asked about, nor anybody's, nor in a film."""
        if self._signs_meant is None:
            self._signs_meant = frozenset(
                name
                for name, starts in self._signs.items()
                if not self._tells_a_story
                and any(_is_meant(self._before(start)) for start in starts[:_MOST_READ])
            )
        return self._signs_meant

    def _is_meant_now(self, danger: _Danger, before: _Before, *, overcome: bool) -> bool:
        if before.denied or self._is_anybodys(danger, before) or self._is_quoted(danger, before):
            return False
        lately = self._near(self._lately, danger)
        if (
            before.conditional
            and danger.meaning.kind in _CONDITIONAL
            and not (lately and before.about == "self")
        ):
            return False
        match danger.meaning.when:
            case "now":
                over = before.over or self._ended_then(danger)
                told = overcome or (
                    self._words[danger.start] in _SAME_IN_THE_PAST and self._near(self._long_ago, danger)
                )
                was_then = told and self._was_then(danger) and not lately
                return self.returned or not (over or was_then)
            case "event":
                return lately or self.returned or not (overcome or self._near(self._long_ago, danger))
            case _:
                over = self._ended_then(danger) or self._near(self._long_ago, danger)
                returned = self.returned and danger.meaning.kind == "self_harm"
                return returned or (lately and not over)

    def _ended_then(self, danger: _Danger) -> bool:
        """Whether it lasted until something came, which is said not far behind it."""
        until = range(danger.end, danger.end + _ENDED_WITHIN)
        return any(at in self._ended for at in until) and _PRESENT_BUT_WILL.isdisjoint(self._said(danger))

    def _was_then(self, danger: _Danger) -> bool:
        """Whether it is told of a year, a season or an age, and not said of now."""
        return self.is_dated and _PRESENT.isdisjoint(self._said(danger))

    def _said(self, danger: _Danger) -> tuple[str, ...]:
        return self._words[max(danger.start - _NEXT_BUT_ONE, 0) : danger.end]

    def _kind(self, danger: _Danger, before: _Before) -> str:
        words = self._words[danger.start : danger.end]
        another = before.about == "other" or not _ANOTHER.isdisjoint(words)
        return "other" if another else danger.meaning.kind

    def _before(self, start: int) -> _Before:
        """What stands before a phrase. What is said again, or begins many phrases, is read once."""
        said = self._words[max(start - _FAR, 0) : start + 1]
        known = self._befores.get(said)
        if known is None:
            known = self._befores[said] = _read_back(said)
        return known

    def _is_anybodys(self, danger: _Danger, before: _Before) -> bool:
        """Whether nobody in particular is meant. "Everybody would be better off without me" is about me."""
        return before.about == "anybody" and _SELF.isdisjoint(self._words[danger.start : danger.end])

    def _is_quoted(self, danger: _Danger, before: _Before) -> bool:
        """Whether it is the title of a song, or said in one, or somebody does it in a film."""
        after = self._words[danger.end : danger.end + 2]
        inside = bisect_left(self._quotes, danger.start) % 2 == 1
        return (inside and (self._tells_a_story or after == (QUOTE, "by"))) or (
            self._tells_a_story and before.about == "other"
        )

    def _near(self, places: list[int], danger: _Danger) -> bool:
        """Whether one of the places, which are in order, lies near."""
        following = bisect_left(places, danger.start - _NEAR)
        return following < len(places) and places[following] < danger.end + _NEAR


def _read_back(said: tuple[str, ...]) -> _Before:
    """Read back from a phrase, whose first word stands last, to where its clause begins."""
    about: Literal["self", "other", "anybody"] | None = None
    denied = conditional = over = False
    subject = start = len(said) - 1
    for at in range(start - 1, -1, -1):
        word = said[at]
        if word in _BOUNDARIES:
            break
        if about is None:
            about = _whom(word, said[at + 1])
            subject = at
            near = at >= start - _DENIED_FROM
            denied |= near and word in _DENIALS and said[at + 1] not in _NO_DENIALS
        conditional |= word in _CONDITIONS and at >= subject - _NEXT_BUT_ONE
        over |= word == "used" and said[at + 1] == "to"
    return _Before(about or "self", denied, conditional, over)


def _places(found: list[Match]) -> AbstractSet[int]:
    """The places of all words that phrases cover."""
    return {at for start, end, _ in found for at in range(start, end)}


def _is_meant(sign: _Before) -> bool:
    return not (sign.denied or sign.conditional or sign.over or sign.about == "anybody")


def _by_kind(found: list[Match]) -> dict[str, list[Match]]:
    """What was found, by its kind, each once: many phrases say the same of the same words.

    Left out is what begins within a phrase about the past: in "tried to kill myself" the last two words.
    """
    kinds: dict[str, list[Match]] = {}
    past_until = 0
    for match in dict.fromkeys(found):
        start, end, (kind, when) = match
        if when == "now" and start < past_until:
            continue
        kinds.setdefault(kind, []).append(match)
        if when in _PAST and end > past_until:
            past_until = end
    return kinds


def _whom(word: str, following: str) -> Literal["self", "other", "anybody"] | None:
    if word in _SELF:
        return "self"
    if word in _OTHERS and not (word == "he" and following.endswith(_PARTICIPLES)):
        return "other"
    return "anybody" if word in _ANYBODY else None
