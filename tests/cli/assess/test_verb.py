"""``b2b assess`` on the whole way: what it writes where, and the exit code."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import signal
from typing import TYPE_CHECKING, Any

import pytest

from cli.assess.rows import COLUMNS, FIELDS
from local.graph import Fault, GraphEmulator, Record
from tests.cli.assess.tenants import KEYS, assessed, user, varied
from tests.cli.terminal import PROGRAM, Ended, b2b, environment
from tests.directory import tenant

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = "=1+1\x1b[31m[bold]"


class Requests(list[Record]):
    """What came in, and whether a second request has."""

    def __init__(self) -> None:
        super().__init__()
        self.second = asyncio.Event()

    def append(self, record: Record) -> None:
        """Note one more."""
        super().append(record)
        if len(self) == 2:
            self.second.set()


def names_in(folder: Path) -> set[str]:
    """Return the names of what is in a folder."""
    return {path.name for path in folder.iterdir()}


async def run(graph: GraphEmulator, folder: Path, *arguments: str) -> Ended:
    """Run the verb against an emulator."""
    return await b2b(folder, "assess", *arguments, **KEYS, GRAPH_BASE_URL=graph.url)


async def test_every_format_says_the_same(tmp_path: Path) -> None:
    async with GraphEmulator(varied()) as graph:
        whole = await run(graph, tmp_path, "-o", "json")
        lines = await run(graph, tmp_path, "-o", "jsonl")
        cells = await run(graph, tmp_path, "-o", "csv")
        table = await run(graph, tmp_path)
        found = await assessed(graph, tmp_path / "x")
    assert {whole.code, lines.code, cells.code, table.code} == {1}
    users = whole.json()["rows"]
    assert [one["userPrincipalName"] for one in users] == list(found.rows)
    assert set(users[0]) == set(FIELDS)
    assert [json.loads(line)["id"] for line in lines.out.splitlines()] == [u["id"] for u in users]
    rows = list(csv.DictReader(io.StringIO(cells.out)))
    assert tuple(rows[0]) == COLUMNS
    assert [row["id"] for row in rows] == [one["id"] for one in users]
    assert all(one["id"] in table.out for one in users)
    assert whole.json()["byStatus"] == found.told["byStatus"]
    assert "18 users: 17 to look at" in table.err
    # Nothing is left behind.
    assert names_in(tmp_path) == {"x"}


async def test_where_all_can_be_converted_all_is_well(tmp_path: Path) -> None:
    async with GraphEmulator(tenant(user(1, mail="u1@partner.example"))) as graph:
        ended = await run(graph, tmp_path, "-o", "csv")
        none = await run(graph, tmp_path, "--group", user(9)["id"], "-o", "json")
    assert (ended.code, len(ended.out.splitlines())) == (0, 2)
    assert (none.code, none.json()["rows"]) == (0, [])


async def test_hostile_names_are_escaped(tmp_path: Path) -> None:
    evil: dict[str, Any] = {"displayName": HOSTILE, "companyName": HOSTILE}
    async with GraphEmulator(tenant(user(1, employeeType="vendor", **evil))) as graph:
        written = [(await run(graph, tmp_path, "-o", o)).out for o in ("csv", "table", "json")]
    assert not any("\x1b" in text for text in written)


async def test_graph_that_fails_leaves_a_checkpoint_and_the_same_call_goes_on(
    tmp_path: Path,
) -> None:
    users = [user(n) for n in range(1, 1500)]
    async with GraphEmulator(tenant(*users)) as graph:
        graph.faults.add(Fault(path="skiptoken", status=503, retry_after=0))
        stopped = await run(graph, tmp_path)
        graph.faults.clear()
        graph.requests.clear()
        ended = await run(graph, tmp_path, "-o", "csv")
        first = [record for record in graph.requests if record.path == "/v1.0/users"]
    assert (stopped.code, stopped.out) == (3, "")
    assert "run it again to go on" in stopped.err
    assert "Going on from .b2b-assess" in ended.err
    assert len(first) == 1
    assert len(ended.out.splitlines()) == 1500


async def test_interrupted_it_keeps_what_was_read(tmp_path: Path) -> None:
    async with GraphEmulator(tenant(*(user(n) for n in range(1, 1500)))) as graph:
        graph.requests = requests = Requests()
        graph.faults.add(Fault(path="skiptoken", hang_ms=60_000))
        keys = environment(**KEYS, GRAPH_BASE_URL=graph.url)
        process = await asyncio.create_subprocess_exec(
            *(*PROGRAM, "assess"), cwd=tmp_path, env=keys, stderr=asyncio.subprocess.PIPE
        )
        await requests.second.wait()
        process.send_signal(signal.SIGINT)
        _, told = await process.communicate()
        graph.faults.clear()
        ended = await run(graph, tmp_path, "-o", "csv")
    assert (process.returncode, b"Interrupted." in told) == (130, True)
    assert "Going on from .b2b-assess" in ended.err
    assert len(ended.out.splitlines()) == 1500


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--group", "Partners"), "no object id"),
        (("--where", "company"), "property=value"),
        (("--html", "none/x.html"), "no such folder"),
    ],
)
async def test_wrong_call_is_told(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    ended = await b2b(tmp_path, "assess", *arguments, **KEYS)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err


async def test_unreadable_facts_are_told_with_their_permission(tmp_path: Path) -> None:
    of_tenant = {**varied(), "permissions": ["User.Read.All"]}
    async with GraphEmulator(of_tenant) as graph:
        ended = await run(graph, tmp_path, "-o", "csv")
    assert ended.code == 1
    assert "INCOMPLETE" in ended.err
    assert "HTTP 403; it needs OrgContact.Read.All" in ended.err
