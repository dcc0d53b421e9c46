"""The rules about power: whom no message may convert, since an invitation can take an account over.

S2: administrators by any road, fail-closed. S11: only whom the operator put in scope.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from converters.case import Rule, known, named, when
from converters.model import Owner

if TYPE_CHECKING:
    from converters.case import Case, Finding


def _holds_role(case: Case) -> Finding | None:
    roles = known(case.privileges.active_roles)
    return {"roles": named(roles)} if roles else None


def _eligible_for_role(case: Case) -> Finding | None:
    roles = known(case.privileges.eligible_roles)
    return {"roles": named(roles)} if roles else None


def _in_role_assignable_group(case: Case) -> Finding | None:
    groups = known(case.privileges.groups).role_assignable
    return {"groups": named(groups)} if groups else None


def _protected(case: Case) -> Finding | None:
    protected = case.settings.protected_ids
    if not protected or case.user.id.lower() in protected:
        return when(protected)
    return when(known(case.privileges.groups).ids & protected)


def _event_without_scope(case: Case) -> Finding | None:
    return when(case.request.from_event and case.settings.convertible_group_id is None)


def _out_of_scope(case: Case) -> Finding | None:
    scope = case.settings.convertible_group_id
    if scope is None or scope in known(case.privileges.groups).ids:
        return None
    return {"group": scope}


_NEVER_BY_MESSAGE = (
    "Take the privilege away first if the person is no administrator here; an administrator's"
    " account is converted by hand or not at all."
)

RULES = (
    Rule(
        "holdsDirectoryRole",
        "The user holds directory roles: {roles}.",
        _NEVER_BY_MESSAGE,
        Owner.IDENTITY_ADMIN,
        _holds_role,
    ),
    Rule(
        "eligibleForDirectoryRole",
        "The user can activate directory roles (Privileged Identity Management): {roles}.",
        _NEVER_BY_MESSAGE,
        Owner.IDENTITY_ADMIN,
        _eligible_for_role,
    ),
    Rule(
        "inRoleAssignableGroup",
        "The user is a member of role-assignable groups: {groups}.",
        _NEVER_BY_MESSAGE,
        Owner.IDENTITY_ADMIN,
        _in_role_assignable_group,
    ),
    Rule(
        "managementRestricted",
        "The user is in a restricted management administrative unit.",
        _NEVER_BY_MESSAGE,
        Owner.IDENTITY_ADMIN,
        lambda case: when(case.user.management_restricted),
    ),
    Rule(
        "protectedByOperator",
        "The operator protects the user, or a group the user is in, from conversion.",
        "Take the id off PROTECTED_IDS if the account may be converted after all.",
        Owner.OPERATOR,
        _protected,
    ),
    Rule(
        "notInConvertibleGroup",
        "Only members of the group {group} may be converted, and the user is none.",
        "Add the user to that group if the account may be converted.",
        Owner.IDENTITY_ADMIN,
        _out_of_scope,
    ),
    Rule(
        "eventNeedsConvertibleGroup",
        "A directory event asks for the conversion, and no group says whom events may convert.",
        "Set CONVERTIBLE_GROUP_ID to the group whose members events may convert.",
        Owner.OPERATOR,
        _event_without_scope,
    ),
)
