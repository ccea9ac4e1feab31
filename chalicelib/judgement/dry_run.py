"""What a changed set of rules would have found in what is stored. It changes nothing.

Rules that look at what is not kept (the honeypot, the form token, the visitor's network) cannot be asked
again: what they found then stands, with what the changed set does about it now.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from chalicelib.comments import Comment
from chalicelib.enquiries import Enquiry
from chalicelib.judgement.catalogue import CATALOGUE
from chalicelib.judgement.rules import Rules
from chalicelib.judgement.submitted import Kind, Submitted
from chalicelib.signing import Digester

# What a person said of it; None where nobody has said anything yet.
Verdict = Literal["wanted", "unwanted"] | None

_RULE_OF = {reason.code: name for name, kind in CATALOGUE.items() for reason in kind.reasons}


@dataclass(frozen=True, repr=False)
class Stored:
    """A comment or an enquiry as it was typed, what was found about it then, and what became of it."""

    submitted: Submitted
    id: str
    status: str
    verdict: Verdict
    codes: frozenset[str]


@dataclass(frozen=True)
class Replayed:
    """What the changed rules find about one, beside what was found: codes, and no word that was written."""

    kind: Kind
    id: str
    status: str
    verdict: Verdict
    before: frozenset[str]
    after: frozenset[str]
    spam: bool

    @property
    def gained(self) -> list[str]:
        return sorted(self.after - self.before)

    @property
    def lost(self) -> list[str]:
        return sorted(self.before - self.after)

    @property
    def otherwise(self) -> bool:
        """Whether it would have been decided otherwise, or held for other reasons."""
        became_spam = self.spam and self.status != "spam"
        no_more_spam = self.status == "spam" and self.verdict is None and not self.spam
        return became_spam or no_more_spam or self.before != self.after

    @property
    def false_alarm(self) -> bool:
        """Whether it would have gone to the spam, and a person said that it is none."""
        return self.spam and self.verdict == "wanted"


def to_stored(item: Comment | Enquiry) -> Stored:
    return _stored_comment(item) if isinstance(item, Comment) else _stored_enquiry(item)


def _stored_comment(comment: Comment) -> Stored:
    verdict: Verdict = None
    if comment.decided_by:
        verdict = "wanted" if comment.status == "approved" else "unwanted"
    submitted = Submitted("comment", comment.name, comment.email, comment.original_text, "", "", "")
    return Stored(submitted, comment.id, comment.status, verdict, _codes(comment))


def _stored_enquiry(enquiry: Enquiry) -> Stored:
    """Of one that is `new` or `spam` it is not known whether a person has put it there."""
    verdict: Verdict = "wanted" if enquiry.status in ("in_progress", "closed") else None
    letter = enquiry.letter
    submitted = Submitted("enquiry", letter.name, letter.email, letter.message, "", "", "")
    return Stored(submitted, enquiry.reference, enquiry.status, verdict, _codes(enquiry))


def replay(stored: Iterable[Stored], rules: Rules, at: datetime, digester: Digester) -> list[Replayed]:
    """Ask `rules` about each."""
    again = replace(rules, rules=tuple(rule for rule in rules.rules if not rule.once))
    return [_replay_one(one, rules, again, at, digester) for one in stored]


def _replay_one(stored: Stored, rules: Rules, again: Rules, at: datetime, digester: Digester) -> Replayed:
    kind = stored.submitted.kind
    does = {rule.name: rule.is_spam for rule in rules.rules if rule.once and kind in rule.kinds}
    kept = {code for code in stored.codes if _RULE_OF[code] in does}
    strikes = again.strikes(stored.submitted, at, digester)
    return Replayed(
        kind=kind,
        id=stored.id,
        status=stored.status,
        verdict=stored.verdict,
        before=stored.codes,
        after=frozenset({*kept, *(strike.reason.code for strike in strikes)}),
        spam=any(strike.is_spam for strike in strikes) or any(does[_RULE_OF[code]] for code in kept),
    )


def _codes(item: Comment | Enquiry) -> frozenset[str]:
    """Those of the rules: others, such as what is found about danger, are none of theirs."""
    return frozenset(reason.code for reason in item.reasons if reason.code in _RULE_OF)
