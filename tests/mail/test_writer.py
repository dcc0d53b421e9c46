"""A letter becomes a message that mail programs read, in the reader's language."""

from __future__ import annotations

import email
import email.policy
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from converters.mail import writer as writing
from converters.mail.writer import MOST_BYTES, Writer
from converters.model.errors import LetterUnfit, SettingsInvalid
from local.letters import LETTER, NOTE, REDEEM_URL, SETTINGS, TENANT, letters, part
from local.world import ROOT
from tests.mail.test_languages import compiled

if TYPE_CHECKING:
    from email.message import EmailMessage
    from pathlib import Path

    from converters.mail.letter import Letter

WRITER = Writer(SETTINGS)
TEAMS_URL = f"https://teams.microsoft.com/?tenantId={TENANT}"


def read(letter: Letter, writer: Writer = WRITER) -> EmailMessage:
    """Return a letter's message, as a mail program reads it."""
    message: EmailMessage = email.message_from_bytes(
        writer.write(letter), policy=email.policy.default
    )
    assert message.defects == []
    return message


def test_message_has_its_headers_and_leaves_date_and_id_to_the_server() -> None:
    cc = tuple(f"reader{number}@fabrikam.example" for number in range(40))
    message = read(replace(LETTER, cc=cc, language="de-CH", to_name="Müller, Änne"))
    assert message.keys() == [
        "From", "To", "Cc", "Subject", "Auto-Submitted", "X-B2B-Conversion-Id", "MIME-Version",
        "Content-Type", "Content-Language",
    ]  # fmt: skip
    assert str(message["From"]) == "Contoso <invitations@contoso.example>"
    assert [(one.display_name, one.addr_spec) for one in message["To"].addresses] == [
        ("Müller, Änne", "ada@fabrikam.example")
    ]
    assert tuple(one.addr_spec for one in message["Cc"].addresses) == cc
    assert message["Subject"] == "Melden Sie sich bei Contoso mit Ihrer eigenen E-Mail-Adresse an"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "de"
    assert message["X-B2B-Conversion-Id"] == LETTER.conversion_id


@pytest.mark.parametrize("letter", letters("ja").values(), ids=letters("ja"))
def test_message_is_plain_text_and_then_html_in_seven_bits_and_short_lines(letter: Letter) -> None:
    message = read(letter)
    assert message.get_content_type() == "multipart/alternative"
    assert [one.get_content_type() for one in message.iter_parts()] == [
        "text/plain",
        "text/html",
    ]
    assert {one.get_content_charset() for one in message.iter_parts()} == {"utf-8"}
    written = WRITER.write(letter)
    assert written.isascii()
    assert written.count(b"\n") == written.count(b"\r\n") == written.count(b"\r")
    assert max(map(len, written.split(b"\r\n"))) <= 78


def test_same_letter_gives_the_same_bytes() -> None:
    assert Writer(SETTINGS).write(LETTER) == WRITER.write(LETTER)
    assert WRITER.write(replace(LETTER, reminder=True)) != WRITER.write(LETTER)


@pytest.mark.parametrize("kind", ["invitation", "invitation-with-note", "reminder"])
@pytest.mark.parametrize("tag", WRITER.tags)
def test_both_parts_say_all_that_a_reader_needs(tag: str, kind: str) -> None:
    letter = letters(tag)[f"{tag}-{kind}"]
    written = WRITER.write(letter)
    plain, html = part(written, "plain"), part(written, "html")
    needed = {
        "Contoso",
        letter.to,
        "myapps.microsoft.com",
        TEAMS_URL,
        SETTINGS.sender,
        "help@contoso.example",
        "login.microsoftonline.com",
    }
    for text in (plain, html):
        assert {one for one in needed if one not in text} == set()
        assert "%(" not in text
        assert ("Monday" in text) == bool(letter.text)
    assert f"\n{REDEEM_URL}\n" in plain
    assert html.count(f'href="{REDEEM_URL}"') == 2
    assert f">{REDEEM_URL}</a>" in html
    assert f'<html lang="{tag}" dir="ltr">' in html
    assert "\n\n\n" not in plain


@pytest.mark.parametrize("tag", WRITER.tags)
def test_reminder_says_so_in_its_subject_and_its_first_sentence(tag: str) -> None:
    first, second = letters(tag)[f"{tag}-invitation"], letters(tag)[f"{tag}-reminder"]
    assert str(read(first)["Subject"]) in str(read(second)["Subject"]) or tag in ("en", "fr", "es")
    assert read(first)["Subject"] != read(second)["Subject"]
    said = part(WRITER.write(second), "plain").split("\n\n")
    before = part(WRITER.write(first), "plain").split("\n\n")
    assert said[0] == before[0]
    assert said[2:] == before[1:]


