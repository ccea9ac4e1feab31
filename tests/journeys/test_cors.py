"""Cross-origin answers: the configured origins, exactly, on every answer."""

from typing import Any

import httpx
import pytest

from .stories import COMMENTS, ENQUIRIES, Json, a_comment, a_page, an_enquiry

pytestmark = pytest.mark.journey

PUBLIC = [
    ("GET", COMMENTS),
    ("POST", COMMENTS),
    ("POST", f"{COMMENTS}/counts"),
    ("POST", ENQUIRIES),
    ("GET", "/v1/form"),
]
ANSWERS = [
    ("GET", f"{COMMENTS}?page=/", {}),
    ("GET", f"{COMMENTS}?page=/&cursor=x", {}),
    ("GET", COMMENTS, {}),
    ("GET", "/v1/form?kind=comment", {}),
    ("GET", "/v1/nowhere", {}),
    ("DELETE", COMMENTS, {}),
    ("POST", COMMENTS, {"content": b"x"}),
    ("POST", COMMENTS, {"json": []}),
    ("POST", COMMENTS, {"json": {}}),
    ("POST", COMMENTS, {"content": b"x" * 33_000, "headers": {"Content-Type": "application/json"}}),
    ("POST", f"{COMMENTS}/counts", {"json": {"pages": ["/"]}}),
    ("POST", ENQUIRIES, {"json": {}}),
]
OTHERS = [
    "https://evil.example.org",
    "null",
    "*",
    "{origin}.evil.example.org",
    "{origin}1",
    "{origin}/",
    "http://127.0.0.1:1",
]


def origin_of(client: httpx.Client) -> str:
    return str(client.base_url).rstrip("/")


def send_from(client: httpx.Client, origin: str, method: str, url: str, extra: Any) -> httpx.Response:
    request = client.build_request(method, url, **extra)
    request.headers["Origin"] = origin
    return client.send(request)


@pytest.mark.parametrize(("method", "url", "extra"), ANSWERS)
def test_allowed_origin_is_echoed_exactly(client: httpx.Client, method: str, url: str, extra: Any) -> None:
    response = send_from(client, origin_of(client), method, url, extra)
    assert response.headers.get_list("access-control-allow-origin") == [origin_of(client)]
    assert "origin" in response.headers["vary"].lower()


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize(("method", "url", "extra"), ANSWERS)
def test_other_origins_are_never_allowed(
    client: httpx.Client, method: str, url: str, extra: Any, other: str
) -> None:
    response = send_from(client, other.format(origin=origin_of(client)), method, url, extra)
    assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize(("path", "body"), [(COMMENTS, a_comment(a_page())), (ENQUIRIES, an_enquiry())])
def test_accepted_posts_carry_the_origin(client: httpx.Client, path: str, body: Json) -> None:
    response = client.post(path, json=body, headers={"Origin": origin_of(client)})
    assert response.status_code == 202
    assert response.headers["access-control-allow-origin"] == origin_of(client)


def test_page_is_cached_apart_for_each_origin(client: httpx.Client) -> None:
    # A shared cache must not give one origin's answer to another, nor the answer without an origin.
    response = client.get(COMMENTS, params={"page": a_page()})
    assert "access-control-allow-origin" not in response.headers
    assert "origin" in response.headers["vary"].lower()


@pytest.mark.parametrize(("method", "path"), PUBLIC)
def test_preflight_of_each_public_route_is_answered(client: httpx.Client, method: str, path: str) -> None:
    headers = {
        "Origin": origin_of(client),
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "content-type,idempotency-key",
    }
    response = client.options(path, headers=headers)
    assert response.status_code in {200, 204}
    assert response.headers["access-control-allow-origin"] == origin_of(client)
    assert method in response.headers["access-control-allow-methods"]
    allowed = response.headers["access-control-allow-headers"].lower()
    assert "*" not in allowed
    if method == "POST":
        assert "content-type" in allowed
        assert "idempotency-key" in allowed or path.endswith("/counts")


@pytest.mark.parametrize(("method", "path"), PUBLIC)
def test_preflight_of_another_origin_is_not_allowed(client: httpx.Client, method: str, path: str) -> None:
    headers = {"Origin": "https://evil.example.org", "Access-Control-Request-Method": method}
    response = client.options(path, headers=headers)
    assert response.status_code < 500
    assert "access-control-allow-origin" not in response.headers
