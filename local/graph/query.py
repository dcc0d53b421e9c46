"""One request to a resource, taken apart: ``$select``, ``$filter``, ``$count``, paging."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, unquote, unquote_plus, urlencode

from local.graph.errors import bad_request, invalid_filter, unknown_property, unsupported_query
from local.graph.filters import Condition, Junction
from local.graph.parsing import FilterInvalid, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from local.graph.exchange import Call
    from local.graph.schema import EntityType, Json
    from local.graph.tenant import Tenant

OPTIONS = frozenset(
    {"$select", "$filter", "$top", "$count", "$expand", "$skiptoken", "$deltatoken"}
)
PAGE, LONGEST_PAGE = 100, 999
# "Too many child clauses …": so many alternatives does a directory query take.
MOST_ALTERNATIVES = 15
_NEEDS_ADVANCED = (
    "The query needs advanced query capabilities: add the $count=true query parameter and the"
    " ConsistencyLevel:eventual header."
)


@dataclass(frozen=True, slots=True)
class Query:
    """One request to a resource.

    Attributes:
        tenant: what it is about.
        root: the URL up to and including the version.
        path: below the version, encoded, with its leading slash.
        arguments: the decoded segments that stand for something, as an id does.
        options: the query's, by name.
        headers: by name in lower case.
        body: of a POST or PATCH.
    """

    tenant: Tenant
    root: str
    path: str
    arguments: Sequence[str]
    options: Mapping[str, str]
    headers: Mapping[str, str]
    body: object

    @property
    def advanced(self) -> bool:
        """Whether it asks as "Advanced query capabilities" describes."""
        eventual = self.headers.get("consistencylevel", "").lower() == "eventual"
        return eventual and self.options.get("$count") == "true"

    def need_advanced(self) -> None:
        """Refuse a query that is not advanced.

        Raises:
            GraphError: 400.
        """
        if not self.advanced:
            raise unsupported_query(_NEEDS_ADVANCED)

    def condition(self, kind: EntityType) -> Condition | None:
        """Return what ``$filter`` states about objects of a type; ``None`` without one.

        Raises:
            GraphError: 400.
        """
        if "$filter" not in self.options:
            return None
        try:
            condition = parse(self.options["$filter"])
        except FilterInvalid as error:
            raise invalid_filter(str(error)) from error
        for name, as_collection in condition.uses():
            if name not in kind.names:
                raise unknown_property(name, kind.name)
            if as_collection is not (name in kind.collections):
                shape = "a collection" if name in kind.collections else "no collection"
                raise invalid_filter(f"The property '{name}' is {shape}.")
        _hold_alternatives(condition)
        return condition

    def entity(self, item: Mapping[str, object], kind: EntityType, context: str) -> Json:
        """Return one object as the answer's body.

        Raises:
            GraphError: 400, for an unknown name in ``$select``.
        """
        names, selection = self._names(kind)
        url = f"{self.root}/$metadata#{context}{selection}/$entity"
        return {"@odata.context": url, **kind.projected(item, names)}

    def collection(
        self, items: Iterable[Mapping[str, object]], kind: EntityType, context: str
    ) -> Json:
        """Return one page of objects as the answer's body.

        Raises:
            GraphError: 400, for what does not belong in the query.
        """
        names, selection = self._names(kind)
        body = self.page(list(items), f"{context}{selection}")
        body["value"] = [kind.projected(item, names) for item in body["value"]]
        return body

    def page(self, found: Sequence[Mapping[str, object]], context: str) -> Json:
        """Return one page of objects as they are.

        Raises:
            GraphError: 400, for what does not belong in the query.
        """
        start, length = self._page()
        body: Json = {"@odata.context": f"{self.root}/$metadata#{context}"}
        if self.advanced:
            body["@odata.count"] = len(found)
        if len(found) > start + length:
            body["@odata.nextLink"] = self._link(start + length)
        body["value"] = list(found[start : start + length])
        return body

    def _names(self, kind: EntityType) -> tuple[Sequence[str], str]:
        expanded = self.options.get("$expand")
        if expanded is not None and expanded not in kind.expandable:
            raise bad_request(
                f"Parsing OData Select and Expand failed: '{expanded}' on type"
                f" 'microsoft.graph.{kind.name}'."
            )
        if "$select" not in self.options:
            return kind.shown, ""
        names = kind.chosen(self.options["$select"])
        return names, f"({','.join(names)})"

    def _page(self) -> tuple[int, int]:
        """Return where the page begins and how long it is at most."""
        top = self.options.get("$top", str(PAGE))
        if not top.isascii() or not top.isdigit() or not 1 <= int(top[:9]) <= LONGEST_PAGE:
            raise unsupported_query(
                f"Invalid page size specified: '{top}'. Must be between 1 and {LONGEST_PAGE}"
                " inclusive."
            )
        return _start(self.options.get("$skiptoken", "")), int(top)

    def _link(self, start: int) -> str:
        token = base64.urlsafe_b64encode(f"page {start}".encode()).decode()
        options = {**self.options, "$skiptoken": token}
        return f"{self.root}{self.path}?{urlencode(options, quote_via=quote, safe='$,')}"


def query_of(call: Call, tenant: Tenant, base_url: str, arguments: Sequence[str]) -> Query:
    """Take a request apart.

    Raises:
        GraphError: 400, for options that Graph, or this part of it, does not have.
    """
    path, _, text = call.target.partition("#")[0].partition("?")
    options: dict[str, str] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        if name.startswith("$") and name not in OPTIONS:
            raise bad_request(f"The query option '{name}' is not supported.")
        if name in options:
            raise bad_request(f"The query option '{name}' was specified more than once.")
        options[name] = value
    root = f"{base_url}/{call.version}"
    return Query(tenant, root, path, arguments, options, call.headers, call.body)


def segments_of(target: str) -> tuple[str, ...]:
    """Return the decoded segments of a path."""
    path = target.partition("#")[0].partition("?")[0]
    return tuple(unquote(segment) for segment in path.strip("/").split("/"))


def decoded(target: str) -> str:
    """Return a path and its query as a person would write them."""
    path, mark, text = target.partition("?")
    return unquote(path) + mark + unquote_plus(text)


def _start(token: str) -> int:
    """Return where a page begins that a ``$skiptoken`` stands for."""
    if not token:
        return 0
    try:
        word, _, number = base64.urlsafe_b64decode(token).decode().partition(" ")
    except (binascii.Error, UnicodeDecodeError):
        word, number = "", ""
    if word != "page" or not number.isdigit():
        raise bad_request("The page token is not valid.")
    return int(number)


def _hold_alternatives(condition: Condition) -> None:
    for each in _junctions(condition):
        if not each.every and len(each.parts) > MOST_ALTERNATIVES:
            raise unsupported_query(
                "Too many child clauses specified in search filter expression containing 'OR'"
                f" operators: {len(each.parts)}. Max allowed: {MOST_ALTERNATIVES}."
            )


def _junctions(condition: Condition) -> Iterator[Junction]:
    if isinstance(condition, Junction):
        yield condition
        for part in condition.parts:
            yield from _junctions(part)
