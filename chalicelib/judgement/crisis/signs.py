"""Signs that mean danger together: each says little alone, and no phrase foresees their order.

"Took", "a whole box" and "sleeping tablets" are three signs; in one sentence, or in two that follow one
another, they say what "I took a whole box of sleeping tablets" says.
"""

from collections.abc import Set as AbstractSet

from chalicelib.judgement.crisis.matching import Meaning

SIGN = "sign"
# The gravest first. The signs are sections of phrases.txt.
_TOGETHER: tuple[tuple[frozenset[str], Meaning], ...] = tuple(
    (frozenset(signs.split()), Meaning(kind, when))
    for signs, kind, when in (
        ("means at_hand", "self_harm", "now"),
        ("means pain", "self_harm", "now"),
        ("means wish", "self_harm", "now"),
        ("pills counted", "self_harm", "now"),
        ("pills at_hand pain", "self_harm", "now"),
        ("pills wish", "self_harm", "now"),
        ("farewell ending", "self_harm", "now"),
        ("gone_wish pain", "self_harm", "now"),
        ("given settled", "self_harm", "now"),
        ("given farewell", "self_harm", "now"),
        ("someone handed low", "other", "now"),
        ("someone settled farewell", "other", "event"),
        ("settled farewell", "self_harm", "event"),
        ("handed farewell", "self_harm", "now"),
        ("bags brought_back", "overdose", "now"),
        ("took amount pills", "overdose", "event"),
        ("took pills unwell", "overdose", "event"),
        ("took too_much unwell", "overdose", "event"),
        ("took pills too_much", "overdose", "event"),
        ("someone down", "other", "event"),
        ("pills down", "overdose", "event"),
        ("someone farewell away", "other", "event"),
        ("someone means away", "other", "event"),
        ("someone gear_gone away", "other", "event"),
        ("stopped withdrawing", "relapse", "event"),
        ("stuff at_hand", "relapse", "now"),
        ("stuff got", "relapse", "now"),
        ("stuff alone_with", "relapse", "now"),
        ("standing seller", "relapse", "now"),
        ("clean_time lost", "relapse", "now"),
    )
)


def meanings_of(signs: AbstractSet[str]) -> list[Meaning]:
    """Return what `signs` mean together; one alone means nothing."""
    if len(signs) <= 1:
        return []
    return [meaning for needed, meaning in _TOGETHER if needed <= signs]
