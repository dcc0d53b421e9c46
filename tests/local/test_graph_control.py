"""The emulator's own controls, and the command that runs it as a process."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from local.graph import GraphEmulator, command
from tests.local.test_graph_http import ADDRESS, KIM, LEE, directory, emulated, lee

if TYPE_CHECKING:
    from pathlib import Path

BODY = {
    "invitedUser": {"id": KIM},
    "invitedUserEmailAddress": ADDRESS,
    "inviteRedirectUrl": "https://myapps.microsoft.com",
    "sendInvitationMessage": True,
}


async def test_health_says_which_tenant() -> None:
    async with emulated() as client:
        health = (await client.get("/_emulator/health")).body
        assert health == {
            "status": "ready", "tenantId": client.graph.tenant.tenant_id, "users": 1,
        }  # fmt: skip


async def test_requests_invitations_and_mails_are_shown() -> None:
    async with emulated() as client:
        made = await client.post("invitations", BODY, client_request_id="mine")
        seen = (await client.get("/_emulator/requests")).body
        (invitation,) = (await client.get("/_emulator/invitations")).body
        (mail,) = (await client.get("/_emulator/mails")).body
    assert seen["roundTrips"] == 1
    (request,) = seen["requests"]
    assert (request["method"], request["path"], request["status"], request["body"]) == (
        "POST", "/v1.0/invitations", 201, BODY,
    )  # fmt: skip
    assert request["headers"]["client-request-id"] == "mine"
    assert invitation["id"] == made.body["id"]
    assert mail["redeemUrl"] == invitation["inviteRedeemUrl"]


async def test_requests_are_counted_by_path_and_status() -> None:
    async with emulated() as client:
        await client.post("invitations", BODY)
        await client.post("invitations", {})
        await client.get("domains")
        counts = (await client.get("/_emulator/counts")).body
    assert counts == {"invitations": {"201": 1, "400": 1}, "domains": {"200": 1}}


async def test_faults_are_ordered_shown_and_ended() -> None:
    faults = [
        {"method": "GET", "path": "^/domains", "status": 429, "retryAfter": 9, "times": 1},
        {"path": "^/organization", "status": 500},
    ]
    async with emulated() as client:
        await client.post("/_emulator/faults", faults)
        reply = await client.get("domains")
        assert (reply.status, reply.headers["Retry-After"]) == (429, "9")
        assert len((await client.get("/_emulator/faults")).body) == 2
        assert (await client.get("organization")).status == 500
        await client.send("DELETE", "/_emulator/faults")
        assert (await client.get("organization")).status == 200


async def test_settings_change_what_holds() -> None:
    settings = {
        "latencyMs": 1, "jitterMs": 1, "lagMs": 60_000, "throttle": {"invitations": 0},
        "retryAfter": False, "permissions": ["User.Invite.All"], "allowInvitesFrom": "none",
        "p2": False,
    }  # fmt: skip
    async with emulated() as client:
        assert (await client.post("/_emulator/settings", settings)).status == 200
        graph = client.graph
        assert (graph.latency_ms, graph.jitter_ms, graph.tenant.replica.lag_ms) == (1, 1, 60_000)
        assert (graph.tenant.allow_invites_from, graph.tenant.p2) == ("none", False)
        throttled = await client.post("invitations", BODY)
        assert (throttled.status, "Retry-After" in throttled.headers) == (429, False)
        assert (await client.get("users")).status == 403
        await client.post("/_emulator/settings", {"throttle": False, "permissions": None})
        assert (await client.post("invitations", BODY)).status == 403
        await client.post("/_emulator/settings", {"throttle": True, "allowInvitesFrom": "everyone"})
        assert (await client.post("invitations", BODY)).status == 201


async def test_reset_starts_over_with_another_tenant() -> None:
    async with emulated(lag_ms=60_000) as client:
        await client.post("invitations", BODY)
        await client.post("/_emulator/faults", {"status": 500})
        assert (await client.post("/_emulator/reset", {"tenant": directory(lee())})).status == 200
        assert (client.graph.invitations, client.graph.mails, client.graph.requests) == ([], [], [])
        assert (await client.get("users")).ids == [LEE]
        await client.post("/_emulator/reset", {})
        assert (await client.get("users")).ids == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("faults", {"state": 500}),
        ("faults", {"path": "("}),
        ("faults", 1),
        ("redeem", {"userId": KIM}),
        ("redeem", {"inviteRedeemUrl": "https://nowhere.example"}),
        ("redeem", {}),
        ("redeem", {"user": KIM}),
        ("settings", {"latency": 1}),
        ("settings", {"allowInvitesFrom": "nobody"}),
        ("settings", {"throttle": {"invites": 1}}),
        ("settings", 1),
        ("reset", {"tenant": {"userz": []}}),
        ("reset", {"users": []}),
    ],
)
async def test_control_that_makes_no_sense_is_refused(path: str, body: Any) -> None:  # noqa: ANN401
    async with emulated() as client:
        reply = await client.post(f"/_emulator/{path}", body)
    assert (reply.status, bool(reply.body["error"])) == (400, True)


async def test_unknown_control_is_refused() -> None:
    async with emulated() as client:
        assert (await client.get("/_emulator/secrets")).status == 404


async def test_command_serves_until_it_is_told_to_stop(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "tenant.json"
    path.write_text(json.dumps(directory()), encoding="utf-8")
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    arguments = parser.parse_args(
        ["--port", "0", "--tenant", str(path), "--latency", "1", "--throttle", "--no-retry-after"]
    )
    serving = asyncio.create_task(command.serve(arguments))
    written = ""
    async with asyncio.timeout(30):
        while "ready" not in written:
            await asyncio.sleep(0)
            written += capsys.readouterr().out
    url = written.split()[-1]
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{url}/v1.0/users/{KIM}") as response,
    ):
        assert response.status == 200
    os.kill(os.getpid(), signal.SIGTERM)
    async with asyncio.timeout(30):
        assert await serving == 0


async def test_emulator_ends_at_once_though_a_request_hangs() -> None:
    async with asyncio.timeout(30), aiohttp.ClientSession() as session:
        async with GraphEmulator({}) as graph:
            await session.post(f"{graph.url}/_emulator/faults", json={"hangMs": 600_000})
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(session.get(f"{graph.url}/v1.0/domains"), 0.05)
            assert len(graph.requests) == 1
        with pytest.raises(aiohttp.ClientConnectionError):
            await session.get(f"{graph.url}/v1.0/domains")
