"""Each verb on the whole way: what it writes where, and the exit code."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from cli.outcomes import SUMMARY
from tests.cli.terminal import at_terminal, world
from tests.directory import ADDRESS, USER_ID, kim, request, tenant
from tests.service import taken

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOSTILE = "\x1b[31m[bold]red[/]\u202e=1+1"


def event(request_id: str, **changes: Any) -> str:  # noqa: ANN401 - any property of an outcome
    """Return an outcome as it stands in the results queue."""
    reason = {"code": "c", "message": "m", "remediation": "r", "owner": "operator"}
    data = {"requestId": request_id, "status": "failed", "reasons": [reason], **changes}
    return json.dumps({"specversion": "1.0", "time": "2026-01-01T00:00:00Z", "data": data})


async def test_check_says_that_a_user_can_be_invited(
    azurite: str, queue_names: Iterator[str], tmp_path: Path
) -> None:
    async with world(azurite, queue_names, tmp_path) as here:
        ended = await here.b2b("check", "kim@contoso.example")
        assert here.service.invited() == []
        assert await taken(here.service.results) == []
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("eligible\n  warning ")


async def test_check_gives_every_reason_with_remedy_and_owner(
    azurite: str, queue_names: Iterator[str], tmp_path: Path
) -> None:
    of_tenant = tenant(kim(accountEnabled=False))
    async with world(azurite, queue_names, tmp_path, of_tenant) as here:
        plain = await here.b2b("check", USER_ID, "kim@other.example")
        whole = await here.b2b("check", USER_ID, "kim@other.example", "-o", "json")
        cells = await here.b2b("check", USER_ID, "kim@other.example", "-o", "csv")
    assert (plain.code, whole.code, cells.code) == (1, 1, 1)
    assert plain.err == whole.err == cells.err == ""
    reasons = whole.json()["reasons"]
    assert {"accountDisabled", "addressNotOnUser", "domainNotAllowed"} <= {
        reason["code"] for reason in reasons
    }
    for reason in reasons:
        assert f"reason {reason['code']}: {reason['message']}" in plain.out
        assert f"{reason['remediation']} ({reason['owner']})" in plain.out
    rows = list(csv.DictReader(io.StringIO(cells.out)))
    assert {row["code"] for row in rows if row["kind"] == "reason"} == {
        reason["code"] for reason in reasons
    }
    assert all(row["remedy"] and row["owner"] for row in rows if row["kind"] == "reason")


async def test_request_is_enqueued_as_the_service_reads_it(
    azurite: str, queue_names: Iterator[str], tmp_path: Path
) -> None:
    options = ("--request-id", "R-7", "--no-mail", "--language", "de-DE", "--cc", "b@c.example")
    more = ("--text", "Hi", "--requested-by", "RITM1", "--redirect-url", "https://x.example")
    async with world(azurite, queue_names, tmp_path) as here:
        ended = await here.b2b("request", USER_ID, ADDRESS, *options, *more, "-o", "json")
        (message,) = await here.waiting()
    assert (ended.code, ended.json()) == (0, {"requestId": "R-7"})
    assert ended.err == "Enqueued. Follow it: b2b watch R-7\n"
    assert message == {
        "requestId": "R-7",
        "invitedUser": {"id": USER_ID},
        "invitedUserEmailAddress": ADDRESS,
        "sendInvitationMessage": False,
        "invitedUserMessageInfo": {
            "messageLanguage": "de-DE",
            "ccRecipients": [{"emailAddress": {"address": "b@c.example"}}],
            "customizedMessageBody": "Hi",
        },
        "inviteRedirectUrl": "https://x.example",
        "requestedBy": "RITM1",
    }


async def test_request_says_what_to_do_once_redeemed(
    azurite: str, queue_names: Iterator[str], tmp_path: Path
) -> None:
    options = ("--revoke-sessions", "--randomise-password", "--guest")
    people = ("--sponsor", "boss@contoso.example", "--manager", USER_ID)
    async with world(azurite, queue_names, tmp_path) as here:
        ended = await here.b2b("request", USER_ID, *options, *people)
        (message,) = await here.waiting()
        plain = await here.b2b("request", USER_ID)
        (other,) = await here.waiting()
    assert (ended.code, plain.code) == (0, 0)
    assert message["completion"] == {
        "revokeSessions": True, "randomisePassword": True, "userType": "guest",
        "sponsor": "boss@contoso.example", "manager": USER_ID,
    }  # fmt: skip
    assert "completion" not in other


async def test_pending_invitation_is_made_again(
    azurite: str, queue_names: Iterator[str], tmp_path: Path
) -> None:
    async with world(azurite, queue_names, tmp_path, SETTLE_SECONDS="0") as here:
        await here.b2b("request", USER_ID, "--request-id", "R-1")
        await here.convert()
        again = await here.b2b("resend", USER_ID, "--request-id", "R-2", "--no-mail", "-o", "json")
        await here.convert()
        ended = await here.b2b("status", "R-2", "-o", "json")
        assert len(here.service.invited()) == 2
    assert (again.code, again.json()) == (0, {"requestId": "R-2"})
    assert (ended.code, ended.json()["status"]) == (0, "invited")


async def test_request_is_followed_from_queue_to_outcome_and_nothing_is_taken(
    azurite: str, queue_names: Iterator[str], tmp_path: Path
) -> None:
    async with world(azurite, queue_names, tmp_path) as here:
        assert (await here.b2b("status", "R-1")).code == 1
        await here.b2b("request", USER_ID, "--request-id", "R-1")
        waiting = await here.b2b("status", "R-1", "-o", "json")
        await here.convert()
        ended = await here.b2b("status", "R-1", "-o", "json")
        watched = await here.b2b("watch", "R-1", "-o", "csv")
        looked = await here.b2b("watch", "--once", "--since", "5", "-o", "jsonl")
        by_name = await here.b2b("history", "kim@contoso.example", "-o", "json")
        by_id = await here.b2b("history", USER_ID.upper(), "-o", "json")
        # The ticket system gets its outcome all the same.
        assert len(await taken(here.service.results)) == 1
    assert waiting.json()["status"] == "waiting"
    assert (ended.code, ended.json()["status"], ended.json()["seenIn"]) == (0, "invited", "ledger")
    assert watched.out.splitlines()[0] == ",".join(SUMMARY)
    assert ",R-1,invited," in watched.out
    assert [json.loads(line)["requestId"] for line in looked.out.splitlines()] == ["R-1"]
    assert by_name.out == by_id.out
    assert [each["requestId"] for each in by_id.json()] == ["R-1"]
    assert (watched.err, looked.err, by_id.err) == ("", "", "")


@pytest.mark.usefixtures("at_once")
async def test_status_and_history_tell_how_the_invitation_stands_and_ended(
    azurite: str, queue_names: Iterator[str], tmp_path: Path
) -> None:
    async with world(azurite, queue_names, tmp_path) as here:
        await here.service.handle(request())
        pending = await here.b2b("status", "R-1", "-o", "json")
        plain = await here.b2b("history", USER_ID)
        here.service.graph.tenant.redeem(USER_ID)
        await here.service.age_follow_up(1000)
        await here.service.follow_up()
        ended = await here.b2b("status", "R-1")
        listed = await here.b2b("history", USER_ID, "-o", "csv")
        watched = await here.b2b("watch", "--once", "--since", "5", "-o", "csv")
    followed = pending.json()["followUp"]
    assert (pending.code, followed["status"], followed["reminders"]) == (0, "pending", 0)
    assert followed["nextLookAt"] > followed["invitedAt"]
    assert (plain.code, plain.err, "pending" in plain.out) == (0, "", True)
    assert (ended.code, ended.err) == (0, "")
    assert re.search(r"  follow-up redeemed: .*redeemed 20\S+ by entra; ended 20", ended.out)
    (row,) = csv.DictReader(io.StringIO(listed.out))
    assert (row["status"], row["followUp"]) == ("invited", "redeemed by entra")
    assert row["since"].startswith("20")
    told = list(csv.DictReader(io.StringIO(watched.out)))
    assert [(one["requestId"], one["status"]) for one in told] == [
        ("R-1", "invited"),
        ("R-1", "redeemed"),
    ]


async def test_bad_end_is_a_finding(
    azurite: str, queue_names: Iterator[str], tmp_path: Path
) -> None:
    async with world(azurite, queue_names, tmp_path, tenant(kim(accountEnabled=False))) as here:
        await here.service.handle(request())
        codes = [
            (await here.b2b(*arguments)).code
            for arguments in (("status", "R-1"), ("watch", "R-1"), ("watch", "--once"))
        ]
    assert codes == [1, 1, 1]


async def test_watching_goes_on_until_it_is_interrupted(
    azurite: str, queue_names: Iterator[str], tmp_path: Path
) -> None:
    def watched() -> tuple[int, str]:
        with at_terminal(
            tmp_path, {"NO_COLOR": "1"}, "watch", "--since", "5", "--local"
        ) as terminal:
            terminal.until("R-1  invited")
            terminal.press("\x03")
            return terminal.end(), terminal.shown

    async with world(azurite, queue_names, tmp_path) as here:
        await here.service.handle(request())
        code, shown = await asyncio.to_thread(watched)
    assert code == 130
    # The ledger and the results queue tell the same outcome once.
    assert shown.count("R-1") == 1
    assert re.search(r"error: .*Interrupted\.", shown.splitlines()[-1])


async def test_check_of_the_queue_is_seen_as_long_as_nobody_takes_it(
    azurite: str, queue_names: Iterator[str], tmp_path: Path
) -> None:
    async with world(azurite, queue_names, tmp_path) as here:
        await here.service.handle(request(mode="check"))
        seen = await here.b2b("status", "R-1", "-o", "json")
        assert len(await taken(here.service.results)) == 1
        gone = await here.b2b("status", "R-1")
    assert (seen.json()["status"], seen.json()["seenIn"]) == ("eligible", "results queue")
    assert (gone.code, gone.out) == (1, "")
    assert "Nothing is known of 'R-1'" in gone.err


async def test_taking_is_asked_for_by_name(
    azurite: str, queue_names: Iterator[str], tmp_path: Path
) -> None:
    async with world(azurite, queue_names, tmp_path) as here:
        await here.service.handle(request(sendInvitationMessage=False))
        await here.service.results.send_message("no outcome")
        kept = await here.b2b("status", "R-1", "-o", "json")
        ended = await here.b2b("watch", "--take", "--once", "-o", "json")
        left = await here.service.results.get_queue_properties()
    assert '"inviteRedeemUrl":' not in kept.out
    # Whoever takes it is the only one who gets the credential.
    assert ended.json()["invitation"]["inviteRedeemUrl"]
    assert (ended.code, left.approximate_message_count) == (0, 1)
    assert "is no outcome: left where it is" in ended.err


@pytest.mark.parametrize("output", ["table", "csv", "json"])
async def test_hostile_text_is_shown_escaped(
    azurite: str, queue_names: Iterator[str], tmp_path: Path, output: str
) -> None:
    reason = {"code": "c", "message": HOSTILE, "remediation": "=2+2", "owner": "operator"}
    async with world(azurite, queue_names, tmp_path) as here:
        await here.service.results.send_message(event("R-9", reasons=[reason]))
        ended = await here.b2b("status", "R-9", "-o", output)
    assert ended.code == 1
    assert "\x1b" not in ended.out
    assert "\u202e" not in ended.out
    assert "[bold]red[/]" in ended.out
    if output == "csv":
        assert ",'=2+2," in ended.out