@pytest.mark.parametrize(
    ("asked", "fallback", "found"),
    [
        ("fr-CA", "de", "fr"),
        ("it", "de-AT", "de"),
        (None, "ja-JP", "ja"),
        ("it", "en", "en"),
        ("not a language", "es", "es"),
    ],
)
def test_language_is_the_requests_then_the_operators(
    asked: str | None, fallback: str, found: str
) -> None:
    writer = Writer(replace(SETTINGS, language=fallback))
    assert read(replace(LETTER, language=asked), writer)["Content-Language"] == found


def test_language_without_a_catalogue_is_told_at_the_start() -> None:
    with pytest.raises(SettingsInvalid, match="MAIL_LANGUAGE must be one of de, en, es, fr, ja"):
        Writer(replace(SETTINGS, language="it"))


@pytest.mark.parametrize(
    ("support", "shown", "href"),
    [
        ("https://help.contoso.example/b2b?a=1&b=2", "Find help here:", None),
        ("o'help@contoso.example", "Write to", "mailto:o%27help@contoso.example"),
        (None, "Ask your contact at Contoso.", ""),
    ],
)
def test_support_is_an_address_a_page_or_a_contact(
    support: str | None, shown: str, href: str | None
) -> None:
    written = Writer(replace(SETTINGS, support=support)).write(LETTER)
    plain, html = part(written, "plain"), part(written, "html")
    assert shown in plain
    assert shown in html
    if href != "":
        assert f'href="{href or str(support).replace("&", "&amp;")}"' in html
    assert ("mailto:" in html) == bool(href)


def test_person_without_a_name_is_greeted_too() -> None:
    for nameless in (None, "", " \u202e\r\n "):
        message = read(replace(LETTER, to_name=nameless))
        assert str(message["To"]) == LETTER.to
        assert part(message.as_bytes(), "plain").startswith("Hello,\n\nContoso invites you")


@pytest.mark.parametrize("cc", [(), ("a+b@fabrikam.example",), ("x@bücher.example", "y@b.example")])
def test_cc_takes_any_number(cc: tuple[str, ...]) -> None:
    message = read(replace(LETTER, cc=cc))
    found = [one.addr_spec for one in message["Cc"].addresses] if cc else message["Cc"]
    assert found == ([one.replace("bücher", "xn--bcher-kva") for one in cc] or None)


def test_nothing_personal_is_in_what_a_log_would_show() -> None:
    shown = repr(replace(LETTER, text=NOTE))
    hidden = (LETTER.to, "Ada", *LETTER.cc, "ticket", "Monday")
    assert [one for one in hidden if one in shown] == []
    for field in ("to", "redeem_url", "redirect_url", "conversion_id"):
        with pytest.raises(LetterUnfit) as refused:
            WRITER.write(replace(LETTER, **{field: "Ada Lovelace\n"}))  # type: ignore[arg-type]
        assert "Ada" not in str(refused.value)


def test_longest_mail_stays_small() -> None:
    for text in ("😀" * 2000, "&" * 2000, "a." * 1000, "漢" * 2000, "'\n" * 1000):
        letter = replace(
            LETTER,
            language="ja",
            text=text,
            to=f"{'a' * 64}@{'.'.join(['b' * 59] * 3)}.example",
            to_name="漢" * 1000,
            redeem_url=REDEEM_URL + "&a=b" * 500,
            cc=tuple(f"{'c' * 60}{number}@fabrikam.example" for number in range(100)),
        )
        assert len(WRITER.write(letter)) <= MOST_BYTES


def test_mail_that_would_be_too_long_is_not_written() -> None:
    with pytest.raises(LetterUnfit, match="more than 100000 bytes"):
        WRITER.write(replace(LETTER, text="漢" * 30_000))


def test_mail_of_the_most_bytes_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    size = len(WRITER.write(LETTER))
    monkeypatch.setattr(writing, "MOST_BYTES", size)
    assert len(WRITER.write(LETTER)) == size
    monkeypatch.setattr(writing, "MOST_BYTES", size - 1)
    with pytest.raises(LetterUnfit):
        WRITER.write(LETTER)


