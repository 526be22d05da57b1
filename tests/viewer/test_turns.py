"""Several viewports share one window of frames: the one under the pointer first, and nobody waits for ever."""

import random
from collections import Counter
from dataclasses import dataclass, field

import pytest

from readingroom.wire import Painted, ViewRequest
from readingroom_viewer.link import LONGEST_WINDOW, LinkEstimate
from readingroom_viewer.stream import REST_S, ViewportStream
from readingroom_viewer.turns import IN_A_ROW, Need, Turns

NAMES = [str(number) for number in range(12)]


@pytest.fixture(params=range(25))
def chance(request: pytest.FixtureRequest) -> random.Random:
    """Return chance that repeats."""
    return random.Random(request.param)  # noqa: S311 - a test's, nothing secret


def needs(chance: random.Random) -> dict[str, Need]:
    """Return what 1 to 12 viewports wait for, by chance."""
    return {name: chance.choice(list(Need)) for name in NAMES[: chance.randint(1, 12)]}


def test_a_turn_goes_to_one_that_waits_while_the_window_has_room(chance: random.Random) -> None:
    """A turn is given exactly when somebody waits and fewer frames than the window are on their way."""
    turns = Turns(first=chance.choice(["", *NAMES]))
    for _ in range(400):
        waiting, window, on_their_way = (
            needs(chance),
            chance.randint(1, LONGEST_WINDOW),
            chance.randint(0, LONGEST_WINDOW),
        )
        chosen = turns.next(waiting, on_their_way, window)

        assert (chosen is not None) == (any(waiting.values()) and on_their_way < window)
        assert chosen is None or waiting[chosen]


def test_the_first_waits_for_one_other_turn_at_most(chance: random.Random) -> None:
    """Whatever the others want, the viewport under the pointer has its turn at once or after one more."""
    turns = Turns(first="3")
    passed = 0
    for _ in range(400):
        waiting = {**needs(chance), "3": chance.choice(list(Need))}
        chosen = turns.next(waiting, 0, 1)
        passed = passed + 1 if waiting["3"] and chosen != "3" else 0

        assert passed <= 1


def test_nobody_who_waits_starves(chance: random.Random) -> None:
    """Of any mix of changes and rests, each that keeps waiting has a turn within the bound that is promised."""
    turns = Turns(first=chance.choice(["", *NAMES]))
    kinds = {name: chance.choice([Need.EXACT, Need.CHANGE]) for name in NAMES[: chance.randint(2, 12)]}
    since = dict.fromkeys(kinds, 0)
    for _ in range(2000):
        chosen = turns.next(kinds, 0, 1)
        since = {name: 0 if name == chosen else turn + 1 for name, turn in since.items()}

        assert max(since.values()) <= len(kinds) * (IN_A_ROW + 1) ** 2


def test_the_others_take_turns() -> None:
    """Without a pointer every viewport has its turn once before any has its second."""
    turns = Turns()
    waiting = dict.fromkeys(NAMES, Need.CHANGE)

    assert [*NAMES, *NAMES] == [turns.next(waiting, 0, 1) for _ in range(24)]


def test_a_change_comes_before_the_exact_picture_of_another() -> None:
    """Exact pictures of viewports at rest wait for those that move, and still come: one after three."""
    turns = Turns()
    waiting = {"rest": Need.EXACT, "a": Need.CHANGE, "b": Need.CHANGE}

    assert ["a", "b", "a", "rest", "b"] == [turns.next(waiting, 0, 1) for _ in range(5)]


def test_the_pointer_takes_three_turns_of_four() -> None:
    """A hand over one viewport feels nearly the whole window, and eleven others still move."""
    turns = Turns(first="5")
    had = Counter(turns.next(dict.fromkeys(NAMES, Need.CHANGE), 0, 1) for _ in range(440))

    assert 330 == had.pop("5")
    assert {10} == set(had.values())


