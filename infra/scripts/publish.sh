#!/usr/bin/env bash
# Publishes a package to the function app of a deployment, and looks whether Azure finds its functions.
# Needs the Azure CLI, signed in as somebody who may publish to the app. Run it again after a failure.
#
#   infra/scripts/publish.sh RESOURCE_GROUP DEPLOYMENT PACKAGE
set -euo pipefail
if [[ $# -ne 3 ]]; then
  echo "usage: publish.sh RESOURCE_GROUP DEPLOYMENT PACKAGE" >&2
  exit 2
fi
group="$1" deployment="$2" package="$3"

fail() {
  echo "$1" >&2
  exit 1
}

# The package's own names: without any it is not this project's.
wanted="$(unzip -p "$package" function_app.py | sed -n 's/^@app\.function_name("\(.*\)")$/\1/p' | sort)"
[[ -n "$wanted" ]] || fail "$package has no functions: make it with \`make package\`"

app="$(az deployment group show --resource-group "$group" --name "$deployment" \
  --query properties.outputs.functionAppName.value --output tsv)"
[[ -n "$app" ]] || fail "The deployment $deployment has no output functionAppName: did it succeed?"

# The host's health is looked at before the setting below is gone, and is ill until then.
ill="the app appears to be unhealthy"
if said="$(az functionapp deployment source config-zip --resource-group "$group" --name "$app" \
  --src "$package" --build-remote true --output none 2>&1)"; then
  is_well=yes
elif grep --quiet "$ill" <<<"$said"; then
  is_well=no
else
  echo "$said" >&2
  fail "$app did not take the package"
fi

# Publishing makes this setting anew, empty, and an empty one wins over the identity
# (azure-functions-host issue 11796). One with a value is somebody's own.
empty="$(az functionapp config appsettings list --resource-group "$group" --name "$app" \
  --query "length([?name == 'AzureWebJobsStorage' && !value])" --output tsv)"
if [[ "$empty" != 0 ]]; then
  az functionapp config appsettings delete --resource-group "$group" --name "$app" \
    --setting-names AzureWebJobsStorage --output none
  echo "deleted  the empty setting AzureWebJobsStorage"
elif [[ "$is_well" == no ]]; then
  echo "$said" >&2
  fail "$app took the package and does not start: read its log"
fi

# Azure learns the functions a while after the package.
found="" missing="$wanted"
for _ in {1..4}; do
  found="$(az functionapp function list --resource-group "$group" --name "$app" \
    --query "[].name" --output tsv | sed 's|.*/||' | sort)"
  missing="$(comm -23 <(echo "$wanted") <(echo "$found"))"
  [[ -n "$missing" ]] || break
  sleep 30
done
[[ -z "$missing" ]] || fail "Azure does not list $(paste -sd ' ' - <<<"$missing") of $app: was it built remotely? Read the app's log"
sed 's/^/listed   /' <<<"$found"
