"""A plain HTML form, without JavaScript."""

import re

import httpx
import pytest

from .stories import COMMENTS, ENQUIRIES, Auth, a_comment, a_page, an_enquiry, inbox, queue

pytestmark = pytest.mark.journey

FOREIGN = [
    "https://evil.example.org/",
    "//evil.example.org/",
    "/\\evil.example.org/",
    "https:/evil.example.org",
    "javascript:alert(1)",
    "data:text/html,x",
    "{url}.evil.example.org/",
    "{url}@evil.example.org/",
    "https://evil.example.org\\@{site}/",
    "{url}/\r\nSet-Cookie: a=b",
    " https://evil.example.org/",
]


def assert_small_page(response: httpx.Response, status: int) -> None:
    assert response.status_code == status, response.text
    assert response.headers["content-type"].split(";")[0] == "text/html"
    assert "<html" in response.text.lower()
    assert len(response.content) < 20_000
    assert "location" not in response.headers


def a_form(page: str, **fields: str) -> dict[str, str]:
    """As a CMS sends it: with fields of its own."""
    return {**a_comment(page), "_wp_nonce": "7f3a", "comment_post_ID": "12", "submit": "Send", **fields}


def test_form_with_fields_of_its_own_is_taken(client: httpx.Client, moderator: Auth) -> None:
    page = a_page()
    assert_small_page(client.post(COMMENTS, data=a_form(page)), 200)
    (listed,) = queue(client, moderator, page=page)
    assert (listed["name"], listed["email"]) == ("Robin", "robin@example.org")
    assert listed["notify"] is False


def test_enquiry_form_is_taken(client: httpx.Client, admissions: Auth) -> None:
    # A form says yes with "on" (an unnamed checkbox) or "true", and lists by repeating the field.
    enquiry = an_enquiry(consent="on", contact_by=["email", "call"], phone="555 0100")
    assert_small_page(client.post(ENQUIRIES, data=enquiry), 200)
    (item,) = [item for item in inbox(client, admissions, status="new") if item["email"] == enquiry["email"]]
    read = client.get(f"/v1/staff/enquiries/{item['reference']}", headers=admissions).json()
    assert (read["contact_by"], read["phone"]) == (["email", "call"], "555 0100")


def test_success_page_of_an_enquiry_says_its_reference(client: httpx.Client, admissions: Auth) -> None:
    enquiry = an_enquiry()
    response = client.post(ENQUIRIES, data={**enquiry, "consent": "true"})
    assert_small_page(response, 200)
    (item,) = [item for item in inbox(client, admissions, status="new") if item["email"] == enquiry["email"]]
    assert item["reference"] in response.text


@pytest.mark.parametrize("checked", ["on", "true", "1"])
def test_checkbox_of_a_form_is_yes(client: httpx.Client, moderator: Auth, checked: str) -> None:
    page = a_page()
    assert client.post(COMMENTS, data=a_form(page, notify=checked)).status_code == 200
    assert queue(client, moderator, page=page)[0]["notify"] is True


def test_empty_optional_fields_of_a_form_are_left_out(client: httpx.Client) -> None:
    form = a_form(a_page(), parent_id="", website="", form_token="", next="", notify="")
    assert_small_page(client.post(COMMENTS, data=form), 200)
    enquiry = {**an_enquiry(), "consent": "on", "phone": "", "topic": "", "page": "", "contact_by": ""}
    assert_small_page(client.post(ENQUIRIES, data=enquiry), 200)


# ---- next


@pytest.mark.parametrize("path", ["/demo", "/demo?thanks=1#comments"])
def test_form_goes_on_to_a_configured_site(client: httpx.Client, path: str) -> None:
    target = f"{str(client.base_url).rstrip('/')}{path}"
    response = client.post(COMMENTS, data=a_form(a_page(), next=target))
    assert response.status_code == 303
    assert response.headers["location"] == target


