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
from facedyn_app.records import Session
from facedyn_app.settings import FeatureSettings
from tests.recognizer.conftest import NAMES, easy_session
from tests.sessions import altered

SETTINGS = FeatureSettings(window_s=5.0)


def with_channels(session: Session, names: tuple[str, ...]) -> Session:
    columns = [NAMES.index(name) for name in names]
    return altered(session, expression=session.motion.expression[:, columns], names=names)


def test_the_scale_is_that_of_the_sessions_in_which_a_channel_moves() -> None:
    deviations = np.zeros((4, 6))
    deviations[:, 0] = 0.2
    deviations[:2, 1] = 0.4  # rests in two sessions
    deviations[2:, 1] = 1e-5
    deviations[:, 2] = 1e-4  # hardly ever moves
    deviations[:, 3:] = 5.0 * deviations[:, :3]
    found = usual_scale(deviations)
    np.testing.assert_allclose(found, [0.2, 0.4, 0.0, 1.0, 2.0, 0.0])
    np.testing.assert_array_equal(usual_scale(np.zeros((2, 4))), 0.0)


def test_sessions_with_other_channels_stand_side_by_side(tmp_path: Path) -> None:
    whole, some = easy_session(0, 0), with_channels(easy_session(1, 0), (NAMES[2], NAMES[0]))
    items = [LabelledSession("b", some), LabelledSession("a", whole)]
    tracks = collect_tracks(items, SETTINGS, tmp_path, identity="these")
    assert tracks.expression_names == (NAMES[2], NAMES[0], NAMES[1])
    present = [[True, True, False], [True, True, True]]
    np.testing.assert_array_equal(tracks.present[:, :3], present)
    for track in (tracks, open_tracks(tmp_path, "these")):
        assert track is not None
        for index, session in enumerate((some, whole)):
            found = track.spread_windows(index, 200, 200, 1)[0]
            own = motion_features(session, SETTINGS)
            for k, name in enumerate(tracks.expression_names):
                if name in own.names:
                    expected = own.values[:200, own.names.index(name)]
                    np.testing.assert_allclose(found[:, k], expected, atol=1e-3)
                else:
                    np.testing.assert_array_equal(found[:, k], 0.0)


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
