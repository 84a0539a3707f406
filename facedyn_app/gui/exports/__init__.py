"""What leaves the program as files: tables, meshes, reports."""
