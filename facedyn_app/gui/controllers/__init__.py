"""Controllers, one a topic: start workflows on worker threads, store results in the state."""
