"""facedyn: recognises people by how their faces move, not by how they look."""

__version__ = "0.1.0"
