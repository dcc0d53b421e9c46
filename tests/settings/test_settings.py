"""Settings: defaults, and every problem named at once."""

from __future__ import annotations

from operator import attrgetter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from converters.model.errors import SettingsInvalid
from converters.settings.editions import AddressProperty
from converters.settings.settings import Settings
from converters.settings.storage_account import Storage

LEAST = {"CONVERSION_STORAGE": "UseDevelopmentStorage=true"}
TENANT = "55555555-EEEE-4eee-8eee-555555555555"


def problems(**keys: str) -> str:
    with pytest.raises(SettingsInvalid) as caught:
        Settings.from_mapping(LEAST | keys)
    return str(caught.value)


NUMBERS = [
    ("TENANT_FACTS_SECONDS", "facts_seconds", 300, 0, 3600),
    ("INVOCATION_SECONDS", "invocation_seconds", 90, 5, 240),
    ("SETTLE_SECONDS", "settle_seconds", 300, 0, 3600),
    ("RETRY_HOURS", "retry_hours", 24, 0, 168),
    ("RETRY_BASE_SECONDS", "retry_base_seconds", 5, 1, 300),
    ("EVENT_QUIET_SECONDS", "events.quiet_seconds", 300, 0, 3600),
    ("STALE_AFTER_DAYS", "follow_up.stale_days", 30, 1, 365),
    ("LEDGER_DAYS", "follow_up.ledger_days", 400, 0, 3650),
]


@pytest.mark.parametrize(("key", "name", "default", "least", "most"), NUMBERS)
def test_number_has_its_default_and_its_bounds(
    key: str, name: str, default: int, least: int, most: int
) -> None:
    # A schedule that never ends contradicts no number of days.
    off = {"FOLLOW_UP_SCHEDULE": "off", "SETTLE_SECONDS": "300"}
    assert attrgetter(name)(Settings.from_mapping(LEAST | off)) == default
    for value in (least, most):
        keys = LEAST | off | {key: str(value)}
        assert attrgetter(name)(Settings.from_mapping(keys)) == value
    for value in (least - 1, most + 1):
        assert key in problems(**off | {key: str(value)})


def test_least_settings_allow_nobody_and_ask_microsoft() -> None:
    settings = Settings.from_mapping(LEAST)
    assert not settings.allowed_email_domains
    assert settings.graph_base_url == "https://graph.microsoft.com"
    assert settings.graph_needs_credential
    assert (settings.requests_queue, settings.results_queue) == (
        "conversion-requests",
        "conversion-results",
    )
    assert settings.poison_queue == "conversion-requests-poison"
    assert settings.address_property is AddressProperty.BY_ORIGIN
    assert settings.redirect_url_hosts == {"myapps.microsoft.com", "teams.microsoft.com"}
    assert not settings.paused
    assert not settings.allow_custom_text
    assert settings.daily_limit is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("CONVERSION_STORAGE", ""),
        ("CONVERSION_STORAGE", "nonsense"),
        ("CONVERSION_STORAGE__queueServiceUri", "http://store.queue.example"),
        ("CONVERSION_STORAGE__clientId", "x"),
        ("REQUESTS_QUEUE", "Upper"),
        ("RESULTS_QUEUE", "a--b"),
        ("QUOTA_QUEUE", "x"),
        ("LEDGER_TABLE", "a-b"),
        ("LEDGER_TABLE", "1ab"),
        ("SWEEP_SCHEDULE", "*/5 * * * *"),
        ("SETTLE_SECONDS", "3601"),
        ("EVENT_QUIET_SECONDS", "3601"),
        ("EVENT_OUTCOMES", "some"),
        ("EVENT_OUTCOMES", "ALL"),
        ("EVENTS_CLIENT_STATE", "x" * 129),
        ("EVENTS_CLIENT_STATE", "a\nb"),
        ("RETRY_HOURS", "169"),
        ("RETRY_BASE_SECONDS", "0"),
        ("DEAD_LETTERS_QUEUE", "conversion-requests-poison"),
        ("GRAPH_BASE_URL", "http://graph.microsoft.com"),
        ("GRAPH_BASE_URL", "https://evil.example"),
        ("GRAPH_BASE_URL", "https://graph.microsoft.com@evil.example"),
        ("GRAPH_BASE_URL", "https://graph.microsoft.com/beta"),
        ("GRAPH_BASE_URL", "http://127.0.0.1:1/path"),
        ("ALLOWED_EMAIL_DOMAINS", "partner.example, no domain"),
        ("EXTERNAL_ADDRESS_PROPERTY", "both"),
        ("RULES_AS_WARNINGS", "accountDisabled"),
        ("INVITE_REDIRECT_URL", "http://myapps.microsoft.com"),
        ("TENANT_ID", "contoso"),
        ("PROTECTED_IDS", "admins"),
        ("CONVERTIBLE_GROUP_ID", "partners"),
        ("ALLOW_CUSTOM_TEXT", "yes"),
        ("CONVERSIONS_PAUSED", "1"),
        ("READ_INVITATION_DOMAINS", "on"),
        ("DAILY_LIMIT", "-1"),
        ("DAILY_LIMIT", "many"),
        ("DAILY_LIMIT", "0"),
        ("REDIRECT_URL_HOSTS", "https://myapps.microsoft.com"),
        ("CONVERSION_STORAGE__queueServiceUri", "https://[store"),
        ("CONVERSION_STORAGE__queueServiceUri", "http://127.0.0.1:queue"),
        ("CONVERSION_STORAGE__queueServiceUri", "https://"),
        ("REQUESTS_QUEUE", "a" * 64),
        ("GRAPH_BASE_URL", "https://[graph"),
        ("GRAPH_BASE_URL", "https://graph\u2100.example"),
        ("GRAPH_BASE_URL", "https://graph.microsoft.com?x=1"),
        ("GRAPH_BASE_URL", "https://graph.microsoft.com#x"),
        ("GRAPH_BASE_URL", "https://graph.microsoft.com.evil.example/v1.0"),
        ("GRAPH_BASE_URL", "http://127.0.0.1:graph"),
        ("GRAPH_BASE_URL", "http://127.0.0.1.evil.example"),
        ("INVITE_REDIRECT_URL", "https://[myapps"),
        ("INVITE_REDIRECT_URL", "https:///path"),
        ("DAILY_LIMIT", "9" * 5000),
        ("DAILY_LIMIT", "1000001"),
        ("DAILY_LIMIT", "\u00b2"),
        ("TENANT_FACTS_SECONDS", "-1"),
        ("TENANT_FACTS_SECONDS", "1.5"),
        ("INVOCATION_SECONDS", "241"),
        ("TENANT_FACTS_SECONDS", "3601"),
        ("INVOCATION_SECONDS", "4"),
    ],
)
def test_malformed_setting_is_named(key: str, value: str) -> None:
    assert key in problems(**{key: value})


