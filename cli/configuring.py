"""Where the settings come from: the environment, a ``.env`` file, azd, or the local world."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.ending import WrongCall

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LOCAL_WORLD = ".local-world.json"
_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*")
_STORAGE = "CONVERSION_STORAGE"
_QUEUES, _TABLES = f"{_STORAGE}__queueServiceUri", f"{_STORAGE}__tableServiceUri"
_AZD_SECONDS = 60


def environment(*, local: bool, env_file: Path | None) -> Mapping[str, str]:
    """Return the settings' keys; what the environment has goes before a file, a file before azd.

    Raises:
        WrongCall: the file or the local world that was asked for is not there.
    """
    if local:
        return _local_world()
    given = dict(os.environ)
    if env_file or Path(".env").is_file():
        given = {**_file(env_file or Path(".env")), **given}
    if any(given.get(key) for key in (_STORAGE, _QUEUES)):
        return given
    return {**_from_azd(), **given}


def parsed(lines: Iterable[str]) -> dict[str, str]:
    """Read lines of ``KEY=value``, as ``.env`` files and ``azd env get-values`` have them."""
    found = {}
    for line in lines:
        match = _LINE.fullmatch(line)
        if match:
            found[match[1]] = _value(match[2])
    return found


def _value(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] == '"':
        try:
            return str(json.loads(text))
        except ValueError:
            return text[1:-1]
    if len(text) > 1 and text[0] == text[-1] == "'":
        return text[1:-1]
    return re.split(r"\s#", text, maxsplit=1)[0].rstrip()


def _file(path: Path) -> dict[str, str]:
    try:
        return parsed(path.read_text(encoding="utf-8-sig").splitlines())
    except UnicodeDecodeError:
        raise WrongCall(f"{path} is not UTF-8 text.") from None
    except OSError as error:
        raise WrongCall(f"--env-file {path}: {error.strerror}.") from None


def _local_world() -> Mapping[str, str]:
    here = Path.cwd()
    for folder in (here, *here.parents):
        path = folder / LOCAL_WORLD
        if path.is_file():
            try:
                return {str(key): str(value) for key, value in json.loads(path.read_text()).items()}
            except (ValueError, AttributeError):
                raise WrongCall(f"{path} cannot be read: run `make start` anew.") from None
    raise WrongCall(
        "No local world is running here: run `make start` in the repository, and b2b --local in"
        " that folder or below it."
    )


def _from_azd() -> dict[str, str]:
    """Ask azd for the values of its environment; none where it has none."""
    azd = shutil.which("azd")
    if azd is None:
        return {}
    try:
        answer = subprocess.run(  # noqa: S603 - the operator's own azd
            [azd, "env", "get-values", "--no-prompt"],
            capture_output=True,
            text=True,
            check=True,
            stdin=subprocess.DEVNULL,
            timeout=_AZD_SECONDS,
        )
    except (OSError, subprocess.SubprocessError):
        return {}
    return with_outputs(parsed(answer.stdout.splitlines()))


def with_outputs(values: Mapping[str, str]) -> dict[str, Any]:
    """Add the settings that the deployment's outputs stand for."""
    queues = values.get("queueServiceUri", "")
    if not queues:
        return dict(values)
    # The two differ in one label, in every cloud.
    tables = queues.replace(".queue.", ".table.", 1)
    return {_QUEUES: queues, _TABLES: tables, **values}