@pytest.mark.parametrize("foreign", FOREIGN)
def test_form_never_goes_on_to_a_foreign_site(client: httpx.Client, site: str, foreign: str) -> None:
    target = foreign.format(url=str(client.base_url).rstrip("/"), site=site)
    response = client.post(COMMENTS, data=a_form(a_page(), next=target))
    assert response.status_code in {200, 303}
    assert "set-cookie" not in response.headers
    if response.status_code == 303:  # then to a page of the configured site, whatever the name says
        assert response.headers["location"].startswith(f"http://{site}/")
    else:
        assert_small_page(response, 200)
        assert "evil.example.org" not in response.text


# ---- failure


def test_failing_form_names_each_bad_field_and_keeps_what_was_typed(client: httpx.Client) -> None:
    form = a_form(
        a_page(), name="<b>Mo</b>", email='"><script>alert(1)</script>', message="</textarea> I <3 & you"
    )
    response = client.post(COMMENTS, data={**form, "parent_id": "nosuchcomment"})
    assert_small_page(response, 422)
    page = response.text
    for kept in ("&lt;b&gt;Mo&lt;/b&gt;", "&lt;/textarea&gt; I &lt;3 &amp; you", "&lt;script&gt;alert(1)"):
        assert kept in page
    for raw in ("<b>Mo", "<script>alert", "</textarea> I"):
        assert raw not in page
    assert re.search(r"email", page, re.IGNORECASE)


def test_every_bad_field_of_a_form_is_named(client: httpx.Client) -> None:
    response = client.post(COMMENTS, data=a_form(a_page(), name="x" * 81, email="no", message=""))
    assert_small_page(response, 422)
    for field in ("name", "email", "message"):
        assert re.search(rf'name="{field}"', response.text)
    assert "x" * 81 in response.text


def test_failing_form_does_not_go_on(client: httpx.Client) -> None:
    target = f"{client.base_url}demo"
    response = client.post(COMMENTS, data=a_form(a_page(), email="no", next=target))
    assert_small_page(response, 422)


@pytest.mark.parametrize(
    "body",
    [b"name=%ff%fe&message=x", b"name=\xff\xfe", b"name=%ed%a0%80"],
    ids=["escaped", "raw", "surrogate"],
)
def test_form_in_bad_encoding_is_refused(client: httpx.Client, body: bytes) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert client.post(COMMENTS, content=body, headers=headers).status_code == 400


# ---- the honeypot


def test_honeypot_gets_the_same_answer_and_lands_in_spam(client: httpx.Client, moderator: Auth) -> None:
    page, caught = a_page(), a_page()
    honest = client.post(COMMENTS, json=a_comment(page))
    trapped = client.post(COMMENTS, json=a_comment(caught, website="https://pills.example.org"))
    assert trapped.status_code == honest.status_code == 202
    assert {**trapped.json(), "id": ""} == {**honest.json(), "id": ""}
    assert len(trapped.json()["id"]) == len(honest.json()["id"])
    assert set(trapped.headers) == set(honest.headers)
    assert queue(client, moderator, page=caught) == []
    (spam,) = queue(client, moderator, page=caught, status="spam")
    assert spam["id"] == trapped.json()["id"]
    assert spam["status"] == "spam"
    assert spam["reasons"]


def test_honeypot_of_an_enquiry_gets_the_same_answer_and_is_stored_apart(
    client: httpx.Client, admissions: Auth
) -> None:
    enquiry = an_enquiry(website="https://pills.example.org")
    honest = client.post(ENQUIRIES, json=an_enquiry()).json()
    trapped = client.post(ENQUIRIES, json=enquiry).json()
    assert {**trapped, "reference": ""} == {**honest, "reference": ""}
    new = {item["reference"] for item in inbox(client, admissions, status="new")}
    spam = {item["reference"] for item in inbox(client, admissions, status="spam")}
    assert trapped["reference"] in spam - new


def test_honeypot_of_a_form_gets_the_same_page(client: httpx.Client, moderator: Auth) -> None:
    page = a_page()
    honest = client.post(COMMENTS, data=a_form(a_page()))
    trapped = client.post(COMMENTS, data=a_form(page, website="https://pills.example.org"))
    assert (trapped.status_code, trapped.text) == (honest.status_code, honest.text)
    assert len(queue(client, moderator, page=page, status="spam")) == 1
