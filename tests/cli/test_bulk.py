"""A file's requests: planned, asked for, sent once, followed, picked up wherever it stopped."""

from __future__ import annotations

import asyncio
import csv
from typing import TYPE_CHECKING

from tests.cli.terminal import world
from tests.directory import ADDRESS, kim, tenant
from tests.service import taken

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LEE_ID, MAX_ID = (f"{digit * 8}-aaaa-4aaa-8aaa-{digit * 12}" for digit in "67")
LEE = kim(id=LEE_ID, userPrincipalName="lee@contoso.example", otherMails=["lee@partner.example"])
MAX = kim(
    id=MAX_ID,
    userPrincipalName="max@contoso.example",
    otherMails=["max@partner.example"],
    accountEnabled=False,
)
THREE = tenant(kim(), LEE, MAX)
FILE = (
    "UPN of Internal User;external email;Nick\n"
    f"kim@contoso.example;{ADDRESS};=Kim\n"
    "lee@contoso.example;;\n"
    "max@contoso.example;;\n"
)
IGNORE = ("--ignore", "nick")


def put(folder: Path, text: str = FILE) -> Path:
    """Write the input; return where its results will stand."""
    (folder / "users.csv").write_text(text)
    return folder / "users.results.csv"


def results(path: Path) -> list[dict[str, str]]:
    """Read a results file."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def statuses(path: Path) -> list[str]:
    """Return the statuses of a results file's rows."""
    return [row["status"] for row in results(path)]


async def test_bad_rows_are_all_told_and_nothing_is_sent(
    azurite: str, queue_names: Iterator[str], tmp_path: Path
) -> None:
    path = put(tmp_path, "upn,email\nkim,x\nlee@contoso.example,\n")
    async with world(azurite, queue_names, tmp_path) as here:
        ended = await here.b2b("bulk", "users.csv", "--yes", "-o", "json")
        assert await here.waiting() == []
    assert ended.code == 2
    assert [(row["line"], row["column"]) for row in ended.json()] == [(2, "upn"), (2, "email")]
    assert all(row["problem"] and row["remedy"] for row in ended.json())
    assert ended.err == "error: 2 problems in users.csv; nothing was sent.\n"
    assert not path.exists()


async def test_plan_is_checked_and_shown_and_without_a_terminal_not_carried_out(
    azurite: str, queue_names: Iterator[str], tmp_path: Path
) -> None:
    path = put(tmp_path)
    async with world(azurite, queue_names, tmp_path, THREE) as here:
        ended = await here.b2b("bulk", "users.csv", *IGNORE)
        assert await here.waiting() == []
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.splitlines() == [
        "Columns of no effect: Nick",
        "2 of 3 rows are to be enqueued.",
        "  not: 1 ineligible",
        "error: Nothing was done: without a terminal to ask at, --yes is needed.",
    ]
    rows = results(path)
    assert [row["status"] for row in rows] == ["eligible", "eligible", "ineligible"]
    assert (rows[0]["Nick"], rows[2]["owner"]) == ("'=Kim", "identityAdmin")
    assert rows[2]["reasons"].startswith("accountDisabled: ")
    assert rows[2]["remedy"]


async def test_file_goes_the_whole_way_and_the_same_again_sends_nothing(
    azurite: str, queue_names: Iterator[str], tmp_path: Path
) -> None:
    path = put(tmp_path)
    async with world(azurite, queue_names, tmp_path, THREE) as here:
        sent = await here.b2b("bulk", "users.csv", "--yes", *IGNORE, "-o", "json")
        after_sending = statuses(path)
        repeated = await here.b2b("bulk", "users.csv", "--yes", *IGNORE)
        await here.convert()
        learned = await here.b2b("bulk", "users.csv", "--yes", *IGNORE)
        after_learning = statuses(path)
        # What the ledger knows is not sent again, without a results file either.
        path.unlink()
        forgotten = await here.b2b("bulk", "users.csv", "--yes", "--no-check", *IGNORE)
        waiting = await here.waiting()
        invited = here.service.invited()
    assert (sent.code, sent.json()) == (
        1,
        [{"status": "enqueued", "rows": 2}, {"status": "ineligible", "rows": 1}],
    )
    assert after_sending == ["enqueued", "enqueued", "ineligible"]
    assert after_learning == ["invited", "invited", "ineligible"]
    assert [one.code for one in (repeated, learned, forgotten)] == [1, 1, 0]
    assert len(invited) == 2
    assert [message["invitedUser"] for message in waiting] == [
        {"userPrincipalName": "max@contoso.example"}
    ]


