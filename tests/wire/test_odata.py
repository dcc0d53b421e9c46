"""Bodies as Graph's SDKs and Azure's bindings write them (F16, F21)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from converters.model.errors import Fault, RequestInvalid
from converters.wire import odata
from converters.wire.graph_names import UNUSED
from converters.wire.properties import content_digest
from tests.directory import ADDRESS, USER_ID, request
from tests.local.test_graph_names import properties
from tests.parsing import parse
from tests.service import service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from converters.model.request import ConversionRequest

CC, BOSS = "invitedUserMessageInfo.ccRecipients.0", "boss@contoso.example"
PLAIN = request(
    invitedUserMessageInfo={"ccRecipients": [{"emailAddress": {"address": BOSS}}]},
    sendInvitationMessage=True,
)
PATHS = {
    "": "invitation",
    "invitedUser": "user",
    "invitedUserMessageInfo": "invitedUserMessageInfo",
    CC: "recipient",
    f"{CC}.emailAddress": "emailAddress",
}


def test_schema_takes_annotations_of_the_true_types_alone() -> None:
    patterns = odata.schema("invitation")["patternProperties"]
    types = [each for name, each in patterns.items() if "type" in name.lower() and "type" in each]
    assert types
    assert all(each["description"].endswith("no effect.") for each in patterns.values())
    assert all(each["type"] == ["string", "null"] for each in types)
    assert all(each["pattern"][0] == "^" and each["pattern"][-1] == "$" for each in types)


def annotated(path: str, name: str, value: object) -> dict[str, Any]:
    """Return the request with an annotation in one of its objects."""
    message: dict[str, Any] = json.loads(json.dumps(PLAIN))
    inner: Any = message
    for step in path.split(".") if path else ():
        inner = inner[int(step) if step.isdigit() else step]
    inner[name] = value
    return message


def parsed(message: object) -> ConversionRequest:
    return parse(json.dumps(message).encode(), "message-1")


def fault_of(message: object) -> Fault:
    with pytest.raises(RequestInvalid) as caught:
        parsed(message)
    (fault,) = caught.value.faults
    return fault


@pytest.mark.parametrize("value", ["a-guid", None, 7, {"a": [1]}, ""])
def test_f16_stamp_of_an_output_binding_has_no_effect(value: object) -> None:
    event = {"specversion": "1.0", "id": "e-1", "source": "/hr", "type": "t", "data": PLAIN}
    for message in (PLAIN, event):
        assert parsed(message | {"$AzureWebJobsParentId": value}) == parsed(message)


@pytest.mark.parametrize("name", ["$AzureWebJobsParentID", "AzureWebJobsParentId", "$x"])
def test_f16_other_names_are_refused_as_before(name: str) -> None:
    assert fault_of(PLAIN | {name: 1}) == Fault(
        "unknownProperty", name, "is no property of a request"
    )


async def test_f16_f21_stamped_body_of_an_sdk_is_invited(
    azurite: str, queue_names: Iterator[str]
) -> None:
    message = {
        "@odata.type": "#microsoft.graph.invitation",
        "requestId": 4711,
        "invitedUser": {"@odata.type": "#microsoft.graph.user", "id": USER_ID},
        "invitedUserEmailAddress": ADDRESS,
        "requestedBy": None,
        "$AzureWebJobsParentId": "7b9ec8d2-0000-4000-8000-000000000001",
    }
    async with service(azurite, queue_names) as running:
        outcome = await running.outcome(message)
        (body,) = running.invited()
    assert (outcome["status"], outcome["requestId"]) == ("invited", "4711")
    assert "odata" not in json.dumps(body)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "form", ["#microsoft.graph.{}", "microsoft.graph.{}", "#Microsoft.Graph.{}"]
)
def test_f21_true_type_is_taken_and_changes_nothing(path: str, form: str) -> None:
    for name in (form.format(PATHS[path]), form.format(PATHS[path]).upper(), None):
        found = parsed(annotated(path, "@odata.type", name))
        assert found == parsed(PLAIN)
        assert content_digest(found) == content_digest(parsed(PLAIN))


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("#microsoft.graph.group", 'the text "#microsoft.graph.group"'),
        ("user", 'the text "user"'),
        ("", "an empty text"),
        (7, "the number 7"),
        ({}, "an empty object"),
    ],
)
def test_f21_false_type_is_refused(path: str, value: object, found: str) -> None:
    fault = fault_of(annotated(path, "@odata.type", value))
    assert (fault.code, fault.where) == ("invalidValue", f"{path}.@odata.type".removeprefix("."))
    assert fault.problem == f'is {found}, where "#microsoft.graph.{PATHS[path]}" is wanted'


@pytest.mark.parametrize(
    ("path", "name", "type_"),
    [
        ("", "invitedUser", "#microsoft.graph.user"),
        ("", "sendInvitationMessage", "#Boolean"),
        ("", "invitedUserEmailAddress", "Edm.String"),
        ("invitedUser", "id", "#String"),
        ("invitedUserMessageInfo", "ccRecipients", "#Collection(microsoft.graph.recipient)"),
    ],
)
def test_f21_type_of_a_property_is_taken_where_it_is_true(path: str, name: str, type_: str) -> None:
    assert parsed(annotated(path, f"{name}@odata.type", type_)) == parsed(PLAIN)
    fault = fault_of(annotated(path, f"{name}@odata.type", "#Int64"))
    wanted = type_ if type_.startswith("#") else "#String"
    assert fault.problem == f'is the text "#Int64", where "{wanted}" is wanted'


@pytest.mark.parametrize(
    ("path", "name", "problem"),
    [
        ("", "@odata.context", "is an annotation that has no effect here"),
        ("", "requestId@odata.type", "is an annotation that has no effect here"),
        ("invitedUser", "@odata.id", "is an annotation that has no effect here"),
        ("", "invitedUser@odata.bind", "is a reference, which is not followed; invitedUser is"),
        ("", "invitedUserType", "has no effect here: a conversion leaves the user's type"),
        ("", "invitedUserDisplayName", "has no effect here: a conversion leaves the user's type"),
        ("", "status", "is Graph's to say"),
        ("", "inviteRedeemUrl", "is Graph's to say"),
        ("", "id", "is Graph's to say, in the outcome's invitation; requestId is"),
        ("", "resetRedemption", "is for guests who redeem again: another operation"),
        ("", "invitedUserSponsors", "has no effect here: completion.sponsor sets one"),
        ("invitedUser", "displayName", "has no effect here: of the user only id or"),
        ("invitedUser", "UserType", "has no effect here: of the user only id or"),
    ],
)  # fmt: skip
def test_f21_what_the_api_has_and_this_service_has_not_is_refused_with_the_reason(
    path: str, name: str, problem: str
) -> None:
    fault = fault_of(annotated(path, name, "x"))
    assert (fault.code, fault.where) == ("unknownProperty", f"{path}.{name}".removeprefix("."))
    assert fault.problem.startswith(problem)


@pytest.mark.parametrize("type_", odata.TYPES)
def test_f21_names_and_types_are_the_metadatas(type_: str) -> None:
    taken, known = odata.TYPES[type_], properties(type_)
    assert {name: known[name] for name in taken} == taken
    parent = {"invitation": "", "user": "invitedUser"}.get(type_, type_)
    assert set(UNUSED.get(parent, {})) == set(known) - set(taken)


@pytest.mark.parametrize("type_", odata.TYPES)
def test_f21_schema_takes_what_the_code_takes(type_: str) -> None:
    patterns = odata.schema(type_)["patternProperties"]
    for name in ("", *odata.TYPES[type_]):
        (entry,) = [patterns[one] for one in patterns if re.search(one, f"{name}@odata.type")]
        assert re.search(
            entry["pattern"], odata.written(odata.TYPES[type_].get(name, f"graph.{type_}"))
        )
