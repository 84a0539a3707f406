"""Landmark embedding: where the landmarker's points sit on a head's mesh."""
