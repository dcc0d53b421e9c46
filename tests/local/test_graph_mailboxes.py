"""Mailboxes of the emulator: what is sent, who may, how much, and what the sent items show."""

from __future__ import annotations

import asyncio
import base64
from email.message import EmailMessage
from typing import Any

import pytest
from aiohttp import ClientError, ClientSession

from local.graph import Fault, GraphEmulator
from tests.directory import tenant

SENDER, READER = "invitations@contoso.example", "kim@partner.example"
PATH = f"/v1.0/users/{SENDER}/sendMail"
SENT_ITEMS = f"/v1.0/users/{SENDER}/mailFolders/sentitems/messages"
URL = "https://login.microsoftonline.com/redeem?rd=https%3A%2F%2Fx"


def mime(**headers: str) -> bytes:
    message = EmailMessage()
    for name, value in {"From": SENDER, "To": READER, "Subject": "Hello", **headers}.items():
        message[name] = value
    message["X-B2B-Conversion-Id"] = "the-id"
    message.set_content(f"Open\n{URL}\n")
    message.add_alternative(f'<a href="{URL}">Open</a>', subtype="html")
    return base64.b64encode(message.as_bytes())


def of_tenant(**box: Any) -> dict[str, Any]:  # noqa: ANN401 - any attribute of a mailbox
    return tenant(mailboxes=[{"address": SENDER, **box}])


async def send(graph: GraphEmulator, body: bytes, path: str = PATH) -> tuple[int, str]:
    """Send a mail; return the status, and the code of a refusal."""
    headers = {"Content-Type": "text/plain"}
    async with (
        ClientSession() as session,
        session.post(graph.url + path, data=body, headers=headers) as answer,
    ):
        text = await answer.text()
        return answer.status, (await answer.json())["error"]["code"] if text else ""


async def sent_items(graph: GraphEmulator, query: str = "") -> list[dict[str, Any]]:
    async with (
        ClientSession() as session,
        session.get(graph.url + SENT_ITEMS + query) as answer,
    ):
        assert answer.status == 200, await answer.text()
        return (await answer.json())["value"]  # type: ignore[no-any-return]


async def test_mail_goes_out_and_to_the_sent_items() -> None:
    async with GraphEmulator(of_tenant()) as graph:
        assert await send(graph, mime(Cc="The boss <boss@contoso.example>")) == (202, "")
        (mail,) = graph.mails
        (found,) = await sent_items(graph)
    assert (mail["from"], mail["to"], mail["redeemUrl"]) == (SENDER, READER, URL)
    assert mail["ccRecipients"] == found["ccRecipients"]
    assert found["toRecipients"] == [{"emailAddress": {"name": READER, "address": READER}}]
    assert {"name": "X-B2B-Conversion-Id", "value": "the-id"} in found["internetMessageHeaders"]


@pytest.mark.parametrize(
    ("box", "permissions", "path", "body", "refusal"),
    [
        ({"roles": []}, None, PATH, mime(), (403, "ErrorAccessDenied")),
        ({"roles": ["Mail.ReadBasic"]}, None, PATH, mime(), (403, "ErrorAccessDenied")),
        ({"roles": []}, ["Mail.Send"], PATH, mime(), (202, "")),
        ({}, None, "/v1.0/users/else@contoso.example/sendMail", mime(), (403, "ErrorAccessDenied")),
        (
            {}, ["Mail.Send"], "/v1.0/users/else@contoso.example/sendMail", mime(),
            (404, "ErrorInvalidUser"),
        ),
        ({}, None, PATH, mime(From="ceo@contoso.example"), (403, "ErrorSendAsDenied")),
        ({}, None, PATH, mime(To=""), (400, "ErrorInvalidRecipients")),
        ({}, None, PATH, b"no base64!", (400, "BadRequest")),
        ({}, None, PATH, base64.b64encode(b"no mail"), (400, "BadRequest")),
    ],
)  # fmt: skip
async def test_mail_is_refused_as_exchange_words_it(
    box: dict[str, Any],
    permissions: list[str] | None,
    path: str,
    body: bytes,
    refusal: tuple[int, str],
) -> None:
    description = of_tenant(**box) | ({"permissions": permissions} if permissions else {})
    async with GraphEmulator(description) as graph:
        assert await send(graph, body, path) == refusal
        assert len(graph.mails) == (refusal[0] == 202)


async def test_sent_items_take_a_window_a_selection_and_show_later() -> None:
    async with GraphEmulator(of_tenant(showsHeaders=False)) as graph:
        graph.set_lag(60_000)
        await send(graph, mime())
        assert await sent_items(graph) == []
        graph.set_lag(0)
        await send(graph, mime())
        query = "?$select=internetMessageId,internetMessageHeaders"
        (found,) = await sent_items(graph, query)
        window = "sentDateTime ge {} and sentDateTime le {}"
        early = window.format("2000-01-01T00:00:00Z", "2000-01-02T00:00:00Z")
        assert await sent_items(graph, f"?$filter={early}") == []
        whole = window.format("2000-01-01T00:00:00Z", "2999-01-01T00:00:00Z")
        assert len(await sent_items(graph, f"?$filter={whole}")) == 1
    assert set(found) == {"id", "internetMessageId"}


async def test_sent_items_are_read_by_who_may() -> None:
    async with GraphEmulator(of_tenant(roles=["Mail.Send"])) as graph, ClientSession() as session:
        for query, status in (("", 403), ("?$filter=subject eq 'x'", 403)):
            async with session.get(graph.url + SENT_ITEMS + query) as answer:
                assert answer.status == status


async def test_mailbox_holds_its_limits_where_limits_are_on() -> None:
    box = {"perMinute": 2, "perDay": 3}
    async with GraphEmulator(of_tenant(**box), throttle=True) as graph:
        answers = [await send(graph, mime()) for _ in range(3)]
        graph.tenant.mailboxes[SENDER].per_minute = 9
        answers += [await send(graph, mime(Cc="boss@contoso.example"))]
    assert answers == [
        (202, ""), (202, ""), (429, "ApplicationThrottled"), (429, "ErrorExceededMessageLimit"),
    ]  # fmt: skip


async def test_fifth_request_at_once_at_a_mailbox_is_refused() -> None:
    async with GraphEmulator(of_tenant(), throttle=True, latency_ms=300) as graph:
        answers = await asyncio.gather(*(send(graph, mime()) for _ in range(6)))
        assert sorted(status for status, _ in answers).count(429) >= 2
        assert (await send(graph, mime()))[0] == 202


async def test_answer_to_a_mail_can_be_lost() -> None:
    async with GraphEmulator(of_tenant()) as graph:
        graph.faults.add(Fault(path="/sendMail$", drop="after", times=1))
        with pytest.raises(ClientError):
            await send(graph, mime())
        assert len(graph.mails) == 1
