"""Fit of a head to landmarks: the block-arrow solver, residuals, priors, the fit of a session."""
