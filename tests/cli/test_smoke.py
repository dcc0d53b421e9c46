"""One check is sent to a function, and what it ends in is told by a line and an exit code."""

from __future__ import annotations

import json
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

from azure.storage.queue.aio import QueueClient

from local.world import ROOT, Program
from tests.cli.terminal import b2b
from tests.cli.test_doctor import patient
from tests.directory import USER_ID, tenant
from tests.service import taken

if TYPE_CHECKING:
    from collections.abc import Iterator


async def told(environment: dict[str, str], *arguments: str) -> tuple[int, str]:
    """Run the command; return its exit code and the line it printed."""
    ended = await b2b(ROOT, "smoke", *arguments, **environment)
    (line,) = (ended.out + ended.err).splitlines()
    return ended.code, line


@contextmanager
def host(environment: dict[str, str]) -> Iterator[None]:
    program = Program(f"host-{uuid.uuid4().hex[:8]}", ["host"], environment, r"Host ready")
    try:
        program.wait_until_ready()
        yield
    finally:
        program.stop()
        program.log.unlink()


async def test_check_is_answered_and_nobody_elses_outcome_is_taken(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with (
        patient(azurite, queue_names, tenant(), SETTLE_SECONDS="0") as (graph, environment),
        QueueClient.from_connection_string(azurite, environment["RESULTS_QUEUE"]) as results,
    ):
        await results.send_message("somebody else's")
        with host(environment):
            nobody = await told(environment)
            kim = await told(environment, "--user", USER_ID)
        texts = await taken(results)
        assert graph.invitations == []
    assert nobody[0] == kim[0] == 0
    assert nobody[1].endswith(": ineligible (userNotFound)")
    assert kim[1].endswith(": eligible (no reasons)")
    assert texts[0] == "somebody else's"
    # Its own are left to whoever takes outcomes, too.
    ids = [json.loads(text)["data"]["requestId"] for text in texts[1:]]
    assert ids == [line.partition(":")[0] for _, line in (nobody, kim)]


async def test_function_that_cannot_work_is_ill(azurite: str, queue_names: Iterator[str]) -> None:
    of_tenant = tenant(permissions=["User.Read.All"])
    keys = {"RETRY_HOURS": "0", "SETTLE_SECONDS": "0"}
    async with patient(azurite, queue_names, of_tenant, **keys) as (_, environment):
        with host(environment):
            code, line = await told(environment, "--user", USER_ID)
    assert code == 1
    assert "permissionMissing" in line or "factUnknown" in line


async def test_function_that_does_not_run_has_no_outcome(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with patient(azurite, queue_names, tenant()) as (_, environment):
        code, line = await told(environment, "--seconds", "0.5")
        async with QueueClient.from_connection_string(
            azurite, environment["RESULTS_QUEUE"]
        ) as results:
            for _ in range(32):
                await results.send_message("older")
        crowded = await told(environment, "--seconds", "0.5")
    assert (code, line.partition(": ")[2]) == (
        3, "no outcome in 0.5 seconds; read the function's log.",
    )  # fmt: skip
    assert (crowded[0], "take those first" in crowded[1]) == (3, True)


async def test_missing_queue_and_settings_are_told(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with patient(azurite, queue_names, tenant()) as (_, environment):
        gone = next(queue_names)
        code, line = await told({**environment, "RESULTS_QUEUE": gone})
    assert code == 3
    assert gone in line
