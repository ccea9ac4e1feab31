"""One page, however its address is spelt; two pages, when they are two."""

import httpx
import pytest

from .stories import COMMENTS, Auth, a_page, bad_fields, post_comment, publish_comment, queue, thread

pytestmark = pytest.mark.journey

# {site} is the configured site's host and port, which locally are the server's own. It has a port and
# may be an IP address, so a default port that is dropped and a host in capitals cannot be told here.
SAME = [
    "{path}",
    "http://{site}{path}",
    "HTTP://{site}{path}",
    "https://{site}{path}",
    "http://www.{site}{path}",
    "http://WWW.{site}{path}",
    "{path}/",
    "{path}//",
    "{path}/index.html",
    "{path}?utm_source=mail&fbclid=1",
    "{path}/?",
    "{path}#comments",
    "{path}/index.html?a=b#c",
    "/x/..{path}",
    "/./x/../.{path}",
    "/../..{path}",
    "{path}/a/../",
    "{path}/.",
    "/%61rticles/{name}",
    "/%2e{path}",
    "/x/%2E%2e{path}",
]
OTHER = ["{path}/a", "{path}.html", "{path}%2F", "{path}%20", "/Articles/{name}", "{path}/index.htm"]


def spell(pattern: str, path: str, site: str) -> str:
    return pattern.format(path=path, site=site, name=path.rsplit("/", 1)[-1])


@pytest.mark.parametrize("pattern", SAME)
def test_spellings_of_one_page_show_one_thread(
    client: httpx.Client, one_comment: tuple[str, str], site: str, pattern: str
) -> None:
    path, comment_id = one_comment
    shown = thread(client, spell(pattern, path, site))
    assert shown["page"] == f"{site}{path}"
    assert [comment["id"] for comment in shown["comments"]] == [comment_id]


@pytest.mark.parametrize("pattern", OTHER)
def test_other_pages_show_none_of_it(
    client: httpx.Client, one_comment: tuple[str, str], site: str, pattern: str
) -> None:
    path, _ = one_comment
    assert thread(client, spell(pattern, path, site))["comments"] == []


@pytest.fixture(scope="module")
def one_comment(client: httpx.Client, moderator: Auth) -> tuple[str, str]:
    """The path of a page with one comment, and the comment's id."""
    path = a_page()
    return path, publish_comment(client, moderator, path)


@pytest.mark.parametrize(
    ("sent", "page_id"),
    [
        ("/", "{site}/"),
        ("http://{site}", "{site}/"),
        ("http://{site}/index.html", "{site}/"),
        ("/a/%7euser", "{site}/a/~user"),
        ("/a%2Fb", "{site}/a%2Fb"),
        ("/a%2fb", "{site}/a%2Fb"),  # RFC 3986: an escape's case says nothing
        ("/About/Us", "{site}/About/Us"),
    ],
)
def test_page_id_is_host_and_path(client: httpx.Client, site: str, sent: str, page_id: str) -> None:
    assert thread(client, sent.format(site=site), limit=1)["page"] == page_id.format(site=site)


def test_path_may_be_written_with_or_without_escapes(client: httpx.Client) -> None:
    # The contract does not say how such a path is written in the id; to a browser both are one page.
    assert thread(client, "/caf%C3%A9")["page"] == thread(client, "/café")["page"]


def test_comment_is_filed_under_its_page_id(client: httpx.Client, moderator: Auth, site: str) -> None:
    path = a_page()
    post_comment(client, f"http://www.{site}{path}/index.html?x=y#z")
    (listed,) = queue(client, moderator, page=path)
    assert listed["page"] == f"{site}{path}"


@pytest.mark.parametrize(
    "foreign",
    [
        "https://evil.example.org/",
        "http://{site}.evil.example.org/",
        "http://{site}@evil.example.org/",
        "http://evil.example.org#{site}",
        "http://evil.example.org\\@{site}/",
        "http://127.0.0.1:1/",
        "//evil.example.org/",
        "mailto:a@example.org",
        "http:///path",
        "http://[::1/",
        "http://{site}:99999999/",
    ],
)
def test_page_of_a_foreign_host_is_refused(client: httpx.Client, site: str, foreign: str) -> None:
    response = client.get(COMMENTS, params={"page": foreign.format(site=site)})
    assert bad_fields(response) == {"page"}


@pytest.mark.parametrize(("length", "status"), [(1024, 200), (1025, 422)])
def test_page_id_has_at_most_1024_bytes(client: httpx.Client, site: str, length: int, status: int) -> None:
    path = "/" + "x" * (length - len(site) - 1)
    assert client.get(COMMENTS, params={"page": path}).status_code == status
