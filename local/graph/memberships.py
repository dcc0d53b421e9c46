"""Who belongs to which group and holds which role."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from local.graph import loading

if TYPE_CHECKING:
    from collections.abc import Collection

    from local.graph.schema import Json


class Memberships:
    """Groups, active directory roles, and eligibilities for roles.

    A role may be put in place while it runs; members of groups are indexed, so add them here.

    Args:
        description: of the tenant.
        user_ids: who is there.

    Attributes:
        groups, roles: by id, each with its ``members``.
        eligibility: whom Privileged Identity Management would let take which role.
        group_eligibility: whom it would let into which group.

    Raises:
        ValueError: naming what the description may not have, or members who are nobody.
    """

    def __init__(self, description: Json, user_ids: Collection[str]) -> None:
        groups = map(loading.group, description.get("groups", []))
        roles = map(loading.role, description.get("directoryRoles", []))
        self.groups = {group["id"]: group for group in groups}
        self.roles = {role["id"]: role for role in roles}
        self.eligibility = [
            loading.eligibility(each) for each in description.get("roleEligibility", [])
        ]
        self.assignments = [
            loading.role_assignment(each) for each in description.get("roleAssignments", [])
        ]
        self.group_eligibility = [
            loading.group_eligibility(each) for each in description.get("groupEligibility", [])
        ]
        # Who came into which group, and who left it, in order.
        self.changes: list[tuple[str, str, bool]] = []
        self._groups_of: dict[str, list[str]] = defaultdict(list)
        for group in self.groups.values():
            for member in group["members"]:
                self._groups_of[member].append(group["id"])
        self._check(user_ids)

    def _check(self, user_ids: Collection[str]) -> None:
        """Refuse members who are nobody: a typo must not make an administrator harmless."""
        listed = (*self.eligibility, *self.assignments, *self.group_eligibility)
        named = {each["principalId"] for each in listed}
        for holder in (*self.groups.values(), *self.roles.values()):
            named.update(holder["members"])
        if nobody := sorted(named.difference(user_ids, self.groups)):
            raise ValueError(f"members that are no user and no group: {', '.join(nobody)}")
        for role in self.roles.values():
            for member in role["members"]:
                if member in self.groups and not self.groups[member]["isAssignableToRole"]:
                    raise ValueError(f"the group {member} holds a role but is not assignable to it")

    def add(self, group_id: str, member_id: str) -> None:
        """Put a user or a group into a group."""
        self.groups[group_id]["members"].append(member_id)
        self._groups_of[member_id].append(group_id)
        self.changes.append((group_id, member_id, True))

    def remove(self, group_id: str, member_id: str) -> None:
        """Take a user or a group out of a group."""
        self.groups[group_id]["members"].remove(member_id)
        self._groups_of[member_id].remove(group_id)
        self.changes.append((group_id, member_id, False))

    def members_of(self, group_id: str) -> list[str]:
        """Return everybody in a group, and the groups in it, through groups too."""
        found, waiting = dict[str, None](), [group_id]
        while waiting:
            for member in self.groups.get(waiting.pop(), {}).get("members", ()):
                if member not in found:
                    found[member] = None
                    waiting.append(member)
        return list(found)

    def groups_of(self, member_id: str) -> list[Json]:
        """Return the groups of a user or a group, through groups too."""
        found: dict[str, Json] = {}
        waiting = [member_id]
        while waiting:
            for group_id in self._groups_of.get(waiting.pop(), ()):
                if group_id not in found:
                    found[group_id] = self.groups[group_id]
                    waiting.append(group_id)
        return list(found.values())

    def users_in(self, group_id: str) -> set[str]:
        """Return the ids of who is in a group, through groups too; groups are among them."""
        found: set[str] = set()
        waiting = [group_id]
        while waiting:
            for member in self.groups[waiting.pop()]["members"]:
                if member not in found:
                    found.add(member)
                    waiting += [member] if member in self.groups else []
        return found

    def assignments_of_all(self) -> list[Json]:
        """Return every role assignment: active directory roles are in the list as well."""
        of_roles = [
            loading.role_assignment({"principalId": member, "roleDefinitionId": definition})
            for role in self.roles.values()
            for definition in [role.get("roleTemplateId") or role["id"]]
            for member in role["members"]
        ]
        return [*of_roles, *self.assignments]

    def roles_of(self, user_id: str) -> list[Json]:
        """Return the active roles of a user, through role-assignable groups too."""
        groups = self.groups_of(user_id)
        holders = {user_id, *(group["id"] for group in groups if group["isAssignableToRole"])}
        return [role for role in self.roles.values() if not holders.isdisjoint(role["members"])]
