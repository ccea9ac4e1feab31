"""The page behind the unsubscribe link of a mail. Opening it changes nothing; its button, or a mail
program's one click (RFC 8058), does."""

from chalicelib.api.answers import Answer
from chalicelib.api.requests import Request
from chalicelib.api.templates import render_page
from chalicelib.unsubscribing import read_unsubscribe_token
from chalicelib.wiring import Desk

# A signed token is longer than any id.
_LONGEST_TOKEN = 300
# The page, its button, and what it says afterwards.
_WORDS = {
    "en": {
        "title": "No more mail",
        "question": "Shall we stop mailing you about your comments on this website?",
        "button": "Stop these mails",
        "done": "Done. We will not mail you about your comments again.",
    },
    "es": {
        "title": "No recibir más correos",
        "question": "¿Quiere que dejemos de escribirle sobre sus comentarios en este sitio web?",
        "button": "No recibir más correos",
        "done": "Hecho. No le escribiremos más sobre sus comentarios.",
    },
}


def ask_unsubscribe(request: Request, desk: Desk) -> Answer:
    """Raises NotFound where the link is none of ours."""
    _address(request, desk)
    return _page(request, desk, done=False)


def unsubscribe(request: Request, desk: Desk) -> Answer:
    """Doing it twice is the same as once. Raises NotFound or Unavailable."""
    desk.store.unsubscribe(_address(request, desk), desk.now())
    return _page(request, desk, done=True)


def _address(request: Request, desk: Desk) -> str:
    return read_unsubscribe_token(request.path("token", longest=_LONGEST_TOKEN), desk.hasher.every())


def _page(request: Request, desk: Desk, *, done: bool) -> Answer:
    language = request.language(tuple(_WORDS), desk.settings.language)
    return render_page(200, "unsubscribe.html", words=_WORDS[language], done=done, language=language)
