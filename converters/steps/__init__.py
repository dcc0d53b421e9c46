"""What the story of a conversion is made of: inviting, reporting, retrying, sweeping."""
