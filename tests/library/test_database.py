"""The schema's history leads to the tables that the program works with."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from facedyn_app.errors import InputError
from facedyn_app.library.database import open_database, transaction
from facedyn_app.library.schema import MIGRATIONS, Base


def test_migrations_make_the_declared_tables(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "library.sqlite", 1.0)
    seen = inspect(engine)
    for name, table in Base.metadata.tables.items():
        keys = seen.get_pk_constraint(name)["constrained_columns"]
        assert keys == [column.name for column in table.primary_key]
        columns = {column["name"]: column["nullable"] for column in seen.get_columns(name)}
        assert list(columns) == [column.name for column in table.columns]
        plain = [column for column in table.columns if not column.primary_key]
        assert [columns[column.name] for column in plain] == [column.nullable for column in plain]
        references = {
            (key["constrained_columns"][0], key["referred_table"])
            for key in seen.get_foreign_keys(name)
        }
        assert references == {(k.parent.name, k.column.table.name) for k in table.foreign_keys}
    assert set(seen.get_table_names()) == set(Base.metadata.tables)
    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA user_version")).scalar_one() == len(MIGRATIONS)
        assert connection.execute(text("PRAGMA secure_delete")).scalar_one() == 1
        assert connection.execute(text("PRAGMA foreign_keys")).scalar_one() == 1
    engine.dispose()


def test_a_migration_that_fails_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE runs (other INTEGER)")
    connection.close()
    with pytest.raises(InputError, match="no facedyn library"):
        open_database(path, 1.0)
    connection = sqlite3.connect(path)
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    connection.close()
    assert tables == [("runs",)]


def test_references_are_enforced(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite"
    engine = open_database(path, 1.0)
    with pytest.raises(IntegrityError), transaction(engine, path) as orm:
        orm.execute(
            text("INSERT INTO enrolments (speaker_id, session_id, enrolled_at) VALUES (7, 7, 'x')")
        )
    engine.dispose()


def test_a_journal_that_a_killed_program_had_only_begun_goes_on_opening(tmp_path: Path) -> None:
    """Its first bytes are 0, so that SQLite takes it for no journal and leaves it where it is."""
    path = tmp_path / "library.sqlite"
    open_database(path, 1.0).dispose()
    journal = tmp_path / "library.sqlite-journal"
    journal.write_bytes(bytes(512) + b"Ann Example" * 400)
    open_database(path, 1.0).dispose()
    assert not journal.exists()
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
