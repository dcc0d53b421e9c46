"""The tests are measured too: each can fail, none hangs on the clock, none on this machine."""

from __future__ import annotations

import ast
import re

import hypothesis
import pytest

from tests import tree

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
    # It looks for a compiler there, and says so where there is none.
    assert leading == {"tests.infra.test_compiler"}
