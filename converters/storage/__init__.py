"""The only place that talks to queues and tables."""