def test_every_problem_is_named_in_one_error() -> None:
    text = problems(
        CONVERSION_STORAGE="", TENANT_ID="x", DAILY_LIMIT="x", GRAPH_BASE_URL="http://x.example"
    )
    for key in ("CONVERSION_STORAGE", "TENANT_ID", "DAILY_LIMIT", "GRAPH_BASE_URL"):
        assert key in text


def test_one_queue_cannot_serve_two_purposes() -> None:
    assert "must differ" in problems(RESULTS_QUEUE="conversion-requests")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8085", "http://localhost:1/v1.0", "http://[::1]:80/"]
)
def test_plain_http_is_taken_on_loopback_without_a_credential(url: str) -> None:
    settings = Settings.from_mapping(LEAST | {"GRAPH_BASE_URL": url})
    assert not settings.graph_needs_credential
    assert not settings.graph_base_url.endswith(("/", "/v1.0"))


@pytest.mark.parametrize(
    "host",
    [
        "graph.microsoft.com",
        "graph.microsoft.us",
        "dod-graph.microsoft.us",
        "microsoftgraph.chinacloudapi.cn",
    ],
)
def test_every_cloud_of_microsofts_is_taken(host: str) -> None:
    settings = Settings.from_mapping(LEAST | {"GRAPH_BASE_URL": f"https://{host}/v1.0"})
    assert settings.graph_base_url == f"https://{host}"
    assert settings.graph_needs_credential


def test_connection_string_wins_over_the_identity() -> None:
    uri = {
        "CONVERSION_STORAGE__queueServiceUri": "https://store.queue.core.windows.net/",
        "CONVERSION_STORAGE__tableServiceUri": "https://store.table.core.windows.net/",
    }
    assert Settings.from_mapping(uri).storage == Storage(
        None, "https://store.queue.core.windows.net", "https://store.table.core.windows.net"
    )
    assert Settings.from_mapping(LEAST | uri).storage.queue_service_uri is None


def test_tenant_id_makes_the_redirect_url() -> None:
    settings = Settings.from_mapping(LEAST | {"TENANT_ID": TENANT})
    assert settings.redirect_url == f"https://myapps.microsoft.com/?tenantId={TENANT.lower()}"


def test_lists_are_read_without_regard_to_case_and_space() -> None:
    settings = Settings.from_mapping(
        LEAST
        | {
            "PROTECTED_IDS": f" {TENANT} , ",
            "RULES_AS_WARNINGS": "MailboxAssigned",
            "REDIRECT_URL_HOSTS": "Portal.Contoso.example",
        }
    )
    assert settings.protected_ids == {TENANT.lower()}
    assert settings.lowered_rules == {"mailboxAssigned"}
    assert settings.redirect_url_hosts == {"portal.contoso.example"}


