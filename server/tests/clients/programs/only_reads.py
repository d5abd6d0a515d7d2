"""What psycopg and asyncpg do where a record is read-only: everything but to write."""

import asyncio
import io

import asyncpg
import psycopg

from trip import address, done, expect


def by_psycopg() -> None:
    with psycopg.connect(**address()) as connection:
        expect(connection.execute("SELECT n FROM ledger WHERE n = %s", (1,)).fetchone(), (1,))
        with connection.cursor(name="c") as cursor:
            cursor.execute("SELECT generate_series(1, 250)")
            expect(len(cursor.fetchall()), 250)
        connection.commit()
        with connection.transaction(), connection.transaction():
            expect(connection.execute("SELECT 'näh: é]'").fetchone(), ("näh: é]",))
        with connection.cursor() as cursor, cursor.copy("COPY ledger TO STDOUT") as rows:
            expect(b"".join(rows), b"1\tkept\n")
        connection.commit()
        with connection.pipeline():
            cursors = [connection.execute("SELECT %s::int", (n,)) for n in range(50)]
            expect([cursor.fetchone() for cursor in cursors], [(n,) for n in range(50)])
        connection.rollback()
        for sql in ["DELETE FROM ledger", "DELETE FROM ledger WHERE n = %s"]:
            try:
                connection.execute(sql, (1,) if "%s" in sql else None)
                expect("deleted", "refused")
            except psycopg.errors.ReadOnlySqlTransaction:
                connection.rollback()
        expect(connection.execute("SELECT count(*) FROM ledger").fetchone(), (1,))
    done("psycopg")


async def by_asyncpg() -> None:
    connection = await asyncpg.connect(**address())
    expect(await connection.fetchval("SELECT entry FROM ledger WHERE n = $1", 1), "kept")
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        numbers = [row[0] async for row in connection.cursor("SELECT generate_series(1, 250)")]
        expect(numbers, list(range(1, 251)))
    rows = io.BytesIO()
    await connection.copy_from_query("SELECT * FROM ledger", output=rows)
    expect(rows.getvalue(), b"1\tkept\n")
    for arguments in [("DELETE FROM ledger",), ("DELETE FROM ledger WHERE n = $1", 1)]:
        try:
            await connection.execute(*arguments)
            expect("deleted", "refused")
        except asyncpg.ReadOnlySQLTransactionError:
            pass
    await connection.reset()
    expect(await connection.fetchval("SELECT count(*) FROM ledger"), 1)
    await connection.close()
    done("asyncpg")


by_psycopg()
asyncio.run(by_asyncpg())
