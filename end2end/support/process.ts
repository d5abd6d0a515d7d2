// Programs a test starts: awaited until they are ready, ended when they are no longer needed.
import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import { closeSync, openSync, readFileSync } from "node:fs";
import { once } from "node:events";

/** A program with its output in a file. It does not outlive this process, however that ends. */
export class Program {
  private constructor(
    private readonly name: string,
    private readonly child: ChildProcess,
    private readonly log: string,
  ) {}

  /** Returns once `isReady` says so; throws with the program's last words if it ends before. */
  static async start(
    name: string,
    command: string[],
    log: string,
    environment: NodeJS.ProcessEnv,
    isReady: () => Promise<boolean>,
  ): Promise<Program> {
    const output = openSync(log, "w", 0o600);
    const child = spawn("setpriv", ["--pdeathsig", "TERM", "--", ...command], {
      stdio: ["ignore", output, output],
      env: environment,
    });
    closeSync(output);
    const program = new Program(name, child, log);

    const deadline = Date.now() + 60_000;
    while (!(await isReady())) {
      if (child.exitCode !== null || child.signalCode !== null || Date.now() > deadline) {
        child.kill("SIGKILL");
        throw new Error(`${name} did not start:\n${program.output().slice(-2000)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return program;
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** Everything it has written so far. */
  output(): string {
    return readFileSync(this.log, "utf8");
  }

  /** Ends it and waits until it has. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, "exit");
    this.child.kill(signal);
    await ended;
  }
}

/** A port of the loopback interface nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("a TCP server has a port");
  return address.port;
}
