"""Load real comments through the HTTP API of a running `make run`, approve them, and read them back.

    python -m bench.load_corpus --wordpress export.xml --labelled comments.csv [--url http://127.0.0.1:8000]

Every comment goes in as a visitor would post it, threads with their parents; what is not spam is
approved as a moderator would; then each page is read to its end and every text compared with what
went in (after NFC, and without bidirectional controls, as the contract has it). It prints what went
in, what was refused and why, what came back, and how long each part took. Exit code 1 if any text
differs or is missing.
"""

import argparse
import csv
import json
import sys
import time
import unicodedata
import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_WP = "{https://wordpress.org/export/1.2/}"
_BIDI_CONTROLS = {
    ord(c): None for c in "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
}


@dataclass
class Source:
    """One comment as it lies in the files. `parent` is the key of another one of the same page."""

    key: str
    page: str
    name: str
    email: str
    message: str
    publish: bool
    parent: str | None = None
    depth: int = 0


@dataclass
class Tally:
    posted: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    ids: dict[str, str] = field(default_factory=dict)
    approved: int = 0


class Api:
    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._token = token

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        request = urllib.request.Request(self._url + path, method=method)  # noqa: S310
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        if path.startswith("/v1/staff"):
            request.add_header("Authorization", f"Bearer {self._token}")
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)


def read_wordpress(path: Path) -> list[Source]:
    sources: list[Source] = []
    for item in ET.parse(path).iter("item"):  # noqa: S314 (a file that the caller chose)
        page = urllib.parse.urlsplit(item.findtext("link") or "/").path
        for comment in item.iter(f"{_WP}comment"):
            texts = {child.tag.removeprefix(_WP): child.text or "" for child in comment}
            parent = texts["comment_parent"]
            sources.append(
                Source(
                    key=f"wp{texts['comment_id']}",
                    page=page,
                    name=texts["comment_author"],
                    email=texts["comment_author_email"],
                    message=texts["comment_content"],
                    publish=texts["comment_approved"] == "1",
                    parent=f"wp{parent}" if parent != "0" else None,
                )
            )
    return _with_depths(sources)


def read_labelled(path: Path) -> list[Source]:
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Source(
                key=f"csv{number}",
                page="/labelled",
                name=f"Viewer {number}",
                email=f"viewer{number}@example.com",
                message=row["message"],
                publish=row["spam"] == "0",
            )
            for number, row in enumerate(csv.DictReader(file), 1)
        ]


def _with_depths(sources: list[Source]) -> list[Source]:
    by_key = {source.key: source for source in sources}
    for source in sources:
        above = source
        while above.parent:
            above = by_key[above.parent]
            source.depth += 1
    return sources


def load(sources: list[Source], api: Api) -> Tally:
    """Post and approve level by level: a reply needs its parent published."""
    tally = Tally()
    for depth in range(max(source.depth for source in sources) + 1):
        level = [source for source in sources if source.depth == depth]
        for source in level:
            _post(source, api, tally)
        for source in level:
            if source.publish and source.key in tally.ids:
                _approve(tally.ids[source.key], api, tally)
    return tally


def _post(source: Source, api: Api, tally: Tally) -> None:
    body = {"page": source.page, "name": source.name, "email": source.email, "message": source.message}
    if source.parent:
        body["parent_id"] = tally.ids.get(source.parent, "")
    status, answer = api.call("POST", "/v1/comments", body, Idempotency_Key=source.key)
    if status == 202:
        tally.posted[source.page] += 1
        tally.ids[source.key] = answer["id"]
    else:
        bad = ", ".join(f"{e['field']} {e['code']}" for e in answer["errors"])
        tally.refused[f"{status} {answer['code']}: {bad}"] += 1


def _approve(comment_id: str, api: Api, tally: Tally) -> None:
    path = f"/v1/staff/comments/{comment_id}"
    _, comment = api.call("GET", path)
    status = comment["status"]
    if status != "approved":
        status, _ = api.call("PATCH", path, {"status": "approved"}, If_Match=f'"{comment["revision"]}"')
    tally.approved += status in (200, "approved")


def read_back(page: str, api: Api) -> dict[str, str]:
    """The texts of a page by comment id, through all its cursors."""
    texts: dict[str, str] = {}
    cursor: str | None = None
    while True:
        query = {"page": page, "limit": "100", **({"cursor": cursor} if cursor else {})}
        _, thread = api.call("GET", f"/v1/comments?{urllib.parse.urlencode(query)}")
        texts |= {comment["id"]: comment["text"] for comment in thread["comments"]}
        cursor = thread["next_cursor"]
        if cursor is None:
            return texts


def differing(sources: list[Source], tally: Tally, api: Api) -> list[str]:
    """The keys of published comments that are missing, differ, or should not be there."""
    shown: dict[str, str] = {}
    for page in sorted({source.page for source in sources}):
        shown |= read_back(page, api)
    wrong = []
    for source in sources:
        if source.key in tally.ids:
            expected = as_stored(source.message) if source.publish else None
            if shown.get(tally.ids[source.key]) != expected:
                wrong.append(source.key)
    return wrong


def as_stored(typed: str) -> str:
    return unicodedata.normalize("NFC", typed.replace("\r\n", "\n").translate(_BIDI_CONTROLS))


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--tokens", type=Path, default=Path(".local/tokens.json"))
    parser.add_argument("--wordpress", type=Path, required=True)
    parser.add_argument("--labelled", type=Path, required=True)
    options = parser.parse_args(arguments)
    api = Api(options.url, json.loads(options.tokens.read_text())["moderator"])
    failed = 0
    for name, sources in (
        ("WordPress export", read_wordpress(options.wordpress)),
        ("Labelled comments", read_labelled(options.labelled)),
    ):
        started = time.perf_counter()
        tally = load(sources, api)
        loaded = time.perf_counter()
        wrong = differing(sources, tally, api)
        read = time.perf_counter()
        failed += len(wrong)
        print(f"{name}: {len(sources)} in the file")
        print(
            f"  {sum(tally.posted.values())} accepted, {tally.approved} approved, in {loaded - started:.1f} s"
        )
        for reason, count in sorted(tally.refused.items()):
            print(f"  {count} refused: {reason}")
        print(f"  read back in {read - loaded:.1f} s; {len(wrong)} differ: {', '.join(wrong) or 'none'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
