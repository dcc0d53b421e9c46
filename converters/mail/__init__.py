"""Own mail, as it is written: a letter becomes the bytes of a message."""
