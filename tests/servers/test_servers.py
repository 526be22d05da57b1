"""The real servers that other tests are told to use are there, empty, and on loopback alone."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from tests.servers.orthanc import Orthanc
from tests.servers.postgresql import PostgreSQL

from readingroom.testing.files import small_image, write
from readingroom_hub.testing import PATIENCE_S, gone, wait_for

REPOSITORY = Path(__file__).parents[2]


def test_orthanc_gives_back_what_was_put_in(orthanc: Orthanc, tmp_path: Path) -> None:
    """A study that is put in is found by DICOMweb, and is gone after it is taken out."""
    write(small_image(), tmp_path / "image.dcm")
    orthanc.add(tmp_path)

    assert 1 == len(orthanc.ask("/dicom-web/studies"))
    orthanc.clear()
    assert [] == orthanc.ask("/dicom-web/studies")


def test_orthanc_dies_with_whoever_started_it(orthanc_of_session: Orthanc, tmp_path: Path) -> None:
    """Tests that are killed leave no Orthanc behind."""
    code = "from tests.servers.orthanc import *\nwith running_orthanc() as o: print(o.process.pid, flush=True); input()"
    command = [sys.executable, "-c", code]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        command, cwd=REPOSITORY, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as tests:
        assert tests.stdout is not None
        pid = int(tests.stdout.readline())
        tests.kill()
        tests.wait()
    assert wait_for(lambda: gone([pid]), PATIENCE_S)


def test_each_test_has_a_database_of_its_own(postgresql: PostgreSQL, postgresql_url: str) -> None:
    """What one test writes no other test reads, and the owner may make roles that may do less."""
    other = postgresql.new_database().replace("+psycopg", "")
    with psycopg.connect(postgresql_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("CREATE TABLE here (n integer)")
        connection.execute("CREATE ROLE writer_of_this_test LOGIN PASSWORD 'x'")
        connection.execute("DROP ROLE writer_of_this_test")
    with psycopg.connect(other) as connection, pytest.raises(psycopg.errors.UndefinedTable):
        connection.execute("SELECT * FROM here")


def test_nobody_else_reaches_the_servers(orthanc: Orthanc, postgresql: PostgreSQL) -> None:
    """The database listens on loopback and wants its password."""
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(postgresql.address().replace(postgresql.password, "wrong"))
    assert postgresql.password not in repr(postgresql)
