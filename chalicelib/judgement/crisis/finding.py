"""Who writes as if somebody were in danger now: of self-harm, an overdose, or a relapse.

It raises the priority, and does nothing else: it publishes nothing, refuses nothing, and diagnoses nobody.
What it misses and what it mistakes is measured in docs/judgement.md. Where it is unsure it finds danger: who
reads in vain has lost a minute.
"""

from collections import defaultdict
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Literal, NamedTuple

from chalicelib.judgement.crisis.matching import Match, Phrases
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
# Who repeats a sign more often in a sentence does not mean it more.
_MOST_READ = 8
# Of these, "if it happens" is a question, not danger.
_CONDITIONAL = frozenset({"overdose", "relapse"})
_CONDITIONS = _words("if when whenever unless should si cuando")
_MEDIA = _words(
    "song songs sing sings sang singing album lyrics book novel movie film scene episode series podcast"
    " cancion pelicula libro serie novela escena"
)


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
    if not any(match.meaning.kind in {*_REASONS, SIGN} for _, matches in found for match in matches):
        return ()
    read = [_Reading(words, matches) for words, matches in found]
    overcome = any(reading.overcome for reading in read)
    kinds = set().union(*(reading.dangers(overcome=overcome) for reading in read))
    for earlier, later in pairwise([read[0], *read]):
        kinds |= earlier.dangers_together(later, overcome=overcome)
    return tuple(reason for kind, reason in _REASONS.items() if kind in kinds)


class _Reading:
    """One sentence, and the phrases found in it that mean what they say."""

    def __init__(self, words: tuple[str, ...], found: list[Match]) -> None:
        self._words = words
        harmless = _covered(found, "harmless")
        if harmless:
            found = [m for m in found if harmless.isdisjoint(range(m.start, m.end))]
        # Many phrases say the same of the same words.
        meant = _without_parts(list(dict.fromkeys(found)))
        good = _covered(meant, "overcome")
        self.overcome = bool(good)
        self._dangers = [match for match in meant if match.meaning.kind in _REASONS]
        # "Now" in "two years sober now" is when it was overcome.
        lately, long_ago = _covered(meant, "lately") - good, _covered(meant, "long_ago")
        self._tells_a_story = not _MEDIA.isdisjoint(words)
        self._is_past = bool(long_ago)
        if self._dangers:
            self._lately = self._tally(lately)
            self._long_ago = self._tally(long_ago)
            self._quotes = self._tally({i for i, word in enumerate(words) if word == QUOTE})
        self._signs: dict[str, list[Match]] = defaultdict(list)
        for match in meant:
            if match.meaning.kind == SIGN:
                self._signs[match.meaning.when].append(match)

    def dangers(self, *, overcome: bool) -> set[str]:
        """Return the kinds of danger; `overcome` where the text tells that it went well in the end."""
        kinds: set[str] = set()
        befores: dict[int, _Before] = {}
        for match in self._dangers:
            if match.meaning.kind not in kinds:
                # Many phrases can begin at one word: what stands before it is read once.
                before = befores.get(match.start) or self._before(match.start)
                befores[match.start] = before
                if self._is_meant_now(match, before, overcome=overcome):
                    kinds.add(self._kind(match, before))
        return kinds

    def dangers_together(self, later: "_Reading", *, overcome: bool) -> set[str]:
        """Return the dangers that the signs in this sentence and in the one after it mean together."""
        if self._is_past or later._is_past or not meanings_of({*self._signs, *later._signs}):
            return set()
        meanings = meanings_of(self._signs_meant() | later._signs_meant())
        return {meaning.kind for meaning in meanings if meaning.when == "now" or not overcome}

    def _signs_meant(self) -> set[str]:
        """The names of the signs that are neither denied, nor asked about, nor anybody's, nor in a film."""
        if self._tells_a_story:
            return set()
        return {
            name
            for name, matches in self._signs.items()
            if any(_is_meant(self._before(match.start)) for match in matches[:_MOST_READ])
        }

    def _is_meant_now(self, match: Match, before: _Before, *, overcome: bool) -> bool:
        if before.denied or self._is_anybodys(match, before) or self._is_quoted(match, before):
            return False
        lately = self._near(self._lately, match)
        if (
            before.conditional
            and match.meaning.kind in _CONDITIONAL
            and not (lately and before.about == "self")
        ):
            return False
        match match.meaning.when:
            case "now":
                return not before.over
            case "event":
                return lately or not (overcome or self._near(self._long_ago, match))
            case _:
                return lately and not self._near(self._long_ago, match)

    def _kind(self, match: Match, before: _Before) -> str:
        words = self._words[match.start : match.end]
        another = before.about == "other" or not _ANOTHER.isdisjoint(words)
        return "other" if another else match.meaning.kind

    def _before(self, start: int) -> _Before:
        """Read back from a phrase to where its clause begins, a few words at most."""
        about: Literal["self", "other", "anybody"] | None = None
        denied = conditional = over = False
        subject = start
        for at in range(start - 1, max(start - _FAR, 0) - 1, -1):
            word = self._words[at]
            if word in _BOUNDARIES:
                break
            if about is None:
                about = _whom(word, self._words[at + 1])
                subject = at
                near = at >= start - _DENIED_FROM
                denied |= near and word in _DENIALS and self._words[at + 1] not in _NO_DENIALS
            conditional |= word in _CONDITIONS and at >= subject - _NEXT_BUT_ONE
            over |= word == "used" and self._words[at + 1] == "to"
        return _Before(about or "self", denied, conditional, over)

    def _is_anybodys(self, match: Match, before: _Before) -> bool:
        """Whether nobody in particular is meant. "Everybody would be better off without me" is about me."""
        return before.about == "anybody" and _SELF.isdisjoint(self._words[match.start : match.end])

    def _is_quoted(self, match: Match, before: _Before) -> bool:
        """Whether it is the title of a song, or said in one, or somebody does it in a film."""
        after = self._words[match.end : match.end + 2]
        inside = self._quotes[match.start] % 2 == 1
        return (inside and (self._tells_a_story or after == (QUOTE, "by"))) or (
            self._tells_a_story and before.about == "other"
        )

    def _tally(self, places: set[int]) -> list[int]:
        """How many of `places` lie before each word: what lies between two is then one subtraction."""
        return [0, *accumulate(at in places for at in range(len(self._words)))]

    def _near(self, tally: list[int], match: Match) -> bool:
        last = len(self._words)
        return tally[min(match.end + _NEAR, last)] > tally[max(match.start - _NEAR, 0)]


def _covered(found: list[Match], kind: str) -> set[int]:
    """The places of all words that phrases of `kind` cover."""
    return {at for match in found if match.meaning.kind == kind for at in range(match.start, match.end)}


def _is_meant(sign: _Before) -> bool:
    return not (sign.denied or sign.conditional or sign.over or sign.about == "anybody")


def _without_parts(found: list[Match]) -> list[Match]:
    """Leave out what begins within a phrase about the past: in "tried to kill myself" the last two words."""
    kept: list[Match] = []
    past_until = 0
    for match in found:
        begins_within = match.start < past_until and match.meaning.when == "now"
        if not begins_within:
            kept.append(match)
        if match.meaning.when in ("event", "recent"):
            past_until = max(past_until, match.end)
    return kept


def _whom(word: str, following: str) -> Literal["self", "other", "anybody"] | None:
    if word in _SELF:
        return "self"
    if word in _OTHERS and not (word == "he" and following.endswith(_PARTICIPLES)):
        return "other"
    return "anybody" if word in _ANYBODY else None
