"""The promises under faults, each by its number: real queues and table, Graph over HTTP."""