def test_the_pointer_leaves() -> None:
    """A viewport that says the pointer has left it is one of the others; what another says of itself changes nothing."""
    turns = Turns()
    turns.pointed("1", pointed=True)
    turns.pointed("2", pointed=False)
    assert "1" == turns.first
    turns.pointed("1", pointed=False)

    assert "" == turns.first


@dataclass
class Page:
    """Viewports that all play: each wants its next image as soon as the one before is painted. Frames arrive in order."""

    trip_s: float
    turns: Turns = field(default_factory=lambda: Turns(first="0"))
    link: LinkEstimate = field(default_factory=LinkEstimate)
    now: float = 0.0
    flying: list[tuple[float, str, int, bool]] = field(default_factory=list)
    painted: Counter[str] = field(default_factory=Counter)
    exact: dict[str, int] = field(default_factory=dict)
    most: int = 0

    def __post_init__(self) -> None:
        """Open the viewports; each asks for its first image."""
        for _ in range(8):
            self.link.frame(0.0, self.trip_s)
        self.streams = {name: ViewportStream(self.link) for name in NAMES}
        for name in NAMES:
            self.want(name, 1)

    def want(self, name: str, seq: int) -> None:
        """Move one viewport on."""
        self.streams[name].want(ViewRequest(name, seq, "1.2", seq, moving=True), self.now)

    def step(self) -> None:
        """Give every turn there is, then let the next frame arrive; a moving one carries loss."""
        window = self.link.window_for(len(NAMES))
        while True:
            waiting = {name: stream.need(self.now) for name, stream in self.streams.items()}
            name = self.turns.next(waiting, sum(one.on_their_way for one in self.streams.values()), window)
            if name is None:
                break
            request = self.streams[name].next(self.now)
            assert request is not None
            self.streams[name].sent(request, 0, self.now, exact=not request.moving)
            self.flying.append((self.now + self.trip_s, name, request.seq, not request.moving))
            total = sum(one.on_their_way for one in self.streams.values())
            self.most = max(self.most, total - window)
        self.land()

    def land(self) -> None:
        """Paint the frame that arrives next, or let time pass."""
        if not self.flying:
            self.now += REST_S / 4
            return
        at, name, seq, exact = self.flying.pop(0)
        self.now = max(self.now, at)
        self.painted[name] += 1
        if exact:
            self.exact[name] = seq
        self.streams[name].acknowledge(Painted(name, seq, verified=exact), self.now)

    def play(self, frames: int, *, resting: str = "") -> None:
        """Play all viewports but one for so many frames."""
        wanted = dict.fromkeys(NAMES, 1)
        for _ in range(frames):
            before = self.painted.copy()
            self.step()
            for name in set(self.painted - before) - {resting}:
                wanted[name] += 1
                self.want(name, wanted[name])


@pytest.mark.parametrize("trip_s", [0.002, 0.02, 0.2])
def test_twelve_viewports_play_within_one_window(trip_s: float) -> None:
    """Never more frames than the window are on their way together; the pointer's viewport has the most, none has none."""
    page = Page(trip_s)
    page.play(600)

    assert page.most <= 0
    assert page.painted["0"] == max(page.painted.values())
    assert min(page.painted[name] for name in NAMES) >= 600 // 12 // 4


@pytest.mark.parametrize("trip_s", [0.002, 0.2])
def test_a_viewport_at_rest_becomes_exact_while_others_play(trip_s: float) -> None:
    """What one viewport shows with loss is sent exact though eleven others never stop; then nothing more of it is sent."""
    page = Page(trip_s)
    page.play(600, resting="7")

    assert {"7": 1} == page.exact
    assert 2 == page.painted["7"]


def test_all_become_exact_at_the_end() -> None:
    """When every hand rests, every viewport is sent the exact picture of its newest state."""
    page = Page(0.02)
    page.play(100)
    for _ in range(100):
        page.step()

    assert {name: stream._newest for name, stream in page.streams.items()} == page.exact
    assert [] == page.flying
