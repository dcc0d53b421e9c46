#!/usr/bin/env bash
# Grants the permissions at Microsoft Graph to the function's identity, for those who cannot use the
# Graph extension of Bicep. Needs the Azure CLI, signed in as somebody who may grant application
# permissions (Privileged Role Administrator). Running it again changes nothing.
#
#   scripts/grant.sh PRINCIPAL_ID [--completion-steps STEP,STEP] [more permissions, such as User.ReadWrite.All]
#
# --completion-steps takes what COMPLETION_STEPS has, and grants what those steps need.
set -euo pipefail
principal="$1"
shift
completion=()
if [[ "${1:-}" == --completion-steps ]]; then
  IFS=', ' read -r -a steps <<<"${2:-}"
  shift 2
  for step in "${steps[@]}"; do
    case "$step" in
      revokeSessions) completion+=(User.RevokeSessions.All) ;;
      randomisePassword) completion+=(User-PasswordProfile.ReadWrite.All) ;;
      userType | sponsor | manager) completion+=(User.ReadWrite.All) ;;
      *)
        echo "There is no completion step $step" >&2
        exit 1
        ;;
    esac
  done
fi
graph_root="$(az cloud show --query endpoints.microsoftGraphResourceId --output tsv)"
graph="${graph_root%/}/v1.0"
permissions=(
  CrossTenantInformation.ReadBasic.All
  Domain.Read.All
  GroupMember.Read.All
  IdentityProvider.Read.All
  OrgContact.Read.All
  Policy.Read.All
  PrivilegedEligibilitySchedule.Read.AzureADGroup
  RoleEligibilitySchedule.Read.Directory
  RoleManagement.Read.Directory
  User.Invite.All
  User.Read.All
  "$@"
)
# Two steps may need the same one.
for permission in ${completion[@]+"${completion[@]}"}; do
  if [[ " ${permissions[*]} " != *" $permission "* ]]; then
    permissions+=("$permission")
  fi
done
app="servicePrincipals(appId='00000003-0000-0000-c000-000000000000')"
resource="$(az rest --url "$graph/$app?\$select=id" --query id --output tsv)"
roles="$(az rest --url "$graph/$app?\$select=appRoles" --output tsv \
  --query "appRoles[?contains(allowedMemberTypes, 'Application')].[value, id]")"
held="$(az rest --url "$graph/servicePrincipals/$principal/appRoleAssignments" --query 'value[].appRoleId' --output tsv)"

role_of() {
  awk -v name="$1" '$1 == name { print $2 }' <<<"$roles"
}

# All or none: a name that is mistyped is found before anything is granted.
for permission in "${permissions[@]}"; do
  if [[ -z "$(role_of "$permission")" ]]; then
    echo "Graph knows no application permission $permission" >&2
    exit 1
  fi
done
for permission in "${permissions[@]}"; do
  role="$(role_of "$permission")"
  if grep --quiet "$role" <<<"$held"; then
    echo "held     $permission"
  else
    az rest --method post --url "$graph/servicePrincipals/$resource/appRoleAssignedTo" \
      --body "{\"principalId\": \"$principal\", \"resourceId\": \"$resource\", \"appRoleId\": \"$role\"}" --output none
    echo "granted  $permission"
  fi
done
