"""Training and recognizers in the window."""
