metadata description = 'Names of what lies in storage, as the function reads them from its settings.'

@export()
@description('Queues, by what they are for.')
var queues = {
  requests: 'conversion-requests' // comes in
  results: 'conversion-results' // outcomes
  quota: 'conversion-quota' // counts the invitations of a day
  deadLetters: 'conversion-dead-letters' // messages that every try failed on
  redemptionChecks: 'redemption-checks' // looks again later whether an invitation was redeemed
}

@export()
@description('Queues that trigger a function: the host adds -poison to each for its poison queue.')
var triggers = [queues.requests, queues.redemptionChecks]

@export()
@description('Outcomes that a connector takes, by how their requests\' ids begin: a queue of their own, as a queue has one consumer.')
var connectorQueues = {
  lifecycle: 'conversion-results-lifecycle'
  http: 'conversion-results-http'
}

@export()
@description('The ledger.')
var table = 'conversions'

@export()
@description('Containers, by what they hold.')
var containers = {
  package: 'package'
  eventDeadLetters: 'event-dead-letters'
}
