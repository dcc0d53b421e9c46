"""``b2b events``: how the subscription stands, and that it is renewed by whoever can."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.credentials import AccessToken

from cli import events
from cli.events import application_of
from cli.printing import Console, Format
from cli.standing import judged
from cli.verb import Session
from converters.steps.subscribing import RENEW_BELOW_SECONDS
from converters.storage.standings import Standing
from local.graph import Fault
from tests.cli.terminal import World, world
from tests.subscribing import ON, age, alive, asked, calls, directory, person, row_of, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DAY = 24 * 3600


async def stood(here: World, *arguments: str) -> tuple[int, dict[str, Any], str]:
    """Ask how it stands; return exit code, what is told, and the cure."""
    ended = await here.b2b("events", "status", "-o", "json", *arguments)
    return ended.code, ended.json(), ended.err


async def test_subscription_is_shown_with_age_days_left_and_last_look(
    azurite: str, queue_names: Iterator[str], tmp_path: Path
) -> None:
    async with world(azurite, queue_names, tmp_path, directory(), **ON) as here:
        await run(here.service)
        (one,) = alive(here.service)
        code, told, errors = await stood(here)
        table = await here.b2b("events", "status")
        cells = await here.b2b("events", "status", "-o", "csv")
    assert (code, errors) == (0, "")
    assert told.pop("lastLook").endswith("Z")
    assert 27.9 < told.pop("daysLeft") <= 28
    assert told == {
        "state": "active",
        "partnerTopic": "users",
        "subscriptionId": one["id"],
        "ageDays": 0.0,
        "ends": one["expirationDateTime"],
        "gapSince": None,
        "renewalAsked": None,
        "atGraph": "present",
    }
    assert one["id"] in table.out
    assert cells.out.splitlines()[0].startswith("state,partnerTopic,subscriptionId,ageDays")


async def test_status_of_nothing_is_a_finding_and_writes_nothing(
    azurite: str, queue_names: Iterator[str], tmp_path: Path
) -> None:
    async with world(azurite, queue_names, tmp_path, directory(), **ON) as here:
        code, told, errors = await stood(here)
        assert await here.service.rows() == []
    assert (code, told) == (1, {"state": "none", "partnerTopic": "users", "atGraph": "absent"})
    assert "no subscription yet" in errors


@pytest.mark.parametrize(
    ("times", "state"),
    [
        (("Checked", 7 * 3600), "notLookedAfter"),
        (("Ends", 9 * DAY), "notRenewed"),
        (("Ends", 29 * DAY), "lapsed"),
    ],
)
async def test_what_does_not_stand_well_is_a_finding_with_its_cure(
    azurite: str, queue_names: Iterator[str], tmp_path: Path, times: tuple[str, int], state: str
) -> None:
    async with world(azurite, queue_names, tmp_path, directory(), **ON) as here:
        await run(here.service)
        await age(here.service, *times)
        code, told, errors = await stood(here)
    assert (code, told["state"]) == (1, state)
    assert "Look whether the function runs" in errors


async def test_subscription_that_graph_has_lost_is_a_finding_and_renew_makes_another(
    azurite: str, queue_names: Iterator[str], tmp_path: Path
) -> None:
    async with world(azurite, queue_names, tmp_path, directory(person(1)), **ON) as here:
        await run(here.service)
        (one,) = alive(here.service)
        here.service.graph.tenant.subscriptions.remove(one["id"])
        here.service.graph.tenant.change_user(person(1)["id"], displayName="New")
        code, told, errors = await stood(here)
        assert (code, told["state"], told["atGraph"]) == (1, "removed", "absent")
        assert "b2b events renew" in errors
        ended = await here.b2b("events", "renew", "-o", "json")
        (other,) = alive(here.service)
        assert (ended.code, ended.json()["subscriptionId"]) == (0, other["id"])
        # What was missed meanwhile is caught up with, as by the timer.
        assert await asked(here.service) == [person(1)["id"]]


async def test_renew_extends_it_once_though_it_has_long_to_live(
    azurite: str, queue_names: Iterator[str], tmp_path: Path
) -> None:
    async with world(azurite, queue_names, tmp_path, directory(), **ON) as here:
        await run(here.service)
        (one,) = alive(here.service)
        ended = await here.b2b("events", "renew", "-o", "json")
        assert (ended.code, ended.json()["renewalAsked"], ended.err) == (0, None, "")
        assert [each["id"] for each in alive(here.service)] == [one["id"]]
        assert len(calls(here.service, "PATCH")) == 1
        await run(here.service)
        assert len(calls(here.service, "PATCH")) == 1


@pytest.mark.parametrize(("status", "code"), [(403, 1), (503, 3)])
async def test_renewal_that_graph_refuses_or_does_not_answer_stays_asked_for(
    azurite: str, queue_names: Iterator[str], tmp_path: Path, status: int, code: int
) -> None:
    async with world(azurite, queue_names, tmp_path, directory(), **ON) as here:
        await run(here.service)
        here.service.graph.faults.add(Fault(method="PATCH", status=status))
        ended = await here.b2b("events", "renew")
        assert (ended.code, ended.out) == (code, "")
        assert "b2b doctor" in ended.err
        assert (await row_of(here.service, "standing"))["Renew"] > 0


async def test_while_the_timer_works_renew_waits_for_it(
    azurite: str, queue_names: Iterator[str], tmp_path: Path
) -> None:
    async with world(azurite, queue_names, tmp_path, directory(), **ON) as here:
        await run(here.service)
        standings = here.service.converter.ledger.standings
        held = await standings.claim(1000)
        assert held
        late = await here.b2b("events", "renew", "--seconds", "0")
        assert late.code == 3
        assert "stays asked for" in late.err
        # Two processes' clocks agree to a second or so.
        first = (await row_of(here.service, "standing"))["Renew"] - 5
        await standings.write(await standings.read(), Renew=first)
        waiting = asyncio.create_task(here.b2b("events", "renew", "--seconds", "60"))
        await standings.write(await _asked(here, first), Busy=0.0)
        await run(here.service)
        assert (await waiting).code == 0
        assert len(calls(here.service, "PATCH")) >= 1


async def _asked(here: World, first: float) -> Standing:
    """Return the standing once a renewal has been asked for after the first one."""
    standings = here.service.converter.ledger.standings
    while True:
        found = await standings.read()
        if found.renew > first:
            return found
        await asyncio.sleep(0.1)


async def test_without_a_topic_there_is_nothing_to_look_at(
    azurite: str, queue_names: Iterator[str], tmp_path: Path
) -> None:
    async with world(azurite, queue_names, tmp_path) as here:
        for verb in ("status", "renew"):
            ended = await here.b2b("events", verb)
            assert (ended.code, ended.out) == (2, "")
            assert "EVENTS_PARTNER_TOPIC is not set" in ended.err


class Signed:
    """A credential of somebody's, as far as a token is got."""

    def __init__(self, application: str) -> None:
        self._token = token({"appid": application})

    async def get_token(self, *scopes: str) -> AccessToken:
        """Give a token."""
        assert scopes[0].endswith("/.default")
        return AccessToken(self._token, 0)

    async def close(self) -> None:
        """Nothing is open."""


