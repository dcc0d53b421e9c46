#!/usr/bin/env bash
# Gives the function's identity to a partner topic, which delivers by it, and activates the topic.
# Needs the Azure CLI, signed in as somebody who may write the topic and assign the identity. Running
# it again changes nothing.
#
#   infra/scripts/activate-topic.sh RESOURCE_GROUP TOPIC IDENTITY_RESOURCE_ID
set -euo pipefail
if [[ $# -ne 3 ]]; then
  echo "usage: activate-topic.sh RESOURCE_GROUP TOPIC IDENTITY_RESOURCE_ID" >&2
  exit 2
fi
group="$1" topic="$2" identity="$3"
version="api-version=2025-02-15"
# The CLI fills the subscription in.
url="/subscriptions/{subscriptionId}/resourceGroups/$group/providers/Microsoft.EventGrid/partnerTopics/$topic"

topic_has() {
  az rest --url "$url?$version" --query "$1" --output tsv
}

held="$(topic_has "keys(identity.userAssignedIdentities || \`{}\`)")"
# Azure writes ids in any case.
if grep --quiet --ignore-case --line-regexp --fixed-strings "$identity" <<<"$held"; then
  echo "held       $identity"
else
  # An identity of the topic's own stays, and so do others that are assigned to it.
  kind="$(topic_has "contains(identity.type || '', 'SystemAssigned') && 'SystemAssigned, UserAssigned' || 'UserAssigned'")"
  az rest --method patch --url "$url?$version" --output none \
    --body "{\"identity\": {\"type\": \"$kind\", \"userAssignedIdentities\": {\"$identity\": {}}}}"
  echo "assigned   $identity"
fi

state="$(topic_has properties.activationState)"
if [[ "$state" == Activated ]]; then
  echo "active     $topic"
else
  az rest --method post --url "$url/activate?$version" --output none
  echo "activated  $topic"
fi
