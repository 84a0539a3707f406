"""Making parts of a head from sculpts and samples: identity, jaw, joints, lids, lips."""
