"""Landmarks to head parameters: the block-arrow solver, residuals, the fit of a session."""
