"""A process that has what is slow to import, and forks itself for each mutant.

It reads tasks from standard input and answers on standard output, a JSON object a line each. Of
the product and its tests it imports nothing: a child does, with the mutant in place of the file.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import importlib.machinery
import json
import os
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.mutation.baseline import OPTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import CodeType, ModuleType

WARM = (
    "aiohttp",
    "aiohttp.web",
    "azure.core.pipeline.transport",
    "azure.data.tables.aio",
    "azure.identity.aio",
    "azure.storage.queue.aio",
    "httpx",
    "httpx_aiohttp",
    "hypothesis",
    "hypothesis.strategies",
    "idna",
    "jsonschema",
    "kiota_http.kiota_client_factory",
    "msgraph_core",
    "pydantic",
    "pytest_asyncio.plugin",
    "pytest_timeout",
)
# What is warm is not rewritten for its assertions, and need not be.
QUIET = ("-W", "ignore::pytest.PytestAssertRewriteWarning", "--tb=no")
# Seconds for each test, some times what the slowest takes: what makes one hang is found out by it.
LIMITED = ("-o", "timeout=60")
_TURN_SECONDS = 0.02


class _Loader(importlib.machinery.SourceFileLoader):
    """Loads one source in place of a file's."""

    def __init__(self, fullname: str, path: str, data: bytes) -> None:
        super().__init__(fullname, path)
        self._data = data

    def get_code(self, fullname: str) -> CodeType:
        """Compile the source given; no byte code of the file's is looked for."""
        return self.source_to_code(self._data, self.get_filename(fullname))


class Finder:
    """Finds the mutant where its module is asked for."""

    def __init__(self, path: Path, data: bytes) -> None:
        self._path, self._data = path, data

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return the module's own spec, with another loader."""
        if not fullname.startswith("converters"):
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec and spec.origin == str(self._path):
            spec.loader = _Loader(fullname, str(self._path), self._data)
            return spec
        return None


class Selection:
    """A pytest plugin that runs the chosen cases of the chosen tests, in the order given.

    A case that is not known stays: the mutant has given it another name, or another number.

    Args:
        chosen, known: the cases.
        killer: a file for the one that fails.
    """

    def __init__(self, chosen: list[str], known: set[str], killer: Path) -> None:
        self._rank = {test: rank for rank, test in enumerate(chosen)}
        self._known, self._killer = known, killer

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Choose and sort."""
        kept = [it for it in items if it.nodeid in self._rank or it.nodeid not in self._known]
        items[:] = sorted(kept, key=lambda item: self._rank.get(item.nodeid, -1))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note which case has failed."""
        if report.failed:
            self._killer.write_text(report.nodeid)


def run_tests(task: dict[str, Any], known: set[str], killer: Path) -> int:
    """Run the tests of a task, with its mutant; return pytest's exit code."""
    sys.meta_path.insert(0, Finder(Path(task["path"]), task["source"].encode()))
    functions = list(dict.fromkeys(test.partition("[")[0] for test in task["tests"]))
    plugin = Selection(task["tests"], known, killer)
    return int(pytest.main(["-x", *QUIET, *LIMITED, *OPTIONS, *functions], plugins=[plugin]))


def in_child(work: Callable[[], int], seconds: float, log: Path) -> int | None:
    """Return a forked child's exit code, None where its time runs out."""
    if not (pid := os.fork()):
        code = 3
        try:
            os.setsid()
            output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            for descriptor in (1, 2):
                os.dup2(output, descriptor)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            code = work()
        except BaseException:
            traceback.print_exc()
            raise
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            _end_group(pid)
            return os.waitstatus_to_exitcode(status)
        time.sleep(_TURN_SECONDS)
    _end_group(pid)
    os.waitpid(pid, 0)
    return None


def _end_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def main(log: Path) -> None:
    """Serve until standard input ends."""
    for name in WARM:
        importlib.import_module(name)
    # What is there is no garbage: a child that looked through it would copy it all.
    gc.freeze()
    known = set(json.loads(sys.stdin.readline()))
    killer = log.with_suffix(".killer")
    for line in sys.stdin:
        task = json.loads(line)
        killer.write_text("")

        def work(task: dict[str, Any] = task) -> int:
            return run_tests(task, known, killer)

        code = in_child(work, task["seconds"], log)
        print(json.dumps({"code": code, "killer": killer.read_text()}), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
