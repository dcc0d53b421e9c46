"""The rules about power: whom no message may convert, since an invitation can take an account over.

S2: administrators by any road, fail-closed. S11: only whom the operator put in scope.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from converters.model.outcome import Owner
from converters.policy.rule import Finding, Rule, found_if, known, named

if TYPE_CHECKING:
    from converters.policy.rule import Case


def _holds_role(case: Case) -> Finding | None:
    active = known(case.privileges.active_roles)
    assigned = known(case.privileges.role_assignments)
    # A built-in role is in both, by its name in the first alone.
    by_name = {role.template_id for role in active}
    roles = [role.name for role in active] + [id_ for id_ in assigned if id_ not in by_name]
    return found_if(roles, roles=named(roles))


def _eligible_for_role(case: Case) -> Finding | None:
    roles = known(case.privileges.eligible_roles)
    return found_if(roles, roles=named(roles))


def _eligible_for_group(case: Case) -> Finding | None:
    groups = known(case.privileges.eligible_groups)
    return found_if(groups, groups=named(groups))


def _in_role_assignable_group(case: Case) -> Finding | None:
    groups = known(case.privileges.groups).role_assignable
    return found_if(groups, groups=named(groups))


def _protected(case: Case) -> Finding | None:
    protected = case.settings.protected_ids
    if not protected or case.user.id.lower() in protected:
        return found_if(protected)
    return found_if(known(case.privileges.groups).ids & protected)


def _event_without_scope(case: Case) -> Finding | None:
    return found_if(case.request.from_event and case.settings.convertible_group_id is None)


def _out_of_scope(case: Case) -> Finding | None:
    scope = case.settings.convertible_group_id
    if scope is None or scope in known(case.privileges.groups).ids:
        return None
    return Finding({"group": scope})


_NEVER_BY_MESSAGE = (
    "If the person is not an administrator here, take the privilege away first. Convert an"
    " administrator's account by hand, or not at all."
)

RULES = (
    Rule(
        code="holdsDirectoryRole",
        message="The user holds directory roles: {roles}.",
        remediation=_NEVER_BY_MESSAGE,
        owner=Owner.IDENTITY_ADMIN,
        check=_holds_role,
    ),
    Rule(
        code="eligibleForDirectoryRole",
        message="The user can activate directory roles (Privileged Identity Management): {roles}.",
        remediation=_NEVER_BY_MESSAGE,
        owner=Owner.IDENTITY_ADMIN,
        check=_eligible_for_role,
    ),
    Rule(
        code="inRoleAssignableGroup",
        message="The user is a member of role-assignable groups: {groups}.",
        remediation=_NEVER_BY_MESSAGE,
        owner=Owner.IDENTITY_ADMIN,
        check=_in_role_assignable_group,
    ),
    Rule(
        code="eligibleForGroup",
        message=(
            "The user can activate membership or ownership of groups (Privileged Identity"
            " Management): {groups}."
        ),
        remediation=_NEVER_BY_MESSAGE,
        owner=Owner.IDENTITY_ADMIN,
        check=_eligible_for_group,
    ),
    Rule(
        code="managementRestricted",
        message="The user is in a restricted management administrative unit.",
        remediation=_NEVER_BY_MESSAGE,
        owner=Owner.IDENTITY_ADMIN,
        check=lambda case: found_if(case.user.management_restricted),
    ),
    Rule(
        code="protectedByOperator",
        message="The operator protects this user, or a group the user is in, from conversion.",
        remediation="If the account may be converted after all, take the id off PROTECTED_IDS.",
        owner=Owner.OPERATOR,
        check=_protected,
    ),
    Rule(
        code="notInConvertibleGroup",
        message=(
            "Only members of the group {group} may be converted, and the user is not a member."
        ),
        remediation="If the account may be converted, add the user to that group.",
        owner=Owner.IDENTITY_ADMIN,
        check=_out_of_scope,
    ),
    Rule(
        code="eventNeedsConvertibleGroup",
        message=(
            "A directory event asks for the conversion, and no group says whom events may convert."
        ),
        remediation="Set CONVERTIBLE_GROUP_ID to the group whose members events may convert.",
        owner=Owner.OPERATOR,
        check=_event_without_scope,
    ),
)