def session(
    here: World, monkeypatch: pytest.MonkeyPatch, application: str, client_id: str
) -> Session:
    """Return a session in this process, signed in as an application."""
    monkeypatch.setattr("cli.verb.credential", lambda _: Signed(application))
    return Session(Console(Format.JSON), here.service.keys | {"AZURE_CLIENT_ID": client_id})


async def test_renew_by_somebody_else_asks_the_function_and_touches_nothing_at_graph(
    azurite: str,
    queue_names: Iterator[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with world(azurite, queue_names, tmp_path, directory(), **ON) as here:
        await run(here.service)
        mine = session(here, monkeypatch, "the Azure CLI", "the function")
        first = (await row_of(here.service, "standing"))["Renew"]
        waiting = asyncio.create_task(events.renew(mine, 30))
        await _asked(here, first)
        assert calls(here.service, "PATCH") == []
        await run(here.service)
        assert await waiting == 0
        assert len(calls(here.service, "PATCH")) == 1
        assert calls(here.service, "POST") == ["subscriptions"]
        shown = capsys.readouterr()
        assert "Asked the function" in shown.err
        assert json.loads(shown.out)["state"] == "active"


@pytest.mark.parametrize(
    ("application", "seen", "code"), [("other", "not visible to you", 0), ("function", "absent", 1)]
)
async def test_what_graph_hides_from_others_is_no_finding(  # noqa: PLR0913, PLR0917
    azurite: str,
    queue_names: Iterator[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    application: str,
    seen: str,
    code: int,
) -> None:
    async with world(azurite, queue_names, tmp_path, directory(), **ON) as here:
        await run(here.service)
        (one,) = alive(here.service)
        here.service.graph.tenant.subscriptions.remove(one["id"])
        found = await events.status(session(here, monkeypatch, application, "function"))
    assert (found, json.loads(capsys.readouterr().out)["atGraph"]) == (code, seen)


def standing(**changes: Any) -> Standing:  # noqa: ANN401
    values: dict[str, Any] = {
        "id": "s", "state": "", "unfit": frozenset(), "trying": 0.0, "made": 0.0, "ends": 28 * DAY,
        "renew": 0.0, "gap": 0.0, "checked": 0.0, "busy": 0.0, "holder": "", "etag": "",
    }  # fmt: skip
    return Standing(**values | changes)


@pytest.mark.parametrize(
    ("seen", "now", "state"),
    [
        (None, 0, "none"),
        (standing(id=""), 0, "none"),
        (standing(), 1, "active"),
        (standing(gap=1.0), 1, "catchingUp"),
        (standing(), 6 * 3600, "active"),
        (standing(), 6 * 3600 + 1, "notLookedAfter"),
        (standing(ends=RENEW_BELOW_SECONDS - DAY), 0, "active"),
        (standing(ends=RENEW_BELOW_SECONDS - DAY - 1), 0, "notRenewed"),
        (standing(ends=1), 1, "lapsed"),
    ],
)
def test_judgement(seen: Standing | None, now: float, state: str) -> None:
    found = judged(seen, now)
    assert found.state == state
    assert bool(found.cure) is (state not in {"active", "catchingUp"})


def token(claims: object) -> str:
    part = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"h.{part}.s"


@pytest.mark.parametrize(
    ("text", "application"),
    [
        (token({"appid": "a"}), "a"),
        (token({"azp": "b"}), "b"),
        (token({"appid": 7}), None),
        (token({}), None),
        (token([]), None),
        ("h.!.s", None),
        ("opaque", None),
        ("", None),
    ],
)
def test_application_of_a_token(text: str, application: str | None) -> None:
    assert application_of(text) == application
