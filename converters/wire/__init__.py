"""From bytes to a request, and from an outcome to a CloudEvent."""
