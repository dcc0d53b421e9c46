"""What is logged: S7, S8."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest

from converters.model.errors import ConverterError
from local.graph import Fault
from tests.directory import (
    USER_ID,
    kim,
    request,
    tenant,
)
from tests.service import service

if TYPE_CHECKING:
    from collections.abc import Iterator
CANARIES = {
    "address": "canary-address@partner.example",
    "name": "Canary-Name",
    "text": "canary-text",
    "upn": "canary-upn@contoso.example",
}


def marked_request(**changes: Any) -> dict[str, Any]:  # noqa: ANN401
    info = {
        "customizedMessageBody": CANARIES["text"],
        "ccRecipients": [{"emailAddress": {"address": "canary-cc@contoso.example"}}],
    }
    return request(
        invitedUserEmailAddress=CANARIES["address"], invitedUserMessageInfo=info, **changes
    )


PATHS: dict[str, dict[str, Any]] = {
    "invited": {},
    "silent": {"message": marked_request(sendInvitationMessage=False)},
    "found by name": {
        "message": marked_request(invitedUser={"userPrincipalName": CANARIES["upn"]})
    },
    "found by address": {"message": marked_request(invitedUser=None)},
    "rejected": {"message": marked_request(mode="canary-mode", canary=1)},
    "unreadable": {"message": b"canary " * 50},
    "ineligible": {"keys": {"ALLOWED_EMAIL_DOMAINS": ""}},
    "paused": {"keys": {"CONVERSIONS_PAUSED": "true"}},
    "refused": {"fault": Fault(path="invitations", status=400, message="canary-refusal")},
    "unavailable": {"fault": Fault(path="batch", status=503, message="canary-outage")},
    "lost": {"fault": Fault(path="invitations", drop="after")},
    "nonsense": {"fault": Fault(path="batch", status=200, body={"canary": "canary"})},
    "no results queue": {"no_results": True},
}


@pytest.mark.parametrize("path", PATHS)
async def test_s8_s7_nothing_personal_is_logged_on_any_path(
    azurite: str, queue_names: Iterator[str], caplog: pytest.LogCaptureFixture, path: str
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("azure", "httpx", "aiohttp", "asyncio", "msgraph", "kiota_http"):
        caplog.set_level(logging.INFO, logger=name)
    row = PATHS[path]
    user = kim(
        userPrincipalName=CANARIES["upn"],
        displayName=CANARIES["name"],
        otherMails=[CANARIES["address"]],
    )
    async with service(azurite, queue_names, tenant(user), **row.get("keys", {})) as running:
        if fault := row.get("fault"):
            running.graph.faults.add(fault)
        if row.get("no_results"):
            await running.results.delete_queue()
        try:
            await running.handle(row.get("message", marked_request()))
        except ConverterError:
            # As the host does with what a function raises.
            logging.getLogger("host").exception("the function failed")
    written = caplog.text + "".join(str(vars(record)) for record in caplog.records)
    assert "conversion {" in written
    assert "canary" not in written.lower()
    assert "redeem?" not in written


async def test_s8_line_of_an_invocation_has_what_an_engineer_needs(
    azurite: str, queue_names: Iterator[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="b2b_conversion")
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    event = {"specversion": "1.0", "id": "e-1", "source": "hr", "type": "t", "traceparent": trace}
    async with service(azurite, queue_names) as running:
        outcome = await running.outcome(event | {"data": request()})
        sent = {record.headers["client-request-id"] for record in running.graph.requests}
    (record,) = [r for r in caplog.records if r.name == "b2b_conversion"]
    line = json.loads(record.getMessage().removeprefix("conversion "))
    assert {name: line[name] for name in ("requestId", "userId", "status", "reasons")} == {
        "requestId": "R-1", "userId": USER_ID, "status": "invited", "reasons": [],
    }  # fmt: skip
    assert set(line["milliseconds"]) == {"turn", "gather", "invite", "report", "all"}
    assert outcome["graph"]["requestId"] in line["graphRequestIds"]
    assert sent == {line["correlationId"]} == {"4bf92f35-77b3-4da6-a3ce-929d0e0e4736"}
