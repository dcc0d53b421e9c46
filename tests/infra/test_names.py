"""Names, ids and fields that stand in the infrastructure and in the code are the same."""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from converters import journal
from converters.model import Deferral, Outcome, Status
from converters.settings import Settings
from converters.trace import Trace
from tests.infra.bicep import INFRA, ROOT, load, parse
from tests.samples import request

if TYPE_CHECKING:
    from pathlib import Path

SHARED = ROOT.parent / "shared"
MAIN = parse(load()["main.bicep"])
LEAST = {"CONVERSION_STORAGE": "UseDevelopmentStorage=true"}
# The host and the SDKs read these.
PLATFORM = {
    "AZURE_CLIENT_ID",
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
}


def settings_of(text: str) -> set[str]:
    """Return the names of app settings that a text sets."""
    return set(re.findall(r"^\s+([A-Z][A-Za-z]*(?:_+\w+)+): ", text, re.MULTILINE))


def test_queues_and_table_are_those_that_the_code_defaults_to() -> None:
    queues, settings = MAIN.variables["queues"], Settings.from_mapping(LEAST)
    assert (queues["requests"], queues["results"]) == (
        settings.requests_queue, settings.results_queue,
    )  # fmt: skip
    assert (queues["quota"], queues["deadLetters"]) == (
        settings.quota_queue, settings.dead_letters_queue,
    )  # fmt: skip
    assert MAIN.variables["table"] == settings.ledger_table
    # The host's own name for it.
    assert MAIN.variables["poisonQueue"] == "'${queues.requests}-poison'"
    made = load()["modules/storage.bicep"]
    assert (
        "concat(map(items(queues), entry => string(entry.value)), ['${queues.requests}-poison'])"
        in made
    )


def test_every_app_setting_is_read_by_code_host_or_library() -> None:
    code = "".join(
        (ROOT / "converters" / name).read_text() for name in ("settings.py", "storage.py")
    )
    for name in settings_of(load()["modules/function.bicep"]) | settings_of(
        MAIN.modules["function"]["params"]["settings"]
    ):
        known = name in PLATFORM or name.startswith("AzureWebJobsStorage__")
        # The host's own part of a connection by identity.
        known = known or name == "CONVERSION_STORAGE__credential"
        assert known or f'"{name}"' in code, name


def test_settings_that_the_infrastructure_makes_are_valid() -> None:
    names = settings_of(MAIN.modules["function"]["params"]["settings"])
    assert names >= {"ALLOWED_EMAIL_DOMAINS", "LEDGER_TABLE", "REQUESTS_QUEUE", "TENANT_ID"}
    settings = Settings.from_mapping(
        {
            "CONVERSION_STORAGE__queueServiceUri": "https://store.queue.core.windows.net/",
            "CONVERSION_STORAGE__tableServiceUri": "https://store.table.core.windows.net/",
            "CONVERSION_STORAGE__clientId": "00000000-0000-4000-8000-000000000000",
            "GRAPH_BASE_URL": MAIN.parameters["graphBaseUrl"],
            "TENANT_ID": "00000000-0000-4000-8000-000000000001",
        }
    )
    assert settings.graph_needs_credential


def test_runtime_is_the_one_that_the_tests_run_the_worker_on() -> None:
    site = parse(load()["modules/function.bicep"]).resources["Microsoft.Web/sites"][0]
    version = site["properties"]["functionAppConfig"]["runtime"]["version"]
    assert f">={version}" in (ROOT / "pyproject.toml").read_text().replace(
        "python_version >= '", ">="
    )


def test_permissions_are_those_of_the_documentation() -> None:
    documented = json.loads((ROOT / "docs" / "permissions.json").read_text())
    text = load()["modules/graph-permissions.bicep"]
    needed = parse(text).variables["needed"]
    assert sorted(needed) == documented["needed"]
    optional = re.findall(r"\{ '([\w.]+)': '[0-9a-f-]{36}' \}", text)
    assert sorted(optional) == documented["optional"]
    script = (INFRA / "scripts" / "grant.sh").read_text()
    assert re.findall(r"^  ([A-Z][\w.]+)$", script, re.MULTILINE) == documented["needed"]


