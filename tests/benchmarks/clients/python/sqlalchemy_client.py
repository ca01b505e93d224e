"""SQLAlchemy's ORM over psycopg2, as they are packaged."""

import psycopg2
import sqlalchemy
from sqlalchemy import Column, Float, Identity, Text, create_engine, select
from sqlalchemy.dialects.postgresql import BIGINT, TIMESTAMP
from sqlalchemy.orm import Session, declarative_base

from client import digest, main, make_rows

AT_ONCE = 10_000
Base = declarative_base()


class Item(Base):
    __tablename__ = 'bench_objects'
    id = Column(BIGINT, Identity(), primary_key=True)
    name = Column(Text, nullable=False)
    score = Column(Float, nullable=False)
    at = Column(TIMESTAMP(timezone=True), nullable=False)


class Row(Base):
    __tablename__ = 'bench_rows'
    id = Column(BIGINT, primary_key=True)
    name = Column(Text, nullable=False)
    score = Column(Float, nullable=False)
    at = Column(TIMESTAMP(timezone=True), nullable=False)


def digest_all(objects):
    return sum(digest(each.id, each.name, each.score, each.at) for each in objects)


def w5_add(task):
    engine = create_engine('postgresql+psycopg2://')

    def make_items(first, count):
        return [Item(name=name, score=score, at=at) for _, name, score, at in make_rows(first, count)]

    def add(items):
        with Session(engine, expire_on_commit=False) as session:
            session.add_all(items)
            session.commit()
        return digest_all(items)

    add(make_items(1, task.warm_up))
    batches = [make_items(task.warm_up + done + 1, min(AT_ONCE, task.count - done))
               for done in range(0, task.count, AT_ONCE)]
    task.start()
    for batch in batches:
        task.checksum += add(batch)
    task.stop()


def w5_load(task):
    engine = create_engine('postgresql+psycopg2://')

    def load(count):
        with Session(engine) as session:
            return digest_all(session.scalars(select(Row).limit(count)).all())

    load(task.warm_up)
    task.start()
    for done in range(0, task.count, AT_ONCE):
        task.checksum += load(min(AT_ONCE, task.count - done))
    task.stop()


main({'w5_add': w5_add, 'w5_load': w5_load},
     f'SQLAlchemy {sqlalchemy.__version__} (psycopg2 {psycopg2.__version__.split()[0]})')
