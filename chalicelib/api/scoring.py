"""How much what waits looks like what moderators marked as spam: shown beside it, never acted upon."""

from chalicelib.comments import Comment
from chalicelib.judgement.reasons import Reason
from chalicelib.wiring import Desk


def score(comment: Comment, desk: Desk) -> float | None:
    """How likely `comment` is spam, 0 to 1, as far as this site's decisions teach.

    None where there is nothing to say: somebody has decided on it, or staff wrote it; it cannot be read; too
    little was learnt so far; or the model cannot be had, for a list of comments must not fail for it.
    """
    if comment.decided_at is not None or comment.staff or not comment.readable:
        return None
    model = desk.store.get_model().find()
    return model.score(comment.original_text) if model else None


def explain(scored: float | None) -> tuple[Reason, ...]:
    """What moderators are told of a score, beside the reasons that were found when it came."""
    # Here: this module is loaded in the public function too, which scores nothing.
    from chalicelib.judgement.learning import explain as sentence  # noqa: PLC0415

    return sentence(scored)
