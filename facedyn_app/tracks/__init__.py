"""Other programs' measurements of a face become sessions.

A reader a program (`openface`, `pyfeat`, `live_link`, `blendshapes`, `flame`) turns a file into
`Track`s, one a face; `reading` recognises files by what is in them; `track` makes the session.
"""
