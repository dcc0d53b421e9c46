"""Imports run only downward, and each outside thing is known in one place alone."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LAYERS = [
    {"errors", "addresses", "trace", "pacing", "clock"},
    {"facts", "keys"},
    {"model", "storage", "reads"},
    {"settings", "remembered"},
    {"decoding", "identity"},
    {"envelopes", "directory", "refusals", "advice", "choice", "patience", "records"},
    {"tenant", "messages", "case", "answers"},
    {"outcomes", "rules.remedies"},
    {"rules.user", "rules.address", "rules.invitation", "rules.privilege"},
    {"rules"},
    {"eligibility"},
    {"approval"},
    {"invitations"},
    {"conclusions", "journal", "transport"},
    {"graph", "queues", "rows"},
    {"gathering", "ledger"},
    {"inviting", "reporting", "sweeping"},
    {"conversion"},
]
LEVEL = {f"converters.{name}": level for level, names in enumerate(LAYERS) for name in names}
SOURCES = {
    path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__"):
    path
    for path in [ROOT / "function_app.py", *ROOT.glob("converters/**/*.py")]
}  # fmt: skip
KNOWN_TO = {
    "azure.functions": {"function_app"},
    "azure.identity": {"converters.identity"},
    "azure.storage": {"converters.queues"},
    "azure.data": {"converters.rows"},
    "msgraph": {"converters.transport"},
    "msgraph_core": {"converters.transport"},
    "kiota_abstractions": {"converters.transport"},
    "kiota_http": {"converters.transport"},
    "httpx": {"converters.transport"},
    "aiohttp": {"converters.transport"},
    "pydantic": {"converters.messages", "converters.outcomes"},
}

ENVIRONMENT = re.compile(r"\b(?:environb?|getenvb?)\b")


def imported(path: Path) -> set[str]:
    """Return the modules that a file imports, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            names |= (inner & set(SOURCES)) or {node.module}
    return names


def test_every_module_has_its_layer() -> None:
    assert set(LEVEL) == {name for name in SOURCES if name.startswith("converters.")}


@pytest.mark.parametrize("module", sorted(LEVEL))
def test_imports_run_only_downward(module: str) -> None:
    names = imported(SOURCES[module])
    ours = {name for name in names if name.startswith("converters.")}
    assert {name for name in ours if LEVEL[name] >= LEVEL[module]} == set()
    beside = {"local", "tests", "function_app", "benchmarks"}
    assert {name for name in names if name.partition(".")[0] in beside} == set()


@pytest.mark.parametrize("outside", sorted(KNOWN_TO))
def test_outside_thing_is_known_in_its_place_alone(outside: str) -> None:
    knowing = {
        module
        for module, path in SOURCES.items()
        if any(name == outside or name.startswith(f"{outside}.") for name in imported(path))
    }
    assert knowing == KNOWN_TO[outside]


def test_environment_is_read_by_the_composition_root_alone() -> None:
    reading = {module for module, path in SOURCES.items() if ENVIRONMENT.search(path.read_text())}
    assert reading == {"function_app"}


@pytest.mark.parametrize("module", sorted(SOURCES))
def test_modules_stay_small(module: str) -> None:
    assert len(SOURCES[module].read_text().splitlines()) <= 260


@pytest.mark.parametrize("module", sorted(SOURCES))
def test_imports_name_their_modules_in_full(module: str) -> None:
    nodes = ast.walk(ast.parse(SOURCES[module].read_text()))
    # The layers do not see a relative import.
    assert [node for node in nodes if isinstance(node, ast.ImportFrom) and node.level] == []


def test_kiota_in_whatever_package_is_known_to_the_transport_alone() -> None:
    knowing = {
        module
        for module, path in SOURCES.items()
        if any(name.startswith(("kiota", "msgraph")) for name in imported(path))
    }
    assert knowing == {"converters.transport"}


def test_import_for_types_alone_counts(tmp_path: Path) -> None:
    source = tmp_path / "module.py"
    source.write_text("if TYPE_CHECKING:\n    from converters import graph\n    import httpx\n")
    assert imported(source) == {"converters.graph", "httpx"}


def test_emulation_is_written_without_the_libraries_it_is_to_judge() -> None:
    knowing = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "local").rglob("*.py")
        if "node_modules" not in path.parts
        and any(name.startswith(("kiota", "msgraph", "httpx")) for name in imported(path))
    }
    assert knowing == set()
