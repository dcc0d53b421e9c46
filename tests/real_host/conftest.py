"""What the tests on Microsoft's Functions host share: the opened package, storage with blobs."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from local.package import write
from local.storage import Azurite
from tests.installing import installed
from tests.real_host.deployment import Site
from tests.real_host.finding import NEEDS_HOST, find

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
# The host takes a message for ten minutes, which it lets nobody set; after a kill it shows again
# when they are over. Azurite lets them be these seconds.
LEASE_SECONDS = 15
SHORT_LEASE = f"""
const messages = require(folder + "/queue/handlers/MessagesHandler.js").default.prototype;
const dequeue = messages.dequeue;
messages.dequeue = function (options, context) {{
  if (options.visibilitytimeout === 600) options.visibilitytimeout = {LEASE_SECONDS};
  return dequeue.call(this, options, context);
}};
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what stands here: ``make real-host`` runs it, where there is a host."""
    for item in items:
        if item.path.parent == HERE:
            item.add_marker(pytest.mark.real_host)
            item.add_marker(NEEDS_HOST)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Open the package and make its worker ready; the first run on a machine installs that."""
    program = find()
    assert program
    folder = tmp_path_factory.mktemp("site")
    app = folder / "app"
    with zipfile.ZipFile(write(folder / "package.zip")) as package:
        package.extractall(app)
    return Site(program, app, program.worker(installed(app / "requirements.txt", "package")))


@pytest.fixture(scope="session")
def storage() -> Iterator[str]:
    """Return the connection string of an Azurite, blobs included."""
    with Azurite() as azurite:
        yield azurite.connection_string


@pytest.fixture(scope="session")
def forgetful_storage() -> Iterator[str]:
    """Return that of an Azurite which shows a message again soon after its host has died."""
    with Azurite(prelude=SHORT_LEASE) as azurite:
        yield azurite.connection_string
