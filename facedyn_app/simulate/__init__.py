"""Simulated speakers and their sessions with known truth: for the demo, training and tests."""
