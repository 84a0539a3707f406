"""facedyn: recognises people by how their faces move, not by how they look."""

import os

# the matrices that numpy is given here are small: more threads would only turn in circles, waiting
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

__version__ = "0.1.0"
PROGRAM = f"facedyn {__version__}"
"""What sessions and reports name as what made them."""
