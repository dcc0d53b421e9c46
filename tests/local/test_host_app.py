"""Loading an app, and what is refused with one message."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from local.host import App, StartError
from local.host.connections import connect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

HEAD = """
import azure.functions as func
app = func.FunctionApp()
"""
CONVERT = """
@app.queue_trigger(arg_name="msg", queue_name="%REQUESTS%", connection="STORAGE")
async def convert(msg: func.QueueMessage) -> None:
    pass
"""
TIMER = """
@app.timer_trigger(arg_name="timer", schedule="0 */5 * * * *")
async def sweep(timer: func.TimerRequest) -> None:
    pass
"""
ENVIRONMENT = {"REQUESTS": "requests"}


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], App]]:
    """Return a function that writes a function_app.py and loads it."""
    monkeypatch.setattr(sys, "path", list(sys.path))

    def load(source: str) -> App:
        (tmp_path / "function_app.py").write_text(source)
        return App.load(tmp_path, ENVIRONMENT)

    yield load
    sys.modules.pop("function_app", None)


def test_triggers_are_read_with_their_settings_resolved(load: Callable[[str], App]) -> None:
    sync = """
@app.function_name("other")
@app.queue_trigger(arg_name="item", queue_name="fixed", connection="")
def anything(item: func.QueueMessage) -> None:
    pass
"""
    app = load(HEAD + CONVERT + sync + TIMER)
    convert, other = app.functions
    assert (convert.name, convert.queue, convert.connection) == ("convert", "requests", "STORAGE")
    assert (convert.parameter, convert.is_async) == ("msg", True)
    assert (other.name, other.queue, other.connection) == ("other", "fixed", "AzureWebJobsStorage")
    assert (other.parameter, other.is_async) == ("item", False)
    (sweep,) = app.timers
    assert (sweep.name, sweep.parameter, sweep.schedule) == ("sweep", "timer", "0 */5 * * * *")


def test_modules_beside_the_app_are_found(load: Callable[[str], App], tmp_path: Path) -> None:
    (tmp_path / "beside_the_app.py").write_text("QUEUE = 'from-beside'")
    try:
        app = load("import beside_the_app\n" + HEAD + CONVERT.replace("%REQUESTS%", "queue"))
    finally:
        sys.modules.pop("beside_the_app", None)
    assert app.functions[0].queue == "queue"


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        (
            "import azure.functions\nraise KeyError('STORAGE')",
            "No job functions found: KeyError: 'STORAGE' (function_app.py, line 2)",
        ),
        ("import no_such_module", "No job functions found: ModuleNotFoundError: No module named"),
        ("def broken(:", "No job functions found: SyntaxError: "),
        ("x = 1", "No job functions found: function_app defines 0 FunctionApp objects, not 1."),
        (
            HEAD + "second = func.FunctionApp()",
            "No job functions found: function_app defines 2 FunctionApp objects, not 1.",
        ),
        (HEAD, "No job functions found: function_app defines no queue trigger."),
        (HEAD + TIMER, "No job functions found: function_app defines no queue trigger."),
        (HEAD + CONVERT + CONVERT, "No job functions found: ValueError: Function convert does not"),
        (
            HEAD + CONVERT.replace("%REQUESTS%", "%MISSING%"),
            "Function 'convert': its queue %MISSING% is not set.",
        ),
        (
            HEAD + CONVERT.replace("%REQUESTS%", "requests-poison"),
            "Function 'convert': a trigger on a poison queue (requests-poison) silently skips",
        ),
        (
            HEAD + CONVERT.replace("msg:", "message:"),
            "Function 'convert' takes (message), its trigger gives (msg).",
        ),
        (
            HEAD + CONVERT.replace(")\nasync", ", data_type='BINARY')\nasync"),
            "Function 'convert': this host passes text, not dataType BINARY.",
        ),
        (
            HEAD + "@app.queue_output('$return', 'out', 'STORAGE')" + CONVERT,
            "Function 'convert': this host plays queue triggers, not queue.",
        ),
        (
            HEAD + "@app.route('x')\ndef web(req: func.HttpRequest) -> None: ...",
            "Function 'web': this host plays queue triggers, not httpTrigger.",
        ),
    ],
)
def test_app_that_cannot_be_played_is_refused(
    load: Callable[[str], App], source: str, complaint: str
) -> None:
    with pytest.raises(StartError) as refusal:
        load(source)
    assert str(refusal.value).startswith(complaint)


def test_folder_without_an_app_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"there is no .*function_app\.py"):
        App.load(tmp_path, {})


async def test_connection_string_wins_over_a_service_uri(azurite: str) -> None:
    environment = {"STORAGE": azurite, "STORAGE__queueServiceUri": "https://never.example"}
    async with connect("STORAGE", environment) as client:
        assert client.primary_hostname.startswith("127.0.0.1")


@pytest.mark.parametrize(
    "more", [{}, {"STORAGE__credential": "managedIdentity", "STORAGE__clientId": "some-client"}]
)
async def test_service_uri_is_used_with_an_identity(more: dict[str, str]) -> None:
    environment = {"STORAGE__queueServiceUri": "https://account.queue.example", **more}
    async with connect("STORAGE", environment) as client:
        assert client.primary_hostname == "account.queue.example"
        await client.credential.close()


@pytest.mark.parametrize(
    ("environment", "complaint"),
    [
        ({}, "neither STORAGE nor STORAGE__queueServiceUri is set"),
        ({"STORAGE": "nonsense"}, "The connection string in STORAGE is malformed"),
        (
            {"STORAGE__queueServiceUri": "https://a.example", "STORAGE__credential": "key"},
            "STORAGE__credential must be managedidentity, not 'key'",
        ),
    ],
)
def test_connection_that_leads_nowhere_is_refused(
    environment: dict[str, str], complaint: str
) -> None:
    with pytest.raises(StartError, match=complaint):
        connect("STORAGE", environment)