EVERY_KEY_WRONG = {
    "CONVERSION_STORAGE": "nonsense",
    "CONVERSION_STORAGE__queueServiceUri": "http://store.example",
    "CONVERSION_STORAGE__clientId": "x",
    "REQUESTS_QUEUE": "Upper",
    "RESULTS_QUEUE": "a--b",
    "QUOTA_QUEUE": "x",
    "GRAPH_BASE_URL": "https://evil.example",
    "ALLOWED_EMAIL_DOMAINS": "no domain",
    "EXTERNAL_ADDRESS_PROPERTY": "both",
    "RULES_AS_WARNINGS": "accountDisabled",
    "INVITE_REDIRECT_URL": "http://myapps.microsoft.com",
    "REDIRECT_URL_HOSTS": "localhost",
    "TENANT_ID": "contoso",
    "PROTECTED_IDS": "admins",
    "CONVERTIBLE_GROUP_ID": "partners",
    "READ_INVITATION_DOMAINS": "on",
    "CONVERSIONS_PAUSED": "1",
    "ALLOW_CUSTOM_TEXT": "yes",
    "DAILY_LIMIT": "0",
    "TENANT_FACTS_SECONDS": "x",
    "INVOCATION_SECONDS": "0",
}


def test_every_malformed_key_has_one_sentence_of_its_own() -> None:
    with pytest.raises(SettingsInvalid) as caught:
        Settings.from_mapping(EVERY_KEY_WRONG)
    first_words = [problem.split()[0] for problem in caught.value.problems]
    assert sorted(first_words) == sorted(EVERY_KEY_WRONG)


def test_missing_storage_names_both_ways_to_set_it() -> None:
    with pytest.raises(SettingsInvalid, match="CONVERSION_STORAGE__queueServiceUri"):
        Settings.from_mapping({})


@pytest.mark.parametrize("key", ["REQUESTS_QUEUE", "RESULTS_QUEUE", "QUOTA_QUEUE"])
def test_no_two_purposes_share_a_queue(key: str) -> None:
    others = {"REQUESTS_QUEUE": "same", "RESULTS_QUEUE": "same", "QUOTA_QUEUE": "same"}
    del others[key]
    assert "must differ" in problems(**others)


@pytest.mark.parametrize(
    ("key", "least", "most"), [("TENANT_FACTS_SECONDS", 0, 3600), ("INVOCATION_SECONDS", 5, 240)]
)
def test_bounds_themselves_are_taken(key: str, least: int, most: int) -> None:
    for bound in (least, most):
        settings = Settings.from_mapping(LEAST | {key: str(bound)})
        assert bound in {settings.facts_seconds, settings.invocation_seconds}


def test_daily_limit_is_taken_up_to_a_million() -> None:
    for limit in (1, 1_000_000):
        assert Settings.from_mapping(LEAST | {"DAILY_LIMIT": str(limit)}).daily_limit == limit


def test_rules_that_cannot_be_lowered_are_all_named() -> None:
    text = problems(RULES_AS_WARNINGS="mailboxAssigned, nope, holdsDirectoryRole")
    assert "nope" in text
    assert "holdsdirectoryrole" in text


def test_identity_reaches_storage_with_its_client_id() -> None:
    keys = {
        "CONVERSION_STORAGE__queueServiceUri": "https://store.queue.core.windows.net",
        "CONVERSION_STORAGE__tableServiceUri": "https://store.table.core.windows.net",
        "CONVERSION_STORAGE__clientId": TENANT,
    }
    assert Settings.from_mapping(keys).storage == Storage(
        None,
        "https://store.queue.core.windows.net",
        "https://store.table.core.windows.net",
        TENANT.lower(),
    )


def problems_of(keys: dict[str, str]) -> tuple[str, ...]:
    """Return what is wrong with the settings, which may be nothing."""
    try:
        Settings.from_mapping(keys)
    except SettingsInvalid as invalid:
        return invalid.problems
    return ()


@given(st.sampled_from(sorted(EVERY_KEY_WRONG)), st.text(max_size=60))
def test_any_text_is_a_setting_or_is_named(key: str, text: str) -> None:
    found = problems_of(LEAST | {key: text})
    assert [problem for problem in found if key.partition("__")[0] not in problem] == []


