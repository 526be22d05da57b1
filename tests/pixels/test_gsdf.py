"""The GSDF in both directions, a screen corrected to it, and the check that finds one that is not (PS3.14)."""

import json
import subprocess
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from readingroom.errors import ReadingRoomError
from readingroom.pixels.display_profile import DisplayProfile, InvalidProfileError, gsdf_conformance
from readingroom.pixels.gsdf import display_curve, exact_jnd, jnd, levels_of, luminance
from readingroom.testing.files import small_image, write

DAY = date(2026, 3, 1)
INDICES = np.arange(1, 1024, dtype=np.float64)
LEVELS = np.arange(256) / 255


def gamma(darkest: float, brightest: float, power: float) -> np.ndarray:
    """Return the luminance of 256 levels of an ideal screen with a power law."""
    return darkest + (brightest - darkest) * LEVELS**power


def srgb(darkest: float, brightest: float) -> np.ndarray:
    """Return the luminance of 256 levels of an ideal sRGB screen (IEC 61966-2-1)."""
    linear = np.where(LEVELS <= 0.04045, LEVELS / 12.92, ((LEVELS + 0.055) / 1.055) ** 2.4)
    return darkest + (brightest - darkest) * linear


def profile(levels: np.ndarray, ambient: float = 0.0) -> DisplayProfile:
    """Return the profile of a screen with these levels."""
    return DisplayProfile("Test", tuple(levels.tolist()), ambient, DAY)


SCREENS = {
    "sRGB": profile(srgb(0.3, 300)),
    "gamma 2.2": profile(gamma(1, 350, 2.2)),
    "gamma 2.4 in a lit room": profile(gamma(0.5, 500, 2.4), ambient=0.7),
    "gamma 1.8": profile(gamma(0.2, 180, 1.8)),
    "OLED": profile(gamma(0.0005, 600, 2.2), ambient=0.08),
}


@pytest.mark.parametrize(("index", "expected"), [(1, "0.0500"), (512, "130.0653"), (1023, "3993.3296")])
def test_luminance_of_the_standards_table(index: float, expected: str) -> None:
    """JND 1 is 0.05 cd/m², 512 is 130.065, 1023 is 3993.3 (PS3.14 annex B)."""
    assert expected == f"{luminance(index):.4f}"


def test_luminance_rises() -> None:
    """Each JND index is brighter than the one before."""
    assert (np.diff(luminance(np.arange(1, 1023.01, 0.01))) > 0).all()


def test_standards_inverse_undoes_luminance_within_a_tenth() -> None:
    """The Standard's polynomial gives each index back to 0.1 JND; its largest error is 0.092."""
    error = np.abs(jnd(luminance(INDICES)) - INDICES)
    assert error.max() < 0.1
    assert error.max() == pytest.approx(0.0916, abs=0.0005)


def test_exact_inverse_undoes_luminance() -> None:
    """What calibration uses gives each index back to a billionth."""
    assert np.abs(exact_jnd(luminance(INDICES)) - INDICES).max() < 1e-9


@pytest.mark.parametrize(("name", "deviation"), [("sRGB", 0.432), ("gamma 2.2", 0.509)])
def test_uncorrected_screens_fail(name: str, deviation: float) -> None:
    """An ideal sRGB screen of 0.3 to 300 cd/m² is 43 % off the GSDF, gamma 2.2 of 1 to 350 is 51 %: neither passes."""
    found = gsdf_conformance(SCREENS[name])
    assert deviation == pytest.approx(found.max_deviation, abs=0.001)
    assert not found.diagnostic
    assert not found.review


@pytest.mark.parametrize("name", SCREENS)
def test_screens_corrected_by_their_own_curve_pass(name: str) -> None:
    """Through its own curve each screen is within 10 % of the GSDF."""
    found = gsdf_conformance(SCREENS[name], corrected=True)
    assert found.diagnostic, found.max_deviation
    assert 17 == len(found.steps)


