"""How long things stay: periods as they are written, and the time before which something may go."""

from datetime import UTC, datetime

import pytest

from readingroom.reading.retention import FOREVER, USUAL, Kept, Period, Retention, RetentionError, years

NOW = datetime(2026, 3, 4, tzinfo=UTC)


@pytest.mark.parametrize("text", ["1 day", "30 days", "400 days", "1 year", "8 years", "200 years", "forever"])
def test_a_period_is_read_as_it_is_written(text: str) -> None:
    """What a site writes comes back in the same words."""
    assert text == str(Period.read(text))


@pytest.mark.parametrize(
    "text",
    ["", "0 days", "8", "8 weeks", "-1 day", "201 years", "99999 days", "8 years ", "for ever", "1.5 years", "٣ days"],
)
def test_nonsense_is_refused_in_words(text: str) -> None:
    """No period that cannot be meant, and none that would remove everything at once."""
    with pytest.raises(RetentionError, match="is no period"):
        Period.read(text)


def test_nothing_goes_before_its_time() -> None:
    """Before the cut what is older may go; for ever means that nothing may; a year that no calendar has removes nothing."""
    eight = Retention({Kept.READS: years(8), Kept.AUDIT: FOREVER})
    assert datetime(2018, 3, 4, tzinfo=UTC) == eight.before(Kept.READS, NOW)
    assert None is eight.before(Kept.AUDIT, NOW)
    assert None is years(200).before(datetime(100, 1, 1, tzinfo=UTC))


def test_every_kind_has_a_period_and_words() -> None:
    """A site that sets nothing keeps everything for a time that is stated, drafts and recordings too."""
    assert set(Kept) == set(USUAL)
    assert all(kind.words for kind in Kept)
    assert USUAL[Kept.DRAFTS] == Retention().of(Kept.DRAFTS)


def test_periods_are_part_of_settings_that_are_hashed() -> None:
    """The hub remembers by its settings, and would not start otherwise."""
    assert hash(Retention({Kept.AUDIT: FOREVER})) == hash(Retention({Kept.AUDIT: Period.read("forever")}))
