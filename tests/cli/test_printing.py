"""Nothing that is written can be taken for a command, for markup, or for a formula."""

from __future__ import annotations

import csv
import io
import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.ending import Boundary, Code, WrongCall
from cli.printing import Console, Format, escaped, guarded, unguarded
from converters.model.errors import Fault, LedgerUnavailable, RequestInvalid, SettingsInvalid

HOSTILE = "\x1b[31m[bold]x[/] \u202e\x9b\r\n"


@given(st.text())
def test_guarded_cell_is_no_formula_and_comes_back(text: str) -> None:
    assert guarded(text)[:1] not in set("=+-@\t\r\n")
    assert unguarded(guarded(text)) == text


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_escaped_text_has_nothing_that_a_terminal_obeys(text: str) -> None:
    shown = escaped(text)
    unseen = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert not [one for one in shown if unicodedata.category(one) in unseen]


def test_plain_text_stays_as_it_is() -> None:
    assert escaped("Zoë O'Neil [x] {y} 漢字") == "Zoë O'Neil [x] {y} 漢字"


@pytest.mark.parametrize("output", Format)
def test_hostile_row_is_harmless_in_every_format(
    output: Format, capsys: pytest.CaptureFixture[str]
) -> None:
    console = Console(output)
    console.rows([{"a": HOSTILE, "b": ["=1", "2"]}], ("a", "b"))
    console.row({"a": HOSTILE, "b": None}, ("a", "b"))
    console.record({"a": HOSTILE, "b": True})
    console.note(HOSTILE)
    console.error(HOSTILE)
    shown = capsys.readouterr()
    assert not set("\x1b\x9b\r\u202e") & set(shown.out + shown.err)
    written = {"out": shown.out, "err": shown.err}
    assert [name for name in written if "[bold]x[/]" not in written[name]] == []


def test_csv_has_one_head_and_guards_formulas(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(Format.CSV)
    console.rows([{"a": "=1", "b": "-2"}], ("a", "b"))
    console.row({"a": 'x,"y"'}, ("a", "b"))
    lines = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    assert lines == [["a", "b"], ["'=1", "'-2"], ['x,"y"', ""]]


def test_json_has_everything(capsys: pytest.CaptureFixture[str]) -> None:
    Console(Format.JSON).rows([{"a": 1, "deep": {"b": [2]}}], ("a",))
    assert json.loads(capsys.readouterr().out) == [{"a": 1, "deep": {"b": [2]}}]


ENDS: dict[BaseException, tuple[Code, str]] = {
    KeyboardInterrupt(): (Code.INTERRUPTED, "Interrupted."),
    WrongCall("so"): (Code.WRONG_CALL, "so"),
    SettingsInvalid(["A is missing."]): (Code.WRONG_CALL, "A is missing."),
    RequestInvalid([Fault("c", "mode", "is odd")], "R"): (Code.WRONG_CALL, "mode is odd."),
    LedgerUnavailable("no answer"): (Code.UNAVAILABLE, "no answer"),
    LedgerUnavailable("ClientAuthenticationError"): (Code.UNAVAILABLE, "`az login`"),
    OSError(28, "No space left", "f"): (Code.UNAVAILABLE, "f: No space left."),
    KeyError("x"): (Code.UNAVAILABLE, "Unexpected: KeyError."),
}


@pytest.mark.parametrize("error", ENDS, ids=repr)
def test_every_error_is_a_code_and_a_sentence(
    error: BaseException, capsys: pytest.CaptureFixture[str]
) -> None:
    code, sentence = ENDS[error]
    with pytest.raises(SystemExit) as end, Boundary(Console()):
        raise error
    shown = capsys.readouterr()
    assert (end.value.code, shown.out) == (code, "")
    assert sentence in shown.err
    assert "Traceback" not in shown.err


def test_debug_shows_where_an_error_came_from(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit), Boundary(Console(), debug=True):
        raise KeyError("x")
    assert "Traceback" in capsys.readouterr().err
