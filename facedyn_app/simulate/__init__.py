"""Simulated speakers with habits, and their sessions with known truth: demo, training, tests."""
