"""From motion windows to embeddings to ranked speakers: the network, its training, scoring."""
