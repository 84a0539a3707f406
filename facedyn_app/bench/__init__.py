"""Measurements of the program on material whose truth is known, and of its speed."""
