"""The app: imports ``function_app`` and reads its queue triggers.

Source: "Azure Functions Python developer guide" (programming model v2).
"""

from __future__ import annotations

import importlib.util
import inspect
import re
import sys
import traceback
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import azure.functions as func
from cronsim import CronSim, CronSimError

from local.host.errors import StartError
from local.host.triggers import QueueTrigger, TimerTrigger, Triggers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from types import ModuleType

DEFAULT_CONNECTION = "AzureWebJobsStorage"
POISON_SUFFIX = "-poison"


@dataclass(frozen=True, slots=True)
class Function:
    """One function.

    Attributes:
        name: the function's name.
        parameter: the name of the parameter that takes what the trigger gives.
        call: the function itself.
        is_async: it is ``async def``, so it runs on the event loop.
    """

    name: str
    parameter: str
    call: Callable[..., Any]
    is_async: bool


@dataclass(frozen=True, slots=True)
class QueueFunction(Function):
    """One function with a queue trigger.

    Attributes:
        queue: the queue's name, its ``%SETTING%`` resolved.
        connection: the name of the setting, or of the settings' prefix, that leads to the account.
    """

    queue: str
    connection: str


@dataclass(frozen=True, slots=True)
class TimerFunction(Function):
    """One function with a timer trigger.

    Attributes:
        schedule: an NCRONTAB expression of six fields, its ``%SETTING%`` resolved.
    """

    schedule: str


class App(NamedTuple):
    """What the app holds: the functions to play."""

    functions: tuple[QueueFunction, ...]
    timers: tuple[TimerFunction, ...]

    @property
    def triggers(self) -> Triggers:
        """What the host has to know of the app."""
        return Triggers(
            tuple(QueueTrigger(it.name, it.queue, it.connection) for it in self.functions),
            tuple(TimerTrigger(it.name, it.schedule) for it in self.timers),
        )

    @classmethod
    def load(cls, folder: Path, environment: Mapping[str, str]) -> App:
        """Import ``function_app`` from a folder and read its triggers.

        Raises:
            StartError: it cannot be imported, defines no functions, or one this host cannot play.
        """
        try:
            module = _import(folder)
            functions = _find_app(module).get_functions()
        except StartError:
            raise
        except Exception as error:  # the app's own code may raise anything while it is imported
            raise StartError(f"No job functions found: {_where(error, folder)}") from error
        return cls.read(functions, environment)

    @classmethod
    def read(cls, functions: Iterable[Any], environment: Mapping[str, str]) -> App:
        """Read the triggers of an app's ``get_functions()``.

        Raises:
            StartError: there is none, or one that this host cannot play.
        """
        timers: list[TimerFunction] = []
        queues: list[QueueFunction] = []
        for function in functions:
            bindings = function.get_bindings_dict()["bindings"]
            if [binding["type"] for binding in bindings] == ["timerTrigger"]:
                timers.append(_timer_function(function, bindings[0], environment))
            else:
                queues.append(_queue_function(function, bindings, environment))
        if not queues:
            raise StartError("No job functions found: function_app defines no queue trigger.")
        return cls(tuple(queues), tuple(timers))


def _import(folder: Path) -> ModuleType:
    path = folder / "function_app.py"
    if not path.is_file():
        raise StartError(f"No job functions found: there is no {path}.")
    # What the app imports lies beside it, as in the worker.
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    spec = importlib.util.spec_from_file_location("function_app", path)
    if spec is None or spec.loader is None:  # pragma: no cover - a .py file always has one
        raise StartError(f"No job functions found: {path} is not a Python module.")
    module = importlib.util.module_from_spec(spec)
    sys.modules["function_app"] = module
    spec.loader.exec_module(module)
    return module


def _find_app(module: ModuleType) -> Any:  # noqa: ANN401 (the library's class is untyped)
    apps = [value for value in vars(module).values() if isinstance(value, func.FunctionRegister)]
    if len(apps) != 1:
        raise StartError(
            f"No job functions found: function_app defines {len(apps)} FunctionApp objects, not 1."
        )
    return apps[0]


def _queue_function(
    function: Any,  # noqa: ANN401 (the library's class is untyped)
    bindings: list[dict[str, Any]],
    environment: Mapping[str, str],
) -> QueueFunction:
    name, trigger = function.get_function_name(), bindings[0]
    others = [binding["type"] for binding in bindings if binding["type"] != "queueTrigger"]
    if others:
        raise StartError(f"Function '{name}': this host plays queue triggers, not {others[0]}.")
    data_type = getattr(trigger.get("dataType"), "name", "UNDEFINED")
    if data_type not in {"UNDEFINED", "STRING"}:
        raise StartError(f"Function '{name}': this host passes text, not dataType {data_type}.")
    return QueueFunction(
        *_called(function, trigger),
        queue=_queue_name(name, trigger["queueName"], environment),
        connection=trigger.get("connection") or DEFAULT_CONNECTION,
    )


def _timer_function(
    function: Any,  # noqa: ANN401 (the library's class is untyped)
    trigger: dict[str, Any],
    environment: Mapping[str, str],
) -> TimerFunction:
    name = function.get_function_name()
    schedule = _resolved(name, "schedule", trigger["schedule"], environment)
    if len(schedule.split()) != 6:  # noqa: PLR2004
        raise StartError(f"Function '{name}': {schedule!r} is no schedule of six fields.")
    try:
        CronSim(schedule, datetime.now(UTC))
    except CronSimError as error:
        raise StartError(f"Function '{name}': {schedule!r} is no schedule: {error}.") from error
    return TimerFunction(*_called(function, trigger), schedule=schedule)


def _called(
    function: Any,  # noqa: ANN401 (the library's class is untyped)
    trigger: dict[str, Any],
) -> tuple[str, str, Callable[..., Any], bool]:
    name, call = function.get_function_name(), function.get_user_function()
    parameters = list(inspect.signature(call).parameters)
    if parameters != [trigger["name"]]:
        raise StartError(
            f"Function '{name}' takes ({', '.join(parameters)}), its trigger gives "
            f"({trigger['name']})."
        )
    return name, trigger["name"], call, inspect.iscoroutinefunction(call)


def _resolved(function: str, what: str, text: str, environment: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        if match[1] not in environment:
            raise StartError(f"Function '{function}': its {what} %{match[1]}% is not set.")
        return environment[match[1]]

    return re.sub("%([^%]+)%", value, text)


def _queue_name(function: str, name: str, environment: Mapping[str, str]) -> str:
    queue = _resolved(function, "queue", name, environment)
    if queue.endswith(POISON_SUFFIX):
        raise StartError(
            f"Function '{function}': a trigger on a poison queue ({queue}) silently skips messages "
            "in the real host; read it from a timer instead."
        )
    return queue


def _where(error: Exception, folder: Path) -> str:
    """Say what was raised and in which of the app's own lines."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(folder)
    ]
    place = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{place}"
