"""Who may open which page, and from where a form may come: every route of the application, found by asking it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from forecourt.domain.access.permissions import PERMISSIONS, Permission, Role
from forecourt.web.admission import OPEN, PERMISSION, SESSION, TOKENLESS, Foreign, check_origin
from forecourt.web.app import POLICY
from tests.web.door import Building, Pages, Shown

OPEN_TO_ALL = {
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("POST", "/sign-out"),
    ("GET", "/sign-in/code"),
    ("POST", "/sign-in/code"),
    ("GET", "/sign-in/openid"),
    ("GET", "/sign-in/openid/back"),
    ("GET", "/static/{digest:str}/{name:path}"),
    ("POST", "/preferences"),  # theme and language, which a stranger's browser keeps
    ("GET", "/live"),  # tells a stranger to sign in, and nothing else
}
WITHOUT_TOKEN = {("POST", "/sign-in"), ("POST", "/sign-in/code")}
"""Forms of people who have no session yet. Where they come from is checked all the same."""


def routes(app: Litestar) -> Iterator[tuple[str, str, HTTPRouteHandler]]:
    """Method, path and handler of everything that may be asked of the application."""
    for route in app.routes:
        for handler in route.route_handlers if isinstance(route, HTTPRoute) else ():
            if isinstance(handler, HTTPRouteHandler):
                yield from (
                    (method, route.path, handler) for method in sorted(handler.http_methods) if method != "OPTIONS"
                )


def filled(path: str) -> str:
    """A path with something in the place of its parameters; nothing is there."""
    values = {"int": "1", "uuid": "00000000-0000-0000-0000-000000000000", "path": "a", "decimal": "1", "float": "1"}
    return re.sub(r"\{[^:}]+(?::([^}]+))?\}", lambda found: values.get(found[1] or "str", "nothing"), path)


def test_only_these_routes_are_open(building: Building) -> None:
    found = {(method, path) for method, path, handler in routes(building.app) if handler.opt.get(OPEN)}
    assert found == OPEN_TO_ALL


def test_every_other_route_says_who_may_use_it(building: Building) -> None:
    silent = [
        (method, path)
        for method, path, handler in routes(building.app)
        if not handler.opt.get(OPEN) and not isinstance(handler.opt.get(PERMISSION), Permission)
    ]
    assert silent == []


def test_only_these_forms_have_no_token(building: Building) -> None:
    found = {(method, path) for method, path, handler in routes(building.app) if handler.opt.get(TOKENLESS)}
    assert found == WITHOUT_TOKEN


def test_nothing_is_changed_by_other_methods_than_post(building: Building) -> None:
    assert {method for method, _path, _handler in routes(building.app)} == {"GET", "POST"}


def test_whoever_has_not_signed_in_gets_no_further_than_the_sign_in_page(stranger: Pages, building: Building) -> None:
    for method, path, _handler in routes(building.app):
        if (method, path) in OPEN_TO_ALL:
            continue
        answer = stranger.get(filled(path)) if method == "GET" else stranger.post(filled(path))
        assert (answer.status, answer.location.partition("?")[0]) == (303, "/sign-in"), (method, path)
        assert answer.html == "", (method, path)


def test_every_form_is_refused_without_its_token(pages: Pages, building: Building) -> None:
    posts = [
        path for method, path, _ in routes(building.app) if method == "POST" and (method, path) not in WITHOUT_TOKEN
    ]
    assert len(posts) > 10
    before = pages.workspace.writes
    for path in posts:
        # With a file, because some forms want one; the others do not mind.
        assert pages.post(filled(path), files={"file": ("a", b"b")}, csrf="").status == 403, path
    for token in ("wrong", "ä", pages.csrf[:-1], pages.csrf.upper()):
        assert pages.post("/account", csrf=token).status == 403
    assert pages.workspace.writes == before  # nothing was changed before it was checked


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://elsewhere.example"},
        {"Origin": "null"},
        {"Origin": "https://forecourt:444"},
        {"Origin": "http://["},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)
def test_every_form_is_refused_that_comes_from_elsewhere(
    pages: Pages, building: Building, headers: dict[str, str]
) -> None:
    before = pages.workspace.writes
    for method, path, _handler in routes(building.app):
        if method == "POST":
            assert pages.post(filled(path), headers=headers).status == 403, path
    assert pages.workspace.writes == before


def test_a_form_of_the_consoles_own_address_is_taken_also_where_a_proxy_changes_the_host() -> None:
    class Asked:
        def __init__(self, **headers: str) -> None:
            self.headers = headers

    behind: Any = Asked(origin="https://console.example", host="10.0.0.1:8080")
    check_origin(behind, "https://console.example")
    with pytest.raises(Foreign):
        check_origin(behind)


@pytest.mark.parametrize("role", list(Role))
def test_every_page_is_shown_to_whom_its_permission_says(pages: Pages, building: Building, role: Role) -> None:
    """Pages of one thing answer with 404 here, because nothing is there; what counts is 403 or not."""
    pages.sign_in(role)
    for method, path, handler in routes(building.app):
        if method != "GET" or handler.opt.get(OPEN):
            continue
        answer = pages.get(filled(path))
        if handler.opt[PERMISSION] in PERMISSIONS[role]:
            assert answer.status in (200, 303, 404, 422), (path, answer.status, answer.text[:300])
        else:
            assert answer.status == 403, path
            assert answer.has("Your role does not allow this"), path


@pytest.mark.parametrize("role", list(Role))
def test_every_form_is_refused_to_whom_it_is_not_for(pages: Pages, building: Building, role: Role) -> None:
    pages.sign_in(role)
    before = pages.workspace.writes
    refused = 0
    for method, path, handler in routes(building.app):
        if method != "POST" or handler.opt.get(OPEN) or handler.opt[PERMISSION] in PERMISSIONS[role]:
            continue
        refused += 1
        assert pages.post(filled(path)).status == 403, path
    assert pages.workspace.writes == before
    assert refused > 0 or role is Role.ADMIN


def test_a_disabled_account_is_outside_everywhere_at_once(pages: Pages, building: Building) -> None:
    pages.sign_in(Role.VIEWER)
    pages.services.accounts.change("viewer", is_enabled=False)
    for method, path, handler in routes(building.app):
        if not handler.opt.get(OPEN):
            answer = pages.get(filled(path)) if method == "GET" else pages.post(filled(path))
            assert answer.location.partition("?")[0] == "/sign-in", path


def test_an_invented_cookie_opens_nothing(stranger: Pages) -> None:
    for secret in ("x", "x" * 200, "x" * 5000, '"', "ä"):
        stranger.cookies = {SESSION: secret.encode("ascii", "ignore").decode() or "x"}
        assert stranger.get("/alarms").status == 303


# Headers


def answers(pages: Pages) -> Iterator[Shown]:
    """One of every kind."""
    yield pages.get("/alarms")  # a page
    yield pages.get("/no-such-page")
    yield pages.get("/people/nobody")
    yield pages.post("/account", csrf="wrong")  # refused
    yield pages.post("/account", {"zone": "Mars"})  # a form that was refused
    yield pages.post("/account")  # on to another page
    yield pages.get("/audit/download.csv")
    yield pages.get(_static(pages))
    yield pages.get("/static/x/../secret")
    pages.workspace.is_available = False
    yield pages.get("/alarms")  # the database is away
    pages.workspace.is_available = True
    pages.cookies = {}
    yield pages.get("/sign-in")
    yield pages.get("/alarms")


def test_every_kind_of_answer_has_the_headers_of_safety(pages: Pages) -> None:
    statuses = set()
    for answer in answers(pages):
        headers = answer.response.headers
        about = (answer.response.url, answer.status)
        statuses.add(int(answer.status))
        assert headers.get_list("content-security-policy") == [POLICY], about
        assert headers["x-content-type-options"] == "nosniff", about
        assert headers["referrer-policy"] == "no-referrer", about
        assert headers["cross-origin-resource-policy"] == "same-origin", about
        assert "server" not in headers, about
        assert "strict-transport-security" not in headers, about  # without TLS nobody is told to stay with it
        if answer.status != 200 or "static" not in str(answer.response.url):
            assert headers["cache-control"] == "no-store", about
    assert statuses >= {200, 303, 403, 404, 422, 503}


def test_the_policy_lets_nothing_in_from_elsewhere_and_nobody_frame_pages() -> None:
    rules = dict(rule.strip().split(" ", 1) for rule in POLICY.split(";"))
    assert rules == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "connect-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }


def test_a_failure_of_ours_is_a_page_without_its_details(pages: Pages, building: Building) -> None:
    async def fail() -> list[str]:
        raise RuntimeError("the inside of the system")

    with building.changed(is_ready=fail):
        page = pages.get("/about")
    assert page.status == 500
    assert page.has("The page failed for a reason that is not your fault")
    assert "inside of the system" not in page.html
    assert "Traceback" not in page.html


def _static(pages: Pages) -> str:
    found = re.search(r'href="(/static/[^"]+/console\.css)"', pages.get("/alarms").html)
    assert found
    return found[1]


def test_static_files_lead_nowhere_else(stranger: Pages) -> None:
    for path in (
        "/static/x/../../menu.py",
        "/static/x/..%2F..%2Fmenu.py",
        "/static/x/%2e%2e/menu.py",
        "/static/x/stamp",
    ):
        assert stranger.get(path).status == 404, path
