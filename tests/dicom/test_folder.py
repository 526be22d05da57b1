"""A folder as a source: what is listed, in which order, how it keeps up, and what bad input gets."""

import contextlib
import os
import shutil
import sqlite3
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from pydicom.data import get_testdata_file
from pydicom.encaps import encapsulate_extended
from pydicom.uid import BasicTextSRStorage

import readingroom.dicom.folder
from readingroom.dicom import part10
from readingroom.dicom.folder import FolderSource
from readingroom.dicom.locate import encapsulated_spans, join
from readingroom.dicom.model import Problem, Study
from readingroom.dicom.picture import render_frame
from readingroom.dicom.source import InstancePlace
from readingroom.errors import NotFoundError, ReadingRoomError, SourceUnavailableError
from readingroom.testing.conformance import check_study_source
from readingroom.testing.files import compress, small_image, write
from readingroom.testing.identity import fictional_uid


def reasons(source: FolderSource) -> dict[str, str]:
    """Return the problems by path."""
    return {problem.path: problem.reason for problem in source.problems()}


def only_series(source: FolderSource) -> str:
    """Return the UID of the one series of the one study."""
    (study,) = source.studies()
    (series,) = source.series(study.uid)
    return series.uid


def test_folder_source_conforms(folder: Path, source: FolderSource) -> None:
    """A folder of CT slices, a compressed cine, a colour image and a report passes the suite for sources."""
    for number in range(1, 6):
        write(small_image(number), folder / f"ct/{number}.dcm")
    for name in ("examples_ybr_color.dcm", "reportsi.dcm", "MR_small_RLE.dcm", "emri_small.dcm", "image_dfl.dcm"):
        path = get_testdata_file(name, download=False)
        if path is not None:
            shutil.copy(path, folder)
    source.refresh()
    check_study_source(source)


def test_study_row_reads_as_a_person_would_say_it(folder: Path, source: FolderSource) -> None:
    """Names are family first, dates ISO, times with colons; counts are those of the folder."""
    write(small_image(1), folder / "1.dcm")
    source.refresh()
    expected = Study(
        uid=fictional_uid("small/study"),
        patient_name="Muster, Erika Maria",
        patient_id="RR-TEST-1",
        birth_date="1985-03-12",
        sex="F",
        date="2026-02-02",
        time="08:15:30",
        description="Small study",
        accession_number="RRTEST1",
        modalities=("CT",),
        series_count=1,
        instance_count=1,
    )
    assert (expected,) == source.studies()


def test_patient_name_is_read_in_its_character_set(folder: Path, source: FolderSource) -> None:
    """A name in ISO 8859-1 and one in UTF-8 come out as the same letters."""
    for number, charset in enumerate(("ISO_IR 100", "ISO_IR 192"), 1):
        write(
            small_image(number), folder / f"{number}.dcm", SpecificCharacterSet=charset, PatientName="Müller^Jörg",
            StudyInstanceUID=f"1.2.{number}", SeriesInstanceUID=f"1.3.{number}",
        )  # fmt: skip
    source.refresh()
    assert ["Müller, Jörg"] * 2 == [study.patient_name for study in source.studies()]


def test_shuffled_file_names_read_in_slice_order(folder: Path, source: FolderSource) -> None:
    """Names of files say nothing about the order of slices."""
    for number in range(1, 21):
        write(small_image(number), folder / f"{number * 7 % 23:02d}.dcm")
    source.refresh()
    heights = [frame.geometry.position[2] for frame in source.frames(only_series(source)) if frame.geometry.position]
    assert [float(n) for n in range(1, 21)] == heights


