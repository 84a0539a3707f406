"""Window of the program: everything that imports Qt."""
