"""Every mail in every language: its headers, and that both its parts say the same and nothing more."""

import email
import re
import shutil
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Literal

import pytest
from jinja2 import UndefinedError

from chalicelib.mail import rendering
from chalicelib.mail.rendering import HeaderRefused, render

TEMPLATES = Path(rendering.__file__).parent.parent / "web" / "templates" / "mail"
AT = datetime(2026, 3, 5, 17, 4, 9, tzinfo=UTC)
DELIVERY = "d01ng9abcdefghjkmnpqrstvwxy-0123456789ab"
REFERENCE = "7KQ2M-8XD4T"
LINK = "https://desk.example.org/console#/comments/c01ng9"
DECISION = "https://desk.example.org/moderate/" + "t" * 180
UNSUBSCRIBE = "https://desk.example.org/unsubscribe/" + "u" * 400
PAGE = "https://www.example.org/stories"
ITEM = {
    "name": "Zaphod Quux",
    "email": "zaphod@visitor.example",
    "phone": "555 0100",
    "topic": "mornings",
    "contact_by": ("voicemail", "text"),
    "page": "www.example.org/stories",
    "message": "Weltschmerz & <i>woes</i>.\n\nBcc: evil@evil.example",
}
CRISIS = "Lorem ipsum:"
HELP = {
    "text": CRISIS,
    "lines": [
        {"name": "Dolor", "contact": "988", "url": "https://lines.example/dolor"},
        {"name": "Amet", "contact": "911", "url": ""},
    ],
}
MAILS: dict[str, dict[str, Any]] = {
    "comment_submitted": {"link": LINK, "decision_link": DECISION},
    "comment_submitted_full": {"link": LINK, "decision_link": DECISION, "item": ITEM},
    "comment_digest": {"count": 7, "minutes": 15, "link": LINK},
    "enquiry_submitted": {"reference": REFERENCE, "link": LINK},
    "enquiry_submitted_full": {"reference": REFERENCE, "link": LINK, "item": ITEM},
    "urgent_submitted": {"link": LINK, "reference": REFERENCE, "reminder": 2},
    "enquiry_received": {"reference": REFERENCE, "help": HELP},
    "comment_published": {"page_url": PAGE},
    "comment_answered": {"page_url": PAGE},
    "mail_bounced": {
        "bounced_kind": "enquiry_submitted",
        "bounced_id": "d7-42",
        "bounced_address": "mod@staff.example",
    },
}
SUBJECTS = {
    "en": {
        "comment_submitted": "Website: one item awaits a decision",
        "comment_submitted_full": "Website: one item awaits a decision",
        "comment_digest": "Website: items await a decision",
        "enquiry_submitted": "Website: message 7KQ2M-8XD4T",
        "enquiry_submitted_full": "Website: message 7KQ2M-8XD4T",
        "urgent_submitted": "Website, reminder 2: one item marked urgent awaits a person",
        "enquiry_received": "Your message has arrived: 7KQ2M-8XD4T",
        "comment_published": "Website: your comment has been published",
        "comment_answered": "Website: your comment has an answer",
        "mail_bounced": "Website: a mail to staff came back",
    },
    "es": {
        "comment_submitted": "Sitio web: un elemento espera una decisión",
        "comment_submitted_full": "Sitio web: un elemento espera una decisión",
        "comment_digest": "Sitio web: hay elementos que esperan una decisión",
        "enquiry_submitted": "Sitio web: mensaje 7KQ2M-8XD4T",
        "enquiry_submitted_full": "Sitio web: mensaje 7KQ2M-8XD4T",
        "urgent_submitted": "Sitio web, recordatorio 2: algo urgente espera a una persona",
        "enquiry_received": "Su mensaje ha llegado: 7KQ2M-8XD4T",
        "comment_published": "Sitio web: su comentario se ha publicado",
        "comment_answered": "Sitio web: su comentario tiene una respuesta",
        "mail_bounced": "Sitio web: se devolvió un correo al equipo",
    },
}
# What neither a passer-by nor whoever shares the mailbox is to read in a mail to an enquirer.
TELLING = {
    "en": "treatment addict recover drug alcohol rehab clinic cent health sober therap admission enquir",
    "es": "tratamiento adicc recupera droga alcohol rehabil clínica centro salud sobri terap admisi paciente",
}
LANGUAGES: tuple[Literal["en", "es"], ...] = ("en", "es")
TO_AUTHORS = ("comment_published", "comment_answered")
FULL = ("comment_submitted_full", "enquiry_submitted_full")