async def test_results_are_filled_while_it_watches(
    azurite: str, queue_names: Iterator[str], tmp_path: Path
) -> None:
    path = put(tmp_path)
    async with world(azurite, queue_names, tmp_path, THREE) as here:
        run = asyncio.create_task(
            here.b2b("bulk", "users.csv", "--yes", "--no-check", "--watch", *IGNORE)
        )
        while not run.done():
            await here.convert()
        assert len(await taken(here.service.results)) == 3
    ended = run.result()
    assert (ended.code, statuses(path)) == (1, ["invited", "invited", "ineligible"])
    assert results(path)[2]["reasons"].startswith("accountDisabled: ")
    # No bar without a terminal.
    assert "Outcomes" not in ended.err


async def test_what_is_left_is_tried_again_under_new_ids(
    azurite: str, queue_names: Iterator[str], tmp_path: Path
) -> None:
    path = put(tmp_path)
    async with world(azurite, queue_names, tmp_path, THREE) as here:
        await here.b2b("bulk", "users.csv", "--yes", "--no-check", *IGNORE)
        await here.convert()
        await here.b2b("bulk", "users.csv", "--yes", *IGNORE)
        before = results(path)
        here.service.graph.tenant.users[MAX_ID]["accountEnabled"] = True
        failed = await here.b2b("bulk", path.name, "--yes", "--only", "failed", *IGNORE)
        assert await here.waiting() == []
        ended = await here.b2b("bulk", path.name, "--yes", "--only", "ineligible", *IGNORE)
        await here.convert()
        await here.b2b("bulk", path.name, "--yes", *IGNORE)
        assert await here.waiting() == []
    assert [row["status"] for row in before] == ["invited", "invited", "ineligible"]
    after = results(path)
    assert (failed.code, ended.code) == (1, 0)
    assert [row["status"] for row in after] == ["invited"] * 3
    assert after[2]["requestId"] == before[2]["requestId"] + ".r2"
    assert [row["requestId"] for row in after[:2]] == [row["requestId"] for row in before[:2]]


async def test_what_was_not_answered_is_unknown_and_sent_again(
    azurite: str, queue_names: Iterator[str], tmp_path: Path
) -> None:
    path = put(tmp_path)
    async with world(azurite, queue_names, tmp_path, THREE) as here:
        await here.service.requests.delete_queue()
        away = await here.b2b("bulk", "users.csv", "--yes", "--no-check", *IGNORE)
        unknown = statuses(path)
        await here.service.requests.create_queue()
        again = await here.b2b(
            "bulk", path.name, "--yes", "--no-check", "--only", "unknown", *IGNORE
        )
        ids = {message["requestId"] for message in await here.waiting()}
    assert (away.code, again.code) == (3, 0)
    assert "QueueNotFound" in away.err
    assert unknown == ["unknown"] * 3
    assert ids == {row["requestId"] for row in results(path)}


async def test_row_of_a_results_file_that_left_the_input_is_told_of(
    azurite: str, queue_names: Iterator[str], tmp_path: Path
) -> None:
    path = put(tmp_path)
    async with world(azurite, queue_names, tmp_path, THREE) as here:
        await here.b2b("bulk", "users.csv", "--yes", *IGNORE)
        before = results(path)
        put(tmp_path, f"{FILE.rpartition('max')[0]}new@contoso.example;;\n")
        ended = await here.b2b("bulk", "users.csv", "--yes", *IGNORE)
        assert len(await here.waiting()) == 2
    assert "1 rows of users.results.csv are no longer in the file" in ended.err
    after = results(path)
    assert [row["requestId"] for row in after[:2]] == [row["requestId"] for row in before[:2]]
    assert [row["status"] for row in after] == ["enqueued", "enqueued", "ineligible"]


async def test_results_that_cannot_be_written_stop_it_before_anything_is_sent(
    azurite: str, queue_names: Iterator[str], tmp_path: Path
) -> None:
    (put(tmp_path).with_name(".users.results.csv.new")).mkdir()
    async with world(azurite, queue_names, tmp_path, THREE) as here:
        ended = await here.b2b("bulk", "users.csv", "--yes", "--no-check", *IGNORE)
        assert await here.waiting() == []
    assert ended.code == 2
    assert "cannot be written" in ended.err
