"""A page has one id, however its address is written."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.pages import PageRefused, Sites

SITES = Sites(
    ("https://www.example.org", "http://blog.example.org:8080", "https://münchen.example"), ("p", "lang")
)


@pytest.mark.parametrize(
    ("address", "page_id"),
    [
        ("https://example.org", "example.org/"),
        ("https://example.org/", "example.org/"),
        ("/", "example.org/"),
        ("/a", "example.org/a"),
        (" /a ", "example.org/a"),
        ("/a/", "example.org/a"),
        ("/a//", "example.org/a"),
        ("/a/index.html", "example.org/a"),
        ("/index.html", "example.org/"),
        ("/index.htm", "example.org/index.htm"),
        ("/A", "example.org/A"),
        ("https://WWW.Example.ORG/a", "example.org/a"),
        ("HTTPS://example.org/a", "example.org/a"),
        ("http://example.org/a", "example.org/a"),
        ("https://example.org.:443/a", "example.org/a"),
        ("http://example.org:80/a", "example.org/a"),
        ("https://example.org:/a", "example.org/a"),
        ("http://blog.example.org:8080/a", "blog.example.org:8080/a"),
        ("https://xn--mnchen-3ya.example/a", "xn--mnchen-3ya.example/a"),
        ("https://MÜNCHEN.example/a", "xn--mnchen-3ya.example/a"),
        ("example.org/a", "example.org/a"),
        ("/%7Ejo/%61", "example.org/~jo/a"),
        ("/a%2fb", "example.org/a%2Fb"),
        ("/caf%c3%a9", "example.org/caf%C3%A9"),
        ("/café", "example.org/caf%C3%A9"),
        ("/100%", "example.org/100%25"),
        ("/a/./b/../c", "example.org/a/c"),
        ("/a/%2e%2E/b", "example.org/b"),
        ("/../../b", "example.org/b"),
        ("/a?utm_source=x", "example.org/a"),
        ("/a?p=12&utm=x", "example.org/a?p=12"),
        ("/a?p=12&lang=en", "example.org/a?lang=en&p=12"),
        ("/a?p=", "example.org/a"),
        ("/a#comments", "example.org/a"),
        ("/a%23b%3Fc", "example.org/a%23b%3Fc"),
    ],
)
def test_page_id_follows_the_contract(address: str, page_id: str) -> None:
    assert SITES.page_id(address) == page_id


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("", "not_a_page"),
        ("a", "not_a_page"),
        ("www.example.org/a", "not_a_page"),
        ("ftp://example.org/a", "not_a_page"),
        ("javascript:alert(1)", "not_a_page"),
        ("https:///a", "not_a_page"),
        ("https://example.org@evil.example/", "not_a_page"),
        ("https://evil.example@example.org/", "not_a_page"),
        ("https://example.org:99999/", "not_a_page"),
        ("https://[::1/", "not_a_page"),
        ("https://exa\u2100mple.org/", "not_a_page"),
        ("/a b", "not_a_page"),
        ("/a\nb", "not_a_page"),
        ("/a\x00", "not_a_page"),
        ("https://" + "ü" * 70 + ".example/", "not_a_page"),
        ("//evil.example/a", "not_a_page"),
        ("/\\evil.example/a", "not_a_page"),
        ("https://evil.example/a", "foreign_host"),
        ("https://www.www.example.org/", "foreign_host"),
        ("https://example.org.evil.example/", "foreign_host"),
        ("https://notexample.org/", "foreign_host"),
        ("https://example.org:8080/", "foreign_host"),
        ("http://blog.example.org/a", "foreign_host"),
        ("https://example.org/" + "a" * 1013, "too_long"),
    ],
)
def test_what_is_no_page_of_a_site_is_refused(address: str, code: str) -> None:
    with pytest.raises(PageRefused) as refused:
        SITES.page_id(address)
    assert refused.value.code == code


def test_page_id_of_1024_bytes_is_taken() -> None:
    assert len(SITES.page_id("/" + "a" * 1012)) == 1024


PARTS = [*"aZ9./%?&=#;:@![]\\~é٠", "p=", "%2e", "%2F", "%25", "%zz", "..", "//", "index.html"]


@given(st.lists(st.sampled_from(PARTS)).map(lambda parts: "/" + "".join(parts)))
@example("/%2525")
@example("/..//a/%2E%2e/b//")
@example("/a?p=%FF")
@settings(max_examples=400, deadline=None)
def test_page_id_of_a_page_id_is_itself(address: str) -> None:
    try:
        page_id = SITES.page_id(address)
    except PageRefused:
        return
    assert SITES.page_id(page_id) == page_id
    assert page_id.isascii()


@pytest.mark.parametrize(
    ("given_address", "address"),
    [
        ("/thanks", "https://www.example.org/thanks"),
        ("/thanks?x=1#top", "https://www.example.org/thanks?x=1#top"),
        ("https://www.example.org/é?q=ü", "https://www.example.org/%C3%A9?q=%C3%BC"),
    ],
)
def test_address_keeps_query_and_fragment(given_address: str, address: str) -> None:
    assert SITES.address(given_address) == address


@pytest.mark.parametrize(
    "elsewhere", ["//evil.example", "/\\evil.example", "https://evil.example", "", "/a\r\nX: y"]
)
def test_address_never_leads_elsewhere(elsewhere: str) -> None:
    with pytest.raises(PageRefused):
        SITES.address(elsewhere)
