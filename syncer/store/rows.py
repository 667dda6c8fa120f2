"""What all tables share: the metadata, the base class, and the way to a Core table."""

from __future__ import annotations

from sqlalchemy import MetaData, Table
from sqlmodel import SQLModel

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Row(SQLModel):
    """The base of all tables: names of constraints are the same on every database."""

    metadata = METADATA


def table_of(row: type[Row]) -> Table:
    """The Core table of a row class, for statements that write or read in bulk."""
    return METADATA.tables[str(row.__tablename__)]
