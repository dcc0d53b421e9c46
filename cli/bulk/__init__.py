"""Many requests from one file: read, checked, enqueued, followed, picked up again."""