@pytest.mark.skipif(not SHARED.exists(), reason="the official permission ids are not here")
def test_permission_and_role_ids_are_the_official_ones() -> None:
    official = json.loads((SHARED / "reference" / "graph-permissions.json").read_text())
    text = load()["modules/graph-permissions.bicep"]
    for name, number in re.findall(r"'([A-Z][\w.]+)': '([0-9a-f-]{36})'", text):
        assert official["applicationPermissions"][name] == number
    assert official["graphServicePrincipalAppId"] in text
    facts = (SHARED / "reference" / "infra.md").read_text()
    roles = parse(load()["modules/roles.bicep"]).variables["roleIds"]
    for name, number in roles.items():
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).removeprefix("Storage ")
        assert re.search(
            rf"{words.replace('Queue Data Message', 'Queue Message')} {number}", facts
        ), name


def lines(caplog: pytest.LogCaptureFixture) -> dict[str, set[str]]:
    """Return the fields of the lines that the code logs, by the line's first word."""
    caplog.set_level(logging.INFO, logger="b2b_conversion")
    trace = Trace("00000000-0000-4000-8000-000000000000")
    journal.ended(Outcome("R-1", Status.FAILED), trace, 1)
    journal.ended(Deferral(request(), 1, "why"), trace, 1)
    journal.undone(ValueError(), trace, 1)
    journal.swept(0, 0, 0, 0)
    fields: dict[str, set[str]] = {}
    for record in caplog.records:
        word, _, text = record.getMessage().partition(" ")
        fields.setdefault(word, set()).update(json.loads(text))
    return fields


def test_alerts_and_workbook_ask_for_fields_that_are_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    logged = lines(caplog)
    alerts: list[dict[str, Any]] = parse(load()["modules/alerts.bicep"]).variables["alerts"]
    queries = [(alert["line"], alert["where"]) for alert in alerts]
    workbook = json.loads((INFRA / "workbook.json").read_text())
    texts = [item["content"]["query"] for item in workbook["items"] if "query" in item["content"]]
    queries += [(m[1], text) for text in texts if (m := re.search(r'startswith "(\w+) \{"', text))]
    assert len(queries) == len(alerts) + len(texts)
    for word, query in queries:
        asked = set(re.findall(r"\bline\.(\w+)", query))
        assert asked, query
        assert asked <= logged[word], query


def test_alerts_name_statuses_and_reasons_that_exist() -> None:
    text = load()["modules/alerts.bicep"]
    code = "".join(path.read_text() for path in (ROOT / "converters").rglob("*.py"))
    for name in re.findall(r'"(\w+)"', " ".join(re.findall(r"where: '(.*)'", text))):
        assert name in {*Status, "undone"} or f'"{name}"' in code, name


@pytest.mark.skipif(not SHARED.exists(), reason="the stand-in for the Bicep compiler is not here")
def test_stand_in_for_the_compiler_finds_nothing() -> None:
    checker = SHARED / "tools" / "bicepcheck.py"
    done = subprocess.run(
        [sys.executable, str(checker), str(INFRA)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def compiler() -> str | None:
    """Return the Bicep CLI, where there is one."""
    return os.environ.get("BICEP") or shutil.which("bicep")


@pytest.mark.skipif(
    compiler() is None, reason="no Bicep CLI here: set BICEP, or put it on the PATH"
)
@pytest.mark.parametrize("command", [["build", "--stdout"], ["lint"], ["build-params", "--stdout"]])
def test_compiler_finds_nothing(command: list[str], tmp_path: Path) -> None:
    name = "main.bicepparam" if "params" in command[0] else "main.bicep"
    done = subprocess.run(
        [compiler() or "", *command, str(INFRA / name)],
        cwd=tmp_path,
        env={**os.environ, "AZURE_ENV_NAME": "test"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
