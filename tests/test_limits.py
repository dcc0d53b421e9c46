"""No test can hang: one that would is cut off by a limit, and leaves no process behind."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import processes

ROOT = Path(__file__).parent.parent
# Each hangs in another way; the last one is a test like any other.
HANGING = """
import asyncio
import subprocess
import time

import pytest


def test_waits_for_a_program():
    subprocess.run(["sleep", "60"])


async def test_waits_for_a_program_that_has_started_others():
    process = await asyncio.create_subprocess_exec(
        "sh", "-c", "sleep 60 & sleep 60", stdout=asyncio.subprocess.PIPE
    )
    await process.communicate()


async def test_takes_the_failure_for_a_background_tasks():
    async def work():
        while True:
            time.sleep(0.01)
            await asyncio.sleep(0)

    await asyncio.gather(asyncio.create_task(work()), return_exceptions=True)


@pytest.fixture
def stuck():
    yield
    time.sleep(60)


def test_fails_and_is_not_torn_down(stuck):
    raise AssertionError("failed")


def test_comes_after_them():
    assert True
"""


@pytest.mark.skipif(sys.platform != "linux", reason="what a test leaves is seen on Linux alone")
def test_test_that_hangs_fails_and_leaves_no_process_and_the_next_one_runs(tmp_path: Path) -> None:
    module = tmp_path / "test_hanging.py"
    module.write_text(HANGING)
    before = processes.running()
    ours = ["-c", str(ROOT / "pyproject.toml"), "-p", "tests.conftest"]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            *ours,
            "-p",
            "no:cacheprovider",
            "-o",
            "timeout=1",
            module,
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert processes.left_since(before, 0) == {}
    told = set(re.findall(r"^(FAILED|ERROR) \S*::test_(\w+)", done.stdout, re.MULTILINE))
    assert told == {
        ("FAILED", "waits_for_a_program"),
        ("FAILED", "waits_for_a_program_that_has_started_others"),
        ("ERROR", "waits_for_a_program_that_has_started_others"),
        ("FAILED", "takes_the_failure_for_a_background_tasks"),
        ("FAILED", "fails_and_is_not_torn_down"),
        ("ERROR", "fails_and_is_not_torn_down"),
    }, done.stdout
    assert "left behind: sh -c sleep 60 & sleep 60" in done.stdout
    assert "4 failed, 1 passed, 2 errors" in done.stdout
    assert (done.returncode, done.stderr) == (1, "")


def test_limit_is_well_above_the_slowest_test(pytestconfig: pytest.Config) -> None:
    assert 100 <= float(pytestconfig.getini("timeout")) <= 300
