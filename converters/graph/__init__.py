"""The only place that talks to Microsoft Graph."""
