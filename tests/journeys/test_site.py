"""The pages and files around the API, and what holds for every answer."""

import httpx
import pytest
from openapi_spec_validator import validate

from .stories import COMMENTS, ENQUIRIES, Auth, a_page, problem

pytestmark = pytest.mark.journey

OPEN = ["/healthz", "/openapi.json", "/demo", f"{COMMENTS}?page=/", "/v1/form?kind=comment"]
METHODS = {"get", "put", "post", "delete", "patch"}


def test_healthz_is_ok(client: httpx.Client) -> None:
    assert client.get("/healthz").status_code == 200


def test_demo_page_is_html(client: httpx.Client) -> None:
    response = client.get("/demo")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")


# ---- the OpenAPI document


def test_openapi_document_is_valid_3_1(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    validate(document)


def test_openapi_document_tells_the_public_routes(client: httpx.Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert {"get", "post"} <= set(paths[COMMENTS])
    assert "post" in paths[f"{COMMENTS}/counts"]
    assert "post" in paths[ENQUIRIES]
    assert "get" in paths["/v1/form"]


def test_openapi_document_tells_limits_and_defaults(client: httpx.Client) -> None:
    parameters = client.get("/openapi.json").json()["paths"][COMMENTS]["get"]["parameters"]
    schemas = {parameter["name"]: parameter["schema"] for parameter in parameters}
    limit = schemas["limit"]
    assert (limit["minimum"], limit["maximum"], limit["default"]) == (1, 100, 50)
    assert schemas["order"]["default"] == "oldest"


def test_every_documented_route_is_there(client: httpx.Client) -> None:
    # Sent without body and credential, so that nothing changes: a route that is there says what is
    # missing. Public paths with a token in them rightly answer 404 to a made-up one, and are left out.
    paths = client.get("/openapi.json").json()["paths"]
    for path, item in paths.items():
        if "{" in path and not path.startswith("/v1/staff/"):
            continue
        for method in METHODS & set(item):
            url = path.replace("{", "").replace("}", "")
            status = client.request(method.upper(), url).status_code
            assert status not in {404, 405, 500}, f"{method} {path}: {status}"
            if path.startswith("/v1/staff/"):
                assert status == 401, f"{method} {path}: {status}"


# ---- every answer


@pytest.mark.parametrize("path", OPEN)
def test_head_equals_get_without_a_body(client: httpx.Client, path: str) -> None:
    got, head = client.get(path), client.head(path)
    assert head.status_code == got.status_code == 200
    assert head.content == b""
    for name in ("content-type", "cache-control", "etag"):
        assert head.headers.get(name) == got.headers.get(name)
    assert head.headers.get("content-length") in {None, got.headers.get("content-length")}


@pytest.mark.parametrize(
    "path",
    ["/v1/nowhere", "/nowhere", "/v1", "/v1/comments/x/y", "/v1/staff/nowhere", "/%00", "/..%2f..%2fetc"],
)
def test_unknown_path_is_not_found(client: httpx.Client, admin: Auth, path: str) -> None:
    problem(client.get(path, headers=admin), 404, "not_found")


@pytest.mark.parametrize("path", [*OPEN, "/nowhere", COMMENTS, "/v1/staff/comments"])
def test_every_answer_has_security_headers(client: httpx.Client, path: str) -> None:
    response = client.get(path)
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"]


def test_no_answer_shows_the_inside(client: httpx.Client, admin: Auth) -> None:
    for response in (
        client.get("/nowhere"),
        client.post(COMMENTS, content=b"{", headers={"Content-Type": "application/json"}),
        client.get(COMMENTS, params={"page": a_page(), "cursor": "x"}),
        client.get("/v1/staff/comments", headers=admin, params={"cursor": "x", "limit": "x"}),
        client.patch("/v1/staff/comments/x", headers=admin, content=b"{"),
        client.post(COMMENTS, json={}),
    ):
        assert 400 <= response.status_code < 500
        for inside in ("traceback", 'file "', "pydantic", "botocore", "dynamodb", "chalicelib"):
            assert inside not in response.text.lower()
