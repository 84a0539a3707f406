"""Head models: forward function, head files, landmark embedding, rendering."""
