"""One frozen Settings from a mapping; every missing or malformed key is named at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from converters.model.errors import SettingsInvalid
from converters.settings.events import Events, read_events
from converters.settings.follow_up import FollowUpSettings, read_follow_up
from converters.settings.keys import KeyReader
from converters.settings.mail import MailSettings, read_mail
from converters.settings.reader import LONGEST_QUEUE_NAME, POISON, leads_to
from converters.settings.routes import Route, read_routes
from converters.settings.storage_account import Storage, read_storage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from converters.model.addresses import DomainList
    from converters.settings.editions import AddressProperty, RulesEdition

# A managed identity's token keeps the permissions of its issue for up to a day ("Managed identities
# for Azure resources: known limitations"): who gives consent must not find the requests gone.
CONSENT_HOURS = 26


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything an operator can set.

    Attributes:
        storage: where the queues are.
        graph_base_url: Graph's root, without a version.
        graph_needs_credential: false for the emulator on loopback alone.
        allowed_email_domains: domains a person may be invited from; empty allows nobody.
        rules_edition: which edition of Microsoft's article decides what refuses.
        address_property: where the external address has to stand on the user.
        lowered_rules: codes of rules that warn in place of refusing.
        redirect_url: where a person lands after redeeming, unless the request says.
        redirect_url_hosts: hosts a request may name for that.
        protected_ids: users and groups whose members are never converted.
        convertible_group_id: the group whose members alone may be converted.
        read_invitation_domains: whether to read the tenant's own list of domains (beta at Graph).
        paused: the kill switch: requests wait.
        daily_limit: invitations per day (UTC), ``None`` for no limit.
        quota_queue: the queue that counts them; used with a limit alone.
        allow_custom_text: whether a request's own text may go into the mail.
        tenant_id: this tenant's id, for the links in next steps and for whose events count.
        facts_seconds: how long tenant and domain facts are kept.
        invocation_seconds: the time limit of one invocation, below the host's functionTimeout.
        dead_letters_queue: where messages are kept that every try failed on.
        sweep_schedule: when the poison queue is looked at, an NCRONTAB expression.
        ledger_table: the table that says who is being converted, by which request.
        settle_seconds: how long Graph's replicas may lag behind a write.
        retry_hours: for how long a request waits that meets an outage or a missing permission.
        retry_base_seconds: the first such wait, at most; it doubles from there.
        events: how the directory's events are taken.
        follow_up: of the time after the invitation.
        mail: of the service's own invitation mail; ``None`` leaves the mail to Microsoft.
    """

    storage: Storage
    events: Events
    requests_queue: str
    results_queue: str
    results_routes: tuple[Route, ...]
    dead_letters_queue: str
    sweep_schedule: str
    ledger_table: str
    settle_seconds: int
    retry_hours: int
    retry_base_seconds: int
    follow_up: FollowUpSettings
    graph_base_url: str
    graph_needs_credential: bool
    allowed_email_domains: DomainList
    rules_edition: RulesEdition
    address_property: AddressProperty
    lowered_rules: frozenset[str]
    redirect_url: str
    redirect_url_hosts: frozenset[str]
    protected_ids: frozenset[str]
    convertible_group_id: str | None
    read_invitation_domains: bool
    paused: bool
    daily_limit: int | None
    quota_queue: str
    allow_custom_text: bool
    tenant_id: str | None
    facts_seconds: int
    invocation_seconds: int
    mail: MailSettings | None

    @property
    def doubt_seconds(self) -> int:
        """How long nobody can tell whether an invitation was made whose answer did not come."""
        return max(self.settle_seconds, self.invocation_seconds)

    @property
    def consent_hours(self) -> int:
        """How long a request waits for a permission; 0 where it does not wait at all."""
        return max(self.retry_hours, CONSENT_HOURS) if self.retry_hours else 0

    @property
    def poison_queue(self) -> str:
        """Where the host puts a message that every try failed on; the name is the host's."""
        return f"{self.requests_queue}{POISON}"

    @property
    def queues(self) -> tuple[str, ...]:
        """Every queue that has to exist."""
        return (
            self.requests_queue,
            self.poison_queue,
            self.results_queue,
            *(route.queue for route in self.results_routes),
            self.quota_queue,
            self.dead_letters_queue,
            self.follow_up.queue,
            self.follow_up.poison_queue,
        )

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, str]) -> Settings:
        """Read the settings; see README for each key's meaning and default.

        Raises:
            SettingsInvalid: naming every key that is missing or malformed.
        """
        read = KeyReader(mapping)
        graph_base_url, needs_credential = read.graph_base_url()
        edition = read.rules_edition()
        tenant_id = read.guid("TENANT_ID")
        settings = cls(
            storage=read_storage(read),
            events=read_events(read),
            requests_queue=read.queue("REQUESTS_QUEUE", "conversion-requests"),
            results_queue=read.queue("RESULTS_QUEUE", "conversion-results"),
            results_routes=read_routes(read),
            graph_base_url=graph_base_url,
            graph_needs_credential=needs_credential,
            allowed_email_domains=read.domains("ALLOWED_EMAIL_DOMAINS"),
            rules_edition=edition,
            address_property=read.address_property(edition),
            lowered_rules=read.lowered_rules(),
            redirect_url=read.redirect_url(tenant_id),
            redirect_url_hosts=read.hosts(
                "REDIRECT_URL_HOSTS", "myapps.microsoft.com,teams.microsoft.com"
            ),
            protected_ids=read.guids("PROTECTED_IDS"),
            convertible_group_id=read.guid("CONVERTIBLE_GROUP_ID"),
            read_invitation_domains=read.switch("READ_INVITATION_DOMAINS"),
            paused=read.switch("CONVERSIONS_PAUSED"),
            daily_limit=read.limit("DAILY_LIMIT"),
            quota_queue=read.queue("QUOTA_QUEUE", "conversion-quota"),
            allow_custom_text=read.switch("ALLOW_CUSTOM_TEXT"),
            tenant_id=tenant_id,
            facts_seconds=read.whole("TENANT_FACTS_SECONDS", 300, 0, 3600),
            invocation_seconds=read.whole("INVOCATION_SECONDS", 90, 5, 240),
            dead_letters_queue=read.queue("DEAD_LETTERS_QUEUE", "conversion-dead-letters"),
            sweep_schedule=read.schedule("SWEEP_SCHEDULE", "0 */5 * * * *"),
            ledger_table=read.table("LEDGER_TABLE", "conversions"),
            settle_seconds=read.whole("SETTLE_SECONDS", 300, 0, 3600),
            retry_hours=read.whole("RETRY_HOURS", 24, 0, 168),
            retry_base_seconds=read.whole("RETRY_BASE_SECONDS", 5, 1, 300),
            follow_up=read_follow_up(read),
            mail=read_mail(read),
        )
        read.problems += _contradictions(settings, read)
        if read.problems:
            raise SettingsInvalid(read.problems)
        return settings


