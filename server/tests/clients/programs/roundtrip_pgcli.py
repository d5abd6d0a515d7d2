"""The round trip of pgcli: commands, a file, and Ctrl-C in its prompt, which looks up names for completion meanwhile."""

import os
import pty
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from trip import RESULT, SLEEPERS, SUM_OF_RESULT, done, expect, sum_of

# What prompt_toolkit paints around the words.
PAINT = re.compile(rb"\x1b(\[[0-9;?]*[ -/]*[@-~]|\].*?(\x07|\x1b\\)|[()].|[=>78])|\r")
ON_ERROR_RESUME = "[main]\non_error = RESUME\n"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        # Its settings, history and log: nobody else's.
        os.environ.update(XDG_CONFIG_HOME=folder, TERM="xterm", PROMPT_TOOLKIT_NO_CPR="1", PAGER="cat", COLUMNS="200", LINES="50")
        Path(folder, "pgclirc").write_text(ON_ERROR_RESUME)
        os.chdir(folder)

        expect(told("-c", "SELECT 6 * 7", "-c", "SELECT 'one'; SELECT 'two'"), "42\none\ntwo")
        done("simple")

        table = "CREATE TABLE trip (n int PRIMARY KEY, word text)"
        kept = "BEGIN; INSERT INTO trip VALUES (1, 'kept'); COMMIT"
        lost = "BEGIN; INSERT INTO trip VALUES (2, 'lost'); ROLLBACK"
        expect(told("-c", table, "-c", kept, "-c", lost, "-c", "SELECT word FROM trip"), "kept")
        done("transaction")

        Path("script.sql").write_text("SELECT 1 / 0;\nSELECT 'well';\n")
        expect(re.findall("division by zero|well", run("-f", "script.sql")), ["division by zero", "well"])
        done("error")

        Path("trip.txt").write_text("".join(f"{n}\tline {n}\n" for n in range(2, 5002)))
        back = "\\copy (SELECT * FROM trip WHERE n > 1 ORDER BY n) TO 'back.txt'"
        told("-c", "\\copy trip FROM 'trip.txt'", "-c", back)
        expect(Path("back.txt").read_text(), Path("trip.txt").read_text())
        done("copy")

        wanted = told("-c", f"\\copy ({RESULT}) TO 'result.txt'", "-c", SUM_OF_RESULT)
        lines = Path("result.txt").read_text().splitlines()
        expect(sum_of(line.split("\t")[1] for line in lines), wanted)
        done("large result")

        expect("trip" in told("-c", "\\dt trip"), True)
        done("describe")

        ctrl_c()
    done("close")


def told(*arguments: str) -> str:
    """The rows alone, which leaves out errors too."""
    return "\n".join(line for line in run("-t", *arguments).splitlines() if line)


def run(*arguments: str) -> str:
    command = ["pgcli", "-w", "-y", "--less-chatty", "--pgclirc", "pgclirc", *arguments]
    ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
    if ran.returncode != 0:
        sys.exit(f"{arguments}: exit {ran.returncode}: {ran.stdout}")
    return ran.stdout


def ctrl_c() -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp("pgcli", ["pgcli", "-w", "--less-chatty", "--pgclirc", "pgclirc", "--prompt", "ready> "])
    until(terminal, "ready>")
    os.write(terminal, b"SELECT 'pid ' || pg_backend_pid();\r")
    backend = re.search(r"pid (\d+)", until(terminal, r"pid \d+"))[1]
    os.write(terminal, b"SELECT pg_sleep(60);\r")
    while told("-c", f"{SLEEPERS}{backend}") == "0":
        pass
    os.write(terminal, b"\x03")
    until(terminal, "cancelled query")
    os.write(terminal, b"SELECT 'awa' || 'ke';\r")
    until(terminal, "awake")
    os.write(terminal, b"\\q\r")
    try:
        while os.read(terminal, 65536):
            pass
    except OSError:
        # The other end has gone.
        pass
    os.waitpid(pid, 0)
    done("cancel")


def until(terminal: int, wanted: str) -> str:
    """What pgcli writes until `wanted` is in it. The harness has a clock of its own."""
    seen = b""
    while not re.search(wanted, text := PAINT.sub(b"", seen).decode(errors="replace")):
        seen += os.read(terminal, 65536)
    return text


main()