def test_second_refresh_reads_nothing_again(
    folder: Path, source: FolderSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unchanged files are not opened again and the revision stays."""
    write(small_image(1), folder / "1.dcm")
    revision = source.refresh().revision
    monkeypatch.setattr("readingroom.dicom.scan_worker.scan_file", lambda path: pytest.fail(f"read {path} again"))
    assert revision == source.refresh().revision


def test_new_changed_and_removed_files_are_followed(folder: Path, source: FolderSource) -> None:
    """What comes, changes and goes in the folder comes, changes and goes in the source, and the revision grows."""
    write(small_image(1), folder / "1.dcm")
    first = source.refresh().revision
    write(small_image(2), folder / "2.dcm")
    second = source.refresh().revision
    assert 2 == source.studies()[0].instance_count
    write(small_image(2), folder / "2.dcm", PatientName="Other^Name")
    os.utime(folder / "2.dcm", ns=(1, 1))
    source.refresh()
    assert "Other, Name" == source.studies()[0].patient_name
    series_uid = only_series(source)
    for path in folder.iterdir():
        path.unlink()
    last = source.refresh()
    assert () == source.studies()
    with pytest.raises(NotFoundError):
        source.frames(series_uid)
    assert "no DICOM files" in last.message
    assert first < second < last.revision


def test_reader_sees_a_writers_later_commits(folder: Path, source: FolderSource, tmp_path: Path) -> None:
    """A read-only source over the same index follows it, and before there is one says so."""
    reader = FolderSource(folder, tmp_path / "index" / "index.sqlite", read_only=True)
    assert reader.state().indexing
    with pytest.raises(SourceUnavailableError, match="not been indexed"):
        reader.studies()
    (tmp_path / "index").mkdir()
    (tmp_path / "index" / "index.sqlite").touch()
    assert reader.state().indexing
    source.refresh()
    assert () == reader.studies()
    write(small_image(1), folder / "1.dcm")
    source.refresh()
    assert 1 == len(reader.studies())
    assert source.state() == reader.state()
    with pytest.raises(SourceUnavailableError):
        reader.refresh()
    reader.close()


def let_through(folder: Path) -> None:
    """Let everybody pass to a folder of the tests, however deep pytest has put it."""
    for path in (folder, *folder.parents):
        if not path.stat().st_mode & 0o001:
            path.chmod(0o755)


def test_index_is_readable_where_nothing_can_be_written(
    folder: Path, source: FolderSource, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """A reader without the right to write beside the index opens it: no log file has to be made."""
    write(small_image(1), folder / "1.dcm")
    source.refresh()
    source.close()
    assert ["index.sqlite"] == [path.name for path in (tmp_path / "index").iterdir()]
    let_through(tmp_path)
    (tmp_path / "index").chmod(0o555)
    (tmp_path / "index" / "index.sqlite").chmod(0o444)
    request.getfixturevalue("unprivileged")
    reader = FolderSource(folder, tmp_path / "index" / "index.sqlite", read_only=True)
    assert 1 == len(reader.studies())
    reader.close()


def test_two_threads_read_while_a_third_indexes(folder: Path, source: FolderSource) -> None:
    """Frames come out right from a pool of threads while the folder is being scanned again."""
    for number in range(1, 31):
        write(small_image(number), folder / f"{number}.dcm")
    source.refresh()
    frames = source.frames(only_series(source))
    stop = threading.Event()

    def scan() -> None:
        while not stop.is_set():
            os.utime(folder / "1.dcm")
            source.refresh()

    with ThreadPoolExecutor(3) as pool:
        scanning = pool.submit(scan)
        try:
            others = [frame for frame in frames if frame.sop_uid != fictional_uid("small/instance/1")]
            data = list(pool.map(lambda frame: source.frame(frame.sop_uid, 1).data, others * 4))
        finally:
            stop.set()
        scanning.result()
    expected = [(np.arange(48, dtype=np.int16) + number).tobytes() for number in range(2, 31)]
    assert expected * 4 == data


def test_multiframe_is_cut_by_computation(folder: Path, source: FolderSource) -> None:
    """Each frame of native multi-frame pixel data is its own bytes."""
    cine = np.arange(3 * 5 * 4, dtype=np.uint8).reshape(3, 5, 4)
    dataset = small_image(1, cine)
    write(dataset, folder / "cine.dcm", FrameTime=40)
    source.refresh()
    series = source.series(source.studies()[0].uid)[0]
    assert (3, 40.0) == (series.frame_count, series.frame_time_ms)
    assert [frame.tobytes() for frame in cine] == [source.frame(dataset.SOPInstanceUID, n).data for n in (1, 2, 3)]


def test_one_bit_frames_begin_within_bytes(folder: Path, source: FolderSource) -> None:
    """A frame of 15 one-bit pixels that begins at bit 15 comes out aligned to its own first bit."""
    bits = np.random.default_rng(5).integers(0, 2, (4, 3, 5)).astype(np.uint8)
    dataset = small_image(1, bits)
    packed = np.packbits(bits.reshape(-1), bitorder="little").tobytes()
    write(dataset, folder / "seg.dcm", BitsAllocated=1, BitsStored=1, HighBit=0, PixelData=packed)
    source.refresh()
    for frame in range(1, 5):
        picture = render_frame(source, dataset.SOPInstanceUID, frame)
        assert np.array_equal(bits[frame - 1] * 255, picture.pixels)


@pytest.mark.parametrize("table", [True, False])
@pytest.mark.parametrize("fragments", [1, 2])
def test_encapsulated_frames_are_told_apart(folder: Path, table: bool, fragments: int) -> None:
    """Frames in one or more fragments, with or without an offset table, come out whole."""
    begin = b"\0\0\0" if table else b"\xff\xd8\xff"
    frames = [begin + bytes([n]) * 61 for n in range(3)]
    dataset = small_image(1)
    compress(dataset, "1.2.840.10008.1.2.4.57", frames, fragments_per_frame=fragments, table=table)
    write(dataset, folder / "jpeg.dcm", Modality="XA")
    opened = part10.open_file(folder / "jpeg.dcm")
    raw = (folder / "jpeg.dcm").read_bytes()
    assert opened.pixels is not None

    def read_at(length: int, offset: int) -> bytes:
        return raw[offset : offset + length]

    spans = encapsulated_spans(read_at, opened.pixels.offset, 3, opened.dataset)
    assert frames == [join(read_at, spans, n)[:64] for n in (1, 2, 3)]


def test_extended_offset_table_is_followed(folder: Path) -> None:
    """Fragments are given to frames by the Extended Offset Table where there is one."""
    frames = [bytes([n]) * 10 for n in range(3)]
    dataset = compress(small_image(1), "1.2.840.10008.1.2.4.80", frames)
    dataset.PixelData, dataset.ExtendedOffsetTable, dataset.ExtendedOffsetTableLengths = encapsulate_extended(frames)
    write(dataset, folder / "eot.dcm")
    opened = part10.open_file(folder / "eot.dcm")
    raw = (folder / "eot.dcm").read_bytes()
    assert opened.pixels is not None
    spans = encapsulated_spans(lambda n, at: raw[at : at + n], opened.pixels.offset, 3, opened.dataset)
    assert [1, 2, 3] == spans[:, 0].tolist()


def test_bad_files_are_listed_and_the_rest_goes_on(folder: Path, source: FolderSource) -> None:
    """Every kind of bad file is named with its reason in plain words, and the good one beside them is shown."""
    write(small_image(1), folder / "good.dcm")
    good = (folder / "good.dcm").read_bytes()
    (folder / "cut-pixels.dcm").write_bytes(good[:-20])
    (folder / "cut-header.dcm").write_bytes(good[: good.index(b"Small series") + 5])
    (folder / "notes.txt").write_text("not an image")
    (folder / "empty.dcm").write_bytes(b"")
    write(small_image(3), folder / "giant.dcm", Rows=65_535)
    write(small_image(4), folder / "no-pixels.dcm", PixelData=None)
    write(small_image(5), folder / "zero.dcm", Columns=0)
    write(small_image(1), folder / "twin.dcm")
    (folder / "noise.dcm").write_bytes(b"\0" * 128 + b"DICM" + bytes(range(256)) * 4)
    source.refresh()
    told = reasons(source)
    assert "is cut off: 96 bytes of pixel data were promised and 76 are there" == told["cut-pixels.dcm"]
    assert "is cut off: it ends in the middle of its attributes" == told["cut-header.dcm"]
    assert "65535 rows and 6 columns but its pixel data holds only 96 bytes" in told["giant.dcm"]
    assert "without pixel data" in told["no-pixels.dcm"]
    assert "0 columns" in told["zero.dcm"]
    assert "has the same SOP Instance UID as good.dcm, which is shown instead" == told["twin.dcm"]
    assert told["noise.dcm"]
    assert told["."].startswith("2 files are not DICOM, e.g. ")
    assert 8 == len(told)
    assert 1 == len(source.frames(only_series(source)))


def test_compressed_image_that_contradicts_its_rows_is_listed(folder: Path, source: FolderSource) -> None:
    """Rows=65535 over a small JPEG-LS codestream is told when the folder is indexed, not when the image is opened."""
    data = imagecodecs.jpegls_encode(np.zeros((8, 6), np.uint16))
    dataset = compress(small_image(1), "1.2.840.10008.1.2.4.80", [data])
    write(dataset, folder / "giant.dcm", Rows=65_535)
    source.refresh()
    assert "65535 rows" in reasons(source)["giant.dcm"]
    assert () == source.studies()


def test_cut_fragments_are_listed(folder: Path, source: FolderSource) -> None:
    """A file that ends within its compressed frames is told to be cut off."""
    dataset = compress(small_image(1), "1.2.840.10008.1.2.5", [b"\0" * 200])
    write(dataset, folder / "rle.dcm")
    (folder / "rle.dcm").write_bytes((folder / "rle.dcm").read_bytes()[:-150])
    source.refresh()
    assert "is cut off: the file ends within its compressed pixel data" == reasons(source)["rle.dcm"]


def test_random_damage_never_stops_a_scan(folder: Path, source: FolderSource) -> None:
    """Files with bytes changed at random become studies or problems; a scan ends well and so does every rendering."""
    random = np.random.default_rng(8)
    names = ("CT_small.dcm", "SC_rgb_small_odd.dcm", "MR_small_RLE.dcm", "examples_palette.dcm", "reportsi.dcm")
    whole = [Path(path).read_bytes() for name in names if (path := get_testdata_file(name, download=False))]
    for number in range(200):
        damaged = bytearray(whole[number % len(whole)])
        for place in random.integers(128, 2500, 6):
            damaged[place % len(damaged)] = random.integers(256)
        (folder / f"{number}.dcm").write_bytes(damaged)
    source.refresh()
    known = source._index.query("SELECT kind, count(*) AS n FROM files GROUP BY kind")
    assert 200 == sum(row["n"] for row in known)
    for row in source._index.query("SELECT sop_uid FROM frames"):
        with contextlib.suppress(ReadingRoomError):
            render_frame(source, row["sop_uid"], 1)


def test_syntax_without_decoder_is_listed_by_its_name(folder: Path, source: FolderSource) -> None:
    """What no decoder of ours can show is told when the folder is indexed, in the words of the Standard."""
    write(compress(small_image(1), "1.2.840.10008.1.2.4.92", [b"\0" * 64]), folder / "parts.dcm")
    source.refresh()
    assert "is compressed as JPEG 2000 Part 2 Multi-component" in reasons(source)["parts.dcm"]


def test_duplicate_takes_over_when_the_first_goes(folder: Path, source: FolderSource) -> None:
    """Of two files with one SOP Instance UID the first by path is shown; remove it and the other is."""
    write(small_image(1), folder / "b.dcm")
    source.refresh()
    write(small_image(1), folder / "a.dcm")
    source.refresh()
    assert {"b.dcm": "has the same SOP Instance UID as a.dcm, which is shown instead"} == reasons(source)
    (folder / "a.dcm").unlink()
    source.refresh()
    assert {} == reasons(source)
    assert 1 == len(source.frames(only_series(source)))


def test_missing_root_keeps_what_was_known(folder: Path, source: FolderSource) -> None:
    """A folder that is away is told in the state and the problems; its studies are not taken for deleted."""
    write(small_image(1), folder / "1.dcm")
    source.refresh()
    folder.rename(folder.with_name("away"))
    state = source.refresh()
    assert "cannot be read" in state.message
    assert not state.indexing
    assert (Problem(".", "cannot be read (No such file or directory)"),) == source.problems()
    assert 1 == len(source.studies())
    sop_uid = fictional_uid("small/instance/1")
    with pytest.raises(SourceUnavailableError):
        source.frame(sop_uid, 1)
    folder.with_name("away").rename(folder)
    assert "" == source.refresh().message
    assert 96 == len(source.frame(sop_uid, 1).data)


def test_unreadable_file_and_folder_are_listed(
    folder: Path, source: FolderSource, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """What may not be read is named with the reason; a known slice in a locked folder is not taken for deleted."""
    write(small_image(1), folder / "ok.dcm")
    write(small_image(2), folder / "secret.dcm").chmod(0)
    write(small_image(3), folder / "locked" / "3.dcm")
    source.refresh()
    source.close()
    let_through(tmp_path)
    (tmp_path / "index").chmod(0o777)
    (tmp_path / "index" / "index.sqlite").chmod(0o666)
    (folder / "locked").chmod(0)
    os.utime(folder / "secret.dcm")
    request.getfixturevalue("unprivileged")
    source.refresh()
    told = reasons(source)
    assert "cannot be read (Permission denied)" == told["secret.dcm"]
    assert "cannot be looked into (Permission denied)" == told["locked"]
    assert 2 == source.studies()[0].instance_count


def test_file_that_may_be_read_again_comes_in(
    folder: Path, source: FolderSource, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """A changed mode alone is a reason to read a file again."""
    path = write(small_image(1), folder / "1.dcm")
    path.chmod(0)
    let_through(tmp_path)
    (tmp_path / "index").mkdir()
    (tmp_path / "index").chmod(0o777)
    request.getfixturevalue("unprivileged")
    source.refresh()
    assert ["1.dcm"] == list(reasons(source))
    was_root = os.getuid() == 0
    if was_root:
        os.seteuid(0)
    path.chmod(0o644)
    if was_root:
        os.seteuid(65_534)
    source.refresh()
    assert {} == reasons(source)
    assert 1 == len(source.studies())


def test_link_out_of_the_folder_is_refused(folder: Path, source: FolderSource, tmp_path: Path) -> None:
    """A link to a file or a folder elsewhere is listed and not followed, also one put there after indexing."""
    outside = write(small_image(1), tmp_path / "outside" / "1.dcm")
    (folder / "file.dcm").symlink_to(outside)
    (folder / "folder").symlink_to(outside.parent)
    inside = write(small_image(2), folder / "2.dcm")
    (folder / "alias.dcm").symlink_to(inside)
    source.refresh()
    reason = "is a link out of the study folder and is not followed"
    assert {"file.dcm": reason, "folder": reason} == reasons(source)
    inside.unlink()
    inside.symlink_to(outside)
    with pytest.raises(SourceUnavailableError):
        source.frame(fictional_uid("small/instance/2"), 1)
    with pytest.raises(SourceUnavailableError):
        source.metadata(fictional_uid("small/instance/2"))


def test_deflated_bomb_is_refused(folder: Path, source: FolderSource, monkeypatch: pytest.MonkeyPatch) -> None:
    """A deflated dataset that grows beyond the limit is listed; pydicom alone would inflate it all."""
    monkeypatch.setattr(part10, "MAX_INFLATED", 2**20)
    dataset = small_image(1)
    dataset.file_meta.TransferSyntaxUID = part10.DEFLATED
    write(dataset, folder / "small.dcm")
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    raw = (folder / "small.dcm").read_bytes()
    with (folder / "small.dcm").open("rb") as file:
        start = part10._file_meta(file, 10_000)[1]
    bomb = deflater.compress(b"\0" * 2**22) + deflater.flush()
    (folder / "bomb.dcm").write_bytes(raw[:start] + bomb)
    source.refresh()
    assert {"bomb.dcm": "inflates to more than 1 MiB and was refused"} == reasons(source)
    assert 96 == len(source.frame(dataset.SOPInstanceUID, 1).data)


def test_report_is_indexed_without_frames(folder: Path, source: FolderSource) -> None:
    """An object that is no image belongs to the study and shows nothing."""
    dataset = small_image(1)
    for keyword in ("Rows", "Columns", "PixelData"):
        delattr(dataset, keyword)
    dataset.file_meta.MediaStorageSOPClassUID = BasicTextSRStorage
    write(dataset, folder / "report.dcm", SOPClassUID=BasicTextSRStorage, Modality="SR")
    source.refresh()
    assert () == source.problems()
    assert () == source.frames(only_series(source))


def test_dicomdir_and_hidden_files_are_passed_over_in_silence(folder: Path, source: FolderSource) -> None:
    """A DICOMDIR is no study, and neither is what file managers leave behind; nobody needs to be told."""
    path = get_testdata_file("DICOMDIR", download=False)
    assert path is not None
    shutil.copy(path, folder / "DICOMDIR")
    (folder / ".DS_Store").write_bytes(b"x")
    write(small_image(1), folder / "1.dcm")
    source.refresh()
    assert () == source.problems()


def test_what_is_not_there_is_not_found(folder: Path, source: FolderSource) -> None:
    """Unknown UIDs and frame numbers outside the instance raise NotFoundError."""
    write(small_image(1), folder / "1.dcm")
    source.refresh()
    for look_up in (source.series, source.frames, source.metadata):
        with pytest.raises(NotFoundError):
            look_up("1.2.3")
    for frame in (0, 2, -1):
        with pytest.raises(NotFoundError):
            source.frame(fictional_uid("small/instance/1"), frame)


def test_index_of_another_version_is_made_again(folder: Path, source: FolderSource, tmp_path: Path) -> None:
    """An index from another version of this software is thrown away and made again."""
    write(small_image(1), folder / "1.dcm")
    source.refresh()
    source.close()
    connection = sqlite3.connect(tmp_path / "index" / "index.sqlite")
    connection.execute("PRAGMA user_version=99")
    connection.execute("DROP TABLE frames")
    connection.close()
    assert 1 == source.refresh().files_seen
    assert 1 == len(source.frames(only_series(source)))


def test_file_that_is_no_database_is_an_error_of_ours(folder: Path, tmp_path: Path) -> None:
    """An index path that holds something else is told, not thrown at the caller as SQLite's exception."""
    path = tmp_path / "index.sqlite"
    path.write_bytes(b"this is not a database, " * 100)
    source = FolderSource(folder, path)
    with pytest.raises(SourceUnavailableError):
        source.refresh()
    source.close()


@pytest.mark.parametrize("query", ["_STUDY", "_SERIES", "_PLACE", "_INSTANCES", "_FRAMES", "_SAME_SERIES"])
def test_what_is_asked_of_one_study_walks_through_no_other(source: FolderSource, query: str) -> None:
    """Every look-up of one study, series or object goes by an index; no table of all instances is read for it."""
    plan = source._index.query(f"EXPLAIN QUERY PLAN {getattr(readingroom.dicom.folder, query)}", ("1.2",))

    assert [] == [row["detail"] for row in plan if row["detail"].startswith("SCAN")]


def test_an_object_is_found_by_its_uid(source: FolderSource, folder: Path) -> None:
    """Study, series and number of frames are those of the lists; another UID is not found."""
    write(small_image(1), folder / "1.dcm")
    source.refresh()
    (study,) = source.studies()
    (series,) = source.series(study.uid)
    (instance,) = source.instances(series.uid)

    assert InstancePlace(study.uid, series.uid, 1) == source.place(instance.sop_uid)
    with pytest.raises(NotFoundError):
        source.place("2.25.0")
