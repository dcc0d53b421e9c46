"""The promises under faults that kill processes: every kill point in turn, and a storm of them."""
