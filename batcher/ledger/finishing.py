"""That a batch is finished, as the last event of its journal: whatever changes it later ends that by itself.

Who has seen links since changes nothing.
"""

import json
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, func, not_, select

from batcher.ledger import chain, reading
from batcher.ledger.chain import Event
from batcher.ledger.revealing import ONLY_SEEN
from batcher.ledger.tables import environments, journal, list_readings
from batcher.ledger.whose import is_of
from batcher.model import Environment
from batcher.records import Finished

WHY = "finished: every row of the file is paid"


def note(connection: Connection, environment: Environment, batch: str, finished: Finished, now: datetime) -> None:
    """Put it at the end of the batch's journal."""
    batch_id = reading.batch_id(connection, environment, batch)
    if batch_id is not None:
        chain.add(connection, batch_id, [Event(at=now, why=WHY, content={"finished": finished.as_json()})])


def known(connection: Connection, environment: Environment, batch: str) -> Finished | None:
    """What the last event of the batch's journal that changed something says, where that is such a one."""
    batch_id = reading.batch_id(connection, environment, batch)
    changes = select(journal).where(not_(ONLY_SEEN)).limit(1)
    query = changes.where(journal.c.batch_id == batch_id).order_by(journal.c.number.desc())
    event = connection.execute(query).first()
    if event is None or event.why != WHY:
        return None
    try:
        found = Finished.from_json(json.loads(event.content)["finished"])
    except (KeyError, TypeError, ValueError, AttributeError):
        # Somebody has changed it; `batcher verify` says so.
        return None
    newest = connection.execute(changes.order_by(journal.c.id.desc())).one()
    read = newest_reading(connection, environment)
    return replace(found, journal=event.digest, proven=newest.id == event.id and read == found.list_reading)


def newest_reading(connection: Connection, environment: Environment) -> int:
    """The newest reading of the environment's order list, or 0."""
    query = (
        select(func.max(list_readings.c.id))
        .join(environments, environments.c.id == list_readings.c.environment_id)
        .where(is_of(environment))
    )
    return connection.scalar(query) or 0
