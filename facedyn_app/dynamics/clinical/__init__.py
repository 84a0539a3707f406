"""Clinical measures: blinks, excursions in mm, left against right, synkinesis, change over time."""
