"""The workflows on Ray, for corpora that outgrow one machine; all that speaks to a network."""
