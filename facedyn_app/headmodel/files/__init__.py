"""Heads on disk: the program's own files, FLAME, ICT-FaceKit, meshes, remembered paths."""
