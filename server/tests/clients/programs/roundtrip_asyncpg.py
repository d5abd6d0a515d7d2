"""The round trip of asyncpg: the extended protocol in binary, but for statements without parameters."""

import asyncio
import io
from datetime import date
from decimal import Decimal

import asyncpg

from trip import LARGE, N_COPIED, RESULT, SLEEPERS, SUM_OF_RESULT, address, done, expect, sum_of


async def main() -> None:
    connection = await asyncpg.connect(**address())
    other = await asyncpg.connect(**address())
    await simple(connection)
    await prepared(connection)
    await transaction(connection)
    await error(connection)
    await copy(connection)
    await cancel(connection, other)
    await notify(connection, other)
    await pipeline(connection)
    await large_value(connection)
    await large_result(connection)
    await other.close()
    await connection.close()
    expect(connection.is_closed() and other.is_closed(), True)
    done("close")


async def simple(connection: asyncpg.Connection) -> None:
    # Without parameters `execute` takes the simple protocol, and gives the last tag.
    expect(await connection.execute("SELECT 6 * 7; SELECT 1 UNION SELECT 2"), "SELECT 2")
    expect(await connection.fetchval("SELECT 6 * 7"), 42)
    done("simple")


async def prepared(connection: asyncpg.Connection) -> None:
    statement = await connection.prepare(
        "SELECT $1::int4 + 1, $2::numeric * 2, $3::date + 1, $4::bytea, $5::text, $6::int8[]"
    )
    for i in range(10):
        row = await statement.fetchrow(i, Decimal("1.5"), date(2026, 11, 22), bytes([0, i, 255]), None, [i, 2])
        expect(tuple(row), (i + 1, Decimal("3.0"), date(2026, 11, 23), bytes([0, i, 255]), None, [i, 2]))
    # Asks the server for the parts of a type it does not know.
    await connection.execute("CREATE TYPE pair AS (a int, b text)")
    expect(tuple(await connection.fetchval("SELECT $1::pair", (7, "seven"))), (7, "seven"))
    done("prepared")


async def transaction(connection: asyncpg.Connection) -> None:
    await connection.execute("CREATE TABLE trip (n int PRIMARY KEY, word text)")
    async with connection.transaction(isolation="serializable"):
        await connection.execute("INSERT INTO trip VALUES ($1, $2)", 1, "kept")
    undone = connection.transaction()
    await undone.start()
    await connection.execute("INSERT INTO trip VALUES ($1, $2)", 2, "lost")
    expect(await connection.fetchval("SELECT count(*) FROM trip"), 2)
    await undone.rollback()
    expect(await connection.fetchval("SELECT string_agg(word, ',') FROM trip"), "kept")
    done("transaction")


async def error(connection: asyncpg.Connection) -> None:
    expect(await sqlstate_of(connection.execute("SELECT 1 / 0")), "22012")
    expect(await sqlstate_of(connection.fetch("SELECT 1 / $1::int", 0)), "22012")
    undone = connection.transaction()
    await undone.start()
    expect(await sqlstate_of(connection.execute("INSERT INTO trip VALUES (1, 'again')")), "23505")
    expect(await sqlstate_of(connection.fetch("SELECT 1")), "25P02")
    await undone.rollback()
    expect(await connection.fetchval("SELECT 'well'"), "well")
    done("error")


async def sqlstate_of(asked) -> str | None:
    try:
        await asked
    except asyncpg.PostgresError as problem:
        return problem.sqlstate
    return None


async def copy(connection: asyncpg.Connection) -> None:
    rows = [(n, f"line {n}\t\\ \u00e9") for n in range(2, N_COPIED + 2)]
    # In binary there, as text and as CSV back.
    expect(await connection.copy_records_to_table("trip", records=rows), f"COPY {N_COPIED}")
    expect([tuple(row) for row in await connection.fetch("SELECT * FROM trip WHERE n > 1 ORDER BY n")], rows)
    back = io.BytesIO()
    expect(await connection.copy_from_table("trip", output=back, format="csv"), f"COPY {N_COPIED + 1}")
    await connection.execute("CREATE TABLE twin (LIKE trip)")
    back.seek(0)
    expect(await connection.copy_to_table("twin", source=back, format="csv"), f"COPY {N_COPIED + 1}")
    expect(await connection.fetchval("SELECT count(*) FROM (TABLE trip EXCEPT TABLE twin) AS lost"), 0)
    done("copy")


async def cancel(connection: asyncpg.Connection, other: asyncpg.Connection) -> None:
    backend = await connection.fetchval("SELECT pg_backend_pid()")

    # The driver's own way says nothing of the server's answer, but waits for it.
    sleeping = asyncio.create_task(connection.execute("SELECT pg_sleep(60)"))
    await asleep(other, backend)
    sleeping.cancel()
    try:
        await sleeping
    except asyncio.CancelledError:
        pass
    expect(await connection.fetchval("SELECT 'awake'"), "awake")

    sleeping = asyncio.create_task(sqlstate_of(connection.execute("SELECT pg_sleep(60)")))
    await asleep(other, backend)
    expect(await other.fetchval("SELECT pg_cancel_backend($1)", backend), True)
    expect(await sleeping, "57014")
    expect(await connection.fetchval("SELECT 'awake'"), "awake")
    done("cancel")


async def asleep(other: asyncpg.Connection, backend: int) -> None:
    while await other.fetchval(f"{SLEEPERS}{backend}") == 0:
        pass


async def notify(connection: asyncpg.Connection, other: asyncpg.Connection) -> None:
    heard = asyncio.get_running_loop().create_future()
    await connection.add_listener("trip", lambda _connection, _pid, channel, payload: heard.set_result((channel, payload)))
    await other.execute("SELECT pg_notify($1, $2)", "trip", "hello there")
    expect(await asyncio.wait_for(heard, 30), ("trip", "hello there"))
    done("notify")


async def pipeline(connection: asyncpg.Connection) -> None:
    # Sent without waiting for an answer each; all or nothing.
    await connection.executemany("INSERT INTO trip VALUES ($1, 'many')", [(n,) for n in range(10_001, 12_001)])
    twice = [(12_001,), (12_002,), (12_001,)]
    expect(await sqlstate_of(connection.executemany("INSERT INTO trip VALUES ($1, 'many')", twice)), "23505")
    expect(await connection.fetchval("SELECT count(*) FROM trip WHERE word = 'many'"), 2000)
    done("pipeline")


async def large_value(connection: asyncpg.Connection) -> None:
    value = bytes(range(250)) * (LARGE // 250)
    expect(await connection.fetchval("SELECT $1::bytea", value) == value, True)
    done("large value")


async def large_result(connection: asyncpg.Connection) -> None:
    wanted = await connection.fetchval(SUM_OF_RESULT)
    expect(sum_of(row[1] for row in await connection.fetch(RESULT)), wanted)
    # A portal, a thousand rows at a time.
    async with connection.transaction():
        expect(sum_of([row[1] async for row in connection.cursor(RESULT, prefetch=1000)]), wanted)
    done("large result")


asyncio.run(main())
