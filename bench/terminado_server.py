"""A program behind a plain web terminal: terminado, and a page with the xterm.js that Postern shows.

Usage: terminado_server.py PORT PROGRAM [ARGUMENT]...
"""

import asyncio
import sys
from pathlib import Path

from terminado import TermSocket, UniqueTermManager
from tornado.web import Application, StaticFileHandler

HERE = Path(__file__).parent
XTERM = HERE.parent / "node_modules" / "@xterm"


class Socket(TermSocket):
    """Sends at once what there is to send."""

    def open(self, *arguments: str) -> None:
        self.set_nodelay(True)
        super().open("psql")


async def main() -> None:
    port, command = int(sys.argv[1]), sys.argv[2:]
    routes = [
        (r"/websocket", Socket, {"term_manager": UniqueTermManager(shell_command=command)}),
        (r"/xterm/(.*)", StaticFileHandler, {"path": str(XTERM)}),
        (r"/()", StaticFileHandler, {"path": str(HERE), "default_filename": "terminado.html"}),
    ]
    Application(routes).listen(port, "localhost")
    await asyncio.Event().wait()


asyncio.run(main())
