"""Benchmarks: measurements of the program on material whose truth is known, and of its speed.

One file a benchmark, its measuring and its result record; `facedyn_app.cli.bench` prints them.

- `accuracy` (with `measurement`, `separation`): from pixels to parameters, on the videos of `cases`
  that `rendered_truth` renders
- `performance` (with `channel_truth`, `lengths`): recorded performances beside `recorded_truth`
- `mirror`: videos beside their mirror images
- `realism` (with `session_statistics`): how simulated speakers differ
- `speed` of landmarks and of the network, `fit_speed`; `memory`; `live`; `window`
- `metrics`: the errors and agreements that they share
"""
