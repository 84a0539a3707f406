"""Recognition of speakers: motion windows to embeddings to ranked speakers, and training."""