def test_a_gsdf_screen_needs_no_correction() -> None:
    """A screen that is calibrated in its hardware passes as it is, and P-values are its driving levels."""
    ends = exact_jnd(np.array([0.5, 500.0]))
    calibrated = profile(luminance(np.linspace(ends[0], ends[1], 256)))
    assert gsdf_conformance(calibrated).max_deviation < 1e-6
    assert np.array_equal(np.arange(256), calibrated.curve.apply(np.arange(256)))


@pytest.mark.parametrize("name", SCREENS)
def test_each_p_value_takes_the_level_nearest_in_luminance(name: str) -> None:
    """Written down a second time: the wanted luminance by the GSDF, the level by the smallest difference."""
    levels = SCREENS[name].total
    ends = exact_jnd(levels[[0, -1]])
    p_values = np.arange(0, 255.001, 0.25)
    wanted = luminance(ends[0] + (ends[1] - ends[0]) * p_values / 255)
    nearest = np.abs(wanted[:, None] - levels[None, :]).argmin(axis=1)
    assert np.array_equal(nearest, SCREENS[name].curve.apply(p_values))
    assert np.array_equal([0, 255], SCREENS[name].curve.apply(np.array([0.0, 255.0])))


def test_p_value_on_a_tie_takes_the_brighter_level() -> None:
    """Halfway between two levels the brighter one is shown, as halves go up everywhere here."""
    curve = display_curve(gamma(1, 350, 2.2))
    ties = curve.thresholds[[0, 99, 254]]
    assert [1, 100, 255] == curve.apply(ties).tolist()
    assert [0, 99, 254] == curve.apply(np.nextafter(ties, 0)).tolist()


def test_levels_that_look_the_same_are_shown_by_the_darkest() -> None:
    """A screen whose first levels are all black, and whose last are all white, still rises from end to end."""
    levels = gamma(0.5, 400, 2.2)
    levels[:6], levels[100:103], levels[250:] = levels[0], levels[100], levels[255]
    shown = display_curve(levels).apply(np.arange(0, 255.001, 0.1))
    assert (0, 250) == (shown[0], shown[-1])
    assert (np.diff(shown.astype(int)) >= 0).all()
    assert not set(shown.tolist()) & {1, 2, 3, 4, 5, 101, 102, 251, 252, 253, 254, 255}
    assert {0, 6, 7, 99, 100, 103} <= set(shown.tolist())


@pytest.mark.parametrize("name", ["gamma 2.2", "gamma 2.4 in a lit room", "gamma 1.8", "OLED"])
def test_18_levels_tell_a_power_law_as_well_as_256(name: str) -> None:
    """Between 18 measured levels the others of a screen with a power law are found to a hundredth of a JND."""
    full = SCREENS[name]
    few = replace(full, luminance=full.luminance[::15])
    assert np.abs(exact_jnd(levels_of(few.total)) - exact_jnd(full.total)).max() < 0.01
    assert np.array_equal(full.curve.apply(LEVELS * 255), few.curve.apply(LEVELS * 255))


@pytest.mark.parametrize(("darkest", "brightest"), [(0.5, 500), (1, 350), (0.2, 900)])
def test_18_levels_tell_a_calibrated_screen_as_well_as_256(darkest: float, brightest: float) -> None:
    """So are those of a screen calibrated to the GSDF, with a residual wave of 6 JND, to a tenth of a JND."""
    ends = exact_jnd(np.array([darkest, brightest], float))
    wave = 6 * np.sin(np.arange(256) / 30) * np.sin(LEVELS * np.pi)
    full = luminance(np.linspace(ends[0], ends[1], 256) + wave)
    assert np.abs(exact_jnd(levels_of(full[::15])) - exact_jnd(full)).max() < 0.1


def test_interpolated_levels_keep_the_measured_ones_and_never_fall() -> None:
    """Rough measurements come back at their own levels, and between two equal ones nothing dips or swells."""
    random = np.random.default_rng(7)
    for _ in range(50):
        measured = np.sort(random.uniform(0.3, 400, 18)) + np.arange(18) * 0.01
        measured[5] = measured[6]
        levels = levels_of(measured)
        assert np.allclose(measured, levels[::15], rtol=1e-9)
        assert (np.diff(levels) >= 0).all()
        assert np.ptp(levels[75:91]) < 1e-9 * measured[5]


