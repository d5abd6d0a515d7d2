"""What the round trips in Python share: a line for each step, and sums that both sides can do."""

import hashlib
import os
import sys
from collections.abc import Iterable

SUM_OF_RESULT = "SELECT md5(string_agg(md5(n::text), '' ORDER BY n)) FROM generate_series(1, 200000) n"
RESULT = "SELECT n, md5(n::text) FROM generate_series(1, 200000) n"
N_COPIED = 5000
LARGE = 20_000_000
SLEEPERS = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND pid = "


def done(step: str) -> None:
    """A step whose every answer was right."""
    print(step, flush=True)


def expect(seen: object, wanted: object) -> None:
    """Ends the program where an answer is another than the one wanted."""
    if seen != wanted:
        sys.exit(f"wanted {wanted!r:.200}, not {seen!r:.200}")


def sum_of(words: Iterable[str]) -> str:
    """What SUM_OF_RESULT says of the second column of RESULT."""
    return hashlib.md5("".join(words).encode()).hexdigest()


def address() -> dict[str, object]:
    """Where and whom to be, in words both drivers understand."""
    return {
        "host": os.environ["PGHOST"],
        "port": int(os.environ["PGPORT"]),
        "user": os.environ["PGUSER"],
        "password": os.environ["PGPASSWORD"],
    }
