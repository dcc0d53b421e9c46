"""What a sender is told: found, wanted, probably meant; no library's words (F22, F23)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from converters.model.errors import RequestInvalid
from converters.steps import concluding_unjudged
from converters.wire.faults import WANTED
from converters.wire.properties import content_digest
from converters.wire.requests import RequestBody
from converters.wire.telling import found
from tests.directory import ADDRESS, ARTICLE, USER_ID, request
from tests.parsing import parse
from tests.service import service

if TYPE_CHECKING:
    from collections.abc import Iterator

INFO = "invitedUserMessageInfo"
ITEM = f"{INFO}.ccRecipients.0"
LINE = "where one line of 1 to 256 characters is wanted"
LONG_LINE = f'is the text "{40 * "x"}..." of 300 characters, {LINE}'


def problems(message: object) -> dict[str, str]:
    """Return what is said of each property of a request that is refused."""
    with pytest.raises(RequestInvalid) as caught:
        parse(json.dumps(message).encode(), "message-1")
    return {fault.where: fault.problem for fault in caught.value.faults}


def info(**changes: Any) -> dict[str, Any]:  # noqa: ANN401
    return request(invitedUserMessageInfo=changes)


@pytest.mark.parametrize(
    "nulls",
    [
        dict.fromkeys(("mode", "sendInvitationMessage", "requestedBy", "inviteRedirectUrl", INFO)),
        {INFO: dict.fromkeys(("messageLanguage", "ccRecipients", "customizedMessageBody"))},
        {INFO: {"ccRecipients": [{"emailAddress": None}]}},
        {INFO: {"ccRecipients": [{"emailAddress": {"name": None, "address": None}}]}},
        {"invitedUser": {"id": USER_ID, "userPrincipalName": None}, "@odata.type": None},
    ],
)
def test_f22_null_is_left_out(nulls: dict[str, Any]) -> None:
    plain = parse(json.dumps(request()).encode(), None)
    found = parse(json.dumps(request(**nulls)).encode(), None)
    assert found == plain
    assert content_digest(found) == content_digest(plain)


def test_f22_null_for_the_id_or_for_either_name_of_the_user_is_left_out() -> None:
    assert (
        parse(json.dumps(request(requestId=None)).encode(), "message-1").request_id == "message-1"
    )
    assert parse(json.dumps(request(invitedUser=None)).encode(), None).email_address == ADDRESS
    assert parse(json.dumps(request(invitedUserEmailAddress=None)).encode(), None).user_id


def test_f22_null_where_something_is_needed_is_told() -> None:
    assert problems(info(ccRecipients=[None])) == {
        ITEM: "is null, where an object with emailAddress is wanted"
    }
    assert problems({"invitedUser": None, "invitedUserEmailAddress": None}) == {
        "invitedUser": "is missing, and so is invitedUserEmailAddress, where one of them is wanted"
    }


@pytest.mark.parametrize("number", [0, 7, 4711, 10**127])
def test_f22_whole_number_is_taken_as_the_text_of_an_id(number: int) -> None:
    as_number, as_text = (
        parse(json.dumps(request(requestId=id_)).encode(), None) for id_ in (number, str(number))
    )
    assert as_number == as_text
    assert as_number.request_id == str(number)
    assert content_digest(as_number) == content_digest(as_text)


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (True, "true"),
        (-1, "the number -1"),
        (1.5, "the number 1.5"),
        (4711.0, "the number 4711.0"),
        (10**128, "a number of 129 digits"),
        ([4711], "a list of 1 item"),
        ("kim@partner.example", 'the text "kim@partner.example"'),
    ],
)
def test_f22_what_else_is_no_id_is_told(value: object, what: str) -> None:
    assert problems(request(requestId=value)) == {
        "requestId": f"is {what}, where a text of 1 to 128 letters, digits and ._~:/=+-,"
        " or a whole number, is wanted"
    }


@pytest.mark.parametrize(
    ("message", "where", "problem"),
    [
        (request(sendInvitationMessage="true"), "sendInvitationMessage",
         'is the text "true", where true or false is wanted'),
        (request(sendInvitationMessage=1), "sendInvitationMessage",
         "is the number 1, where true or false is wanted"),
        (request(mode="Check"), "mode", 'is the text "Check", where convert or check is wanted'),
        (request(requestedBy=4711), "requestedBy",
         "is the number 4711, where one line of 1 to 256 characters is wanted"),
        (request(requestedBy="a\nb"), "requestedBy",
         'is the text "a\\nb", where one line of 1 to 256 characters is wanted'),
        (request(requestedBy="x" * 300), "requestedBy",
         LONG_LINE),
        (request(invitedUser="kim"), "invitedUser",
         'is the text "kim", where an object with either id or userPrincipalName is wanted'),
        (request(invitedUser={}), "invitedUser",
         "has neither id nor userPrincipalName, where one of them is wanted"),
        (request(invitedUser={"id": USER_ID, "userPrincipalName": "k@x"}), "invitedUser",
         "has both id and userPrincipalName, where one of them is wanted"),
        (info(ccRecipients={}), f"{INFO}.ccRecipients",
         "is an empty object, where a list of at most 100 recipients is wanted"),
        (info(ccRecipients=[{}]), f"{ITEM}.emailAddress",
         "is missing, where an object with address is wanted"),
        (info(customizedMessageBody="Dear Kim, " * 300), f"{INFO}.customizedMessageBody",
         "is a text of 3000 characters, where a text of at most 2000 characters is wanted"),
        (info(customizedMessageBody="\ud800"), f"{INFO}.customizedMessageBody",
         "holds half a character, as \\ud800 is, where valid Unicode is wanted"),
        (request(**{"\ud800": 1}), "",
         "holds half a character, as \\ud800 is, where valid Unicode is wanted"),
        (request(invitedUser={"id": USER_ID, "\ud800": 1}), "invitedUser",
         "holds half a character, as \\ud800 is, where valid Unicode is wanted"),
        (request(inviteRedirectUrl=""), "inviteRedirectUrl",
         "is an empty text, where a URL of 1 to 2048 characters, all of them ASCII, is wanted"),
    ],
)  # fmt: skip
def test_f22_problem_says_what_was_found_and_what_is_wanted(
    message: dict[str, Any], where: str, problem: str
) -> None:
    assert problems(message) == {where: problem}


@pytest.mark.parametrize(
    ("message", "where", "meant"),
    [
        ({"InvitedUser": {"Id": USER_ID}}, "InvitedUser", "invitedUser"),
        ({"invited_user": {}}, "invited_user", "invitedUser"),
        ({"RequestID": "R-9"}, "RequestID", "requestId"),
        (request(sendInvitationMesage=True), "sendInvitationMesage", "sendInvitationMessage"),
        (request(invitedUserEmail="x"), "invitedUserEmail", "invitedUserEmailAddress"),
        (request(email="x"), "email", "invitedUserEmailAddress"),
        (request(upn="x"), "upn", "invitedUser.userPrincipalName"),
        (request(messageLanguage="x"), "messageLanguage", f"{INFO}.messageLanguage"),
        (request(invitedUser={"ID": "x"}), "invitedUser.ID", "id"),
        (request(invitedUser={"userPrincipalname": "x"}), "invitedUser.userPrincipalname",
         "userPrincipalName"),
        (info(language="en"), f"{INFO}.language", "messageLanguage"),
        # As forms name a list.
        (info(**{"ccRecipients[]": []}), f"{INFO}.ccRecipients[]", "ccRecipients"),
        (info(ccRecipients=[{"EmailAddress": {}}]), f"{ITEM}.EmailAddress", "emailAddress"),
        (info(ccRecipients=[{"emailAddress": {"adress": "x"}}]), f"{ITEM}.emailAddress.adress",
         "address"),
    ],
)  # fmt: skip
def test_f23_property_that_is_probably_meant_is_named(
    message: dict[str, Any], where: str, meant: str
) -> None:
    told = f"is no property of a request; {meant} is probably meant"
    assert problems(message)[where] == told


# What people write, by what they mean: the whole list, so that none is dropped unseen.
SYNONYMS: dict[str, dict[str, str]] = {
    "": {
        "invitedUserEmailAddress": "email mail emailAddress address",
        "invitedUser.id": "objectId userId oid",
        "invitedUser.userPrincipalName": "userPrincipalName upn",
        "invitedUser": "user invitedUserId",
        "inviteRedirectUrl": "redirectUrl redirectUri returnUrl",
        "requestId": "ticket ticketId ticketNumber correlationId",
        "requestedBy": "requester requestor requestedFrom",
        "completion.userType": "userType inviteUserType",
        "completion.sponsor": "sponsor",
        "completion.manager": "manager",
        "completion.revokeSessions": "revokeSessions",
        "completion.randomisePassword": "randomisePassword",
        f"{INFO}.messageLanguage": "messageLanguage",
        f"{INFO}.ccRecipients": "ccRecipients",
        f"{INFO}.customizedMessageBody": "customizedMessageBody",
    },
    "invitedUser": {
        "id": "objectId userId oid",
        "userPrincipalName": "upn userName userPrincipleName",
    },
    INFO: {
        "messageLanguage": "language locale",
        "ccRecipients": "cc recipients ccRecipient",
        "customizedMessageBody": "message body text messageBody",
    },
    "completion": {
        "randomisePassword": "password resetPassword passwordProfile",
        "revokeSessions": "sessions revokeSignInSessions",
        "userType": "guest type",
        "sponsor": "sponsors",
    },
    ITEM: {"emailAddress": "address email mail"},
    f"{ITEM}.emailAddress": {"address": "email mail", "name": "displayName"},
}
CALLED = [
    (where, name, meant)
    for where, names in SYNONYMS.items()
    for meant, written in names.items()
    for name in written.split()
]


@pytest.mark.parametrize(("where", "name", "meant"), CALLED)
def test_f23_property_is_known_by_what_people_call_it(where: str, name: str, meant: str) -> None:
    one = {name: "x"}
    message = {
        "": request(**one),
        "invitedUser": request(invitedUser=one),
        INFO: info(**one),
        "completion": request(completion=one),
        ITEM: info(ccRecipients=[one]),
        f"{ITEM}.emailAddress": info(ccRecipients=[{"emailAddress": one}]),
    }[where]
    told = f"is no property of a request; {meant} is probably meant"
    assert problems(message)[f"{where}.{name}" if where else name] == told


def test_version_of_an_event_that_nobody_speaks_is_told() -> None:
    event = {"specversion": "0.3", "id": "e-1", "source": "/hr", "type": "x", "data": request()}
    with pytest.raises(RequestInvalid) as caught:
        parse(json.dumps(event).encode(), None)
    (fault, *_) = caught.value.faults
    assert fault.where == "specversion"
    assert fault.problem == 'is the text "0.3", where "1.0" is wanted'


@pytest.mark.parametrize("name", ["nonsense", "x" * 60_000, "", "\u00e9", "password"])
def test_f23_nothing_is_guessed_where_no_name_is_like_it(name: str) -> None:
    (problem,) = problems(request(**{name: "hunter2"})).values()
    assert problem == "is no property of a request"


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("RequestId", "R-9", "R-9"),
        ("request_id", 4711, "4711"),
        ("requestId", " R-9 ", "R-9"),
        ("requestId", 4711.0, "4711"),
        ("RequestId", "kim@partner.example", "message-1"),
        ("requestId", -1, "message-1"),
    ],
)
def test_f23_refused_request_is_found_by_its_ticket_where_that_can_be_told(
    name: str, value: object, told: str
) -> None:
    message = {**ARTICLE, name: value, "nonsense": 1, "RequestedBy": "RITM7"}
    with pytest.raises(RequestInvalid) as caught:
        parse(json.dumps(message).encode(), "message-1")
    assert (caught.value.request_id, caught.value.requested_by) == (told, "RITM7")


async def test_f22_f23_outcome_tells_a_person_what_to_mend(
    azurite: str, queue_names: Iterator[str]
) -> None:
    message = {"InvitedUser": {"Id": USER_ID}, "RequestId": 4711, "sendInvitationMessage": "true"}
    async with service(azurite, queue_names) as running:
        outcome = await running.outcome(message)
        assert running.graph.requests == []
    assert (outcome["status"], outcome["requestId"]) == ("rejected", "4711")
    assert [reason["message"] for reason in outcome["reasons"]] == [
        "invitedUser is missing, and so is invitedUserEmailAddress, where one of them is wanted.",
        'sendInvitationMessage is the text "true", where true or false is wanted.',
        "InvitedUser is no property of a request; invitedUser is probably meant.",
        "RequestId is no property of a request; requestId is probably meant.",
    ]


def paths(schema: dict[str, Any], definitions: dict[str, Any], path: str = "") -> set[str]:
    """Return the paths of everything that a schema takes, as ``WANTED`` writes them."""
    own = {path}
    for option in schema.get("anyOf", []):
        own |= paths(option, definitions, path)
    if reference := schema.get("$ref"):
        own |= paths(definitions[reference.rpartition("/")[2]], definitions, path)
    for name, entry in schema.get("properties", {}).items():
        own |= paths(entry, definitions, f"{path}.{name}".removeprefix("."))
    if items := schema.get("items"):
        own |= paths(items, definitions, f"{path}[]")
    return own


def test_f22_every_property_of_the_schema_has_its_phrase() -> None:
    schema = RequestBody.model_json_schema()
    assert paths(schema, schema["$defs"]) == set(WANTED)


NAMES = sorted({part for path in WANTED for part in path.replace("[]", "").split(".") if part})
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text() | st.sampled_from(["check", USER_ID, ADDRESS, "\ud800"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=9), inner, max_size=4),
)  # fmt: skip
LIBRARY = re.compile(
    r"Input should|Field required|String should|Extra inputs|valid (?:string|dict|list|boolean)"
    r"|Instance of|pydantic|List should|Value error|instance",
)
SENTENCE = re.compile(r"[ -~]+ (?:is|has|holds|names) [ -~]+\.")


@given(st.dictionaries(st.sampled_from(NAMES), VALUES))
def test_f22_no_word_of_the_library_comes_out_whatever_is_sent(message: dict[str, Any]) -> None:
    with pytest.raises(RequestInvalid) as caught:
        parse(json.dumps(message | {"mode": "\x00"}).encode(), "message-1")
    for reason in concluding_unjudged.rejected(caught.value).reasons:
        told = re.sub(r'"(?:[^"]|"(?!(?:\.\.\.)?(?:,| of)))*"', '""', reason.message)
        assert not LIBRARY.search(told)
        assert SENTENCE.fullmatch(reason.message)
        assert len(reason.message) < 600
    for fault in caught.value.faults:
        assert fault.code in {"unknownProperty", "missingProperty", "invalidValue", "moreFaults"}
        if fault.code in {"missingProperty", "invalidValue"}:
            assert ", where " in fault.problem


SECRETS = [
    "https://x.blob.core.windows.net/c?sv=2024&sig=abc%3D",
    "https://kim:hunter2@contoso.example",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJraW0ifQ.c2ln",
    "AccountName=x;AccountKey=abc==",
    "Bearer abc",
    "password: hunter2",
    "-----BEGIN PRIVATE KEY-----",
    "Zm9vYmFyMTIzNDU2Nzg5MGFiY2RlZmdoaWprbG1u",
    "client_secret=x",
]


@pytest.mark.parametrize("secret", SECRETS)
def test_f22_what_may_be_a_secret_is_told_by_its_length(secret: str) -> None:
    assert found(secret) == f"a text of {len(secret)} characters"
    (problem,) = problems(request(sendInvitationMessage=secret)).values()
    assert problem == f"is a text of {len(secret)} characters, where true or false is wanted"


@pytest.mark.parametrize("name", ["apiKey", "Password", "clientSecret", "customizedMessageBody"])
def test_f22_property_that_is_called_a_secret_is_told_by_its_length(name: str) -> None:
    assert found("x", name) == "a text of 1 character"


@pytest.mark.parametrize(
    "text", [USER_ID, f"{{{USER_ID}}}", ADDRESS, "en_US", "Check", "RITM0010005"]
)
def test_f22_what_is_no_secret_is_shown(text: str) -> None:
    assert found(text) == f'the text "{text}"'


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, "null"), (False, "false"), (0, "the number 0"), ([], "an empty list"),
        ([1, 2], "a list of 2 items"), ({}, "an empty object"), ({"a": 1}, "an object"),
        (float("inf"), "a number that is too large"), (10**50, "a number of 51 digits"),
        ("\u00e9\t", 'the text "\\xe9\\t"'),
    ],
)  # fmt: skip
def test_f22_value_of_any_type_is_told(value: object, told: str) -> None:
    assert found(value) == told
