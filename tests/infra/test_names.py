"""Names, ids and fields that stand in the infrastructure and in the code are the same."""

from __future__ import annotations

import json
import re

from converters.model.outcome import Status
from converters.settings.settings import Settings
from tests.infra.paths import INFRA, ROOT, sources
from tests.infra.snapshots import kept
from tests.infra.variants import GRANTS, PILOT
from tests.kql.logged import samples

PERMISSIONS = "graph/permissions.bicep"
# The host and the SDKs read these.
PLATFORM = {
    "AZURE_CLIENT_ID",
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    # The host's own part of a connection by identity.
    "CONVERSION_STORAGE__credential",
}


def names_of(kind: str) -> set[str]:
    """Return the names of the resources whose type ends so."""
    return {it.name for it in kept(PILOT) if it.kind.endswith(f"/{kind}")}


def app_settings() -> dict[str, str]:
    """Return the app settings, with a value for what only a deployment knows."""
    known = {
        r"\S+\)\.clientId\]": "00000000-0000-4000-8000-000000000000",
        r"\S+\)\.primaryEndpoints\.queue\]": "https://store.queue.core.windows.net/",
        r"\S+\)\.primaryEndpoints\.table\]": "https://store.table.core.windows.net/",
    }
    (config,) = (it for it in kept(PILOT) if it.kind == "Microsoft.Web/sites/config")
    settings = dict(config.body["properties"])
    for pattern, value in known.items():
        settings = {
            name: value if re.fullmatch(rf"\[reference.*{pattern}", text) else text
            for name, text in settings.items()
        }
    return settings


def test_queues_and_table_are_those_that_the_code_is_set_to() -> None:
    settings = Settings.from_mapping(app_settings())
    assert settings.graph_needs_credential
    assert names_of("queues") == {*settings.queues}
    assert names_of("tables") == {settings.ledger_table}


def test_settings_of_the_infrastructure_are_the_defaults_of_the_code() -> None:
    least = Settings.from_mapping({"CONVERSION_STORAGE": "UseDevelopmentStorage=true"})
    settings = Settings.from_mapping(app_settings())
    assert (settings.queues, settings.ledger_table) == (least.queues, least.ledger_table)


def test_every_app_setting_is_read_by_code_host_or_library() -> None:
    code = "".join(path.read_text() for path in (ROOT / "converters" / "settings").glob("*.py"))
    names = set(app_settings())
    assert names >= {"ALLOWED_EMAIL_DOMAINS", "LEDGER_TABLE", "REQUESTS_QUEUE", "TENANT_ID"}
    for name in names - PLATFORM:
        assert name.startswith("AzureWebJobsStorage__") or f'"{name}"' in code, name


def test_runtime_is_the_one_that_the_tests_run_the_worker_on() -> None:
    (site,) = (it for it in kept(PILOT) if it.kind == "Microsoft.Web/sites")
    version = site.body["properties"]["functionAppConfig"]["runtime"]["version"]
    assert f">={version}" in (ROOT / "pyproject.toml").read_text().replace(
        "python_version >= '", ">="
    )


def granted(name: str) -> set[tuple[str, str]]:
    """Return the permissions at Graph, and whose they are."""
    assert {it.kind for it in kept(name)} == {"Microsoft.Graph/appRoleAssignedTo"}
    return {(it.at("properties.principalId"), it.at("properties.appRoleId")) for it in kept(name)}


def test_permissions_are_those_of_the_documentation_by_their_official_ids() -> None:
    documented = json.loads((ROOT / "docs" / "permissions.json").read_text())
    needed, optional = documented["needed"], documented["optional"]
    text = sources()[PERMISSIONS]
    ids = dict(re.findall(r"'([A-Z][\w.-]+)': '([0-9a-f-]{36})'", text))
    least, everything, for_sponsors = map(granted, GRANTS)
    assert least == {("identity", ids[name]) for name in needed}
    assert everything == {("identity", ids[name]) for name in [*needed, *optional]}
    assert for_sponsors == {("identity", ids[it]) for it in [*needed, "User.ReadWrite.All"]}
    script = (INFRA / "scripts" / "grant.sh").read_text()
    assert re.findall(r"^  ([A-Z][\w.-]+)$", script, re.MULTILINE) == needed
    official = json.loads((ROOT / "tests" / "data" / "graph-permissions.json").read_text())
    assert ids == {name: official["applicationPermissions"][name] for name in ids}
    assert official["graphServicePrincipalAppId"] in text


