"""The verbs ``events status`` and ``events renew``: the subscription to the directory's events."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import grants
from cli.ending import Code, WrongCall
from cli.verb import Session
from converters.model.errors import GraphRefused, NotRead

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

    from cli.standing import Ledgers
    from converters.settings.events import PartnerTopic
    from converters.settings.settings import Settings

_LOOK_SECONDS = 2
# The timer strikes every five minutes, and an app that sleeps needs two to wake.
SECONDS = 600

SecondsOption = Annotated[
    float, typer.Option("--seconds", help="How long to wait for the function, at most.")
]


async def status(session: Session) -> Code:
    """Say how the subscription stands: its age, the days it has left, the last look after it.

    Reads the ledger, and Graph as you. Exit code 1 if there is none, it has ended, or nobody looks
    after it.

    Examples:
        b2b events status -o json
    """
    from cli.standing import Ledgers  # noqa: PLC0415 - what talks to Graph takes a second to load

    async with session.signed_in() as (settings, held):
        topic, ledgers = _topic(settings), Ledgers(settings, held)
        try:
            return await _shown(session, settings, held, topic, ledgers)
        finally:
            await ledgers.close()


async def renew(session: Session, seconds: SecondsOption = SECONDS) -> Code:
    """Let the subscription be renewed now, or made where there is none; wait until it is.

    Only the function's own identity can renew it: Graph shows a subscription to the application
    that made it. With that identity this does what the timer does. Otherwise it asks the function,
    whose timer does it when it strikes next. Exit code 3 if that was not done in time.

    Examples:
        b2b events renew
    """
    from cli.standing import Ledgers  # noqa: PLC0415

    async with session.signed_in() as (settings, held):
        topic, ledgers = _topic(settings), Ledgers(settings, held)
        try:
            await ledgers.standings.ask(renew=True)
            if await _is_function(session, settings, held):
                await _run(settings, held)
            else:
                session.console.note("Asked the function to renew it; waiting for its timer.")
            if await _is_renewed(ledgers, seconds):
                return await _shown(session, settings, held, topic, ledgers)
        except (GraphRefused, NotRead) as error:
            session.console.error(f"{error} `b2b doctor` tells more.")
            return Code.FINDINGS
        finally:
            await ledgers.close()
    session.console.error(
        f"Not renewed within {seconds:g} seconds; it stays asked for. `b2b doctor` tells more."
    )
    return Code.UNAVAILABLE


def _topic(settings: Settings) -> PartnerTopic:
    if settings.events.topic is None:
        raise WrongCall(
            "The service keeps no subscription: EVENTS_PARTNER_TOPIC is not set"
            ' (docs/integration.md, "Events of the directory").'
        )
    return settings.events.topic


async def _shown(
    session: Session,
    settings: Settings,
    held: AsyncTokenCredential | None,
    topic: PartnerTopic,
    ledgers: Ledgers,
) -> Code:
    from cli.standing import DAY, at_graph, judged, written  # noqa: PLC0415
    from converters.graph.client import Graph  # noqa: PLC0415

    seen = await ledgers.standings.seen()
    now = ledgers.clock.now()
    state, cure = judged(seen, now)
    shown: dict[str, Any] = {"state": state, "partnerTopic": topic.name}
    if seen and seen.id:
        shown |= {
            "subscriptionId": seen.id,
            "ageDays": round((now - seen.made) / DAY, 2) if seen.made else None,
            "daysLeft": round((seen.ends - now) / DAY, 2),
            "ends": written(seen.ends),
            "lastLook": written(seen.checked),
            "gapSince": written(seen.gap),
            "renewalAsked": written(seen.renew),
        }
    graph = Graph(settings.graph_base_url, held if settings.graph_needs_credential else None)
    try:
        ids = await at_graph(graph, topic)
        shown["atGraph"] = _seen_at_graph(seen.id if seen else "", ids)
    except NotRead as error:
        shown["atGraph"] = f"not readable as you ({error.status})"
    finally:
        await graph.close()
    mine = await _is_function(session, settings, held)
    if not mine and shown["atGraph"] == "absent":
        shown["atGraph"] = "not visible to you"
    if mine and shown["atGraph"] == "absent" and not cure:
        shown["state"] = "removed"
        cure = "Graph no longer has it: the timer makes another one, or `b2b events renew` does."
    session.console.record(shown)
    if cure:
        session.console.note(cure)
    return Code.FINDINGS if cure else Code.WELL


def _seen_at_graph(id_: str, ids: frozenset[str]) -> str:
    return "present" if id_ in ids else "absent"


async def _is_function(
    session: Session, settings: Settings, held: AsyncTokenCredential | None
) -> bool:
    """Tell whether this runs as the function's identity; where nobody signs in, it does."""
    if held is None:
        return True
    token = await held.get_token(f"{settings.graph_base_url}/.default")
    return application_of(token.token) == grants.client_id(session.environment)


def application_of(token: str) -> str | None:
    """Return the application that a token was given to; whether it is genuine, Graph tells."""
    try:
        part = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        found = claims.get("appid") or claims.get("azp")
    except (ValueError, IndexError, AttributeError):
        return None
    return found if isinstance(found, str) else None


async def _run(settings: Settings, held: AsyncTokenCredential | None) -> None:
    """Do what the timer does."""
    from converters.composition import composed  # noqa: PLC0415

    converter = composed(settings, held, None)
    try:
        if converter.subscriber:
            await converter.subscriber.run()
    finally:
        await converter.close()


async def _is_renewed(ledgers: Ledgers, seconds: float) -> bool:
    """Wait until nobody asks for a renewal any more."""
    ends = time.monotonic() + seconds
    while True:
        seen = await ledgers.standings.seen()
        if seen and seen.id and not seen.renew:
            return True
        if time.monotonic() >= ends:
            return False
        await asyncio.sleep(min(_LOOK_SECONDS, max(0.0, ends - time.monotonic())))
