"""Lifecycle Workflows: its callback becomes a request, and the outcome resumes its task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from converters.model.outcome import Outcome, Status
from converters.model.request import ConversionRequest
from converters.wire.outcomes import cloud_event
from converters.wire.requests import parse
from tests.connectors.connected import Connected, connected
from tests.directory import USER_ID
from tests.service import taken

if TYPE_CHECKING:
    from collections.abc import Iterator

WORKFLOW = "aaaaaaaa-1111-4111-8111-aaaaaaaaaaaa"
TASK = "bbbbbbbb-2222-4222-8222-bbbbbbbbbbbb"
RESULT = "cccccccc-3333-4333-8333-cccccccccccc"
REQUEST_ID = f"lifecycle:{WORKFLOW}:{TASK}:{RESULT}"
PATH = f"/workflows/{WORKFLOW}/tasks/{TASK}/taskProcessingResults/{RESULT}/resume"
RESUME = f"POST /v1.0/identityGovernance/lifecycleWorkflows{PATH}"
# "Lifecycle Workflows extensibility": what a custom task extension is sent.
CALLBACK: dict[str, Any] = {
    "data": {
        "callbackUriPath": f"/identityGovernance/lifecycleWorkflows{PATH}",
        "subject": {
            "id": USER_ID,
            "displayName": "Kim",
            "email": "kim@contoso.example",
            "userPrincipalName": "kim@contoso.example",
            "manager": None,
        },
        "task": {"id": TASK, "displayName": "Convert"},
        "taskProcessingResult": {"id": RESULT, "createdDateTime": "2026-11-23T09:00:00Z"},
        "workflow": {"id": WORKFLOW, "displayName": "Partners", "workflowVersion": 1},
    },
    "source": "https://graph.microsoft.com/beta/identityGovernance",
    "type": "microsoft.graph.identityGovernance.workflowEvent",
}


async def told(here: Connected, status: Status, request_id: str = REQUEST_ID) -> bytes:
    """Put an outcome into the connector's queue, as the service writes it."""
    text = cloud_event(Outcome(request_id, status))
    await here.outcomes.send_message(text.decode())
    return text


def answered(here: Connected, **changes: Any) -> Any:  # noqa: ANN401
    """Return a run that tells what waits, with Graph at the test's side."""
    return here.run("results", graph=here.listener.url, **changes)


