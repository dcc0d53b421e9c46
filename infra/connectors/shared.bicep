metadata description = 'What the connectors share.'

@export()
@description('Nobody reads what runs took and gave, which can hold addresses and redeem URLs; whether they failed stays visible.')
var closedContents = {
  allowedCallerIpAddresses: [
    {
      addressRange: '0.0.0.0-0.0.0.0'
    }
  ]
}

@export()
@description('How often an outcome is tried that cannot be told, once in five minutes: a day. Then it goes to the results queue.')
var mostTries = 288

@export()
@description('Statuses by which what was asked for is so.')
var goodStatuses = ['invited', 'alreadyInvited', 'alreadyExternal']

@export()
@description('Statuses by which it is not, and will not be without somebody.')
var failedStatuses = ['ineligible', 'rejected', 'failed']

@export()
@description('Statuses after which another outcome follows.')
var notTheLastStatuses = ['invited', 'reminded', 'deferred']

@export()
@sealed()
@description('What a Logic App may do with one queue or table.')
type grantType = {
  @description('Required. Resource id of the Logic App.')
  workflowId: string

  @description('Required. Object id of its identity.')
  principalId: string

  @description('Required. The least role.')
  role: 'StorageQueueDataMessageProcessor' | 'StorageQueueDataMessageSender' | 'StorageTableDataContributor'

  @description('Required. Of what kind it is.')
  kind: 'queue' | 'table'

  @description('Required. Its name.')
  name: string
}

@export()
@sealed()
@description('Who may call the HTTP connector, and whom it calls back.')
type httpConnectorType = {
  @description('Required. Audience of the callers\' tokens (v1.0): an application of yours that stands for the connector, such as api://…')
  audience: string

  @description('Required. Client ids of the callers\' applications.')
  @minLength(1)
  @maxLength(5)
  callerAppIds: string[]

  @description('Required. What a callback URL has to begin with: https, a host and at least a slash.')
  @minLength(1)
  callbackPrefixes: string[]
}

@export()
@description('Returns what callback URLs may begin with, or fails: without the slash another host could begin so.')
func checkedPrefixes(prefixes string[]) string[] =>
  length(filter(prefixes, one => !startsWith(one, 'https://') || length(split(one, '/')) < 4 || contains(one, '@'))) > 0
    ? fail('callbackPrefixes must each be https://host/, with a path if you like.')
    : prefixes
