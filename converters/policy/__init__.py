"""Who may be converted, with which address, and what to do about a refusal: pure."""
