"""A live camera in the window."""
