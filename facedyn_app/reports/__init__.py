"""What leaves the program for others to read: meshes of a session's motion."""
