"""The tests are measured too: each can fail, none hangs on the clock, none on this machine."""

from __future__ import annotations

import ast
import fnmatch
import re

import hypothesis
import pytest

from tests import promises, tree

BODIES = {
    "pass": False,
    "first()": False,
    "def call():\n        assert False": False,
    "for one in found():\n        assert one": False,
    "for one in KNOWN['x'].items():\n        assert one": True,
    "for one in (1, 2):\n        assert one": True,
    "def call():\n        assert False\n    call()": True,
    "second()": True,
    "with pytest.raises(ValueError):\n        first()": True,
    "pytest.fail('no')": True,
    "raise AssertionError('no')": True,
    "things.second()": False,
    "taken(queue)": False,
}
HELPERS = "def second():\n    third()\n\ndef third():\n    second()\n    assert False\n"


def test_every_test_can_fail() -> None:
    assert [str(test) for test in tree.tests() if not test.asserts()] == []


def test_every_test_that_is_collected_is_measured(request: pytest.FixtureRequest) -> None:
    items = [item for item in request.session.items if isinstance(item, pytest.Function)]
    collected = {(item.module.__name__, item.originalname) for item in items}
    assert collected
    assert collected <= {(test.module.name, test.name) for test in tree.tests()}


@pytest.mark.parametrize("body", BODIES)
def test_test_that_cannot_fail_is_found_out(body: str) -> None:
    source = f"from tests.service import taken\n{HELPERS}\nasync def test_it():\n    {body}\n"
    (test,) = tree.Module("tests.test_x", source).tests
    assert test.asserts() is BODIES[body]


def test_helper_of_another_module_is_followed() -> None:
    source = "from tests.test_integration_docs import run\ndef test_it():\n    run([], '')\n"
    (test,) = tree.Module("tests.test_x", source).tests
    assert test.asserts()


def test_no_test_has_a_deadline_of_its_own() -> None:
    assert hypothesis.settings.default
    assert hypothesis.settings.default.deadline is None
    assert hypothesis.settings.default.print_blob
    setting = {
        module.name
        for module in tree.modules().values()
        for node in ast.walk(ast.parse(module.source))
        if isinstance(node, ast.keyword) and node.arg == "deadline"
    }
    assert setting == {"tests.conftest"}


def leads_outside(module: tree.Module) -> bool:
    """Return whether a module names a folder above the repository."""
    depth = module.name.count(".")
    for node in ast.walk(ast.parse(module.source)):
        text = ast.unparse(node) if isinstance(node, (ast.Attribute, ast.Subscript)) else ""
        above = re.search(r"__file__\).*\.parents\[(\d+)\]$", text)
        if text == "ROOT.parent" or (above and int(above[1]) > depth):
            return True
    return False


def test_no_test_reads_what_stands_beside_the_repository() -> None:
    assert leads_outside(tree.Module("tests.test_x", "Path(__file__).parents[2]"))
    assert not leads_outside(tree.Module("tests.local.test_x", "Path(__file__).parents[2]"))
    leading = {name for name, module in tree.modules().items() if leads_outside(module)}
    # They look for a compiler and a host there, and say so where there is none.
    assert leading == {"tests.infra.paths", "tests.real_host.finding"}


LOCKED = "tests/test_locks.py::test_extras_are_locked_too"
AZURE_CLI = "tests/test_integration_docs.py::test_azure_cli_of_the_docs_enqueues_and_reads"
PAGES = {
    "| S1 | a | b | `test_s3_*` |": [],
    "| S1 | a | b | `make demo` |": ["names no test"],
    "| S1 | a | b | `test_s3_*`, `make gold` |": ["there is no `make gold`"],
    "| S1 | a | b | `test_s1_of_nothing` |": ["there is no test_s1_of_nothing"],
    "| S1 | a | b | `test_extras_are_locked_too` |": [f"{LOCKED} runs nothing of what is deployed"],
    "| S1 | a | b | `test_azure_cli_of_*` |": [f"{AZURE_CLI} may be skipped"],
}


@pytest.mark.parametrize("page", PAGES)
def test_promise_without_a_proof_is_found_out(page: str) -> None:
    problems = promises.broken(page, "S")
    # Tests with other numbers are no proof of this page's only row.
    assert {problem for problem in problems if problem.endswith("is no row")} == {
        f"S{number} is no row" for number in range(2, 15)
    }
    assert [problem for problem in problems if not problem.endswith("is no row")] == [
        f"S1: {problem}" for problem in PAGES[page]
    ]


def test_row_that_is_missing_is_found_out() -> None:
    assert "rows [2]" in promises.broken("| S2 | a | b | `test_s2_*` |", "S")


def test_every_test_that_a_page_names_is_there() -> None:
    names = [test.name for test in tree.tests()]
    pages = [tree.ROOT / "README.md", *sorted((tree.ROOT / "docs").glob("*.md"))]
    text = "".join(page.read_text() for page in pages)
    patterns = set(re.findall(r"`(test_[\w*]+)`", text))
    files = set(re.findall(r"\btests/[\w/]+\.py", text))
    assert len(patterns) > 20
    assert len(files) > 2
    assert {one for one in patterns if not fnmatch.filter(names, one)} == set()
    assert {file for file in files if not (tree.ROOT / file).is_file()} == set()
