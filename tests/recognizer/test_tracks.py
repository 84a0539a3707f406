"""The motion of many sessions on disk: dead channels, and channels that some sessions lack."""

from pathlib import Path

import numpy as np
import pytest

from facedyn_app.dynamics.features import motion_features
from facedyn_app.errors import MismatchError
from facedyn_app.recognizer.motion_windows import feature_windows
from facedyn_app.recognizer.track_collection import collect_tracks, usual_scale
from facedyn_app.recognizer.track_set import open_tracks
from facedyn_app.recognizer.trials import LabelledSession
from facedyn_app.settings import FeatureSettings
from tests.recognizer.conftest import NAMES, easy_session, with_channels, without

SETTINGS = FeatureSettings(window_s=5.0)


def test_the_scale_is_that_of_the_sessions_in_which_a_channel_moves() -> None:
    deviations = np.zeros((4, 6))
    deviations[:, 0] = 0.2
    deviations[:3, 1] = 0.4  # rests in one session
    deviations[3, 1] = 1e-5
    deviations[:, 2] = 1e-4  # hardly ever moves
    deviations[:, 3:] = 5.0 * deviations[:, :3]
    found, dead = usual_scale(deviations, np.array([0, 0, 1, 1]))
    np.testing.assert_allclose(found, [0.2, 0.4, 0.0, 1.0, 2.0, 0.0])
    np.testing.assert_allclose(dead, [0.0, 0.25, 1.0])
    nothing, dead = usual_scale(np.zeros((2, 4)), np.arange(2))
    np.testing.assert_array_equal(nothing, 0.0)
    np.testing.assert_array_equal(dead, 1.0)


def test_a_channel_that_is_often_dead_is_left_out_of_all() -> None:
    """Channel 1 is dead in half of everybody's sessions, channel 2 in all of half of the people."""
    deviations = np.full((8, 6), 0.3)
    labels = np.repeat(np.arange(4), 2)
    deviations[::2, [1, 4]] = 0.0
    deviations[labels < 2, 2] = 0.0
    found, dead = usual_scale(deviations, labels)
    np.testing.assert_allclose(found, [0.3, 0.0, 0.3, 0.3, 0.0, 0.3])
    np.testing.assert_allclose(dead, [0.0, 0.5, 0.5])


def test_sessions_with_other_channels_stand_side_by_side(tmp_path: Path) -> None:
    sessions = [easy_session(k, 0) for k in range(4)]
    sessions[0] = with_channels(sessions[0], (NAMES[2], NAMES[0]))
    items = [LabelledSession(str(k), session) for k, session in enumerate(sessions)]
    tracks = collect_tracks(items, SETTINGS, tmp_path, identity="these")
    assert tracks.expression_names == (NAMES[2], NAMES[0], NAMES[1])
    np.testing.assert_array_equal(tracks.present[:2, :3], [[True, True, False], [True] * 3])
    for track in (tracks, open_tracks(tmp_path, "these")):
        assert track is not None
        for index, session in enumerate(sessions):
            found = track.spread_windows(index, 200, 200, 1)[0]
            own = motion_features(session, SETTINGS)
            for k, name in enumerate(tracks.expression_names):
                if name in own.names:
                    expected = own.values[:200, own.names.index(name)]
                    np.testing.assert_allclose(found[:, k], expected, atol=1e-3)
                else:
                    np.testing.assert_array_equal(found[:, k], 0.0)


def test_a_channel_that_is_left_out_has_no_feature(tmp_path: Path) -> None:
    items = [
        LabelledSession(str(speaker), without(easy_session(speaker, 0), NAMES[0]))
        for speaker in range(2)
    ]
    tracks = collect_tracks(items, SETTINGS, tmp_path, identity="these")
    again = open_tracks(tmp_path, "these")
    assert again is not None
    for found in (tracks, again):
        assert found.left_out == {NAMES[0]: 1.0}
        assert found.expression_names == NAMES[1:]
        assert found.n_features == len(found.scale) == 10
        assert found.present.all()
        values = motion_features(easy_session(1, 0), SETTINGS).values[:200]
        rows = found.spread_windows(1, 200, 200, 1)[0]
        np.testing.assert_allclose(rows, values[:, np.r_[1:6, 7:12]], rtol=1e-3, atol=1e-3)


def test_one_short_session_does_not_shorten_all(tmp_path: Path) -> None:
    seconds = (12.0, 12.0, 5.0)
    sessions = [easy_session(k, 0, seconds=length) for k, length in enumerate(seconds)]
    items = [LabelledSession(str(k), session) for k, session in enumerate(sessions)]
    tracks = collect_tracks(items, SETTINGS, tmp_path)
    fitting, length = tracks.long_enough(np.arange(3), 200)
    np.testing.assert_array_equal(fitting, [0, 1])
    assert length == 200
    fitting, length = tracks.long_enough(np.arange(3), 1000)
    np.testing.assert_array_equal(fitting, [0, 1])
    assert 290 <= length <= 300


def test_a_session_without_a_channel_is_read_and_one_with_none_is_not() -> None:
    cut = feature_windows(with_channels(easy_session(1, 0), NAMES[:1]), SETTINGS, "made", NAMES)
    np.testing.assert_array_equal(cut.present, [True, False, False, True, True, True])
    np.testing.assert_array_equal(cut.values[:, :, [1, 2, 7, 8]], 0.0)
    with pytest.raises(MismatchError, match="none of the channels"):
        feature_windows(easy_session(1, 0), SETTINGS, "made", ("other",))
