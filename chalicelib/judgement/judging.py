"""A submission is judged as it arrives: reasons to look twice, and how soon.

Nothing here publishes or drops anything. A visitor never learns which rule struck.
"""

from dataclasses import dataclass
from datetime import datetime

from chalicelib.judgement.crisis.finding import find_danger
from chalicelib.judgement.form_tokens import judge_form_token
from chalicelib.judgement.reasons import Judgement, Reason
from chalicelib.signing import Digester

_HONEYPOT = Reason("honeypot", "The field that people cannot see was filled in.")


@dataclass(frozen=True, repr=False)
class Submitted:
    """What is judged: what was typed, normalised, and what came with it unseen."""

    kind: str
    name: str
    email: str
    message: str
    website: str
    form_token: str


def judge(submitted: Submitted, at: datetime, digester: Digester) -> Judgement:
    """Return what is found about a submission, its strongest reason first.

    Danger beats spam: who may be in danger is never put away as spam, whatever else is odd.
    """
    danger = find_danger(submitted.message)
    honeypot = (_HONEYPOT,) if submitted.website.strip() else ()
    odd = honeypot + judge_form_token(submitted.kind, submitted.form_token, at, digester)
    return Judgement(
        danger + odd, is_spam=bool(honeypot) and not danger, priority="urgent" if danger else "normal"
    )