def test_dcmtk_shows_the_same_driving_levels(tmp_path: Path) -> None:
    """DCMTK's own calibration (dcmj2pnm +Dm) gives the level for each of 256 P-values, except within 0.1 JND of a tie.

    It takes the ends of the range from the Standard's polynomial, which is so far off.
    """
    image = write(small_image(1, np.arange(256, dtype=np.uint8).reshape(16, 16)), tmp_path / "ramp.dcm")
    for screen in SCREENS.values():
        table = "".join(f"{level}\t{value:.9f}\n" for level, value in enumerate(screen.luminance))
        (tmp_path / "monitor.lut").write_text(f"max 255\namb {screen.ambient}\n{table}")
        command = ["dcmj2pnm", "-q", "+Dm", tmp_path / "monitor.lut", "+op", image, tmp_path / "out.pgm"]
        subprocess.run(command, check=True)
        theirs = np.frombuffer((tmp_path / "out.pgm").read_bytes()[-256:], np.uint8).astype(int)
        ours = screen.curve.apply(np.arange(256)).astype(int)
        different = np.flatnonzero(ours != theirs)
        tie = screen.curve.thresholds[np.minimum(ours, theirs)[different]]
        jnd_per_p_value = np.ptp(exact_jnd(screen.total)) / 255
        assert np.abs(ours - theirs).max() <= 1
        assert (np.abs(different - tie) * jnd_per_p_value < 0.1).all()
        assert len(different) <= 2


def test_profile_survives_its_file(tmp_path: Path) -> None:
    """A saved profile is the one that is loaded, and is readable JSON."""
    screen = SCREENS["gamma 2.4 in a lit room"]
    screen.save(tmp_path / "screen.json")
    loaded = DisplayProfile.load(tmp_path / "screen.json")
    assert (screen, DAY) == (loaded, loaded.measured)
    assert 0.7 == json.loads((tmp_path / "screen.json").read_text())["ambient"]


GOOD = [float(n) for n in range(1, 19)]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"luminance": GOOD[:17]}, "not of 17"),
        ({"luminance": []}, "not of 0"),
        ({"luminance": [*GOOD[:4], 2.5, *GOOD[5:]]}, "falls from 4 to 2.5 cd/m² between the driving levels 45 and 60"),
        ({"luminance": [-1.0, *GOOD[1:]]}, "from 0 upwards, not -1"),
        ({"luminance": [float("nan"), *GOOD[1:]]}, "from 0 upwards, not nan"),
        ({"luminance": ["1", *GOOD[1:]]}, "number of cd/m²"),
        ({"luminance": [5.0] * 18}, "one luminance"),
        ({"luminance": [0.0, *GOOD[1:]]}, "0.05 to 4000"),
        ({"luminance": [*GOOD[:17], 4001.0]}, "0.05 to 4000"),
        ({"ambient": -0.1}, "from 0 upwards, not -0.1"),
        ({"ambient": None}, "no display profile"),
        ({"measured": "yesterday"}, "no display profile"),
        ({"measured": 3}, "no display profile"),
        ({"luminance": 7}, "no display profile"),
    ],
)
def test_profile_that_cannot_be_is_refused_in_words(tmp_path: Path, changes: dict[str, object], words: str) -> None:
    """Too few levels, a luminance that falls or is none, a room too dark for the GSDF: the message says which, and where."""
    path = tmp_path / "screen.json"
    path.write_text(json.dumps({"name": "x", "measured": "2026-03-01", "ambient": 0.0, "luminance": GOOD} | changes))
    with pytest.raises(InvalidProfileError) as refused:
        DisplayProfile.load(path)
    assert words in str(refused.value)
    assert str(path) in str(refused.value)


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[1]", b"\xff\xfe", b"null", b"[" * 60_000, b"{" + b" " * 70_000 + b"}"]
)
def test_file_that_is_no_profile_is_refused(tmp_path: Path, content: bytes) -> None:
    """Whatever the file holds, the answer is one line and no traceback."""
    path = tmp_path / "screen.json"
    path.write_bytes(content)
    with pytest.raises(ReadingRoomError, match="no display profile"):
        DisplayProfile.load(path)
