"""The Atom feed of a page: well-formed whatever people write, and nothing but approved comments."""

from xml.etree import ElementTree as ET

import pytest

from tests.acts import add_comment, publish
from tests.stack import Reply, Stack

ATOM = "{http://www.w3.org/2005/Atom}"


def feed_of(stack: Stack, page: str = "/a") -> Reply:
    return stack.call("GET", "/v1/comments.atom", None, query={"page": page})


def entries(reply: Reply) -> list[ET.Element]:
    return ET.fromstring(reply.text).findall(f"{ATOM}entry")  # noqa: S314


def test_newest_approved_comments_come_first(stack: Stack) -> None:
    publish(stack, message="First.")
    stack.later(minutes=1)
    publish(stack, message="Second.")
    add_comment(stack, message="Held.")
    reply = feed_of(stack)
    assert reply.headers["content-type"] == "application/atom+xml; charset=utf-8"
    assert [e.findtext(f"{ATOM}content") for e in entries(reply)] == ["<p>Second.</p>", "<p>First.</p>"]
    assert "Held." not in reply.text


@pytest.mark.parametrize(
    "text", ["]]>", "<script>alert(1)</script>", "a & b", "\ufffe\uffff x", "\U0010ffff", "\t\n x"]
)
def test_feed_is_well_formed_whatever_is_written(stack: Stack, text: str) -> None:
    publish(stack, name=f"N{text.strip()}", message=f"M{text}")
    [entry] = entries(feed_of(stack))
    assert (entry.findtext(f"{ATOM}title") or "").startswith("N")
    assert "<script>" not in (entry.findtext(f"{ATOM}content") or "")


def test_page_without_comments_has_a_feed_without_entries(stack: Stack) -> None:
    reply = feed_of(stack, "/nothing")
    assert reply.status == 200
    assert entries(reply) == []
    required = {child.tag.removeprefix(ATOM) for child in ET.fromstring(reply.text)}  # noqa: S314
    assert required >= {"id", "title", "updated"}


def test_feed_answers_not_modified(stack: Stack) -> None:
    publish(stack)
    etag = feed_of(stack).headers["etag"]
    again = stack.call("GET", "/v1/comments.atom", query={"page": "/a"}, if_none_match=etag)
    assert (again.status, again.text) == (304, "")


def test_links_lead_to_the_site_as_it_is_configured(stack: Stack) -> None:
    # A page id has lost `www.` and the scheme: who made a link of it would lead readers to another host.
    stack.settings["SITES"] = "https://www.example.org,http://localhost:8000"
    publish(stack, page="/a")
    publish(stack, page="http://localhost:8000/b")
    for page, url in [
        ("/a", "https://www.example.org/a"),
        ("http://localhost:8000/b", "http://localhost:8000/b"),
    ]:
        reply = feed_of(stack, page)
        links = [link.get("href") for link in ET.fromstring(reply.text).iter(f"{ATOM}link")]  # noqa: S314
        [entry] = entries(reply)
        comment_id = (entry.findtext(f"{ATOM}id") or "").partition("#")[2]
        assert links[1:] == [url, f"{url}#{comment_id}"]
