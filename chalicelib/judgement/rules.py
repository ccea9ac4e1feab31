"""A set of rules, ready to be asked: which are on, for what, in which order, and what they do.

Every rule that is for a kind looks at every submission of that kind: none stops those behind it. So
neither the answer nor the time that it takes tells which rule struck.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from chalicelib.judgement.contacts import find_contacts, without_contacts
from chalicelib.judgement.phrases import Phrases
from chalicelib.judgement.reading import Reading, read_typed
from chalicelib.judgement.reasons import Reason
from chalicelib.judgement.submitted import Kind, Submitted
from chalicelib.signing import Digester


@dataclass(frozen=True, repr=False)
class Case:
    """One submission as the rules see it. `phrases` has the codes of the phrases that it has."""

    submitted: Submitted
    reading: Reading
    phrases: frozenset[str]
    at: datetime
    digester: Digester


# A rule: pure, and quick on whatever text.
Check = Callable[[Case], Iterable[Reason]]


@dataclass(frozen=True)
class Rule:
    """One rule of a set. `once` says that it looks at what is not kept, and so cannot be asked again."""

    name: str
    kinds: frozenset[Kind]
    is_spam: bool
    check: Check
    once: bool


@dataclass(frozen=True)
class Strike:
    """What a rule has found."""

    rule: str
    reason: Reason
    is_spam: bool


@dataclass(frozen=True)
class Rules:
    """The rules of one file, in its order."""

    version: int
    rules: tuple[Rule, ...]
    phrases: Phrases
    # Figures of the phone numbers that may stand in a public text; None where contact details are not
    # looked for.
    allowed_phones: frozenset[str] | None = None

    def strikes(self, submitted: Submitted, at: datetime, digester: Digester) -> list[Strike]:
        """Return what the rules find, those that make spam first, each code once."""
        reading = read_typed(submitted.name, submitted.message)
        case = Case(submitted, reading, frozenset(self.phrases.find(reading.words)), at, digester)
        found = {
            reason.code: Strike(rule.name, reason, rule.is_spam)
            for rule in self.rules
            if submitted.kind in rule.kinds
            for reason in rule.check(case)
        }
        return sorted(found.values(), key=lambda strike: not strike.is_spam)

    def propose_text(self, text: str) -> str | None:
        """Return a public text without the contact details in it; None where it has none."""
        if self.allowed_phones is None:
            return None
        contacts = find_contacts(text, self.allowed_phones)
        return without_contacts(text, contacts) if contacts else None


NO_RULES = Rules(0, (), Phrases({}))