async def test_callback_becomes_a_request_and_the_outcome_resumes_the_task(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with connected(azurite, queue_names, "lifecycle") as here:
        assert await here.run("requests").triggered(CALLBACK) == "Succeeded"
        (message,) = [it async for it in here.service.requests.receive_messages()]
        assert message.expires_on
        assert message.expires_on.year > 9000
        request = parse(message.content.encode(), message.id)
        assert isinstance(request, ConversionRequest)
        assert (request.request_id, request.user_id) == (REQUEST_ID, USER_ID)
        await here.service.handle(message.content.encode())
        run = answered(here)
        assert await run.triggered() == "Succeeded"
        assert here.listener.asked == [
            (
                RESUME,
                {
                    "source": "b2b-conversion",
                    "type": "lifecycleEvent",
                    "data": {"operationStatus": "Completed"},
                },
            )
        ]
        assert await taken(here.outcomes) == []
        assert await here.service.events() == []
        assert await answered(here).triggered() == "Succeeded"
        assert len(here.listener.asked) == 1


@pytest.mark.parametrize("missing", ["subject", "task", "taskProcessingResult", "workflow"])
async def test_callback_without_an_id_is_refused(
    azurite: str, queue_names: Iterator[str], missing: str
) -> None:
    data = CALLBACK["data"] | {missing: {"displayName": "it"}}
    async with connected(azurite, queue_names, "lifecycle") as here:
        with pytest.raises(jsonschema.ValidationError):
            await here.run("requests").triggered(CALLBACK | {"data": data})
        assert await taken(here.service.requests) == []


COMPLETED = {Status.INVITED, Status.ALREADY_INVITED, Status.ALREADY_EXTERNAL}
FAILED = {Status.INELIGIBLE, Status.REJECTED, Status.FAILED}


@pytest.mark.parametrize("status", Status)
async def test_each_status_resumes_the_task_or_goes_to_the_results_queue(
    azurite: str, queue_names: Iterator[str], status: Status
) -> None:
    async with connected(azurite, queue_names, "lifecycle") as here:
        text = await told(here, status)
        assert await answered(here).triggered() == "Succeeded"
        sent = [body["data"]["operationStatus"] for _, body in here.listener.asked]
        expected = ["Completed"] * (status in COMPLETED) + ["Failed"] * (status in FAILED)
        assert sent == expected
        others = [] if expected else [text.decode()]
        assert await taken(here.service.results) == others
        assert await taken(here.outcomes) == []


@pytest.mark.parametrize(
    "request_id",
    [
        "lifecycle:x",
        f"lifecycle:{WORKFLOW}:{TASK}",
        f"lifecycle:{WORKFLOW}:{TASK}:{RESULT}0",
        f"lifecycle:{'a' * 110}",
    ],
)
async def test_outcome_of_no_workflow_goes_to_the_results_queue(
    azurite: str, queue_names: Iterator[str], request_id: str
) -> None:
    async with connected(azurite, queue_names, "lifecycle") as here:
        text = await told(here, Status.INVITED, request_id)
        assert await answered(here).triggered() == "Succeeded"
        assert here.listener.asked == []
        assert await taken(here.service.results) == [text.decode()]


async def test_id_cannot_lead_elsewhere_at_graph(azurite: str, queue_names: Iterator[str]) -> None:
    async with connected(azurite, queue_names, "lifecycle") as here:
        parts = ["a" * 36, "b/../../../users/c?d=e#f" + "g" * 12, "h" * 36]
        await told(here, Status.INVITED, f"lifecycle:{':'.join(parts)}")
        assert await answered(here).triggered() == "Succeeded"
        ((where, _),) = here.listener.asked
        assert where.startswith("POST /v1.0/identityGovernance/lifecycleWorkflows/workflows/")
        assert "/tasks/b%2F..%2F..%2F..%2Fusers%2Fc%3Fd%3De%23f" in where


@pytest.mark.parametrize("status", [400, 404, 409, 410])
async def test_outcome_that_no_workflow_waits_for_any_more_goes_to_the_results_queue(
    azurite: str, queue_names: Iterator[str], status: int
) -> None:
    async with connected(azurite, queue_names, "lifecycle") as here:
        here.listener.status = status
        text = await told(here, Status.FAILED)
        run = answered(here)
        await run.triggered()
        # That is what the alert looks at.
        assert "Resume" in run.failures
        assert await taken(here.service.results) == [text.decode()]
        assert (await here.outcomes.get_queue_properties()).approximate_message_count == 0


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
async def test_outcome_that_cannot_be_told_stays_and_does_not_hold_up_the_next(
    azurite: str, queue_names: Iterator[str], status: int
) -> None:
    async with connected(azurite, queue_names, "lifecycle") as here:
        here.listener.status = status
        await told(here, Status.INVITED)
        text = await told(here, Status.REDEEMED)
        run = answered(here)
        assert await run.triggered() == "Failed"
        assert "Resume" in run.failures
        assert await taken(here.service.results) == [text.decode()]
        assert (await here.outcomes.get_queue_properties()).approximate_message_count == 1


async def test_outcome_that_was_tried_for_a_day_goes_to_the_results_queue(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with connected(azurite, queue_names, "lifecycle") as here:
        assert here.run("results").parameters["mostTries"] == 288
        here.listener.status = 403
        text = await told(here, Status.INVITED)
        await here.outcomes.send_message("no outcome & <none>")
        await answered(here, mostTries=1).triggered()
        assert await taken(here.service.results) == [text.decode(), "no outcome & <none>"]
        assert (await here.outcomes.get_queue_properties()).approximate_message_count == 0


async def test_outcome_is_not_deleted_where_it_cannot_be_handed_over(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with connected(azurite, queue_names, "lifecycle") as here:
        await told(here, Status.REDEEMED)
        await here.service.results.delete_queue()
        assert await answered(here, mostTries=1).triggered() == "Failed"
        assert (await here.outcomes.get_queue_properties()).approximate_message_count == 1
