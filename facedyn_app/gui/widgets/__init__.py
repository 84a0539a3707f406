"""Widgets: show what they are given, emit what the user did; know no topic and no state."""
