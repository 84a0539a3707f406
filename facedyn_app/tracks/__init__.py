"""Tracks: other programs' measurements of a face, and the sessions that they become.

Readers (`action_units`: OpenFace, py-feat; `live_link`, `blendshapes`, `flame`, `animation`) turn a
file into `Track`s, one a face; `reading` recognises files by what is in them; `track` makes the
session.
"""
