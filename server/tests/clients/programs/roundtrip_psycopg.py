"""The round trip of psycopg 3, with the libpq 18 of its wheel: protocol 3.2 where the server speaks it."""

import threading
from datetime import date
from decimal import Decimal

import psycopg
from psycopg import errors

from trip import LARGE, N_COPIED, RESULT, SLEEPERS, SUM_OF_RESULT, done, expect, sum_of


def main() -> None:
    # Everything else of the address comes from libpq's own environment.
    with psycopg.connect(max_protocol_version="latest", autocommit=True) as connection:
        with psycopg.connect(min_protocol_version="3.0", max_protocol_version="3.0", autocommit=True) as other:
            simple(connection)
            prepared(connection)
            transaction(connection)
            error(connection)
            copy(connection)
            cancel(connection, other)
            notify(connection, other)
            pipeline(connection)
            large_value(connection)
            large_result(connection)
    expect(connection.closed and other.closed, True)
    done("close")


def simple(connection: psycopg.Connection) -> None:
    expect(connection.execute("SELECT 6 * 7").fetchone(), (42,))
    expect(connection.execute("").description, None)
    # Two results of one message.
    cursor = connection.execute("SELECT 'one'; SELECT 'two'")
    expect(cursor.fetchone(), ("one",))
    expect(cursor.nextset() and cursor.fetchone(), ("two",))
    done("simple")


def prepared(connection: psycopg.Connection) -> None:
    sql = "SELECT %b::int4 + 1, %b::numeric * 2, %b::date + 1, %b::bytea, %b::text, %b::int8[]"
    for binary in (False, True):
        for i in range(10):
            given = (i, Decimal("1.5"), date(2026, 11, 22), bytes([0, i, 255]), None, [i, 2])
            wanted = (i + 1, Decimal("3.0"), date(2026, 11, 23), bytes([0, i, 255]), None, [i, 2])
            cursor = connection.execute(sql, given, prepare=True, binary=binary)
            expect(cursor.fetchone(), wanted)
    # The server's word that there is a statement for each format.
    expect(connection.execute("SELECT count(*) > 0 FROM pg_prepared_statements").fetchone(), (True,))
    done("prepared")


def transaction(connection: psycopg.Connection) -> None:
    connection.execute("CREATE TABLE trip (n int PRIMARY KEY, word text)")
    with connection.transaction():
        connection.execute("INSERT INTO trip VALUES (1, 'kept')")
    with connection.transaction(force_rollback=True):
        connection.execute("INSERT INTO trip VALUES (2, 'lost')")
        expect(connection.execute("SELECT count(*) FROM trip").fetchone(), (2,))
    expect(connection.execute("SELECT word FROM trip").fetchall(), [("kept",)])
    done("transaction")


def error(connection: psycopg.Connection) -> None:
    expect(sqlstate_of(connection, "SELECT 1 / 0"), "22012")
    expect(sqlstate_of(connection, "SELECT 1 / %s::int", [0]), "22012")
    with connection.transaction(force_rollback=True):
        expect(sqlstate_of(connection, "INSERT INTO trip VALUES (1, 'again')"), "23505")
        expect(sqlstate_of(connection, "SELECT 1"), "25P02")
    expect(connection.execute("SELECT 'well'").fetchone(), ("well",))
    done("error")


def sqlstate_of(connection: psycopg.Connection, sql: str, parameters: list | None = None) -> str | None:
    try:
        connection.execute(sql, parameters)
    except psycopg.Error as problem:
        return problem.sqlstate
    return None


def copy(connection: psycopg.Connection) -> None:
    rows = [(n, f"line {n}\t\\ \u00e9") for n in range(2, N_COPIED + 2)]
    with connection.cursor() as cursor:
        with cursor.copy("COPY trip FROM STDIN") as out:
            for row in rows:
                out.write_row(row)
        expect(cursor.rowcount, N_COPIED)
        for binary in ("", " (FORMAT binary)"):
            with cursor.copy(f"COPY (SELECT * FROM trip WHERE n > 1 ORDER BY n) TO STDOUT{binary}") as back:
                back.set_types(["int4", "text"])
                expect(list(back.rows()), rows)
        # Given up half way by the client, and the connection is none the worse.
        try:
            with cursor.copy("COPY trip FROM STDIN") as out:
                out.write_row((N_COPIED + 10, "half"))
                raise InterruptedError
        except InterruptedError:
            pass
    expect(connection.execute("SELECT count(*) FROM trip").fetchone(), (N_COPIED + 1,))
    done("copy")


def cancel(connection: psycopg.Connection, other: psycopg.Connection) -> None:
    backend = connection.execute("SELECT pg_backend_pid()").fetchone()[0]
    for give_up in (connection.cancel_safe, connection.cancel):
        thread = threading.Thread(target=when_asleep, args=(other, backend, give_up))
        thread.start()
        try:
            connection.execute("SELECT pg_sleep(60)")
        except errors.QueryCanceled as problem:
            expect(problem.sqlstate, "57014")
        else:
            expect("not cancelled", "cancelled")
        thread.join()
        expect(connection.execute("SELECT 'awake'").fetchone(), ("awake",))
    done("cancel")


def when_asleep(other: psycopg.Connection, backend: int, act) -> None:
    while other.execute(f"{SLEEPERS}{backend}").fetchone() == (0,):
        pass
    act()


def notify(connection: psycopg.Connection, other: psycopg.Connection) -> None:
    connection.execute("LISTEN trip")
    other.execute("NOTIFY trip, 'hello there'")
    for notice in connection.notifies(timeout=30, stop_after=1):
        expect((notice.channel, notice.payload), ("trip", "hello there"))
        done("notify")


def pipeline(connection: psycopg.Connection) -> None:
    with connection.pipeline() as pipe:
        cursors = [connection.execute("SELECT %s::int * 2", [i]) for i in range(1000)]
        pipe.sync()
        expect([cursor.fetchone()[0] for cursor in cursors], [2 * i for i in range(1000)])

    # An error skips to the next sync; which call tells of it is a matter of time.
    sqlstate = None
    try:
        with connection.pipeline() as pipe:
            connection.execute("SELECT 1 / %s::int", [0])
            connection.execute("INSERT INTO trip VALUES (%s, 'skipped')", [-1])
            pipe.sync()
    except psycopg.Error as problem:
        sqlstate = problem.sqlstate
    expect(sqlstate, "22012")
    expect(connection.execute("SELECT count(*) FROM trip WHERE n < 0").fetchone(), (0,))
    done("pipeline")


def large_value(connection: psycopg.Connection) -> None:
    value = bytes(range(250)) * (LARGE // 250)
    sql = "SELECT %b::bytea, octet_length(%b::bytea)"
    expect(connection.execute(sql, [value, value], binary=True).fetchone() == (value, LARGE), True)
    done("large value")


def large_result(connection: psycopg.Connection) -> None:
    wanted = connection.execute(SUM_OF_RESULT).fetchone()[0]
    expect(sum_of(word for _, word in connection.execute(RESULT).fetchall()), wanted)
    with connection.transaction(), connection.cursor("portal") as cursor:
        cursor.itersize = 10_000
        cursor.execute(RESULT)
        expect(sum_of(word for _, word in cursor), wanted)
    # Row by row, so that the client reads no faster than it likes.
    with connection.cursor() as cursor:
        expect(sum_of(word for _, word in cursor.stream(RESULT)), wanted)
    done("large result")


main()
