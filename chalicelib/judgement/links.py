"""Links in a text: with a scheme, or as a bare name such as `example.com`."""

import re

# Schemes as people write them to hide a link, too.
_WITH_SCHEME = re.compile(r"\bh(?:tt|xx)ps?://[^\s<>\"]*+")
# A run of what a host's name can have, with a full stop, and the slash behind it. None begins inside
# another, nor behind an @.
_RUN = re.compile(r"(?<![\w.@-])[\w-]*+\.[\w.-]++(?!@)/?")
# What can be a link ends so: most texts have none of it, and need not be looked through.
_DOT_BEFORE_LETTER = re.compile(r"\.[^\W\d_]")
_BEHIND_THE_HOST = re.compile("[/?#:]")
# Endings that are seldom the next sentence's first word: `I was lost.Me too` is no link, but `t.me/x` is.
_ENDINGS = frozenset(
    (
        *(
            "com",
            "net",
            "org",
            "edu",
            "gov",
            "info",
            "biz",
            "io",
            "co",
            "app",
            "dev",
            "uk",
            "ca",
            "eu",
            "ru",
            "cn",
        ),
        *(
            "xyz",
            "top",
            "site",
            "online",
            "shop",
            "store",
            "club",
            "live",
            "link",
            "click",
            "icu",
            "vip",
            "blog",
        ),
    )
)


# A name in the DNS can have 127 labels; nobody's has more than this.
_MOST_LABELS = 8


def part_links(folded: str) -> tuple[list[str], str]:
    """Return the hosts of the links in a folded text, without `www.`, one for each link; and the rest."""
    hosts: list[str] = []

    def take(run: re.Match[str]) -> str:
        if not _is_bare_link(run[0]):
            return run[0]
        hosts.append(_host(run[0]))
        return " "

    if "://" in folded:
        hosts += [_host(url.partition("://")[2]) for url in _WITH_SCHEME.findall(folded)]
        folded = _WITH_SCHEME.sub(" ", folded)
    return hosts, _RUN.sub(take, folded) if _DOT_BEFORE_LETTER.search(folded) else folded


def is_of(host: str, domains: frozenset[str]) -> bool:
    """Whether `host` is one of `domains`, or lies below one."""
    if host in domains:
        return True
    labels = host.split(".")[-_MOST_LABELS:]
    return any(".".join(labels[start:]) in domains for start in range(1, len(labels) - 1))


def _is_bare_link(run: str) -> bool:
    name, _, ending = run.strip(".-/").rpartition(".")
    # `...com` and `1.5.com` are nobody's name.
    ends = ending in _ENDINGS or (run.endswith("/") and ending.isalpha() and len(ending) > 1)
    return ends and bool(name.strip("0123456789.-"))


def _host(rest: str) -> str:
    host = _BEHIND_THE_HOST.split(rest, maxsplit=1)[0].strip(".-")
    return host.rpartition("@")[2].removeprefix("www.")
