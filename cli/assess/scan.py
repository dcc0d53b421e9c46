"""From the stored pages of users to rows: twice through the pages, never all users at once.

The first time for who holds which address and which domains are to be looked up, the second time
for what the service's rules say.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cli.assess import reads
from cli.assess.candidates import Finder
from cli.assess.directory import read_directory, read_domains
from cli.assess.rows import row_of, unreadable, with_more
from cli.assess.sign_ins import fields, read_sign_ins
from converters.graph import user_reads
from converters.graph.read import Incomplete, Item
from converters.model.addresses import domain_of
from converters.model.facts import Facts, Unread
from converters.model.request import ConversionRequest, Mode
from converters.policy.eligibility import decide
from converters.policy.rule import Case

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from cli.assess.candidates import Where
    from cli.assess.directory import Directory
    from cli.assess.reader import Reader
    from cli.assess.rows import Row
    from cli.assess.sign_ins import SignIns
    from converters.model.facts import User
    from converters.settings.settings import Settings

_OK = 200


@dataclass(slots=True)
class Scan:
    """A reading of users.

    Attributes:
        sign_ins: when users last signed in; ``None`` where it was not asked.
        users: how many there are among those asked for.
        external: how many of them are external already, and have no row.
        untouched: how many are internal and were found by no rule.
    """

    reader: Reader
    settings: Settings
    wheres: tuple[Where, ...]
    directory: Directory
    finder: Finder
    read: Any
    sign_ins: SignIns | Unread | None = None
    users: int = 0
    external: int = 0
    untouched: int = 0
    domains: set[str] = field(default_factory=set)

    @property
    def request(self) -> ConversionRequest:
        """What is asked of every user: a check that names no address."""
        return ConversionRequest(f"assess-{uuid.UUID(int=0)}", str(uuid.UUID(int=0)), Mode.CHECK)

    def rows(self, now: datetime) -> Iterator[Row]:
        """Decide for each candidate."""
        for row in self._rows(now):
            asked = self.sign_ins is not None
            yield {**row, **fields(row["id"], self.sign_ins, now)} if asked else row

    def _rows(self, now: datetime) -> Iterator[Row]:
        request = self.request
        for item, user in self._users():
            self.users += 1
            if isinstance(user, Unread):
                yield self._unreadable(item, user)
                continue
            found_by, case = self._looked_at(item, user, request)
            if not found_by:
                continue
            row = row_of(decide(case), item, found_by, now)
            held = self.directory.group_addresses
            address = case.facts.choice.address
            groups = held.get(address.key, []) if address and not isinstance(held, Unread) else []
            yield with_more(row, item, self.wheres, groups)

    def index(self) -> None:
        """Note who holds which external address, and which domains are to be looked up."""
        own = self.finder.own if isinstance(self.finder.own, frozenset) else frozenset()
        holders: dict[str, list[str]] = defaultdict(list)
        request = self.request
        for page in self.reader.store.pages(self.read.name):
            for item in page:
                for address in _addresses(item):
                    if domain_of(address) not in own:
                        holders[address].append(item["id"])
        self.directory.user_holders = holders
        for item, user in self._users():
            if not isinstance(user, Unread) and item.get("externalUserState") != "Accepted":
                facts = self.directory.facts(user, request, self.settings)
                if facts.choice.address and self.finder.rules(user, item, self._case(facts)):
                    self.domains.add(facts.choice.address.domain)

    def _looked_at(
        self, item: dict[str, Any], user: User, request: ConversionRequest
    ) -> tuple[list[str], Case]:
        case = Case(request, self.directory.facts(user, request, self.settings), self.settings)
        found_by = self.finder.rules(user, item, case)
        if not found_by:
            is_external = not self.finder.is_internal(case)
            self.external += is_external
            self.untouched += not is_external
        return found_by, case

    def _case(self, facts: Facts) -> Case:
        return Case(self.request, facts, self.settings)

    def _unreadable(self, item: dict[str, Any], user: Unread) -> Row:
        self.reader.unread[user.what] = user
        facts = Facts(self.directory.tenant, user)
        return unreadable(item, decide(self._case(facts)).reasons[0])

    def _users(self) -> Iterator[tuple[dict[str, Any], User | Unread]]:
        """Read the users asked for, as the service reads one."""
        for page in self.reader.store.pages(self.read.name):
            for item in page:
                if self.finder.covers(item):
                    one = user_reads.user(str(item.get("id")))
                    fact = one.fact(_OK, item)
                    yield item, fact or Unread(one.what, one.permission, _OK)


async def scanned(
    reader: Reader,
    settings: Settings,
    wheres: tuple[Where, ...],
    group: str | None,
    *,
    sign_ins: bool = False,
) -> Scan:
    """Read all there is to read; the rows follow from it without another call.

    Raises:
        GraphUnavailable: Graph does not answer.
    """
    read = reads.users([where.property for where in wheres])
    failed = await reader.stored(read)
    directory = await read_directory(reader, settings)
    asked = await _group(reader, group)
    finder = Finder(directory.tenant.verified_domains, wheres, asked)
    scan = Scan(reader, settings, wheres, directory, finder, read)
    if failed is not None:
        fact = read.fact(failed.status, failed.body)
        reader.unread[read.what] = fact if isinstance(fact, Unread) else _not_whole(read)
        return scan
    scan.index()
    directory.domains = await read_domains(reader, scan.domains)
    if sign_ins:
        scan.sign_ins = await read_sign_ins(reader)
    return scan


async def _group(reader: Reader, group: str | None) -> frozenset[str] | None:
    if group is None:
        return None
    read = reads.members(group, "asked")
    members = (await reader.batch([read]))[read.name]
    return frozenset() if isinstance(members, Unread) else members


def _not_whole(read: Any) -> Unread:  # noqa: ANN401
    return Unread(read.what, read.permission, _OK)


def _addresses(item: dict[str, Any]) -> set[str]:
    """Return the addresses that the service looks for at a user, in lower case."""
    others = item.get("otherMails")
    texts = [item.get("userPrincipalName"), *(others if isinstance(others, list) else [])]
    held = {text.lower() for text in texts if isinstance(text, str)}
    try:
        return held | reads.addresses_in(Item(item))
    except Incomplete:
        return held
