"""Imports run only downward, and each outside thing is known in one place alone."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ROOT = Path(__file__).parent.parent
# From the bottom up; rooms beside one another do not know one another.
FLOORS = [
    {"model"}, {"settings"}, {"wire", "policy", "mail"}, {"graph", "storage"}, {"steps"},
    {"conversion"}, {"composition"},
]  # fmt: skip
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
SOURCES = {
    path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__"):
    path
    for path in [ROOT / "function_app.py", *ROOT.glob("converters/**/*.py")]
}  # fmt: skip
KNOWN_TO = {
    "azure.functions": {"function_app"},
    "azure.identity": {"converters.settings.identity"},
    "azure.storage": {"converters.storage.queues", "converters.storage.courier"},
    "azure.data": {"converters.storage.table"},
    "msgraph": {"converters.graph.transport"},
    "msgraph_core": {"converters.graph.transport"},
    "kiota_abstractions": {"converters.graph.transport"},
    "kiota_http": {"converters.graph.transport"},
    "httpx": {"converters.graph.transport"},
    "aiohttp": {"converters.graph.transport", "converters.storage.courier"},
    "jinja2": {"converters.mail.writer"},
    "pydantic": {
        "converters.wire.completion_body",
        "converters.wire.requests",
        "converters.wire.outcomes",
    },
}

ENVIRONMENT = re.compile(r"\b(?:environb?|getenvb?)\b")


def imported(path: Path, sources: Iterable[str] = SOURCES) -> set[str]:
    """Return the modules that a file imports, anywhere in it; ``sources`` names those we have."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            names |= (inner & set(sources)) or {node.module}
    return names


def circles(below: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """Return what is left of modules and their imports once nothing more can be taken away."""
    left = dict(below)
    while leaves := [module for module, names in left.items() if not names & set(left)]:
        for module in leaves:
            del left[module]
    return left


def room_of(module: str) -> str:
    """Return the room that a module of the product stands in."""
    return module.split(".")[1]


MODULES = sorted(name for name in SOURCES if name.startswith("converters."))


def test_every_module_stands_in_a_room() -> None:
    assert {room_of(module) for module in MODULES} == set(FLOOR)
    assert {path.name for path in (ROOT / "converters").glob("*.py")} == {
        "__init__.py", "composition.py", "conversion.py",
    }  # fmt: skip


@pytest.mark.parametrize("module", MODULES)
def test_imports_run_only_downward(module: str) -> None:
    room, names = room_of(module), imported(SOURCES[module])
    rooms = {room_of(name) for name in names if name.startswith("converters.")} - {room}
    assert {other for other in rooms if FLOOR[other] >= FLOOR[room]} == set()
    packages = {name.partition(".")[0] for name in names}
    assert packages & {"local", "tests", "function_app", "benchmarks", "cli"} == set()


def test_no_two_modules_import_one_another() -> None:
    below = {module: imported(SOURCES[module]) & set(MODULES) for module in MODULES}
    assert circles(below) == {}, "these import one another in a circle"


@pytest.mark.parametrize("package", ["local", "cli"])
def test_no_two_modules_beside_the_product_import_one_another(package: str) -> None:
    # The packages themselves only gather what their modules offer.
    paths = {
        path.relative_to(ROOT).with_suffix("").as_posix().replace("/", "."): path
        for path in (ROOT / package).rglob("*.py")
        if "node_modules" not in path.parts and path.name != "__init__.py"
    }
    assert paths
    below = {module: imported(path, paths) & set(paths) for module, path in paths.items()}
    assert circles(below) == {}, "these import one another in a circle"


def test_circle_is_found_out() -> None:
    below = {"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()}
    assert circles(below) == {"a": {"b"}, "b": {"c"}, "c": {"b"}}


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
    assert knowing == {"converters.graph.transport"}


def test_import_for_types_alone_counts(tmp_path: Path) -> None:
    source = tmp_path / "module.py"
    source.write_text(
        "if TYPE_CHECKING:\n    from converters.graph import client\n    import httpx\n"
    )
    assert imported(source) == {"converters.graph.client", "httpx"}


def test_emulation_is_written_without_the_libraries_it_is_to_judge() -> None:
    knowing = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "local").rglob("*.py")
        if "node_modules" not in path.parts
        and any(name.startswith(("kiota", "msgraph", "httpx")) for name in imported(path))
    }
    assert knowing == set()


def defined(module: ast.Module) -> set[str]:
    """Return the names that a module defines at its top level."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    stored = {
        inner.id
        for node in module.body
        if isinstance(node, (ast.Assign, ast.AnnAssign))
        for inner in ast.walk(node)
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)
    }
    return stored | {node.name for node in module.body if isinstance(node, functions)}


def used(module: ast.Module, name: str) -> set[str]:
    """Return what a module uses: its own names, those it imports, attributes of modules."""
    found: set[str] = set()
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Attribute):
            found.add(f"{ast.unparse(node.value).rpartition('.')[2]}.{node.attr}")
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            found.add(f"{name}.{node.id}")
    return found


def idle(sources: Mapping[str, str], users: Iterable[str]) -> set[str]:
    """Return what modules define at their top level and neither they nor ``users`` use."""
    parsed = {name: ast.parse(text) for name, text in sources.items()}
    known = set().union(
        *(used(module, name) for name, module in parsed.items()),
        *(used(ast.parse(text), "") for text in users),
    )
    return {
        f"{name}.{each}"
        for name, module in parsed.items()
        for each in defined(module)
        if not {f"{name}.{each}", f"{name.rpartition('.')[2]}.{each}"} & known
    }


def test_nothing_is_defined_that_nobody_uses() -> None:
    beside = [
        ROOT / "function_app.py",
        *(ROOT / "cli").rglob("*.py"),
        *(ROOT / "local").rglob("*.py"),
    ]
    users = [path.read_text() for path in beside if "node_modules" not in path.parts]
    texts = {module: SOURCES[module].read_text() for module in MODULES}
    assert idle({"converters.a": "A, B = 1, 2\nprint(A)\n"}, []) == {"converters.a.B"}
    assert idle({"converters.a": "B = 2\n"}, ["from converters.a import B"]) == set()
    assert idle({"converters.a": "B = 2\n"}, ["a.B"]) == set()
    assert idle(texts, users) == set()
