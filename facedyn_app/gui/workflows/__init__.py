"""Workflows of the window, run on worker threads: functions that end in `on_progress`; no Qt."""
