"""What is spoken of: addresses, facts, requests, outcomes, errors. Frozen, without any I/O."""
