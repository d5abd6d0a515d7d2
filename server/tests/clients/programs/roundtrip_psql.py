"""The round trip of psql: scripts whose whole output is known, and Ctrl-C in a terminal."""

import os
import pty
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from trip import done

HERE = Path(__file__).parent
PSQL = ["psql", "-X", "-q"]
PROMPT = "psql> "
PATIENCE = 60


def main() -> None:
    script("roundtrip")
    version = subprocess.run(["psql", "--version"], capture_output=True, text=True, check=True).stdout
    # The extended protocol came with psql 16, pipelines with 18.
    if re.search(r" (1[89]|[2-9]\d)\.", version):
        script("roundtrip_18")
    ctrl_c()
    done("close")


def script(name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        ran = subprocess.run(
            PSQL,
            cwd=folder,
            input=(HERE / f"{name}.sql").read_text(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
        )
    printed = re.sub(r"PID \d+", "PID of the backend", ran.stdout)
    wanted = (HERE / f"{name}.out").read_text()
    if ran.returncode != 0 or printed != wanted:
        sys.exit(f"{name}: exit {ran.returncode}, printed\n{printed}\nand not\n{wanted}")
    # Each step's name stands alone on a line of the output.
    for step in re.findall(r"^\\echo (\w[\w ]*)$", (HERE / f"{name}.sql").read_text(), re.MULTILINE):
        done(step)


def ctrl_c() -> None:
    """What a script cannot do: psql gives up a script with its statement."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(TERM="dumb", PSQL_HISTORY="/dev/null", PSQL_PAGER="cat")
        os.execvp("psql", [*PSQL, "-n", "-v", f"PROMPT1={PROMPT}", "-v", "VERBOSITY=sqlstate"])
    until(terminal, PROMPT)
    os.write(terminal, b"SELECT pg_backend_pid() AS backend \\gset\n")
    until(terminal, PROMPT)
    os.write(terminal, b"\\echo :backend\n")
    backend = re.search(r"(\d+)\r\n", until(terminal, PROMPT))[1]
    os.write(terminal, b"SELECT pg_sleep(60);\n")
    asleep = f"SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND pid = {backend}"
    while subprocess.check_output([*PSQL, "-At", "-c", asleep], text=True) != "1\n":
        pass
    os.write(terminal, b"\x03")
    told = until(terminal, PROMPT)
    if "ERROR:  57014" not in told:
        sys.exit(f"Ctrl-C was answered {told!r}")
    os.write(terminal, b"SELECT 'awa' || 'ke';\n")
    if "awake" not in until(terminal, PROMPT):
        sys.exit("not awake")
    os.write(terminal, b"\\q\n")
    os.waitpid(pid, 0)
    done("cancel")


def until(terminal: int, wanted: str) -> str:
    """What psql writes up to `wanted`. The harness has a clock of its own."""
    seen = ""
    while not seen.endswith(wanted):
        chunk = os.read(terminal, 65536)
        if not chunk:
            sys.exit(f"psql ended after {seen!r}")
        seen += chunk.decode()
    return seen


main()
