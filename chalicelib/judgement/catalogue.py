"""The rules that there are: what each is told by the rules file, and what it finds.

docs/judgement.md lists them with their codes; a test holds the two together.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.judgement import form_tokens
from chalicelib.judgement.contacts import figures_of, find_contacts
from chalicelib.judgement.links import is_of, part_links
from chalicelib.judgement.networks import Networks, read_network
from chalicelib.judgement.reasons import Reason
from chalicelib.judgement.rules import Case, Check
from chalicelib.judgement.runs import has_run, may_have_run
from chalicelib.judgement.submitted import Kind

BOTH: frozenset[Kind] = frozenset(("comment", "enquiry"))
COMMENTS: frozenset[Kind] = frozenset(("comment",))

_HONEYPOT = Reason("honeypot", "The field that people cannot see was filled in.")
_ADDRESS = Reason("blocked_address", "It came from an address that you have blocked.")
_NETWORK = Reason("blocked_network", "It came from a network that you have blocked.")
_LINKS = Reason("has_links", "It has more links than a text may have here.")
_SHORTENER = Reason("link_shortener", "It has a link that hides where it leads.")
_ONLY_LINKS = Reason("only_links", "It is links, with next to no words.")
_HIDDEN_LINK = Reason("hidden_link", "It has a link or an address spelled out in words.")
_REPEATED = Reason("repeated_text", "It says the same over and over.")
_CONTACTS = {
    "phone": Reason("contact_phone", "It has a phone number, which everybody would see."),
    "email": Reason("contact_email", "It has an email address, which everybody would see."),
    "street": Reason("contact_street", "It has a street address, which everybody would see."),
}
# Those that look for phrases, and nothing else.
_PHRASES = {
    "blocked_words": Reason("blocked_word", "It has words that you have blocked."),
    "advertising": Reason("advertising", "It reads like an advertisement."),
    "drug_sourcing": Reason("drug_sourcing", "It may ask for drugs, or offer them."),
    "drug_dosing": Reason("drug_dosing", "It may ask or tell how to take drugs, and how much."),
    "rival_facility": Reason("rival_facility", "It may be another facility that looks for clients."),
    "staff_names": Reason("staff_name", "It names somebody of your staff."),
    "looks_like_enquiry": Reason(
        "looks_like_enquiry", "It may be a question to admissions, from somebody who waits for an answer."
    ),
}
# Fewer words than this beside the links are no text.
_FEWEST_WORDS = 3
# No more than `most_same_characters` can be: what has no such run has none that is too long.
_DRAWN_OUT = 2
# Fewer words than this say nothing about how many of them are different.
_PROSE = 40


@dataclass(frozen=True)
class Number:
    least: int
    most: int


@dataclass(frozen=True)
class Texts:
    """A list of texts, each read by `read`, which raises ValueError with what is wrong."""

    read: Callable[[str], Any]


@dataclass(frozen=True)
class Phrased:
    """A list of phrases that give `code`; `plain` where they are words without signs, such as names."""

    code: str
    plain: bool = False


Parameter = Number | Texts | Phrased


@dataclass(frozen=True)
class RuleKind:
    """A rule that there is. `make` gets its parameters as they were read."""

    make: Callable[[Mapping[str, Any]], Check]
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    kinds: frozenset[Kind] = BOTH
    reasons: tuple[Reason, ...] = ()
    once: bool = False


def _read_host(written: str) -> str:
    host = written.lower()
    if (
        not host.isascii()
        or not host.replace("-", "").replace(".", "").isalnum()
        or "." not in host.strip(".")
    ):
        raise ValueError("it is no domain, such as `example.org`")
    return host


def _read_address(written: str) -> str:
    local, at, domain = written.rpartition("@")
    if not (local and at and "." in domain) or written.split() != [written]:
        raise ValueError("it is no email address")
    return written.casefold()


def _read_phone(written: str) -> str:
    figures = figures_of(written)
    if not 3 <= len(figures) <= 15:
        raise ValueError("it is no phone number")
    return figures


def _read_block(written: str) -> Any:
    try:
        return read_network(written)
    except ValueError:
        raise ValueError(
            "it is no CIDR block, such as `192.0.2.0/24`, or has bits behind its prefix"
        ) from None


def _honeypot(_parameters: Mapping[str, Any]) -> Check:
    return lambda case: (_HONEYPOT,) if case.submitted.website.strip() else ()


def _form_token(parameters: Mapping[str, Any]) -> Check:
    youngest = parameters["youngest_seconds"]

    def check(case: Case) -> tuple[Reason, ...]:
        given = case.submitted
        return form_tokens.judge_form_token(given.kind, given.form_token, case.at, case.digester, youngest)

    return check


def _blocked_addresses(parameters: Mapping[str, Any]) -> Check:
    addresses, domains = frozenset(parameters["addresses"]), frozenset(parameters["domains"])

    def check(case: Case) -> tuple[Reason, ...]:
        email = case.submitted.email.casefold()
        blocked = email in addresses or is_of(email.rpartition("@")[2], domains)
        return (_ADDRESS,) if blocked else ()

    return check


def _blocked_networks(parameters: Mapping[str, Any]) -> Check:
    networks = Networks(parameters["networks"])
    return lambda case: (_NETWORK,) if case.submitted.ip in networks else ()


def _links(parameters: Mapping[str, Any]) -> Check:
    most, allowed = parameters["most"], frozenset(parameters["allowed"])
    shorteners = frozenset(parameters["shorteners"])

    def check(case: Case) -> Iterator[Reason]:
        in_name, _ = part_links(case.reading.folded_name)
        in_message, rest = part_links(case.reading.folded_message)
        if in_name or in_message:
            counted = Counter([*in_name, *in_message])
            strange = {host for host in counted if not is_of(host, allowed)}
            if sum(counted[host] for host in strange) > most:
                yield _LINKS
            if any(is_of(host, shorteners) for host in strange):
                yield _SHORTENER
            if strange and len(rest.split()) < _FEWEST_WORDS:
                yield _ONLY_LINKS
        if _HIDDEN_LINK.code in case.phrases:
            yield _HIDDEN_LINK

    return check


def _repetition(parameters: Mapping[str, Any]) -> Check:
    most_words, most_characters = parameters["most_same_words"], parameters["most_same_characters"]
    most_lines, least_different = parameters["most_same_lines"], parameters["least_different_words_percent"]

    def check(case: Case) -> tuple[Reason, ...]:
        words, message = case.reading.words, case.reading.folded_message
        characters = "".join(message.split())
        # All are looked at, so that the time does not tell which it was, nor how many are too many:
        # each letter is compared where any stands there three times, whatever the file says.
        repeated = [
            has_run(words, most_words),
            may_have_run(characters, _DRAWN_OUT) and has_run(characters, most_characters),
            "\n" in message and _has_line_again(message.split("\n"), most_lines),
            len(words) >= _PROSE and len(set(words)) * 100 < len(words) * least_different,
        ]
        return (_REPEATED,) if any(repeated) else ()

    return check


def _has_line_again(lines: list[str], most: int) -> bool:
    """Whether one of the lines that show something stands there more than `most` times."""
    return max(Counter(line for line in lines if line.strip()).values(), default=0) > most


def _contact_details(parameters: Mapping[str, Any]) -> Check:
    allowed = frozenset(parameters["allowed_phones"])

    def check(case: Case) -> list[Reason]:
        typed = f"{case.submitted.name}\n{case.submitted.message}"
        kinds = {contact.kind for contact in find_contacts(typed, allowed)}
        return [reason for kind, reason in _CONTACTS.items() if kind in kinds]

    return check


def _phrase_rule(
    name: str, parameter: str, kinds: frozenset[Kind] = BOTH, *, plain: bool = False
) -> RuleKind:
    reason = _PHRASES[name]

    def check(case: Case) -> tuple[Reason, ...]:
        return (reason,) if reason.code in case.phrases else ()

    return RuleKind(lambda _: check, {parameter: Phrased(reason.code, plain)}, kinds, (reason,))


CATALOGUE: dict[str, RuleKind] = {
    "honeypot": RuleKind(_honeypot, reasons=(_HONEYPOT,), once=True),
    "form_token": RuleKind(
        _form_token, {"youngest_seconds": Number(0, 600)}, reasons=form_tokens.REASONS, once=True
    ),
    "blocked_words": _phrase_rule("blocked_words", "phrases"),
    "blocked_addresses": RuleKind(
        _blocked_addresses,
        {"addresses": Texts(_read_address), "domains": Texts(_read_host)},
        reasons=(_ADDRESS,),
    ),
    "blocked_networks": RuleKind(
        _blocked_networks, {"networks": Texts(_read_block)}, reasons=(_NETWORK,), once=True
    ),
    "links": RuleKind(
        _links,
        {
            "most": Number(0, 100),
            "allowed": Texts(_read_host),
            "shorteners": Texts(_read_host),
            "spelled_out": Phrased(_HIDDEN_LINK.code),
        },
        reasons=(_LINKS, _SHORTENER, _ONLY_LINKS, _HIDDEN_LINK),
    ),
    "repetition": RuleKind(
        _repetition,
        {
            "most_same_characters": Number(3, 1000),
            "most_same_words": Number(2, 1000),
            "most_same_lines": Number(1, 1000),
            "least_different_words_percent": Number(0, 100),
        },
        reasons=(_REPEATED,),
    ),
    "advertising": _phrase_rule("advertising", "phrases"),
    "drug_sourcing": _phrase_rule("drug_sourcing", "phrases"),
    "drug_dosing": _phrase_rule("drug_dosing", "phrases"),
    "rival_facility": _phrase_rule("rival_facility", "phrases"),
    "staff_names": _phrase_rule("staff_names", "names", plain=True),
    "contact_details": RuleKind(
        _contact_details,
        {"allowed_phones": Texts(_read_phone)},
        COMMENTS,
        tuple(_CONTACTS.values()),
    ),
    "looks_like_enquiry": _phrase_rule("looks_like_enquiry", "phrases", COMMENTS),
}
