"""Read-outs: as many as a hand asks for, an alarm long before they are a picture."""

from datetime import UTC, datetime, timedelta

from readingroom.reading.readouts import A_SECOND, AT_ONCE, SLICE_PIXELS, STUDY_PIXELS, ReadOutWatch, ReadPixel

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def pixel(number: int, sop_uid: str = "1.2.3", person: str = "trainee") -> ReadPixel:
    """Return a pixel of a slice, a tenth of a second after the one before."""
    return ReadPixel(
        NOON + timedelta(seconds=number / A_SECOND), person, "1.2", sop_uid, 1, number % 512, number // 512
    )


def test_a_hand_is_never_refused_and_a_program_soon_is() -> None:
    """Ten values a second go on for ever; of ten thousand asked at once the first thirty are answered."""
    watch = ReadOutWatch()
    assert all(watch.may_read("trainee", NOON + timedelta(seconds=n / A_SECOND)) for n in range(10_000))
    later = NOON + timedelta(hours=1)
    assert AT_ONCE == sum(watch.may_read("trainee", later) for _ in range(10_000))
    assert watch.may_read("consultant", later)
    assert watch.may_read("trainee", later + timedelta(seconds=1))


def test_reading_out_a_slice_raises_one_alarm() -> None:
    """Two thousand different pixels are under one per cent of a slice, and more than any reader asks for."""
    watch = ReadOutWatch()
    alarms = [alarm for number in range(4 * SLICE_PIXELS) for alarm in watch.add(pixel(number))]
    assert [("slice", SLICE_PIXELS, "1.2.3", "trainee")] == [(a.kind, a.pixels, a.sop_uid, a.person) for a in alarms]


def test_the_same_pixel_counts_once() -> None:
    """A hand that rests on a lesion reads nothing new."""
    watch = ReadOutWatch()
    assert [] == [alarm for _ in range(4 * SLICE_PIXELS) for alarm in watch.add(pixel(7))]


def test_a_few_pixels_of_every_slice_add_up() -> None:
    """Whoever stays below the limit of each slice is noticed by the study."""
    watch = ReadOutWatch()
    alarms = [
        alarm
        for slice_number in range(12)
        for number in range(1_000)
        for alarm in watch.add(pixel(number, f"1.2.{slice_number}"))
    ]
    assert [("study", STUDY_PIXELS)] == [(alarm.kind, alarm.pixels) for alarm in alarms]


def test_two_people_do_not_add_up() -> None:
    """What one reader looked at is no suspicion about another."""
    watch = ReadOutWatch()
    for person in ("trainee", "consultant"):
        assert [] == [alarm for n in range(SLICE_PIXELS - 1) for alarm in watch.add(pixel(n, person=person))]
