"""A submission is judged as it arrives: reasons to look twice, and how soon.

Nothing here publishes or drops anything. A visitor never learns which rule struck.
"""

from datetime import datetime

from chalicelib.judgement.crisis.finding import find_danger
from chalicelib.judgement.reasons import Judgement
from chalicelib.judgement.rules import Rules
from chalicelib.judgement.submitted import Submitted
from chalicelib.signing import Digester


def judge(submitted: Submitted, rules: Rules, at: datetime, digester: Digester) -> Judgement:
    """Return what is found about a submission, its strongest reason first.

    Danger beats spam: who may be in danger is never put away as spam, whatever else is odd. Every rule
    always runs, so that the time of an answer tells nothing of what they find.
    """
    # Somebody may have no more strength than for the first field.
    danger = find_danger(f"{submitted.name}\n{submitted.message}")
    strikes = rules.strikes(submitted, at, digester)
    return Judgement(
        danger + tuple(strike.reason for strike in strikes),
        is_spam=any(strike.is_spam for strike in strikes) and not danger,
        priority="urgent" if danger else "normal",
    )
