"""A page's newest comments as an Atom feed (RFC 4287)."""

import json
import re
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

_ATOM = "http://www.w3.org/2005/Atom"
# XML 1.0 has no way to write these, not even escaped (2.2, Char). Surrogates never get this far.
_NOT_IN_XML = re.compile("[\ufffe\uffff]")
_NO_COMMENT_YET = "1970-01-01T00:00:00Z"


def make_feed(page_id: str, page_url: str, feed_url: str, comments: list[str]) -> str:
    """`comments` is the public JSON of each, newest first. What was erased is no news."""
    shown = [comment for comment in map(json.loads, comments) if comment["text"]]
    # Only a name, and always the same: `www.` and the scheme are lost in it, so it is no link.
    feed_id = f"https://{page_id}"
    feed = Element("feed", xmlns=_ATOM)
    _add(feed, "id", feed_id)
    _add(feed, "title", f"Comments on {page_id}")
    _add(feed, "updated", shown[0]["created_at"] if shown else _NO_COMMENT_YET)
    SubElement(feed, "link", rel="self", href=feed_url)
    SubElement(feed, "link", rel="alternate", href=page_url)
    for comment in shown:
        _add_entry(feed, feed_id, page_url, comment)
    return tostring(feed, encoding="unicode", xml_declaration=True)


def _add_entry(feed: Element, feed_id: str, page_url: str, comment: dict[str, Any]) -> None:
    entry = SubElement(feed, "entry")
    place = f"#comment-{comment['id']}"
    _add(entry, "id", feed_id + place)
    _add(entry, "title", f"{comment['name']} commented")
    _add(entry, "updated", comment["created_at"])
    SubElement(entry, "link", rel="alternate", href=page_url + place)
    _add(SubElement(entry, "author"), "name", comment["name"])
    _add(entry, "content", comment["html"], type="html")


def _add(parent: Element, tag: str, text: str, **attributes: str) -> None:
    SubElement(parent, tag, attributes).text = _NOT_IN_XML.sub("", text)
