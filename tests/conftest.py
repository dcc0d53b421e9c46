"""What holds for every test: storage on this machine, names nobody else uses there, limits."""

from __future__ import annotations

import functools
import itertools
import os
import signal
import warnings
from typing import TYPE_CHECKING
from uuid import uuid4

import httpx
import hypothesis
import pytest

from converters.steps import retrying
from local.storage import Azurite
from tests import processes

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from types import FrameType

    import pytest_timeout

ROOMS = frozenset({"model", "settings", "wire", "policy", "mail", "graph", "storage", "steps"})
# How soon a time limit strikes again where it was not heard.
AGAIN_SECONDS = 30
# How long a process may still be ending after its test has.
GRACE_SECONDS = 5
UNRAISABLE = "ignore::pytest.PytestUnraisableExceptionWarning"
LIMIT = pytest.StashKey["pytest_timeout.Settings"]()
STRUCK = pytest.StashKey[bool]()

# How long an example takes is the machine's affair and no property of the code. What fails on
# another machine is printed so that it can be run here.
hypothesis.settings.register_profile("project", deadline=None, print_blob=True)
# Mutants are judged by the same examples each.
hypothesis.settings.register_profile(
    "mutation", deadline=None, print_blob=True, derandomize=True, max_examples=25, database=None
)
hypothesis.settings.load_profile(os.environ.get("TESTS_HYPOTHESIS_PROFILE", "project"))
processes.adopt_orphans()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return one worker more than there are cores: many tests wait, for storage or a timer."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(wrapper=True)
def pytest_timeout_set_timer(
    item: pytest.Item, settings: pytest_timeout.Settings
) -> Generator[None, object, object]:
    """Let a time limit strike until it is heard, and remember that it struck."""
    made = yield
    item.stash[LIMIT] = settings
    if settings.method == "signal":
        strike = signal.getsignal(signal.SIGALRM)

        def remember_and_strike(number: int, frame: FrameType | None) -> None:
            assert callable(strike)
            try:
                strike(number, frame)
            except pytest.fail.Exception:
                item.stash[STRUCK] = item.config.stash[STRUCK] = True
                # What was cut off leaves things half done; no later test is to fail for them.
                item.config.addinivalue_line("filterwarnings", UNRAISABLE)
                raise

        signal.signal(signal.SIGALRM, remember_and_strike)
        again = min(AGAIN_SECONDS, settings.timeout)
        signal.setitimer(signal.ITIMER_REAL, settings.timeout, again)
    return made


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fail a test that ran out of time and passed: its event loop ended another task for it."""
    result = yield
    if item.stash.get(STRUCK, False):
        pytest.fail(f"Timeout (>{item.stash[LIMIT].timeout}s), which the test did not hear.")
    return result


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """Limit what is torn down after a failure too: there the limit has been lifted."""
    if limit := item.stash.get(LIMIT, None):
        item.ihook.pytest_timeout_set_timer(item=item, settings=limit)
    return (yield)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Keep the end of such a run readable, too."""
    if config.stash.get(STRUCK, False):
        warnings.simplefilter("ignore", pytest.PytestUnraisableExceptionWarning)


@pytest.fixture(autouse=True)
def _no_process_is_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """End the processes that a test leaves, one that ran out of time above all, and say so."""
    before = processes.running()
    yield
    grace = 0 if request.node.stash.get(STRUCK, False) else GRACE_SECONDS
    if left := processes.left_since(before, grace):
        processes.end_all_but(before)
        pytest.fail(f"left behind: {'; '.join(left.values())}")


# Deployments played through with the Azure CLI, storms, and a timer killed at every call: minutes;
# single tests are marked where they stand, and so is all that asks the Bicep compiler.
REHEARSALS = frozenset(
    {
        "test_grant", "test_publish", "test_storm", "test_subscription_deaths", "test_topic",
        "test_workflow",
    }
)  # fmt: skip


# Before pytest looks at what the marks let through.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what ``make unit`` runs, which needs no storage, and what ``make rehearsal`` runs."""
    for item in items:
        if item.path.stem in REHEARSALS:
            item.add_marker(pytest.mark.rehearsal)
        fixtures = getattr(item, "fixturenames", ())
        if "bicep" in fixtures:
            item.add_marker(pytest.mark.rehearsal)
        if item.path.parent.name in ROOMS and "azurite" not in fixtures:
            item.add_marker(pytest.mark.unit)


@pytest.fixture(scope="session", autouse=True)
def _certificates_are_read_once() -> Iterator[None]:
    """Spare each client of a test the reading of what all the world trusts."""
    with pytest.MonkeyPatch.context() as patch:
        once = functools.cache(httpx.create_ssl_context)
        patch.setattr(httpx, "create_ssl_context", once)
        yield


@pytest.fixture(scope="session")
def azurite() -> Iterator[str]:
    """Return the connection string of an Azurite that runs for the session of one worker.

    ``TESTS_AZURITE`` names one that runs already.
    """
    if running := os.environ.get("TESTS_AZURITE"):
        yield running
        return
    with Azurite() as storage:
        yield storage.connection_string


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let requests that have to wait show again at once."""
    monkeypatch.setattr(retrying, "delay", lambda _: 0)


@pytest.fixture
def queue_names() -> Iterator[str]:
    """Return names that no other test uses, one at each ``next()``."""
    prefix = f"test-{uuid4().hex[:12]}"
    return (f"{prefix}-{number}" for number in itertools.count(1))
