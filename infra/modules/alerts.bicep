metadata description = 'Alerts on the lines that the function logs, an action group for whom they are for, and a workbook of outcomes.'

import { tagsType } from 'types.bicep'

@description('Required. Begins the names of all that is made here.')
param prefix string

@description('Required. Where it lives.')
param location string

@description('Required. Tags.')
param tags tagsType

@description('Required. Name of the Log Analytics workspace.')
param workspaceName string

@description('Required. Who is told, by mail; nobody where it is empty.')
param emailAddresses string[]

@description('Required. How old, in seconds, the first visible request may be.')
param oldestRequestSeconds int

@description('Required. Whether the function keeps a subscription to directory events.')
param watchEvents bool

// Each looks at the lines of one kind (conversion, sweep) through `where`, in which `line` is the parsed
// line; any row that is left raises it. Severity 1 is the most severe.
var always = [
  {
    name: 'poison'
    description: 'Messages killed their worker or could not be read: docs/operations.md, "sweep".'
    severity: 1
    line: 'sweep'
    where: '| where toint(line.poison) > 0 or toint(line.deadLetters) > 0'
  }
  {
    name: 'oldest-request'
    description: 'Requests are not taken up: is the function running, does it log?'
    severity: 2
    line: 'sweep'
    where: '| where toint(line.oldestSeconds) > ${oldestRequestSeconds}'
  }
  {
    // The sweep leaves a line every five minutes, whatever happens.
    name: 'silence'
    description: 'The function logs nothing: it is stopped, or fails at its start (alert settings).'
    severity: 1
    line: 'sweep'
    where: '| summarize lines = count() | where lines == 0'
  }
  {
    // Written once, when the function starts.
    name: 'settings'
    description: 'A setting is missing or malformed: the line names it, and no message is taken until it is mended.'
    severity: 1
    line: 'settings'
    frequency: 'PT5M'
    where: '| where array_length(line.problems) > 0'
  }
  {
    name: 'failed'
    description: 'More than a tenth of the requests end as failed: read their reasons.'
    severity: 2
    line: 'conversion'
    where: '| summarize failed = countif(tostring(line.status) == "failed"), all = count() | where failed >= 5 and failed > all / 10.0'
  }
  {
    name: 'graph-refuses'
    description: 'A permission or the tenant\'s setting is missing: requests wait until it is back.'
    severity: 2
    line: 'conversion'
    where: '| where tostring(line.reasons) has_any ("permissionMissing", "factUnknown", "invitationsRefusedByTenant", "invitationsOff")'
  }
  {
    name: 'subscription'
    description: 'The subscription to directory events is not renewed: read why in the line.'
    severity: 2
    line: 'subscription'
    where: '| where tostring(line.state) == "failed" or todouble(line.daysLeft) < 20'
  }
  {
    name: 'completion'
    description: 'A step of a completion waits for a permission, or was given up for it: grant it, or take the step off COMPLETION_STEPS.'
    severity: 2
    line: 'completion'
    where: '| where tostring(line.reasons) has_any ("stepPermissionMissing", "factUnknown")'
  }
  {
    name: 'mail'
    description: 'Invitation mails are refused, or not known to be sent: docs/operations.md, "Own mail".'
    severity: 2
    line: 'mail'
    where: '| where tostring(line.mail) has_any ("refused", "unfit", "inDoubt")'
  }
  {
    name: 'not-set-up'
    description: 'A queue, the table or a role at storage is missing: deploy the infrastructure again.'
    severity: 1
    line: 'conversion'
    where: '| where tostring(line.reasons) has_any ("storageNotSetUp")'
  }
  {
    name: 'nothing-stored'
    description: 'Neither outcomes nor waiting requests can be stored: look at the storage account and the roles.'
    severity: 1
    line: 'conversion'
    where: '| where tostring(line.status) == "undone"'
  }
]

// A quarter of an hour is too short for what the operator's own schedule, or the tenant's pace, decides.
var ofEvents = [
  {
    // Six hours without a look count as an absence, whatever SUBSCRIBE_SCHEDULE says.
    name: 'subscription-silence'
    description: 'Nobody looks after the subscription to directory events: the timer subscribe does not run.'
    severity: 2
    line: 'subscription'
    where: '| where isnotempty(tostring(line.state)) | summarize lines = count() | where lines == 0'
    window: 'PT6H'
  }
  {
    name: 'events-gap'
    description: 'Changes that no event told of are still being asked for after six hours: read why in the line.'
    severity: 2
    line: 'subscription'
    where: '| where isnotempty(tostring(line.gap)) | summarize lines = count(), missed = countif(tobool(line.gap)) | where lines > 3 and missed == lines'
    window: 'PT6H'
  }
  {
    name: 'events-silence'
    description: 'No directory event came for a day, though ten or more came the day before.'
    severity: 2
    line: 'conversion'
    where: '| where tobool(line.event) | summarize before = countif(TimeGenerated <= ago(1d)), since = countif(TimeGenerated > ago(1d)) | where before >= 10 and since == 0'
    window: 'P2D'
  }
]

// People take days to redeem, and a look that stands still is sent for again once an hour.
var ofFollowUps = [
  {
    name: 'stale-invitations'
    description: 'More than half of the invitations that ended in two days were never redeemed: do the mails arrive?'
    severity: 3
    line: 'followUp'
    where: '| summarize stale = countif(tostring(line.status) == "stale"), ended = countif(tostring(line.status) in ("redeemed", "stale")) | where stale >= 5 and stale > ended / 2.0'
    window: 'P2D'
  }
  {
    name: 'follow-up-stands-still'
    description: 'Invited users are not looked at, though the sweep asks for it again and again: read the lines followUp.'
    severity: 2
    line: 'ledgerSweep'
    where: '| where toint(line.restarted) > 0 | summarize since = min(TimeGenerated), until = max(TimeGenerated) | where until - since > 2h'
    window: 'PT6H'
  }
]

var alerts = concat(map(always, alert => union(alert, { window: 'PT15M' })), ofFollowUps, watchEvents ? ofEvents : [])

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' existing = {
  name: workspaceName
}

resource group 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: '${prefix}-alerts'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'b2b-convert'
    emailReceivers: [
      for (address, index) in emailAddresses: {
        name: 'mail-${index}'
        emailAddress: address
        useCommonAlertSchema: true
      }
    ]
  }
}

resource rules 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = [
  for alert in alerts: {
    name: '${prefix}-${alert.name}'
    location: location
    tags: tags
    properties: {
      displayName: '${prefix}: ${alert.name}'
      severity: alert.severity
      enabled: true
      autoMitigate: true
      evaluationFrequency: alert.?frequency ?? 'PT15M'
      windowSize: alert.window
      scopes: [workspace.id]
      // A workspace made a moment ago has no such table yet, and would refuse the query.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: 'AppTraces | where Message startswith "${alert.line} {" | extend line = parse_json(substring(Message, ${length(alert.line) + 1})) ${alert.where}'
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: 0
            failingPeriods: {
              numberOfEvaluationPeriods: 1
              minFailingPeriodsToAlert: 1
            }
          }
        ]
      }
      actions: {
        actionGroups: [group.id]
        customProperties: {
          cure: alert.description
        }
      }
    }
  }
]

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, prefix, 'workbook')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: '${prefix}: outcomes'
    category: 'workbook'
    sourceId: workspace.id
    serializedData: loadTextContent('../workbook.json')
  }
}
