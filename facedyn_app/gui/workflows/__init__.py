"""What the window has done on worker threads: plain functions that end in `on_progress`; no Qt."""
