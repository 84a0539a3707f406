"""From a library to a trained, tested and studied recognizer."""