def test_alerts_and_workbook_ask_for_fields_that_are_logged() -> None:
    logged = samples()
    queries = alert_queries()
    workbook = json.loads((INFRA / "workbook.json").read_text())
    texts = [item["content"]["query"] for item in workbook["items"] if "query" in item["content"]]
    assert len(queries) >= 5
    for query in [*queries, *texts]:
        (word,) = re.findall(r'startswith "(\w+) \{"', query)
        asked = set(re.findall(r"\bline\.(\w+)", query))
        assert asked or "where lines == 0" in query, query
        assert asked <= {*logged[word]}, query


def alert_queries() -> list[str]:
    """Return the queries of the alerts, as they would be deployed."""
    return [
        criterion["query"]
        for it in kept(PILOT)
        if it.kind == "Microsoft.Insights/scheduledQueryRules"
        for criterion in it.body["properties"]["criteria"]["allOf"]
    ]


def test_alerts_name_statuses_and_reasons_that_exist() -> None:
    code = "".join(path.read_text() for path in (ROOT / "converters").rglob("*.py"))
    named = {name for query in alert_queries() for name in re.findall(r'"(\w+)"', query)}
    assert named >= {"failed", "undone"}
    assert {name for name in named - {*Status, "undone"} if f'"{name}"' not in code} == set()


def test_alerts_watch_what_an_operator_must_know() -> None:
    watched = " ".join(alert_queries())
    for field in ("line.poison", "line.deadLetters", "line.oldestSeconds", "line.status"):
        assert field in watched
    actions = [
        it.body["properties"]["actions"]["actionGroups"]
        for it in kept(PILOT)
        if it.kind == "Microsoft.Insights/scheduledQueryRules"
    ]
    assert all(len(groups) == 1 for groups in actions)


def test_alerts_about_events_are_made_where_the_function_keeps_a_subscription() -> None:
    pilot, full = (
        {it.name for it in kept(name) if it.kind == "Microsoft.Insights/scheduledQueryRules"}
        for name in (PILOT, "full")
    )
    about = ("subscription-silence", "events-gap", "events-silence")
    assert full - pilot == {f"b2b-pilot-{name}" for name in about}
    assert pilot < full


def test_operators_settings_are_typed_as_the_settings_are() -> None:
    """Bicep takes exactly what the function reads and the deployment does not set itself."""
    text = sources()["modules/types.bicep"]
    (members,) = re.findall(r"type operatorSettingsType = \{\n(.*?)\n\}", text, re.DOTALL)
    typed = re.findall(r"^  ([A-Z_]+): ", members, re.MULTILINE)
    table = (ROOT / "docs" / "reference" / "settings.md").read_text()
    documented = {
        name
        for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
        for name in re.findall(r"`([A-Z_]+)`", row)
    }
    own = {*app_settings()} | {"CONVERSION_STORAGE"}
    assert {*typed} == documented - own
    assert typed
    for name in typed:
        assert re.search(rf"{name}: .*\?$", members, re.MULTILINE), f"{name} is not optional"


def test_what_is_kept_ready_is_the_function_that_takes_requests() -> None:
    (site,) = (it for it in kept("full") if it.kind == "Microsoft.Web/sites")
    (ready,) = site.at("properties.functionAppConfig.scaleAndConcurrency.alwaysReady")
    kind, _, name = ready["name"].partition(":")
    assert kind == "function"
    assert f"async def {name}(" in (ROOT / "function_app.py").read_text()
