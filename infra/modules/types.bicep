metadata description = 'Types that the modules share.'

@export()
@description('Tags, by name.')
type tagsType = {
  *: string
}

@export()
@sealed()
@description('The operator\'s settings, all optional, as docs/reference/settings.md describes them.')
type operatorSettingsType = {
  @description('Optional. Which edition of Microsoft\'s article decides what refuses.')
  RULES_EDITION: ('2020' | 'current')?

  @description('Optional. Where the external address must stand.')
  EXTERNAL_ADDRESS_PROPERTY: ('byOrigin' | 'mail')?

  @description('Optional. Codes of rules that warn instead of refusing, comma-separated.')
  RULES_AS_WARNINGS: string?

  @description('Optional. Where people land, unless the request says.')
  INVITE_REDIRECT_URL: string?

  @description('Optional. Hosts that a request may name for that, comma-separated.')
  REDIRECT_URL_HOSTS: string?

  @description('Optional. Object ids of users and groups that are never converted, comma-separated.')
  PROTECTED_IDS: string?

  @description('Optional. The group whose members alone may be converted; without it, directory events convert nobody.')
  CONVERTIBLE_GROUP_ID: string?

  @description('Optional. The clientState of Graph\'s subscription: directory events without it do nothing.')
  EVENTS_CLIENT_STATE: string?

  @description('Optional. Resource id of the partner topic: with it the function makes and keeps the subscription to events.')
  EVENTS_PARTNER_TOPIC: string?

  @description('Optional. Region of the partner topic.')
  EVENTS_LOCATION: string?

  @description('Optional. When the subscription is looked at (NCRONTAB).')
  SUBSCRIBE_SCHEDULE: string?

  @description('Optional. Which directory events lead to an outcome.')
  EVENT_OUTCOMES: ('actionable' | 'all')?

  @description('Optional. For how long further events of one user are put together, in seconds.')
  EVENT_QUIET_SECONDS: string?

  @description('Optional. The kill switch: requests wait, and say so once.')
  CONVERSIONS_PAUSED: ('true' | 'false')?

  @description('Optional. Invitations per day (UTC); more wait.')
  DAILY_LIMIT: string?

  @description('Optional. When an invited user is looked at again, such as 15m,6h,1d; off for never.')
  FOLLOW_UP_SCHEDULE: string?

  @description('Optional. After how many days an invitation counts as stale.')
  STALE_AFTER_DAYS: string?

  @description('Optional. After which days a pending invitation is made again, such as 7,21.')
  REMIND_AFTER_DAYS: string?

  @description('Optional. What a request may ask to be done once the person has redeemed, comma-separated: revokeSessions, randomisePassword, userType, sponsor, manager. Grant each permission (graph/permissions.bicep, completionSteps).')
  COMPLETION_STEPS: string?

  @description('Optional. How long the ledger keeps rows that ended, in days; 0 for ever.')
  LEDGER_DAYS: string?

  @description('Optional. Whether the tenant\'s own domain list is read too.')
  READ_INVITATION_DOMAINS: ('true' | 'false')?

  @description('Optional. Whether a request\'s own text may go into the mail.')
  ALLOW_CUSTOM_TEXT: ('true' | 'false')?

  @description('Optional. The mailbox that invitation mails go from; Microsoft mails where it is left out.')
  MAIL_SENDER: string?

  @description('Optional. The name that signs those mails; needed with MAIL_SENDER.')
  MAIL_ORGANISATION: string?

  @description('Optional. Where a reader of those mails can ask: an address or an https URL.')
  MAIL_SUPPORT: string?

  @description('Optional. The language of those mails where a request names none, such as de.')
  MAIL_LANGUAGE: string?

  @description('Optional. How long facts of tenants and domains are kept, in seconds.')
  TENANT_FACTS_SECONDS: string?

  @description('Optional. Time limit of one invocation, in seconds.')
  INVOCATION_SECONDS: string?

  @description('Optional. How long Graph\'s reads may lag, in seconds.')
  SETTLE_SECONDS: string?

  @description('Optional. How long a request waits through an outage, in hours.')
  RETRY_HOURS: string?

  @description('Optional. The longest first wait, in seconds.')
  RETRY_BASE_SECONDS: string?

  @description('Optional. When the poison queue is swept (NCRONTAB).')
  SWEEP_SCHEDULE: string?
}

@export()
@description('Resource ids of the private DNS zones of storage.')
type zonesType = {
  @description('Required. privatelink.blob.…')
  blob: string

  @description('Required. privatelink.queue.…')
  queue: string

  @description('Required. privatelink.table.…')
  table: string
}

@description('Zones of our own, in this resource group, linked to the network.')
type ownZonesType = {
  kind: 'own'
}

@description('Zones that exist already, such as those of a landing zone\'s hub; their links are not touched.')
type givenZonesType = {
  kind: 'given'

  @description('Required. The zones.')
  zones: zonesType
}

@description('No zones and no zone groups: a policy of the landing zone registers each private endpoint.')
type policyZonesType = {
  kind: 'policy'
}

@discriminator('kind')
@description('Who brings the private DNS zones.')
type privateDnsType = ownZonesType | givenZonesType | policyZonesType

@export()
@description('What the private network is like.')
type networkOptionsType = {
  @description('Optional. Address space, at least /25: the app\'s subnet is its first /26, the endpoints\' its second. 10.61.0.0/24 where it is left out.')
  addressPrefix: string?

  @description('Optional. Who brings the private DNS zones: this deployment, where it is left out.')
  privateDns: privateDnsType?

  @description('Optional. Whether the app goes out through a NAT gateway, with an address of its own; it costs by the hour. No, where it is left out.')
  natGateway: bool?
}
