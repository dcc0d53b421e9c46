"""Messages: every form that is taken, every fault named at once, no content repeated."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converters.model.errors import RequestInvalid
from converters.model.request import ConversionRequest, MessageInfo, Mode, Recipient
from converters.settings.reader import GUID
from converters.wire.envelopes import deferred
from converters.wire.requests import parse
from converters.wire.ticket import usable_id
from tests import parsing
from tests.directory import ADDRESS, ARTICLE, USER_ID, request

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
USER_EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "event-1",
    "source": "/tenants/x",
    "type": "Microsoft.Graph.UserUpdated",
    "subject": f"Users/{USER_ID}",
    "data": {"changeType": "updated", "resource": f"Users/{USER_ID}"},
}
GRID_EVENT: dict[str, Any] = {
    "id": "event-2",
    "topic": "users",
    "eventType": "microsoft.graph.userupdated",
    "subject": f"users/{USER_ID}",
    "data": {"changeType": "created", "resourceData": {"id": USER_ID}},
    "dataVersion": "1",
}


def parsed(message: object, message_id: str | None = "message-1") -> ConversionRequest:
    return parsing.parse(json.dumps(message).encode(), message_id)


def faults(message: object) -> list[tuple[str, str]]:
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    with pytest.raises(RequestInvalid) as caught:
        parse(body, "message-1")
    return [(fault.code, fault.where) for fault in caught.value.faults]


def cloud_event(**changes: Any) -> dict[str, Any]:  # noqa: ANN401
    event = {"specversion": "1.0", "id": "e-1", "source": "hr", "type": "t", "data": ARTICLE}
    return event | changes


def test_body_of_the_article_is_a_request_as_it_stands() -> None:
    assert parsed(ARTICLE) == ConversionRequest(
        request_id="message-1",
        correlation_id=parsed(ARTICLE).correlation_id,
        user_id=USER_ID,
        email_address=ADDRESS,
        message_info=MessageInfo("en-US", (Recipient("boss@contoso.example"),), "Welcome"),
        redirect_url="https://myapps.microsoft.com?tenantId=",
    )


def test_recipient_without_an_address_is_none() -> None:
    empty = {"ccRecipients": [{"emailAddress": {"name": None, "address": None}}]}
    assert parsed(ARTICLE | {"invitedUserMessageInfo": empty}).message_info == MessageInfo()


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text,
        lambda text: b"\xef\xbb\xbf" + text,
        lambda text: b"\n " + text + b"\n",
        base64.b64encode,
        base64.encodebytes,
        lambda text: base64.b64encode(b"\xef\xbb\xbf" + text),
    ],
)
def test_plain_and_base64_are_the_same_message(encode: Any) -> None:  # noqa: ANN401
    assert parse(encode(json.dumps(ARTICLE).encode()), "message-1") == parsed(ARTICLE)


@pytest.mark.parametrize(
    "body",
    [
        b"", b" ", b"\x00", b"\xff\xfe{}", b"hello", b"aGVsbG8=", b"e30", b"[]", b"{", b'{"a":1,}',
        b"{}{}", b'{"mode":NaN}', b"[" * 65_536, b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b'{"requestId":' + b"9" * 6000 + b"}", b'{"mode":"check","mode":"convert"}',
        b"\x00" * 65_536, base64.b64encode(b"\xff"), "\N{BULLET}".encode(),
        b'{"invitedUser":{"a":' + b"[" * 40 + b"]" * 40 + b"}}",
    ],
)  # fmt: skip
def test_r8_what_is_no_json_object_is_one_fault(body: bytes) -> None:
    assert faults(body) == [("notARequest", "")]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"sendInvitationMesage": False}, [("unknownProperty", "sendInvitationMesage")]),
        ({"invitedUser": {"id": "x"}}, [("invalidValue", "invitedUser.id")]),
        ({"invitedUser": {"id": USER_ID, "mail": "x"}}, [("unknownProperty", "invitedUser.mail")]),
        ({"invitedUser": {}}, [("invalidValue", "invitedUser")]),
        ({"invitedUser": "x"}, [("invalidValue", "invitedUser")]),
        (
            {"invitedUser": {"id": USER_ID, "userPrincipalName": "k@contoso.example"}},
            [("invalidValue", "invitedUser")],
        ),
        (
            {"invitedUser": None, "invitedUserEmailAddress": None},
            [("missingProperty", "invitedUser")],
        ),
        ({"invitedUserEmailAddress": "kim"}, [("invalidValue", "invitedUserEmailAddress")]),
        ({"invitedUserEmailAddress": "k m@x"}, [("invalidValue", "invitedUserEmailAddress")]),
        ({"invitedUserEmailAddress": "kim@x\n"}, [("invalidValue", "invitedUserEmailAddress")]),
        ({"sendInvitationMessage": "no"}, [("invalidValue", "sendInvitationMessage")]),
        ({"mode": "delete"}, [("invalidValue", "mode")]),
        ({"requestId": "kim@partner.example"}, [("invalidValue", "requestId")]),
        ({"requestId": "x" * 129}, [("invalidValue", "requestId")]),
        ({"requestedBy": "a\nb"}, [("invalidValue", "requestedBy")]),
        ({"inviteRedirectUrl": ""}, [("invalidValue", "inviteRedirectUrl")]),
        ({"id": "shadow"}, [("unknownProperty", "id")]),
        (
            {"invitedUserMessageInfo": {"ccRecipients": [{"emailAddress": {}}] * 101}},
            [("invalidValue", "invitedUserMessageInfo.ccRecipients")],
        ),
        (
            {"invitedUserMessageInfo": {"ccRecipients": [{}]}},
            [("missingProperty", "invitedUserMessageInfo.ccRecipients.0.emailAddress")],
        ),
        (
            {"invitedUserMessageInfo": {"ccRecipients": [{"emailAddress": {"adress": "a@x"}}]}},
            [("unknownProperty", "invitedUserMessageInfo.ccRecipients.0.emailAddress.adress")],
        ),
        (
            {"invitedUserMessageInfo": {"language": "en-US"}},
            [("unknownProperty", "invitedUserMessageInfo.language")],
        ),
        (
            {"invitedUserMessageInfo": {"messageLanguage": "en_US!"}},
            [("invalidValue", "invitedUserMessageInfo.messageLanguage")],
        ),
        (
            {"invitedUserMessageInfo": {"customizedMessageBody": "\ud800"}},
            [("invalidValue", "invitedUserMessageInfo.customizedMessageBody")],
        ),
    ],
)
def test_fault_is_named_by_its_property(
    change: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    found = faults(ARTICLE | change)
    assert set(expected) <= set(found)
    assert {where.split(".")[0] for _, where in found} == {expected[0][1].split(".")[0]}


def test_every_fault_is_reported_at_once() -> None:
    wrong = {"invitedUser": {"id": 7}, "mode": "x", "sendInvitationMessage": 1, "typo": 2}
    assert {where for _, where in faults(wrong)} == {
        "invitedUser.id", "mode", "sendInvitationMessage", "typo",
    }  # fmt: skip


def test_thousands_of_faults_are_counted_not_listed() -> None:
    found = faults({f"unknown{number}": 1 for number in range(3000)})
    assert len(found) <= 51


def test_s8_faults_show_of_the_content_little_and_the_exception_nothing() -> None:
    canary = "canary\u202e\x07"
    body = json.dumps({"mode": canary * 50, canary * 50: 1, "invitedUser": {"id": canary * 50}})
    with pytest.raises(RequestInvalid) as caught:
        parse(body.encode(), "message-1")
    assert "canary" not in str(caught.value)
    assert len(caught.value.faults) == 3
    for fault in caught.value.faults:
        for text in (fault.where, fault.problem):
            assert text.isascii()
            assert text.isprintable()
        assert len(fault.where) < 150
        assert len(fault.problem) < 200


@pytest.mark.parametrize(
    ("message", "message_id", "expected"),
    [
        (ARTICLE | {"requestId": "R-1"}, "message-1", "R-1"),
        (ARTICLE, "message-1", "message-1"),
        (cloud_event(), "e-1", "e-1"),
        (cloud_event(data=ARTICLE | {"requestId": "R-1"}), "e-1", "R-1"),
        (USER_EVENT, "event-1", "event-1"),
        (GRID_EVENT, "event-2", "event-2"),
    ],
)
def test_request_id_is_the_requests_else_the_events_else_the_messages(
    message: dict[str, Any], message_id: str, expected: str
) -> None:
    assert parsed(message, message_id).request_id == expected


@pytest.mark.parametrize("message_id", [None, "", "kim@partner.example", "x" * 200, "a b"])
def test_unusable_message_id_gives_way_to_a_stable_digest(message_id: str | None) -> None:
    first, second = parsed(ARTICLE, message_id), parsed(ARTICLE, message_id)
    assert first.request_id == second.request_id
    assert first.request_id.startswith("sha256-")


def test_trace_of_the_event_becomes_the_correlation_id() -> None:
    found = parsed(cloud_event(traceparent=TRACE))
    assert found.correlation_id == "4bf92f35-77b3-4da6-a3ce-929d0e0e4736"


@pytest.mark.parametrize("trace", [None, 7, "x", TRACE.replace("4bf92f35", "00000000-")])
def test_malformed_trace_gives_way_to_an_id_of_the_requests(trace: object) -> None:
    assert (
        parsed(cloud_event(traceparent=trace)).correlation_id
        == parsed(cloud_event()).correlation_id
    )


@pytest.mark.parametrize(
    ("event", "where"),
    [
        (cloud_event(specversion="0.3"), "specversion"),
        (cloud_event(id=""), "id"),
        (cloud_event(id="kim@partner.example"), "id"),
        (cloud_event(source=None), "source"),
        ({k: v for k, v in cloud_event().items() if k != "type"}, "type"),
        (cloud_event(data=[]), "data"),
        ({k: v for k, v in cloud_event().items() if k != "data"}, "data"),
        (USER_EVENT | {"type": "Microsoft.Graph.GroupUpdated"}, "type"),
        (USER_EVENT | {"data": {"changeType": "moved"}}, "data.changeType"),
        (USER_EVENT | {"data": {}, "subject": "Groups/x"}, "data.resourceData.id"),
        (GRID_EVENT | {"eventType": "Microsoft.Storage.BlobCreated"}, "eventType"),
        (GRID_EVENT | {"eventType": 7}, "eventType"),
        (cloud_event(type="B2BConversion.Deferred", data={}), "data"),
        (
            cloud_event(type="B2BConversion.Deferred", data={"request": {}, "deferrals": -1}),
            "data",
        ),
    ],
)
def test_fault_of_the_wrapping_is_named(event: dict[str, Any], where: str) -> None:
    assert where in [found for _, found in faults(event)]


@pytest.mark.parametrize("event", [USER_EVENT, GRID_EVENT])
def test_event_about_a_user_is_a_request_to_convert_that_user(event: dict[str, Any]) -> None:
    found = parsed(event)
    assert (found.user_id, found.email_address, found.mode) == (USER_ID, None, Mode.CONVERT)
    assert found.from_event


@pytest.mark.parametrize(
    "message",
    [
        ARTICLE,
        request(mode="check", requestedBy="RITM1", sendInvitationMessage=False),
        request(invitedUser=None),
        request(invitedUser={"userPrincipalName": "kim@contoso.example"}),
        USER_EVENT,
        cloud_event(traceparent=TRACE),
    ],
)
def test_request_that_waited_is_the_same_request(message: dict[str, Any]) -> None:
    before = parsed(message)
    assert parse(deferred(before), "another-message") == before


@given(st.text() | st.none() | st.integers())
def test_s6_header_made_from_any_trace_is_a_guid(trace: object) -> None:
    found = parsed(cloud_event(traceparent=trace), None).correlation_id
    assert GUID.fullmatch(found)


def request_id_of(body: bytes, message_id: str | None) -> str:
    """Return the id by which the outcome will be found, of a request or of a rejected message."""
    try:
        return parse(body, message_id).request_id
    except RequestInvalid as invalid:
        return invalid.request_id if invalid.faults else ""


@settings(max_examples=100)
@given(st.binary())
def test_any_bytes_are_a_request_or_are_rejected(body: bytes) -> None:
    assert usable_id(request_id_of(body, None))


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
NAMES = st.sampled_from(
    ["specversion", "id", "type", "source", "data", "eventType", "invitedUser", "requestId", "mode"]
)


@given(st.dictionaries(NAMES | st.text(), JSON))
def test_any_json_object_is_a_request_or_is_rejected(message: dict[str, Any]) -> None:
    assert usable_id(request_id_of(json.dumps(message).encode(), None))


def test_faults_beyond_the_most_are_counted_in_the_last() -> None:
    with pytest.raises(RequestInvalid) as caught:
        parsed(ARTICLE | {f"unknown{number}": 1 for number in range(60)})
    *listed, last = caught.value.faults
    assert len(listed) == 50
    assert (last.code, last.where, last.problem) == ("moreFaults", "", "has 10 more faults")


def test_faults_up_to_the_most_are_all_listed() -> None:
    found = faults(ARTICLE | {f"unknown{number}": 1 for number in range(50)})
    assert [code for code, _ in found] == ["unknownProperty"] * 50


PROPERTIES = st.sampled_from([*ARTICLE, "requestId", "mode", "requestedBy"])
CANARY = "zqCanary"
MARKED = st.recursive(
    st.just(CANARY) | st.text().map(lambda text: CANARY + text),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["id", "x"]), inner),
)


@given(st.dictionaries(PROPERTIES, MARKED))
def test_r8_values_of_the_message_are_in_no_exception_and_shown_short(
    changes: dict[str, Any],
) -> None:
    with pytest.raises(RequestInvalid) as caught:
        parsed(ARTICLE | changes | {"sendInvitationMessage": CANARY * 10})
    assert CANARY not in str(caught.value)
    assert CANARY * 6 not in repr(caught.value.faults)
    assert all(CANARY not in fault.where for fault in caught.value.faults)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@given(st.text(min_size=1))
def test_r8_name_of_an_unknown_property_is_shown_short_and_harmless(name: str) -> None:
    where = [where for code, where in faults({"x" + name: 1}) if code == "unknownProperty"]
    assert len(where) == 1
    assert where[0].isascii()
    assert where[0].isprintable()
    assert len(where[0]) <= 67


def test_rejected_message_keeps_who_asked_where_that_can_be_read() -> None:
    for asked, kept in [
        ("RITM1", "RITM1"),
        ("x" * 256, "x" * 256),
        ("x" * 257, None),
        ("a\nb", None),
        (7, None),
    ]:
        with pytest.raises(RequestInvalid) as caught:
            parsed(ARTICLE | {"typo": 1, "requestedBy": asked})
        assert caught.value.requested_by == kept


@pytest.mark.parametrize(
    ("message", "where"),
    [
        (ARTICLE | {"\ud800": 1}, ""),
        (ARTICLE | {"invitedUserMessageInfo": {"\ud800": 1}}, "invitedUserMessageInfo"),
    ],
)
def test_name_that_is_no_unicode_is_refused_by_the_object_it_stands_in(
    message: dict[str, Any], where: str
) -> None:
    assert faults(message) == [("invalidValue", where)]


def test_envelope_with_several_faults_names_them_all_and_who_asked() -> None:
    event = {
        "specversion": "0.3", "id": "a b", "source": "", "type": 7,
        "data": {"requestedBy": "RITM1", "mode": "delete", "nonsense": 1},
    }  # fmt: skip
    with pytest.raises(RequestInvalid) as caught:
        parse(json.dumps(event).encode(), "message-1")
    assert [fault.where for fault in caught.value.faults] == [
        "specversion", "source", "type", "id", "invitedUser", "mode", "nonsense",
    ]  # fmt: skip
    assert (caught.value.requested_by, caught.value.request_id) == ("RITM1", "message-1")


def test_data_that_is_no_object_is_one_fault_and_not_every_propertys() -> None:
    event = {"specversion": "1.0", "id": "e-1", "source": "/hr", "type": "t", "data": [1]}
    with pytest.raises(RequestInvalid) as caught:
        parse(json.dumps(event).encode(), "message-1")
    assert [fault.where for fault in caught.value.faults] == ["data"]
    assert (caught.value.request_id, caught.value.source) == ("e-1", "/hr")
