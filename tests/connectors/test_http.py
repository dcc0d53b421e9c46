"""HTTP: a caller's request becomes one of ours, and the outcome comes to its callback URL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from converters.model.outcome import Outcome, Status
from converters.wire.outcomes import cloud_event
from tests.connectors.connected import Connected, connected
from tests.directory import request
from tests.service import taken

if TYPE_CHECKING:
    from collections.abc import Iterator

HTTP = "http"


async def asked(here: Connected, body: dict[str, Any], path: str = "/hook?sig=s%2Fx") -> Any:  # noqa: ANN401
    """Let a caller ask, to be called back here; return the run."""
    run = here.run("requests", callbackPrefixes=[f"{here.listener.url}/"])
    await run.triggered(body | {"callbackUrl": f"{here.listener.url}{path}"})
    return run


async def rows(here: Connected) -> list[dict[str, Any]]:
    """Return the callback URLs that are remembered."""
    return [dict(row) async for row in here.callbacks.list_entities()]


async def handled(here: Connected) -> None:
    """Let the service take every request that waits."""
    for number, text in enumerate(await taken(here.service.requests)):
        await here.service.handle(text.encode(), f"message-{number}")


async def left(here: Connected) -> int:
    """Count the outcomes that wait for the connector."""
    return (await here.outcomes.get_queue_properties()).approximate_message_count or 0


async def test_request_is_answered_and_its_outcomes_come_to_its_callback(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with connected(azurite, queue_names, HTTP) as here:
        run = await asked(here, request(requestedBy="ada"))
        assert run.response == {"statusCode": 202, "body": {"requestId": "R-1"}}
        (message,) = await here.service.requests.peek_messages()
        assert message.expires_on
        assert message.expires_on.year > 9000
        # A callback URL can hold a secret: it is in no message.
        assert "sig=" not in message.content
        await handled(here)
        assert await here.run("results").triggered() == "Succeeded"
        ((where, event),) = here.listener.asked
        assert where == "POST /hook?sig=s%2Fx"
        data = event["data"]
        assert (data["requestId"], data["status"], data["requestedBy"]) == ("R-1", "invited", "ada")
        assert (event["specversion"], event["type"]) == ("1.0", "B2BConversion.Invited")
        assert (await left(here), await here.service.events()) == (0, [])
        # Another one follows.
        assert len(await rows(here)) == 1


@pytest.mark.parametrize("status", Status)
async def test_callback_is_forgotten_after_the_last_outcome_and_not_before(
    azurite: str, queue_names: Iterator[str], status: Status
) -> None:
    async with connected(azurite, queue_names, HTTP) as here:
        await asked(here, request())
        await here.outcomes.send_message(cloud_event(Outcome("http:R-1", status)).decode())
        assert await here.run("results").triggered() == "Succeeded"
        assert [event["data"]["status"] for _, event in here.listener.asked] == [status]
        goes_on = status in {Status.INVITED, Status.REMINDED, Status.DEFERRED}
        assert (len(await rows(here)), await left(here)) == (goes_on, 0)


async def test_message_that_is_no_request_is_told_so(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with connected(azurite, queue_names, HTTP) as here:
        await asked(here, request(nonsense=1))
        await handled(here)
        await here.run("results").triggered()
        ((_, event),) = here.listener.asked
        assert (event["data"]["requestId"], event["data"]["status"]) == ("R-1", "rejected")
        assert await rows(here) == []


@pytest.mark.parametrize(
    ("given", "known"),
    [
        ({"requestId": 42}, "42"),
        ({}, "08584000000000000000000000000CU01"),
        ({"requestId": "a/b+c=:~._-"}, "a/b+c=:~._-"),
    ],
)
async def test_request_keeps_its_id_or_gets_the_runs(
    azurite: str, queue_names: Iterator[str], given: dict[str, Any], known: str
) -> None:
    body = {key: value for key, value in request().items() if key != "requestId"} | given
    async with connected(azurite, queue_names, HTTP) as here:
        run = await asked(here, body)
        assert run.response["body"] == {"requestId": known}
        await handled(here)
        await here.run("results").triggered()
        ((_, event),) = here.listener.asked
        assert (event["data"]["requestId"], event["data"]["status"]) == (known, "invited")


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        "http://contoso.service-now.com/api/x",
        "https://contoso.service-now.com.evil.example/api/",
        "https://contoso.service-now.com/other",
        "https://flows.example",
        "https://contoso.service-now.com/api/../admin",
        "https://contoso.service-now.com/api/%2E%2e/admin",
        "",
    ],
)
async def test_callback_that_is_not_allowed_is_refused(
    azurite: str, queue_names: Iterator[str], url: str
) -> None:
    async with connected(azurite, queue_names, HTTP) as here:
        # The prefixes that are deployed.
        run = here.run("requests")
        await run.triggered(request(callbackUrl=url))
        assert run.response
        assert run.response["statusCode"] == 400
        assert (await taken(here.service.requests), await rows(here)) == ([], [])


@pytest.mark.parametrize("body", [{}, {"callbackUrl": 1}, {"callbackUrl": None}, [], "text"])
async def test_body_without_a_callback_is_refused(
    azurite: str, queue_names: Iterator[str], body: object
) -> None:
    async with connected(azurite, queue_names, HTTP) as here:
        with pytest.raises(jsonschema.ValidationError):
            await here.run("requests").triggered(body)


async def test_same_request_again_is_answered_and_cannot_turn_the_outcome_elsewhere(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with connected(azurite, queue_names, HTTP) as here:
        await asked(here, request(), "/mine")
        run = await asked(here, request(), "/thiefs")
        assert run.response["statusCode"] == 202
        await handled(here)
        await here.run("results").triggered()
        assert {where for where, _ in here.listener.asked} == {"POST /mine"}
        assert len(here.service.invited()) == 1


@pytest.mark.parametrize("away", ["queue", "table"])
async def test_caller_is_told_to_send_again_where_nothing_is_enqueued(
    azurite: str, queue_names: Iterator[str], away: str
) -> None:
    async with connected(azurite, queue_names, HTTP) as here:
        if away == "queue":
            await here.service.requests.delete_queue()
        else:
            await here.callbacks.delete_table()
        run = await asked(here, request())
        assert run.response["statusCode"] == 503


@pytest.mark.parametrize("status", [400, 403, 404, 500, 503])
async def test_outcome_stays_as_long_as_the_callback_does_not_take_it(
    azurite: str, queue_names: Iterator[str], status: int
) -> None:
    async with connected(azurite, queue_names, HTTP) as here:
        await asked(here, request())
        await handled(here)
        here.listener.status = status
        run = here.run("results")
        assert await run.triggered() == "Failed"
        assert "Call_back" in run.failures
        assert (await left(here), await here.service.events(), len(await rows(here))) == (1, [], 1)


async def test_outcome_that_nobody_takes_any_more_goes_to_the_results_queue(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with connected(azurite, queue_names, HTTP) as here:
        await asked(here, request())
        await handled(here)
        here.listener.status = 410
        run = here.run("results")
        await run.triggered()
        assert "Call_back" in run.failures
        (event,) = await here.service.events()
        assert (event["data"]["requestId"], event["data"]["status"]) == ("http:R-1", "invited")
        assert await left(here) == 0


async def test_outcome_whose_callback_is_not_known_goes_to_the_results_queue(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with connected(azurite, queue_names, HTTP) as here:
        # Somebody else has put it into the queue.
        await here.service.handle(request(requestId="http:R-1", requestedBy="<&>]]>"))
        await here.run("results").triggered()
        (event,) = await here.service.events()
        assert event["data"]["requestedBy"] == "<&>]]>"
        assert (here.listener.asked, await left(here)) == ([], 0)


async def test_answer_that_points_elsewhere_is_not_polled(
    azurite: str, queue_names: Iterator[str]
) -> None:
    """Without that, Logic Apps would call the Location of a 202 until it is done."""
    async with connected(azurite, queue_names, HTTP) as here:
        definition = here.run("results").definition
        tell = definition["actions"]["Each_message"]["actions"]["Tell"]["actions"]
        assert tell["Call_back"]["operationOptions"] == "DisableAsyncPattern"
        assert "authentication" not in tell["Call_back"]["inputs"]