def own(tmp_path: Path, **templates: str) -> Path:
    """Return a folder of an operator's own."""
    folder = tmp_path / "own" / "templates"
    folder.mkdir(parents=True)
    for name, text in templates.items():
        folder.joinpath(name.replace("_", ".")).write_text(text, encoding="utf-8")
    return folder.parent


def test_operators_own_template_goes_first(tmp_path: Path) -> None:
    folder = own(tmp_path, subject_txt="{{ _('Hello,') }} {{ organisation }} ✓")
    compiled(folder, "pt-BR", "Olá,")
    writer = Writer(SETTINGS, folder)
    assert read(LETTER, writer)["Subject"] == "Hello, Contoso ✓"
    message = read(replace(LETTER, language="pt-BR"), writer)
    assert message["Subject"] == "Olá, Contoso ✓"
    assert message["Content-Language"] == "pt-BR"
    assert "Contoso invites you" in part(message.as_bytes(), "plain")


def test_lines_of_a_template_that_only_decide_leave_nothing(tmp_path: Path) -> None:
    template = "a\n  {% if name %}\nb\n  {% endif %}\nc\n"
    mail = read(LETTER, Writer(SETTINGS, own(tmp_path, letter_txt=template)))
    assert part(mail.as_bytes(), "plain").split("\n") == ["a", "b", "c", ""]


def test_text_over_several_lines_is_one_line_to_translators(tmp_path: Path) -> None:
    compiled(tmp_path, "de", "Hallo,")
    folder = own(tmp_path, letter_txt="{% trans %}\n  Hello,\n{% endtrans %}")
    (folder / "languages").symlink_to(tmp_path / "languages")
    mail = read(replace(LETTER, language="de"), Writer(SETTINGS, folder))
    assert part(mail.as_bytes(), "plain").strip() == "Hallo,"


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("{% if %}", "Expected an expression"),
        ("{{ unknown }}", "'unknown' is undefined"),
        ("{{ organisation.__class__ }}", "unsafe"),
        ("{% include 'other.txt' %}", "other.txt"),
        ("{{ 'x' * 100000 }}", "more than 100000 bytes"),
        *(
            (f"{{% if {fork} %}}{{{{ unknown }}}}{{% endif %}}", "'unknown' is undefined")
            for each in ("reminder", "name", "note")
            for fork in (each, f"not {each}")
        ),
    ],
)
def test_template_that_cannot_be_used_is_told_at_the_start(
    tmp_path: Path, template: str, problem: str
) -> None:
    with pytest.raises(SettingsInvalid, match=problem):
        Writer(SETTINGS, own(tmp_path, letter_txt=template))


@pytest.mark.parametrize("subject", ["", " \n", "{% if reminder %}x{% endif %}"])
def test_empty_subject_is_told_at_the_start(tmp_path: Path, subject: str) -> None:
    with pytest.raises(SettingsInvalid, match="header"):
        Writer(SETTINGS, own(tmp_path, subject_txt=subject))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Hallo, %(nobody)s!", "nobody"),
        ("Hallo, %d!", "number is required"),
        ("Hallo, %(name", "incomplete"),
    ],
)
def test_text_with_another_placeholder_is_told_at_the_start(
    tmp_path: Path, text: str, problem: str
) -> None:
    compiled(tmp_path, "de", text)
    with pytest.raises(SettingsInvalid, match=problem):
        Writer(SETTINGS, tmp_path)


def test_short_mail_is_seven_bits_too(tmp_path: Path) -> None:
    folder = own(tmp_path, letter_txt="ü", letter_html="<p>ü</p>")
    assert Writer(SETTINGS, folder).write(LETTER).isascii()


def test_nothing_but_the_writer_needs_the_templates_library() -> None:
    script = (
        "import sys, converters.mail.letter, converters.mail.languages, converters.settings.mail;"
        " assert 'jinja2' not in sys.modules; import converters.mail.writer;"
        " assert 'jinja2' in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False)
    assert done.returncode == 0


def test_note_stands_as_quoted_lines() -> None:
    plain = part(WRITER.write(replace(LETTER, text=f"\r\n{NOTE}\r\n\u2028end")), "plain")
    quoted = [line for line in plain.splitlines() if line.startswith(">")]
    assert quoted[0] == "> Hello Ada, the project space moves on Monday. Please accept before then."
    assert quoted[1] == "> "
    assert quoted[-1] == "> end"
    assert "\n\n>" in plain
