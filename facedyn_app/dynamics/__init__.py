"""From parameters to motion, and whether the shape stayed the same: features, windows, drift."""
