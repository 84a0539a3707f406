"""facedyn: recognises people by how their faces move, not by how they look."""

__version__ = "0.1.0"
PROGRAM = f"facedyn {__version__}"
"""What sessions and reports name as what made them."""
