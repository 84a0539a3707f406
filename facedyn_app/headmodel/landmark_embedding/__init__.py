"""Where the landmarker's points sit on a head."""
