"""The tests on the code as it is: how long each takes, and which lines it covers."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from coverage import Coverage, CoverageData

from tests.mutation.mutants import ROOT

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

FOLDER = ROOT / ".mutation"
SECONDS, DIGEST, COVERAGE = FOLDER / "seconds.json", FOLDER / "digest", FOLDER / "coverage"
_ROOMS = (
    "model",
    "settings",
    "wire",
    "policy",
    "mail",
    "graph",
    "storage",
    "steps",
    "reliability",
    "security",
    "field_cases",
)
_FILES = (
    "test_composition.py",
    "test_conversion.py",
    "test_conversion_turns.py",
    "test_contract.py",
    "test_readme.py",
    "test_events.py",
    "test_foreign_events.py",
)
TESTS = (*(f"tests/{room}" for room in _ROOMS), *(f"tests/{file}" for file in _FILES))
_IMPORT = "import of "
OPTIONS = ("-q", "-p", "no:cacheprovider", "-p", "no:xdist")


@dataclass(frozen=True)
class Baseline:
    """What is known of the tests.

    Attributes:
        seconds: how long each takes, by its node id.
        covering: the tests that cover a line, by file and line.
        importing: the tests whose file covers it when it is imported.
    """

    seconds: Mapping[str, float]
    covering: Mapping[str, Mapping[int, frozenset[str]]]
    importing: Mapping[str, Mapping[int, frozenset[str]]]


class Watch:
    """A pytest plugin that takes the time of each test."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Tell coverage whose import it sees."""
        coverage = Coverage.current()
        if coverage is None or not isinstance(collector, pytest.Module):
            return (yield)
        coverage.switch_context(f"{_IMPORT}{collector.nodeid}")
        report = yield
        coverage.switch_context("")
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add up set-up, call and teardown."""
        self.seconds[report.nodeid] += report.duration


def measured(environment: Mapping[str, str]) -> Baseline:
    """Return what the tests do, measured anew where code or tests are others than then.

    Raises:
        RuntimeError: they fail as it is.
    """
    digest = _digest()
    if not DIGEST.is_file() or DIGEST.read_text() != digest:
        FOLDER.mkdir(exist_ok=True)
        command = [sys.executable, "-m", "tests.mutation.baseline"]
        found = subprocess.run(command, cwd=ROOT, env={**environment}, check=False)
        if found.returncode:
            raise RuntimeError("the tests fail on the code as it is")
        DIGEST.write_text(digest)
    seconds = json.loads(SECONDS.read_text())
    by_file: defaultdict[str, set[str]] = defaultdict(set)
    for test in seconds:
        by_file[f"{_IMPORT}{test.partition('::')[0]}"].add(test)
    each = {test: {test} for test in seconds}
    covering, importing = _covering(each, by_file)
    return Baseline(seconds, covering, importing)


def _digest() -> str:
    digest = hashlib.sha256()
    for folder in ("converters", "tests", "local"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "mutation" not in path.parts and "node_modules" not in path.parts:
                digest.update(path.as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


def _covering(*kinds: Mapping[str, set[str]]) -> list[dict[str, dict[int, frozenset[str]]]]:
    """Return the tests of the contexts in which a line was run, by file and line, for each kind."""
    data = CoverageData(str(COVERAGE))
    data.read()
    found: list[dict[str, dict[int, frozenset[str]]]] = [{} for _ in kinds]
    for file in data.measured_files():
        lines = data.contexts_by_lineno(file)
        for covered, tests in zip(found, kinds, strict=True):
            covered[os.path.relpath(file, ROOT)] = {
                line: frozenset().union(*(tests.get(one.partition("|")[0], ()) for one in contexts))
                for line, contexts in lines.items()
            }
    return found


def _measure() -> int:
    os.environ["COVERAGE_FILE"] = str(COVERAGE)
    watch = Watch()
    coverage = ("--cov", "--cov-context=test", "--cov-report=", "--cov-fail-under=0")
    code = pytest.main([*OPTIONS, *coverage, *TESTS], plugins=[watch])
    SECONDS.write_text(json.dumps(watch.seconds))
    return int(code)


if __name__ == "__main__":
    sys.exit(_measure())