every_mail = pytest.mark.parametrize("template", MAILS)
every_language = pytest.mark.parametrize("language", LANGUAGES)


def raw_mail(
    template: str, language: Literal["en", "es"] = "en", options: dict[str, Any] | None = None, **more: Any
) -> bytes:
    return render(
        template,
        language,
        {**MAILS[template], "resent": False, **more},
        **{
            "sender": "desk@example.org",
            "recipient": "mod@staff.example",
            "delivery_id": DELIVERY,
            "at": AT,
            "unsubscribe": UNSUBSCRIBE if template in TO_AUTHORS else None,
            **(options or {}),
        },
    )


def parse(raw: bytes) -> EmailMessage:
    parsed = email.message_from_bytes(raw, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    assert parsed.defects == []
    return parsed


def parts(raw: bytes) -> tuple[str, str]:
    text, html = (parse(raw).get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert html is not None
    return text.get_content().replace("\r\n", "\n"), html.get_content().replace("\r\n", "\n")


class _Reader(HTMLParser):
    """What an HTML mail shows, and where it leads."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.shown = ""
        self.links: list[str] = []
        self.tags: set[str] = set()
        self._hidden = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._hidden = self._hidden or tag == "head"
        self.links += [value or "" for name, value in attrs if name == "href"]
        self.shown += "\n" if tag in ("br", "p") else ""

    def handle_endtag(self, tag: str) -> None:
        self._hidden = self._hidden and tag != "head"

    def handle_data(self, data: str) -> None:
        self.shown += "" if self._hidden else data


def words_of(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", re.sub(r"https?://\S+", " ", text))


@every_language
@every_mail
def test_headers_are_exactly_these(template: str, language: Literal["en", "es"]) -> None:
    message = parse(raw_mail(template, language))
    headers = list(message.items())
    assert dict(headers).pop("Content-Type").startswith("multipart/alternative; boundary=")
    unsubscribing = [
        ("List-Unsubscribe", f"<{UNSUBSCRIBE}>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    ]
    assert [(name, value) for name, value in headers if name != "Content-Type"] == [
        ("From", "desk@example.org"),
        ("To", "mod@staff.example"),
        ("Subject", SUBJECTS[language][template]),
        ("Date", "Thu, 05 Mar 2026 17:04:09 +0000"),
        ("Message-ID", f"<{DELIVERY}@example.org>"),
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "OOF, AutoReply"),
        ("X-Frontdesk-Delivery", DELIVERY),
        *(unsubscribing if template in TO_AUTHORS else []),
        ("MIME-Version", "1.0"),
        ("Content-Language", language),
    ]


@every_language
@every_mail
def test_parts_are_text_and_html_with_nothing_else_about_them(
    template: str, language: Literal["en", "es"]
) -> None:
    kinds = [dict(part.items()) for part in parse(raw_mail(template, language)).iter_parts()]
    common = {"Content-Transfer-Encoding": "quoted-printable"}
    assert [{k: v for k, v in kind.items() if k != "MIME-Version"} for kind in kinds] == [
        {"Content-Type": 'text/plain; charset="utf-8"', **common},
        {"Content-Type": 'text/html; charset="utf-8"', **common},
    ]


@pytest.mark.parametrize("resent", [False, True])
@every_language
@every_mail
def test_text_and_html_say_the_same(template: str, language: Literal["en", "es"], resent: bool) -> None:
    text, html = parts(raw_mail(template, language, resent=resent))
    shown = _Reader(html)
    assert words_of(text) == words_of(shown.shown)
    assert re.findall(r"https?://\S+", text) == shown.links


@every_language
@every_mail
def test_every_link_and_value_that_is_given_is_there(template: str, language: Literal["en", "es"]) -> None:
    text, html = parts(raw_mail(template, language))
    given = {k: str(v) for k, v in MAILS[template].items() if k not in ("item", "help", "bounced_address")}
    given.pop("bounced_kind", None)
    if template in TO_AUTHORS:
        given["unsubscribe"] = UNSUBSCRIBE
    links = [value for value in given.values() if value.startswith("https")]
    assert [value for value in given.values() if value not in text] == []
    assert [link for link in links if f'href="{link}"' not in html] == []


@every_language
@every_mail
def test_nothing_is_fetched_and_nothing_runs(template: str, language: Literal["en", "es"]) -> None:
    _, html = parts(raw_mail(template, language))
    reader = _Reader(html)
    # No img, script, link, form, iframe.
    known = [
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "div",
        "p",
        "a",
        "br",
        "ul",
        "li",
        "blockquote",
    ]
    assert sorted(reader.tags - set(known)) == []
    assert re.findall(r"(?i)\bsrc\b|srcset|@import|url\s*\(|\bon\w+=|http-equiv|background=", html) == []
    ours = {LINK, DECISION, UNSUBSCRIBE, PAGE, "https://lines.example/dolor"}
    assert {address.rstrip('">') for address in re.findall(r'https?://[^\s<"]+', html)} <= ours


@every_mail
def test_spanish_has_no_english_left_in_it(template: str) -> None:
    english, spanish = (
        {
            w.casefold()
            for part in parts(raw_mail(template, language, resent=True))
            for w in words_of(shown(part))
        }
        for language in LANGUAGES
    )
    given = {w.casefold() for w in words_of(str(MAILS[template]))} | {"bcc", "m", "no", "a"}
    assert english & spanish - given == set()


def shown(part: str) -> str:
    return _Reader(part).shown if part.startswith("<!doctype") else part


def test_every_language_has_every_mail() -> None:
    for language in LANGUAGES:
        assert {path.stem for path in (TEMPLATES / language).iterdir()} == {*MAILS, "base"}


@every_language
@every_mail
def test_language_is_declared_for_who_hears_the_mail(template: str, language: Literal["en", "es"]) -> None:
    _, html = parts(raw_mail(template, language))
    assert f'<html lang="{language}">' in html
    assert f"<title>{SUBJECTS[language][template]}</title>" in html
    assert all(words_of(words) for words in re.findall(r"<a [^>]*>([^<]*)</a>", html))


@every_language
@every_mail
def test_only_a_resent_mail_says_that_it_may_have_come_before(
    template: str, language: Literal["en", "es"]
) -> None:
    sentence = {"en": "may have come before", "es": "haya llegado antes"}[language]
    assert [sentence in part for part in parts(raw_mail(template, language))] == [False, False]
    assert [sentence in part for part in parts(raw_mail(template, language, resent=True))] == [True, True]


@every_language
@every_mail
def test_only_full_text_shows_what_was_typed(template: str, language: Literal["en", "es"]) -> None:
    # Also where a caller hands over too much.
    everything = " ".join(parts(raw_mail(template, language, item=ITEM)))
    typed = [w for w in ("Zaphod", "visitor.example", "555 0100", "Weltschmerz", "evil") if w in everything]
    expected = ["Zaphod", "visitor.example", "555 0100", "Weltschmerz", "evil"] if template in FULL else []
    assert typed == [w for w in expected if w != "555 0100" or template == "enquiry_submitted_full"]


@every_language
@pytest.mark.parametrize("template", FULL)
def test_html_escapes_every_field(template: str, language: Literal["en", "es"]) -> None:
    nasty = {name: f'<i title="{name}">&amp;\'' for name in ITEM if name != "contact_by"}
    text, html = parts(raw_mail(template, language, item={**ITEM, **nasty, "contact_by": ("<i>",)}))
    assert "<i" not in html
    fields = ["name", "email", "page", "message"]
    fields += ["phone", "topic"] if template == "enquiry_submitted_full" else []
    for name in fields:
        assert f"&lt;i title=&#34;{name}&#34;&gt;&amp;amp;&#39;" in html
        assert nasty[name] in text


@pytest.mark.parametrize("breaks", ["\n", "\r\n", "\r", "\n\n", "\u2028", "\x0b", "\x85"])
@pytest.mark.parametrize("template", FULL)
def test_no_field_can_add_a_line_that_looks_like_ours(template: str, breaks: str) -> None:
    forged = {name: f"x{breaks}Forged: line" for name in ITEM if name != "contact_by"}
    text, html = parts(raw_mail(template, item={**ITEM, **forged}))
    lines = [*text.splitlines(), *_Reader(html.partition("<blockquote")[0]).shown.splitlines()]
    assert [line for line in lines if line.strip().startswith("Forged")] == []
    assert "> Forged: line" in text


NASTY = [
    "a\r\nBcc: evil@evil.example",
    "a\nBcc: evil@evil.example",
    "a\rBcc: x",
    "a\x00b",
    "=?utf-8?q?x?=",
    "=?utf-8?q?=0D=0ABcc:_evil@evil.example?=",
    "n" * 10_000,
    "é" * 10_000,
    "\u2028Bcc: x",
    "",
]


@pytest.mark.parametrize("value", NASTY, ids=lambda value: repr(value[:20]))
@pytest.mark.parametrize("template", FULL)
def test_what_was_typed_cannot_touch_a_header(template: str, value: str) -> None:
    typed: dict[str, Any] = dict.fromkeys(ITEM, value) | {"contact_by": (value,)}
    usual, attacked = parse(raw_mail(template)), parse(raw_mail(template, item=typed))
    headers = [[(k, v) for k, v in mail.items() if k != "Content-Type"] for mail in (usual, attacked)]
    assert headers[0] == headers[1]
    assert len(list(attacked.iter_parts())) == 2


@pytest.mark.parametrize("value", [v for v in NASTY if v], ids=lambda value: repr(value[:20]))
@pytest.mark.parametrize("option", ["sender", "recipient", "delivery_id", "unsubscribe"])
def test_bad_value_for_a_header_is_refused_and_not_repeated(option: str, value: str) -> None:
    if option in ("sender", "recipient"):
        value += "@example.org"
    with pytest.raises(HeaderRefused) as refused:
        raw_mail("comment_published", options={option: value})
    assert value[:20] not in f"{refused.value!r} {refused.value}"
    # Nor does what it was raised from, which a traceback would show.
    assert refused.value.__cause__ is None
    assert refused.value.__context__ is None


@pytest.mark.parametrize("value", ["a\r\nBcc: x@y.z", "a\nb", "=?utf-8?q?=0ABcc:x?=", "r" * 1000, "a\x00"])
def test_reference_that_cannot_stand_in_a_subject_is_refused(value: str) -> None:
    with pytest.raises(HeaderRefused):
        raw_mail("enquiry_submitted", reference=value)


def test_subject_sees_nothing_that_anybody_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(TEMPLATES, tmp_path / "mail")
    curious = tmp_path / "mail" / "en" / "comment_submitted_full.jinja"
    curious.write_text(curious.read_text() + "{% block subject %}{{ item.name }}{% endblock %}")
    monkeypatch.setattr(rendering, "_TEMPLATES", tmp_path)
    rendering._environment.cache_clear()
    try:
        with pytest.raises(UndefinedError):
            raw_mail("comment_submitted_full")
    finally:
        rendering._environment.cache_clear()


@pytest.mark.parametrize(
    "recipient", ["a@example.org, b@example.org", "Jo <jo@example.org>", "a@example.org>", "no address"]
)
def test_mail_goes_to_one_bare_address(recipient: str) -> None:
    with pytest.raises(HeaderRefused):
        raw_mail("comment_submitted", options={"recipient": recipient})


def test_address_at_a_domain_in_another_script_is_written_in_ascii() -> None:
    message = parse(raw_mail("enquiry_received", options={"recipient": "jo@bücher.example"}))
    assert message["To"] == "jo@xn--bcher-kva.example"


@every_language
def test_reply_goes_to_the_enquirer_where_one_is_given_and_the_mail_says_so(
    language: Literal["en", "es"],
) -> None:
    raw = raw_mail("enquiry_submitted_full", language, {"reply_to": ITEM["email"]})
    assert parse(raw)["Reply-To"] == ITEM["email"]
    sentence = {"en": "A reply to it goes to", "es": "la respuesta llegará"}[language]
    assert sentence in parts(raw)[0]
    assert sentence not in parts(raw_mail("enquiry_submitted_full", language))[0]


@pytest.mark.parametrize("value", [*(f"{v}@x.org" for v in NASTY), "a@b.org, c@d.org"])
def test_odd_address_of_a_visitor_does_not_keep_the_mail_from_staff(value: str) -> None:
    raw = raw_mail("enquiry_submitted_full", options={"reply_to": value})
    assert "Reply-To" not in parse(raw)
    assert "A reply to it" not in parts(raw)[0]


def test_long_url_in_a_header_stays_in_one_piece() -> None:
    # Python's own folding would write it as encoded words, and one-click would be gone.
    lines = raw_mail("comment_published").split(b"\r\n")
    assert f"List-Unsubscribe: <{UNSUBSCRIBE}>".encode() in lines


@pytest.mark.parametrize(
    "message",
    [
        "x" * 10_000,
        "é" * 10_000,
        "\U0001f600" * 10_000,
        "a b " * 2_500,
        "\n" * 10_000,
        ".\n" * 5_000,
        "שלום " * 2_000,
    ],
    ids=["one word", "accents", "emoji", "words", "breaks", "dots", "hebrew"],
)
@pytest.mark.parametrize("template", FULL)
def test_long_message_arrives_whole_in_short_lines_of_ascii(template: str, message: str) -> None:
    raw = raw_mail(template, item={**ITEM, "message": message})
    assert max(map(len, raw.split(b"\r\n"))) <= 76
    assert raw.isascii()
    assert b"\n" not in raw.replace(b"\r\n", b"")
    text, html = parts(raw)
    quoted = re.search(r"<blockquote[^>]*>(.*)</blockquote>", html, re.DOTALL)
    assert quoted is not None
    assert quoted[1].replace("<br>", "\n").rstrip("\n") == message.rstrip("\n")
    said = "".join(line[2:] for line in text.splitlines() if line.startswith("> "))
    assert said.replace(" ", "") == message.replace(" ", "").replace("\n", "")


@every_language
def test_acknowledgement_tells_a_passer_by_nothing(language: Literal["en", "es"]) -> None:
    message = parse(raw_mail("enquiry_received", language))
    text, html = parts(message.as_bytes())
    for part in (message["Subject"], text, html):
        assert [word for word in TELLING[language].split() if word in part.casefold()] == []
    # Nor do the crisis lines show in what a locked screen previews.
    assert text.index(CRISIS) > 200


def test_bounced_address_is_not_written_out() -> None:
    for part in parts(raw_mail("mail_bounced")):
        assert "m…@staff.example" in part
        assert "mod@" not in part


@every_language
def test_counts_are_said_as_people_say_them(language: Literal["en", "es"]) -> None:
    many, _ = parts(raw_mail("comment_digest", language))
    one, _ = parts(raw_mail("comment_digest", language, count=1, minutes=1))
    said = {
        "en": ("7 comments await a", "within 15 minutes is", "One comment awaits a", "within one minute is"),
        "es": (
            "7 comentarios esperan una",
            "en 15 minutos se",
            "Un comentario espera una",
            "en un minuto se",
        ),
    }[language]
    assert [sentence in many for sentence in said] == [True, True, False, False]
    assert [sentence in one for sentence in said] == [False, False, True, True]


@every_language
def test_first_urgent_mail_is_no_reminder(language: Literal["en", "es"]) -> None:
    raw = raw_mail("urgent_submitted", language, reminder=None, reference=None)
    everything = " ".join([parse(raw)["Subject"], *parts(raw)])
    assert [w for w in ("reminder", "recordatorio", "Refer", "None") if w in everything] == []


@every_language
def test_unsaid_fields_are_said_to_be_so(language: Literal["en", "es"]) -> None:
    bare = {**ITEM, "phone": None, "topic": None, "page": None, "contact_by": ()}
    text, _ = parts(raw_mail("enquiry_submitted_full", language, item=bare))
    assert text.count({"en": ": not given\n", "es": ": sin indicar\n"}[language]) == 3
    assert {"en": "did not say which ways", "es": "no indicó qué formas"}[language] in text


@every_mail
def test_mail_that_lacks_a_variable_is_not_rendered(template: str) -> None:
    may_be_left_out = ("reference", "decision_link", "reminder", "bounced_address")
    for name in [*MAILS[template], "resent"]:
        if name not in may_be_left_out:
            left = {k: v for k, v in {**MAILS[template], "resent": False}.items() if k != name}
            with pytest.raises(UndefinedError):
                render(
                    template, "en", left, sender="a@example.org", recipient="b@example.org", delivery_id="d1"
                )


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_colours_can_be_told_apart_in_light_and_in_dark() -> None:
    light, dark = (TEMPLATES / "layout.html").read_text().split("@media (prefers-color-scheme: dark)")
    for theme in (light, dark):
        found = re.search(r"background: (#\w{6})", theme)
        assert found is not None
        ground = luminance(found[1])
        inks = re.findall(r"(?<![-\w])color: (#\w{6})", theme)
        assert len(inks) == 3
        for ink in map(luminance, inks):
            assert (max(ink, ground) + 0.05) / (min(ink, ground) + 0.05) >= 4.5
