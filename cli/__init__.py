"""What an operator runs by hand; never deployed."""
