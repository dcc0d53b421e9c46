"""Addresses and domains: what is refused, what is the same, and what only looks the same (S3)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from converters.model.addresses import (
    AddressMalformed,
    DomainList,
    EmailAddress,
    mail_address,
    normal_domain,
)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Kim@Partner.Example", "kim@partner.example"),
        ("kim@partner.example.", "kim@partner.example"),
        ("kim@BÜCHER.example", "kim@xn--bcher-kva.example"),
        ("kim.o-neil_2@a.b.partner.example", "kim.o-neil_2@a.b.partner.example"),
        ("k'im@partner.example", "k'im@partner.example"),
        ("xkimx@partner.example", "xkimx@partner.example"),
        ("k" * 64 + "@partner.example", "k" * 64 + "@partner.example"),
    ],
)
def test_address_is_compared_in_its_normal_form(text: str, key: str) -> None:
    address = EmailAddress.parse(text)
    assert address.key == key


# Written out: from the code's own list a test would not miss what is taken off it.
@pytest.mark.parametrize("character", '~!#$%^&*()+=[]{}\\/|;:"<>?,')
def test_forbidden_character_is_refused_and_named(character: str) -> None:
    with pytest.raises(AddressMalformed) as caught:
        EmailAddress.parse(f"ki{character}m@partner.example")
    assert character in str(caught.value)


def test_name_of_a_domain_is_as_long_as_dns_lets_it_be() -> None:
    longest = ".".join(["a" * 63] * 3 + ["b" * 61])
    assert len(longest) == 253
    assert normal_domain(longest) == normal_domain(f"{longest}.") == longest
    with pytest.raises(AddressMalformed):
        normal_domain(f"{longest}b")


def test_address_is_as_long_as_mail_lets_it_be() -> None:
    domain = ".".join(["a" * 63] * 2 + ["b" * 61])
    longest = f"{'k' * (254 - len(domain) - 1)}@{domain}"
    assert len(longest) == 254
    assert EmailAddress.parse(longest).key == mail_address(longest) == longest
    for parse in (EmailAddress.parse, mail_address):
        with pytest.raises(AddressMalformed):
            parse(longest[1:].replace("@", "@c."))


def test_plus_addressing_is_named() -> None:
    with pytest.raises(AddressMalformed, match="plus addressing"):
        EmailAddress.parse("kim+tag@partner.example")


@pytest.mark.parametrize(
    "text",
    [
        "", "kim", "@partner.example", "kim@", "kim@partner", "kim@.example",
        "kim@partner..example",
        ".kim@partner.example", "kim.@partner.example", "-kim@partner.example",
        "kim-@partner.example", "k..im@partner.example", "a@b@partner.example",
        "kim @partner.example", "kim@partner.example\n", "kim\x00@partner.example",
        "kïm@partner.example", "kim@-partner.example", "kim@partner-.example", "kim@10.0.0.1",
        "kim@[10.0.0.1]", "Kim <kim@partner.example>", "k" * 65 + "@partner.example",
        "kim@" + "a" * 64 + ".example", "kim@" + "a." * 130 + "example",
        "kim@part\u2044ner.example",
        "kim@partner\u3002.example",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(AddressMalformed):
        EmailAddress.parse(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("kim@\u00fc_x.example", "the domain is not a valid international name"),
        ("kim@partner", "the domain is not a name of two or more labels"),
        ("a@b@partner.example", "it has an @, a space or a control character too many"),
        ("k\u00efm@partner.example", "the part before the @ has characters outside ASCII"),
        ("k!m(@partner.example", "the part before the @ has !(, which invitations do not take"),
        ("kim.@partner.example", "begins, ends or doubles a dot or hyphen"),
    ],
)
def test_refusal_says_what_is_wrong(text: str, says: str) -> None:
    with pytest.raises(AddressMalformed) as caught:
        EmailAddress.parse(text)
    assert says in str(caught.value)


@pytest.mark.parametrize("text", ["kim@contoso", "secret!@x.example", "kim b@x.example"])
def test_s8_refusal_does_not_repeat_the_address(text: str) -> None:
    with pytest.raises(AddressMalformed) as caught:
        EmailAddress.parse(text)
    assert "kim" not in str(caught.value)
    assert "secret" not in str(caught.value)


@given(st.text())
def test_parsing_any_text_raises_nothing_else(text: str) -> None:
    try:
        address = EmailAddress.parse(text)
    except AddressMalformed:
        return
    assert EmailAddress.parse(address.key).key == address.key


@given(st.text(min_size=1))
def test_normal_domain_of_any_text_stays_what_it_is(text: str) -> None:
    try:
        domain = normal_domain(text)
    except AddressMalformed:
        return
    assert normal_domain(domain) == domain
    assert domain.isascii()


def test_parents_and_names_of_a_list_are_read_apart() -> None:
    listed = DomainList.parse(["partner.example", "*.group.example"])
    assert listed == DomainList(
        everything=False, exact=frozenset({"partner.example"}), parents=(".group.example",)
    )


ALLOWED = DomainList.parse(["partner.example", "*.group.example"])


@pytest.mark.parametrize(
    ("domain", "allowed"),
    [
        ("partner.example", True),
        ("sub.partner.example", False),
        ("evilpartner.example", False),
        ("partner.example.evil.example", False),
        ("group.example", False),
        ("a.group.example", True),
        ("a.b.group.example", True),
        ("evilgroup.example", False),
        ("xn--prtner-bua.example", False),
    ],
)
def test_s3_list_matches_exactly(domain: str, allowed: bool) -> None:  # noqa: FBT001
    assert (domain in ALLOWED) is allowed


@pytest.mark.parametrize(
    "look_alike", ["p\u0430rtner.example", "p\u0251rtner.example", "partn\u0435r.example"]
)
def test_s3_look_alike_of_other_letters_is_another_domain(look_alike: str) -> None:
    assert normal_domain(look_alike) not in ALLOWED


@given(st.from_regex(r"[a-z0-9]{1,20}", fullmatch=True))
def test_s3_nothing_before_a_listed_domain_is_allowed_with_it(prefix: str) -> None:
    assert f"{prefix}.partner.example" not in ALLOWED
    assert f"{prefix}partner.example" not in ALLOWED


def test_s3_empty_list_allows_nothing_and_a_star_everything() -> None:
    assert "partner.example" not in DomainList.parse([])
    assert not DomainList.parse([])
    assert "partner.example" in DomainList.parse(["*"])


def test_entry_that_is_no_domain_is_named() -> None:
    with pytest.raises(AddressMalformed, match=r"no_domain"):
        DomainList.parse(["partner.example", "no_domain"])


@given(st.text(max_size=80))
def test_parsing_any_domain_raises_nothing_else(text: str) -> None:
    try:
        address = EmailAddress.parse(f"kim@{text}")
    except AddressMalformed:
        return
    assert address.domain == normal_domain(address.domain)


@pytest.mark.parametrize(
    "domain",
    [
        "partner", "partner.", "", ".", "partner..", ".partner.example", "partner..example.",
        "partner.1", "1.2.3.4", "0x7f.1", "-a.example", "a-.example", "a b.example", "a/b.example",
        "a:b.example", "a%2eb.example", "*.example", "xn--.example", "\u200b.example",
        "a\u200db.example", "a" * 64 + ".example", "a." * 126 + "example",
        "\u00e9" * 300 + ".example",
    ],
)  # fmt: skip
def test_s3_what_is_no_domain_is_refused(domain: str) -> None:
    with pytest.raises(AddressMalformed):
        normal_domain(domain)


@pytest.mark.parametrize(
    "spelling",
    [
        "partner.example", "PARTNER.Example", "partner.example.", "\uff50artner.example",
        "partner\u3002example", "PARTNER.EXAMPLE.",
    ],
)  # fmt: skip
def test_s3_spellings_of_one_domain_are_one(spelling: str) -> None:
    assert normal_domain(spelling) == "partner.example"


@pytest.mark.parametrize("entry", ["PARTNER.example", "partner.example.", "\uff50artner.example"])
def test_s3_entry_is_compared_in_its_normal_form(entry: str) -> None:
    assert "partner.example" in DomainList.parse([entry])


def test_s3_list_of_sub_domains_alone_is_no_empty_list() -> None:
    listed = DomainList.parse(["*.group.example"])
    assert listed
    assert "group.example" not in listed


@pytest.mark.parametrize(
    "entry", ["", "**", "*.", "*.*.example", "partner.*", "kim@partner.example"]
)
def test_s3_entry_that_is_no_domain_widens_nothing(entry: str) -> None:
    with pytest.raises(AddressMalformed):
        DomainList.parse(["partner.example", entry])


LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)


@given(st.lists(LABELS, min_size=1, max_size=3).map(lambda labels: ".".join([*labels, "example"])))
def test_s3_domain_on_the_list_stands_for_itself_alone(domain: str) -> None:
    listed = DomainList.parse([domain])
    assert domain in listed
    for other in (f"sub.{domain}", f"evil{domain}", f"{domain}.evil.example", f".{domain}"):
        assert other not in listed
