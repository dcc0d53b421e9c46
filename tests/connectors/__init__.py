"""The connectors' definitions, evaluated and run on real queues."""