def _contradictions(settings: Settings, read: KeyReader) -> list[str]:
    """Return what is wrong with settings that are well-formed each for itself."""
    problems: list[str] = []
    if len(settings.poison_queue) > LONGEST_QUEUE_NAME:
        problems.append(
            f"REQUESTS_QUEUE must have at most {LONGEST_QUEUE_NAME - len(POISON)} characters:"
            f" the host adds {POISON} to it."
        )
    if read.text("INVITE_REDIRECT_URL") and not leads_to(
        settings.redirect_url, settings.redirect_url_hosts
    ):
        problems.append(
            "INVITE_REDIRECT_URL must be what a request may name: an https URL of one of"
            " REDIRECT_URL_HOSTS."
        )
    if settings.convertible_group_id in settings.protected_ids:
        problems.append(
            "CONVERTIBLE_GROUP_ID must not be one of PROTECTED_IDS: nobody could be converted."
        )
    if settings.mail and settings.tenant_id is None:
        problems.append("TENANT_ID must be set where MAIL_SENDER is: the mail's links name it.")
    if len(set(settings.queues)) < len(settings.queues):
        problems.append(
            "REQUESTS_QUEUE and REDEMPTION_CHECKS_QUEUE (and their -poison), RESULTS_QUEUE, the"
            " queues of RESULTS_ROUTES, QUOTA_QUEUE and DEAD_LETTERS_QUEUE must differ."
        )
    return problems
