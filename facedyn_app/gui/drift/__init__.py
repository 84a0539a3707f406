"""The window on the shape drift of one speaker, session by session."""
