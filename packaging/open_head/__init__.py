"""Building of the open head from MakeHuman's and Face Units' data."""
