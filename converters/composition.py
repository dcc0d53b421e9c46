"""The composition root: every part of a converter made once, and all closed together."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, TypeVar

from converters.conversion import Converter
from converters.graph.client import Graph
from converters.graph.gathering import Gatherer
from converters.graph.mailbox import Mailbox
from converters.graph.writing import DirectoryWriter
from converters.steps.aftercare import aftercare
from converters.steps.inviting import Inviter
from converters.steps.mailing import Mailer
from converters.steps.reporting import Reporter
from converters.steps.resending import Resender
from converters.steps.screening import Screener
from converters.steps.settling import Settler
from converters.steps.subscribing import Subscriber
from converters.steps.sweeping import Sweeper
from converters.storage.clock import ServiceClock
from converters.storage.courier import Courier
from converters.storage.ledger import Ledger
from converters.storage.queues import Queue, QueueReader
from converters.storage.quota import Quota
from converters.storage.results import Results

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

    from converters.mail.writer import Writer
    from converters.settings.settings import Settings

C = TypeVar("C", Courier, Graph, DirectoryWriter, Ledger, Mailbox, Queue)


def mail_writer(settings: Settings) -> Writer | None:
    """Make what writes the service's own mail; ``None`` where Microsoft mails.

    Raises:
        SettingsInvalid: a template or a text of it is wrong.
    """
    if settings.mail is None:
        return None
    # A tenth of a second for templates, which nobody waits for who does not use them.
    from converters.mail.writer import Writer  # noqa: PLC0415

    return Writer(settings.mail)


def composed(
    settings: Settings, credential: AsyncTokenCredential | None, writer: Writer | None
) -> Converter:
    """Make a converter and its clients, inside the running loop.

    Args:
        settings: the operator's.
        credential: for Graph and Storage, where the settings need one.
        writer: of ``mail_writer``.
    """
    clients = _Clients(settings, credential)
    clock, graph, ledger = clients.clock, clients.graph(), clients.ledger()
    requests = clients.queue(settings.requests_queue)
    routes = tuple((route.prefix, clients.queue(route.queue)) for route in settings.results_routes)
    results = Results(clients.queue(settings.results_queue), routes)
    quota = Quota(clients.queue(settings.quota_queue), clock)
    inviter = Inviter(
        graph, ledger, results, quota, settings, clock, clients.mailer(ledger, writer)
    )
    settler = Settler(inviter)
    gatherer = Gatherer(graph, settings)
    checks = clients.courier(settings.follow_up.queue)
    follower, caretaker = aftercare(gatherer, inviter, clients.directory_writer(), checks)
    subscriber = Subscriber.of(graph, ledger.standings, requests, clock, settings)
    sweeper = Sweeper(
        poison=QueueReader(clients.queue(settings.poison_queue)),
        requests=QueueReader(requests),
        results=results,
        dead_letters=clients.queue(settings.dead_letters_queue),
        ledger=ledger,
        settings=settings,
        clock=clock,
        subscriber=subscriber,
    )
    return Converter(
        graph=graph,
        gatherer=gatherer,
        ledger=ledger,
        screener=Screener(ledger, settings, clock),
        inviter=inviter,
        settler=settler,
        resender=Resender(inviter, settler),
        reporter=Reporter(requests, results, ledger, follower, settings, clock),
        sweeper=sweeper,
        follower=follower,
        caretaker=caretaker,
        subscriber=subscriber,
        settings=settings,
        clock=clock,
        connections=clients.connections,
    )


class _Clients:
    """Makes what has connections; whatever it makes is closed with all the others."""

    def __init__(self, settings: Settings, credential: AsyncTokenCredential | None) -> None:
        self.settings, self.credential = settings, credential
        self.connections, self.clock = AsyncExitStack(), ServiceClock()

    def graph(self) -> Graph:
        return self._closed(Graph(self.settings.graph_base_url, self._for_graph))

    def directory_writer(self) -> DirectoryWriter:
        return self._closed(DirectoryWriter(self.settings.graph_base_url, self._for_graph))

    def mailer(self, ledger: Ledger, writer: Writer | None) -> Mailer | None:
        """Make what mails, where this service does."""
        mail = self.settings.mail
        if mail is None or writer is None:
            return None
        mailbox = Mailbox(self.settings.graph_base_url, self._for_graph, mail.sender)
        return Mailer(self._closed(mailbox), writer, ledger, self.settings, self.clock)

    @property
    def _for_graph(self) -> AsyncTokenCredential | None:
        return self.credential if self.settings.graph_needs_credential else None

    def ledger(self) -> Ledger:
        storage, table = self.settings.storage, self.settings.ledger_table
        return self._closed(Ledger(storage, table, self.credential, self.clock))

    def queue(self, name: str) -> Queue:
        return self._closed(Queue(self.settings.storage, name, self.credential))

    def courier(self, name: str) -> Courier:
        return self._closed(Courier(self.queue(name)))

    def _closed(self, client: C) -> C:
        self.connections.push_async_callback(client.close)
        return client
