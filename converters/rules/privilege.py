"""The rules about power: whom no message may convert, since an invitation can take an account over.

S2: administrators by any road, fail-closed. S11: only whom the operator put in scope.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from converters.case import FactUnknown, Rule, known, named, when
from converters.facts import Unread
from converters.model import Owner

if TYPE_CHECKING:
    from converters.case import Case, Finding
    from converters.facts import Groups


def _holds_role(case: Case) -> Finding | None:
    roles = known(case.privileges.active_roles)
    return {"roles": named(roles)} if roles else None


def _eligible_for_role(case: Case) -> Finding | None:
    roles = known(case.privileges.eligible_roles)
    return {"roles": named(roles)} if roles else None


def _in_role_assignable_group(case: Case) -> Finding | None:
    groups = known(case.privileges.groups)
    if groups.role_assignable:
        return {"groups": named(groups.role_assignable)}
    return _nothing_in(groups)


def _protected(case: Case) -> Finding | None:
    protected = case.settings.protected_ids
    if not protected or case.user.id.lower() in protected:
        return when(protected)
    groups = known(case.privileges.groups)
    return {} if groups.ids & protected else _nothing_in(groups)


def _out_of_scope(case: Case) -> Finding | None:
    scope = case.settings.convertible_group_id
    if scope is None or scope in known(case.privileges.groups).ids:
        return None
    return {"group": scope}


def _nothing_in(groups: Groups) -> Finding | None:
    """Find nothing, provided that every group was seen."""
    if not groups.complete:
        what = "all of the user's groups, of which there are more than one answer holds"
        raise FactUnknown(Unread(what, "GroupMember.Read.All", 200))
    return None


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
)
