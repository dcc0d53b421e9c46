"""Files as people have them are read; what is wrong with them is told at once, and never raised."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from cli.bulk import results
from cli.bulk.sheet import Item, Sheet, sheet
from converters.wire.requests import RequestBody

ONE = "11111111-aaaa-4aaa-8aaa-111111111111"
PORTAL = (
    "version:v1.0,,,\n"
    "Email address to invite [inviteeEmail] Required,Redirection url [inviteRedirectURL] Required,"
    "Send invitation message (true or false) [sendEmail],"
    "Customized invitation message [customizedMessageBody]\n"
    "Example: guest@contoso.example,https://myapps.microsoft.com,true,Hello\n"
    'kim@partner.example,https://myapps.microsoft.com,FALSE,"Hello, Kim"\n'
)
OURS = (
    "requestId,mode,invitedUser.id,invitedUser.userPrincipalName,invitedUserEmailAddress,"
    "sendInvitationMessage,messageLanguage,ccRecipients,customizedMessageBody,inviteRedirectUrl,"
    "requestedBy,completion.revokeSessions,completion.randomisePassword,completion.userType,sponsor,"
    f"manager\nR-1,check,{ONE},,kim@partner.example,true,de-DE,boss@c.example,Hi,https://x/,me,"
    f"TRUE,,guest,boss@c.example,{ONE}\n"
)
SIMPLE = "UPN of Internal User,external email\nkim@contoso.example,kim@partner.example\n"
KIM: dict[str, object] = {
    "invitedUser": {"userPrincipalName": "kim@contoso.example"},
    "invitedUserEmailAddress": "kim@partner.example",
}
ADDRESSED: dict[str, object] = {"invitedUserEmailAddress": "kim@partner.example"}
FILES: dict[str, tuple[bytes, dict[str, object]]] = {
    "article": (SIMPLE.encode(), KIM),
    "mark of UTF-8": (SIMPLE.encode("utf-8-sig"), KIM),
    "UTF-16 of Excel's": (SIMPLE.replace(",", "\t").encode("utf-16"), KIM),
    "UTF-16 without its mark": (SIMPLE.encode("utf-16-le"), KIM),
    "UTF-16 big end first": (b"\xfe\xff" + SIMPLE.encode("utf-16-be"), KIM),
    "semicolons": (SIMPLE.replace(",", ";").encode(), KIM),
    "sep line": (f"sep=;\r\n{SIMPLE.replace(',', ';')}".encode(), KIM),
    "quotes": (b'"UPN";"external email"\n" kim@contoso.example ";"kim@partner.example"\n', KIM),
    "carriage returns": (SIMPLE.replace("\n", "\r").encode(), KIM),
    "blank lines": (f"\n{SIMPLE}\n,\n".encode(), KIM),
    "empty columns at the end": (SIMPLE.replace("\n", ",,\n").encode(), KIM),
    "a separator in a heading's quotes": (b'"User";"email"\nkim@contoso.example;\n', {
        "invitedUser": {"userPrincipalName": "kim@contoso.example"}}),
    "user by id": (f"user\n{ONE}\n".encode(), {"invitedUser": {"id": ONE}}),
    "CIPP": (b"displayName,mail,redirectUri\nKim,kim@partner.example,https://x/\n", {
        **ADDRESSED, "inviteRedirectUrl": "https://x/"}),
    "guarded cell": (b"email,message\nkim@partner.example,'=1\n", {
        **ADDRESSED, "invitedUserMessageInfo": {"customizedMessageBody": "=1"}}),
    "portal": (PORTAL.encode("utf-8-sig"), {
        **ADDRESSED, "inviteRedirectUrl": "https://myapps.microsoft.com",
        "sendInvitationMessage": False,
        "invitedUserMessageInfo": {"customizedMessageBody": "Hello, Kim"}}),
    "ours": (OURS.encode(), {
        "requestId": "R-1", "mode": "check", "invitedUser": {"id": ONE}, **ADDRESSED,
        "sendInvitationMessage": True, "inviteRedirectUrl": "https://x/", "requestedBy": "me",
        "invitedUserMessageInfo": {
            "messageLanguage": "de-DE", "customizedMessageBody": "Hi",
            "ccRecipients": [{"emailAddress": {"address": "boss@c.example"}}]},
        "completion": {
            "revokeSessions": True, "userType": "guest", "sponsor": "boss@c.example",
            "manager": ONE}}),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_file_is_read(name: str) -> None:
    data, wanted = FILES[name]
    made = sheet(data, [])
    assert made.problems == []
    (item,) = made.items
    body = made.body(item)
    body = body if "requestId" in wanted else {**body, "requestId": None}
    assert body == {"requestId": None, **wanted}
    assert made.request(item).request_id == item.request_id


def test_columns_are_all_that_a_request_has() -> None:
    (item,) = (made := sheet(OURS.encode(), [])).items
    assert made.body(item).keys() == {field.alias for field in RequestBody.model_fields.values()}


BAD: dict[str, tuple[bytes, list[tuple[int, str, str]]]] = {
    "empty": (b"", [(0, "", "no headings")]),
    "headings alone": (b"email\n", [(0, "", "no rows")]),
    "no text": (b"email\nk\xe9@x.example\n", [(2, "", "not UTF-8")]),
    "half of UTF-16": (b"\xff\xfee", [(1, "", "not UTF-16")]),
    "open quote": (b'email\nk@x.example\n"k\n', [(3, "", "cannot be read")]),
    "nobody": (b"mode\ncheck\n", [(1, "", "who is to be invited")]),
    "unknown heading": (b"email,colour\nk@x.example,red\n", [(1, "colour", "no known heading")]),
    "the same twice": (b"email,mail\na@x.example,b@x.example\n", [(1, "mail", "holds already")]),
    "too many cells": (b"email\nk@x.example,1\n", [(2, "", "2 cells")]),
    "same user": (
        b"upn,email\nk@c.example,\n\nK@c.example,k@x.example\n",
        [(4, "email", "same user as line 2")],
    ),
    "same id": (
        b"email,requestId\nk@x.example,1\nl@x.example,1\n",
        [(3, "requestId", "same id as line 2")],
    ),
    "status that is none": (
        b"email,requestId,status,reasons,remedy,owner\nk@x.example,1,done,,,\n",
        [(2, "status", "no status")],
    ),
    "every fault at once": (
        b'upn,email,sendEmail,mode\n"a\nb",x,maybe,never\n\n,,,\nc d,,,\n',
        [
            (2, "upn", "userPrincipalName is the text"),
            (2, "email", "invitedUserEmailAddress is the text"),
            (2, "sendEmail", "where true or false is wanted"),
            (2, "mode", "where convert or check is wanted"),
            (6, "upn", "userPrincipalName is the text"),
        ],
    ),
    "id and name": (
        f"invitedUser.id,upn\n{ONE},k@x.example\n".encode(),
        [(2, "invitedUser.id", "both id and userPrincipalName")],
    ),
    "nobody in a row": (b"email,mode\n,check\n", [(2, "", "invitedUser is missing")]),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_told_with_line_column_and_remedy(name: str) -> None:
    data, wanted = BAD[name]
    found = sheet(data, []).problems
    assert [(one.line, one.column) for one in found] == [(line, col) for line, col, _ in wanted]
    for one, (_, _, part) in zip(found, wanted, strict=True):
        assert part in one.problem
        assert one.remedy.endswith(".")


def test_column_is_ignored_where_that_is_said() -> None:
    made = sheet(b"email,Colour\nk@x.example,red\n", ["colour"])
    assert (made.problems, made.columns.ignored) == ([], ["Colour"])


def test_ids_are_of_the_files_and_the_rows_content() -> None:
    rows = ["a@x.example", "b@x.example"]
    first, same, other = (
        {item.cells[0]: item.request_id for item in sheet(data, []).items}
        for data in (
            f"email\n{rows[0]}\n{rows[1]}\n".encode(),
            f'"mail"\r\n"{rows[1]}"\r\n{rows[0]}\r\n'.encode("utf-16"),
            f"email\n{rows[0]}\n".encode(),
        )
    )
    assert first == same
    assert len(set(first.values())) == 2
    assert first[rows[0]] != other[rows[0]]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("R", "R.r2"),
        ("R.r2", "R.r3"),
        ("R.r9", "R.r10"),
        ("R.rx", "R.rx.r2"),
        ("x" * 128, "x" * 120 + ".r2"),
    ],
)
def test_row_that_is_tried_again_has_another_id(before: str, after: str) -> None:
    item = Item(2, (), "", before)
    item.again()
    assert item.request_id == after


CELLS = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
ROWS = st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=5)


@given(st.binary(max_size=200))
@example(b"sep=")
@example(b"sep=\x00\nemail\n")
@example(b'sep="\nemail\n')
@example(b"\xff\xfe\x00\x00")
@example(b"email\n\xff")
def test_no_bytes_raise(data: bytes) -> None:
    made = sheet(data, [])
    assert bool(made.items) or bool(made.problems)


@given(
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    ROWS,
)
def test_rows_are_valid_or_told_of(
    encoding: str, separator: str, end: str, quoting: int, rows: list[tuple[str, str, str]]
) -> None:
    # Not every Python's writer quotes a line's end that is not its own.
    assume(quoting == csv.QUOTE_ALL or not any(set("\r\n") & set(c) for row in rows for c in row))
    made = sheet(written(rows, separator, end, quoting).encode(encoding), [])
    told = {problem.line for problem in made.problems}
    for item in made.items:
        assert made.request(item).request_id == item.request_id
    given_rows = [row for row in rows if any(cell.strip() for cell in row)]
    assert len(made.items) + len(told) >= len(given_rows)
    # However it is written, it says the same.
    plain = sheet(written(rows, ",", "\n", csv.QUOTE_ALL).encode(), [])
    assert [item.cells for item in made.items] == [item.cells for item in plain.items]
    assert problems(made) == problems(plain)


def problems(made: Sheet) -> list[tuple[str, str]]:
    """Return what is wrong, but for the numbers of lines."""
    return [(one.column, re.sub(r"line \d+", "line", one.problem)) for one in made.problems]


def written(rows: list[tuple[str, str, str]], separator: str, end: str, quoting: int) -> str:
    """Write rows as some program would."""
    stream = io.StringIO(newline="")
    if separator == "|":
        # Nobody guesses this one; Excel says it in a line of its own.
        stream.write("sep=|\n")
    writer = csv.writer(
        stream,
        delimiter=separator,
        lineterminator=end,
        quoting=quoting,  # type: ignore[arg-type]
    )
    writer.writerow(["upn", "external email", "message"])
    writer.writerows(rows)
    return stream.getvalue()


@given(ROWS, st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=5, max_size=5))
def test_results_file_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, str, str]],
    told: list[tuple[str, str, str]],
) -> None:
    table = io.StringIO(newline="")
    csv.writer(table).writerows(
        [
            ("email", "message", "requestedBy"),
            *((f"k{number}@x.example", text, "me") for number, (_, text, _) in enumerate(rows)),
        ]
    )
    made = sheet(table.getvalue().encode(), [])
    for item, (reasons, remedy, owner) in zip(made.items, told, strict=False):
        reason = {"code": "c", "message": reasons, "remediation": remedy, "owner": owner}
        results.put(item, {"status": "failed", "reasons": [reason]})
    path = tmp_path_factory.mktemp("bulk") / "a.results.csv"
    results.write(path, made)
    again = sheet(path.read_bytes(), [])
    assert again.problems == []
    assert again.columns.is_results
    assert [said(made, item) for item in made.items] == [said(again, item) for item in again.items]


def said(made: Sheet, item: Item) -> tuple[str, ...]:
    """Return what a row asks for, and what is told of it."""
    told = (item.status, item.reasons.strip(), item.remedy.strip(), item.owner.strip())
    return (json.dumps(made.body(item), sort_keys=True), item.content, *told)


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("a.csv", "a.results.csv"),
        ("a.b.CSV", "a.b.results.csv"),
        ("a.results.csv", "a.results.csv"),
    ],
)
def test_results_stand_beside_the_input(source: str, wanted: str) -> None:
    assert results.path_for(Path("x") / source) == Path("x") / wanted
