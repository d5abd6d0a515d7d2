// `posternd` on a folder and a port of its own.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Program, freePort } from "./process";
import { fromEnvironment } from "./postgres";

export const administrator = { email: "ada@postern.example", name: "Ada Albrecht", password: "correct horse battery staple" };

/** A server that can be ended and started again on the same data and the same address. */
export class Posternd {
  private program: Program | undefined;

  private constructor(
    readonly folder: string,
    readonly url: string,
    readonly metricsUrl: string,
    readonly configuration: string,
  ) {}

  /** Where it keeps everything. */
  get data(): string {
    return join(this.folder, "data");
  }

  /** A fresh installation with one administrator, not started yet. */
  static async install(folder: string): Promise<Posternd> {
    const posternd = await Posternd.configure(folder);
    const { email, name } = administrator;
    const created = posternd.run(["admin", "create", "--email", email, "--name", name], administrator.password);
    if (created.status !== 0) throw new Error(`posternd admin create: ${created.output}`);
    return posternd;
  }

  /** An installation of which only the configuration is there. */
  static async configure(folder: string): Promise<Posternd> {
    mkdirSync(folder, { recursive: true });
    const [port, metricsPort] = [await freePort(), await freePort()];
    const url = `http://localhost:${port}`;
    const configuration = join(folder, "postern.toml");
    const text = [
      "[http]",
      `listen = "127.0.0.1:${port}"`,
      `public_url = "${url}"`,
      "[metrics]",
      `listen = "127.0.0.1:${metricsPort}"`,
      "[data]",
      `folder = ${JSON.stringify(join(folder, "data"))}`,
    ];
    writeFileSync(configuration, text.join("\n") + "\n", { mode: 0o600 });
    return new Posternd(folder, url, `http://127.0.0.1:${metricsPort}`, configuration);
  }

  /** A fresh installation in a folder that is removed with the test, and running. */
  static async once(use: (posternd: Posternd) => Promise<void>): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), "postern-alone-"));
    const posternd = await Posternd.install(folder);
    try {
      await posternd.start();
      await use(posternd);
    } finally {
      await posternd.stop();
      rmSync(folder, { recursive: true });
    }
  }

  async start(environment: NodeJS.ProcessEnv = {}): Promise<void> {
    const command = [fromEnvironment("POSTERND"), "--config", this.configuration];
    const isReady = () =>
      fetch(`${this.url}/healthz`).then(
        (response) => response.ok,
        () => false,
      );
    this.program = await Program.start(
      "posternd",
      command,
      join(this.folder, "posternd.log"),
      { ...process.env, ...environment },
      isReady,
    );
  }

  /** Its process, while it runs. */
  get pid(): number {
    if (this.program === undefined) throw new Error("posternd has not been started");
    return this.program.pid;
  }

  /** What it has logged since its last start. */
  log(): string {
    return this.program?.output() ?? "";
  }

  /** Runs one of its commands. */
  run(command: string[], input = ""): { status: number | null; output: string } {
    const all = ["--config", this.configuration, ...command];
    const { status, stdout, stderr } = spawnSync(fromEnvironment("POSTERND"), all, { input, encoding: "utf8" });
    return { status, output: stdout + stderr };
  }

  /** Runs `posternd audit verify`. */
  verifyAudit(): { status: number | null; output: string } {
    return this.run(["audit", "verify"]);
  }

  /** Ends it, in good order or, with SIGKILL, not. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    await this.program?.stop(signal);
  }
}
