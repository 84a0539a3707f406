"""Dynamics of a session: motion features and windows, shape drift, quality, match confidence."""