@given(
    st.sampled_from(
        ["GRAPH_BASE_URL", "INVITE_REDIRECT_URL", "CONVERSION_STORAGE__queueServiceUri"]
    ),
    st.text(alphabet="[]:/@?#%.a1\u2100", max_size=12),
)
def test_any_url_is_a_setting_or_is_named(key: str, rest: str) -> None:
    found = problems_of(LEAST | {key: f"https://{rest}"})
    assert [problem.split()[0] for problem in found] == [key] * len(found)


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({"REQUESTS_QUEUE": "q" * 57}, "REQUESTS_QUEUE must have at most 56 characters"),
        ({"RESULTS_QUEUE": "azure-webjobs-hosts"}, "RESULTS_QUEUE must not begin with"),
        ({"LEDGER_TABLE": "Tables"}, "LEDGER_TABLE must not be Tables"),
        ({"LEDGER_TABLE": "AzureFunctionsDiagnosticEvents"}, "LEDGER_TABLE must not be"),
        ({"LEDGER_TABLE": "AzureWebJobsHostLogs"}, "LEDGER_TABLE must not be"),
        ({"INVITE_REDIRECT_URL": "https://portal.example/"}, "one of REDIRECT_URL_HOSTS"),
        ({"INVITE_REDIRECT_URL": "https://myapps.microsoft.com:8443"}, "REDIRECT_URL_HOSTS"),
        *(
            ({"INVITE_REDIRECT_URL": f"https://myapps.microsoft.com/a{odd}b"}, "REDIRECT_URL_HOSTS")
            for odd in ("\u00e9", " ", "\t", "\x00", "\\")
        ),
        ({"INVITE_REDIRECT_URL": "https://a@myapps.microsoft.com/"}, "REDIRECT_URL_HOSTS"),
        ({"INVITE_REDIRECT_URL": "https://:a@myapps.microsoft.com/"}, "REDIRECT_URL_HOSTS"),
        ({"SWEEP_SCHEDULE": "*/5 * * * *"}, "SWEEP_SCHEDULE must be an NCRONTAB"),
        *(
            ({"SWEEP_SCHEDULE": schedule}, "SWEEP_SCHEDULE must be an NCRONTAB")
            for schedule in (
                "60 * * * * *",
                "* 60 * * * *",
                "* * 24 * * *",
                "* * * 32 * *",
                "* * * 0 * *",
                "* * * * 13 *",
                "* * * * 0 *",
                "* * * * * 7",
                "0 0 0 32 1 0",
            )
        ),
        (
            {"CONVERTIBLE_GROUP_ID": TENANT, "PROTECTED_IDS": TENANT.lower()},
            "CONVERTIBLE_GROUP_ID must not be one of PROTECTED_IDS",
        ),
        (
            {"MAIL_SENDER": "invitations@contoso.example", "MAIL_ORGANISATION": "Contoso"},
            "TENANT_ID must be set where MAIL_SENDER is",
        ),
    ],
)
def test_setting_that_could_not_work_stops_the_start(keys: dict[str, str], problem: str) -> None:
    assert problem in problems(**keys)


@pytest.mark.parametrize(
    "keys",
    [
        {"REQUESTS_QUEUE": "q" * 56},
        {"LEDGER_TABLE": "tables2"},
        {"SWEEP_SCHEDULE": "59 0-59 23 1,31 JAN-DEC 1-5"},
        {"SWEEP_SCHEDULE": "59 59 23 31 12 6"},
        {"SWEEP_SCHEDULE": "0 0 0 1 1 0"},
        {"INVITE_REDIRECT_URL": "https://portal.example/x", "REDIRECT_URL_HOSTS": "portal.example"},
        {"REDIRECT_URL_HOSTS": "portal.example"},
        {"INVITE_REDIRECT_URL": "https://myapps.microsoft.com:443/"},
    ],
)
def test_setting_at_the_edge_of_what_works_is_taken(keys: dict[str, str]) -> None:
    assert problems_of(LEAST | keys) == ()


def test_edition_decides_where_the_address_stands_unless_the_operator_says() -> None:
    def property_of(**keys: str) -> str:
        return Settings.from_mapping(LEAST | keys).address_property

    assert property_of() == "byOrigin"
    assert property_of(RULES_EDITION="2020") == "byOrigin"
    assert property_of(RULES_EDITION="current") == "mail"
    kept = {"RULES_EDITION": "current", "EXTERNAL_ADDRESS_PROPERTY": "byOrigin"}
    assert property_of(**kept) == "byOrigin"
    assert "RULES_EDITION must be 2020 or current" in problems(RULES_EDITION="2021")


@pytest.mark.parametrize(("hours", "consent"), [("0", 0), ("1", 26), ("26", 26), ("48", 48)])
def test_f15_consent_is_waited_for_longer_than_a_token_lives(hours: str, consent: int) -> None:
    assert Settings.from_mapping(LEAST | {"RETRY_HOURS": hours}).consent_hours == consent
