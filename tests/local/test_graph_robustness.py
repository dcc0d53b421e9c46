"""Whatever is sent, the emulator answers as Graph would, and never breaks."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from local.graph import Tenant
from local.graph.endpoint import Endpoint
from local.graph.exchange import Call
from local.graph.form import checked
from local.graph.routes import ROUTES
from local.graph.schema import INVITATION
from tests.local.test_graph_http import ADDRESS, KIM, directory

if TYPE_CHECKING:
    from local.graph.exchange import Answer

SCALARS = st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from([KIM, ADDRESS])
NAMES = st.text(max_size=8) | st.sampled_from(
    ["id", "method", "url", "headers", "body", "dependsOn", "requests", "groupIds"]
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
MESSAGE = st.fixed_dictionaries({}, optional={"ccRecipients": ANYTHING, "messageLanguage": SCALARS})
REQUIRED = {"invitedUserEmailAddress", "inviteRedirectUrl"}
INVITATIONS = st.fixed_dictionaries(
    {
        "invitedUserEmailAddress": st.just(ADDRESS) | st.emails() | ANYTHING,
        "inviteRedirectUrl": st.just("https://myapps.microsoft.com") | ANYTHING,
    },
    optional={
        **dict.fromkeys(sorted(INVITATION.names - REQUIRED), ANYTHING),
        "invitedUser": st.fixed_dictionaries({}, optional={"id": SCALARS}) | ANYTHING,
        "invitedUserMessageInfo": MESSAGE | ANYTHING,
    },
)
ITEMS = st.fixed_dictionaries(
    {
        "id": st.text(max_size=3),
        "method": st.sampled_from(["GET", "POST", "get", "x"]),
        "url": st.sampled_from(["/domains", "/users", "users?$filter=x", "/$batch"]) | st.text(),
    },
    optional={"headers": ANYTHING, "body": ANYTHING, "dependsOn": st.lists(st.text(max_size=3))},
)
SEGMENTS = sorted(
    {segment for route in ROUTES["v1.0"] for segment in route.segments if isinstance(segment, str)}
)
TARGETS = st.builds(
    lambda segments, options: (
        "/"
        + "/".join(quote(segment, safe="") for segment in segments)
        + "?"
        + "&".join(f"${name}={quote(text)}" for name, text in options.items())
    ),
    st.lists(st.sampled_from([*SEGMENTS, KIM]) | st.text(max_size=5), max_size=4),
    st.dictionaries(
        st.sampled_from(["select", "filter", "top", "count", "skiptoken", "expand"]),
        st.text(max_size=12) | st.sampled_from(["id", "true", "5", "mail eq 'x'"]),
        max_size=3,
    ),
)


def answer(method: str, target: str, body: object = None) -> Answer:
    """Answer one request to a fresh directory."""
    headers = {"consistencylevel": "eventual"}
    call = Call(method, "v1.0", target, headers, body, "request", "client")
    return asyncio.run(Endpoint(Tenant(directory())).answer(call))


def check(found: Answer) -> None:
    """Assert an answer that Graph could give."""
    assert found.status < 500
    if found.status >= 400:
        assert isinstance(found.body, dict)
        assert set(found.body) == {"error"}
    json.dumps(found.body)


@given(ANYTHING | INVITATIONS)
def test_any_invitation_is_made_or_refused(body: Any) -> None:  # noqa: ANN401 - JSON
    check(answer("POST", "/invitations", body))


@given(st.fixed_dictionaries({"requests": st.lists(ITEMS, max_size=4)}) | ANYTHING)
def test_any_batch_is_answered_or_refused(body: Any) -> None:  # noqa: ANN401 - JSON
    found = answer("POST", "/$batch", body)
    check(found)
    if found.status == 200:
        assert isinstance(found.body, dict)
        answered = {response["id"] for response in found.body["responses"]}
        assert answered == {item["id"] for item in body["requests"]}


@given(st.sampled_from(["GET", "POST", "PATCH"]), TARGETS, ANYTHING)
def test_any_target_is_answered_or_refused(method: str, target: str, body: Any) -> None:  # noqa: ANN401
    check(answer(method, target, body))


@given(st.text(max_size=40))
def test_any_raw_target_is_answered_or_refused(target: str) -> None:
    check(answer("GET", "/" + target))


@given(INVITATIONS)
def test_invitation_that_is_accepted_has_its_two_texts(body: dict[str, Any]) -> None:
    made = answer("POST", "/invitations", body)
    if made.status == 201:
        assert checked(body)["invitedUserEmailAddress"]
        assert str(body["inviteRedirectUrl"]).startswith(("http://", "https://"))
