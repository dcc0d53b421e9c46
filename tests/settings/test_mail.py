"""What an operator sets of own mail, and what is wrong with it."""

from __future__ import annotations

import pytest

from converters.settings.mail import MailSettings, read_mail
from converters.settings.reader import SettingsReader

KEYS = {"MAIL_SENDER": "invitations@contoso.example", "MAIL_ORGANISATION": "Contoso"}


def read(**keys: str) -> tuple[MailSettings | None, list[str]]:
    reader = SettingsReader({**KEYS, **keys})
    return read_mail(reader), reader.problems


def test_own_mail_is_off_without_a_sender() -> None:
    reader = SettingsReader({"MAIL_SENDER": " ", "MAIL_LANGUAGE": "de"})
    assert read_mail(reader) is None
    assert reader.problems == []


def test_everything_is_read() -> None:
    assert read() == (MailSettings("invitations@contoso.example", "Contoso", None, "en"), [])
    assert read(MAIL_SUPPORT="help@contoso.example", MAIL_LANGUAGE="pt-BR") == (
        MailSettings("invitations@contoso.example", "Contoso", "help@contoso.example", "pt-BR"),
        [],
    )


def test_sender_is_normalised_as_addresses_of_a_mail_are() -> None:
    settings, problems = read(MAIL_SENDER=" Invitations@BÜCHER.example. ")
    assert settings
    assert settings.sender == "Invitations@xn--bcher-kva.example"
    assert problems == []


@pytest.mark.parametrize("key", ["MAIL_ORGANISATION", "MAIL_SUPPORT"])
def test_what_needs_a_sender_says_so(key: str) -> None:
    reader = SettingsReader({key: "x"})
    assert read_mail(reader) is None
    assert reader.problems == ["MAIL_ORGANISATION and MAIL_SUPPORT need MAIL_SENDER."]


@pytest.mark.parametrize(
    "support", ["https://help.contoso.example/b2b?a=1#x", "o'help+b2b@contoso.example"]
)
def test_support_is_an_address_or_a_page(support: str) -> None:
    settings, problems = read(MAIL_SUPPORT=support)
    assert settings
    assert settings.support == support
    assert problems == []


def test_longest_name_and_page_are_taken() -> None:
    page = "https://help.contoso.example/".ljust(500, "x")
    settings, problems = read(MAIL_ORGANISATION="x" * 100, MAIL_SUPPORT=page)
    assert settings
    assert (settings.organisation, settings.support, problems) == ("x" * 100, page, [])
    assert read(MAIL_SUPPORT=f"{page}x")[1]


@pytest.mark.parametrize(
    ("key", "text", "problem"),
    [
        *(
            ("MAIL_SENDER", text, "MAIL_SENDER must be the address of a mailbox.")
            for text in (
                "contoso.example",
                "a@b",
                "a@b.example, c@d.example",
                "a b@c.example",
                "<a@b.example>",
                "ä@b.example",
                "a@b.example\r\nBcc: x@y.example",
                "a@@b.example",
                f"{'a' * 65}@b.example",
            )
        ),
        ("MAIL_ORGANISATION", "", "MAIL_SENDER needs MAIL_ORGANISATION"),
        ("MAIL_ORGANISATION", "x" * 101, "at most 100 printable characters"),
        ("MAIL_ORGANISATION", "Con\r\ntoso", "at most 100 printable characters"),
        ("MAIL_ORGANISATION", "Con\u202etoso", "at most 100 printable characters"),
        *(
            ("MAIL_SUPPORT", text, "MAIL_SUPPORT must be an address or an https URL.")
            for text in (
                "http://help.contoso.example",
                "https://user@help.contoso.example",
                "https://localhost",
                "javascript:alert(1)",
                "call us",
                f"https://help.contoso.example/{'x' * 500}",
            )
        ),
        *(
            ("MAIL_LANGUAGE", text, "MAIL_LANGUAGE must be a language tag")
            for text in ("english", "de_CH", "d", "de-", "de-CH\n\nx")
        ),
    ],
)
def test_malformed_setting_is_named(key: str, text: str, problem: str) -> None:
    _, problems = read(**{key: text})
    assert len(problems) == 1
    assert problem in problems[0]
