// A PostgreSQL for programs that connect a thousand times, and pgbouncer before it: SCRAM on both legs, session mode.
import { execFileSync, spawnSync } from "node:child_process";
import { appendFileSync, chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Program, freePort } from "../../end2end/support/process";
import { program } from "./psql";

/** Where a program connects, and whose processor time it costs on the way. */
export interface Side {
  name: string;
  port: number;
  user: string;
  password: string;
  /** Those that let in as well. */
  passwords?: string[];
  /** What stands between the program and the server. */
  pid?: number;
}

export const database = "bench";

const role = { user: "bench", password: "bench-in-a-bench" };

/** Connections the server and pgbouncer take; more than any row opens. */
const most = 1100;

export class Cluster {
  private constructor(
    private readonly folder: string,
    private readonly postgres: Program,
    readonly direct: Side,
    /** In PEM. */
    readonly certificate: string,
  ) {}

  static async start(): Promise<Cluster> {
    const folder = mkdtempSync(join(tmpdir(), "postern-bench-pg-"));
    chmodSync(folder, 0o755);
    own(folder);
    const data = join(folder, "data");
    const password = file(folder, "password", role.password);
    const initdb = [program("initdb"), "--no-sync", "--encoding=UTF8", "--locale=C", `--username=${role.user}`];
    const auth = ["--auth-host=scram-sha-256", "--auth-local=trust", `--pwfile=${password}`];
    const [command, ...parameters] = asPostgres([...initdb, ...auth, "-D", data]);
    execFileSync(command, parameters, { stdio: ["ignore", "ignore", "inherit"] });
    const key = join(folder, "server.key");
    const certificate = join(folder, "server.crt");
    const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
    const pair = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out", certificate];
    execFileSync("openssl", ["req", "-x509", "-days", "2", ...pair, ...names], { stdio: "ignore" });
    chmodSync(key, 0o600);
    own(key);

    const port = await freePort();
    const settings = {
      port,
      listen_addresses: "127.0.0.1",
      unix_socket_directories: folder,
      // A pooler keeps its own for a while after its clients have left.
      max_connections: 2 * most,
      shared_buffers: "256MB",
      max_wal_size: "4GB",
      synchronous_commit: "off",
      autovacuum: "off",
      ssl: "on",
      ssl_cert_file: certificate,
      ssl_key_file: key,
    };
    const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value}'\n`);
    appendFileSync(join(data, "postgresql.conf"), lines.join(""));
    const log = join(folder, "postgres.log");
    const isReady = async () => readFileSync(log, "utf8").includes("ready to accept connections");
    const server = asPostgres([program("postgres"), "-D", data]);
    const postgres = await Program.start("PostgreSQL", server, log, process.env, isReady);
    const cluster = new Cluster(folder, postgres, { name: "direct", port, ...role }, readFileSync(certificate, "utf8"));

    cluster.run("createdb", [database]);
    return cluster;
  }

  /** A pgbouncer of its own, with settings of its own. */
  async pool(name: string, settings: Record<string, string> = {}): Promise<{ side: Side; program: Program }> {
    const port = await freePort();
    const users = file(this.folder, `${name}.txt`, `"${role.user}" "${role.password}"\n`);
    const all = {
      listen_addr: "127.0.0.1",
      listen_port: port,
      unix_socket_dir: "",
      auth_type: "scram-sha-256",
      auth_file: users,
      pool_mode: "session",
      default_pool_size: most,
      max_client_conn: most,
      ignore_startup_parameters: "extra_float_digits,options",
      log_connections: 0,
      log_disconnections: 0,
      ...settings,
    };
    const lines = Object.entries(all).map(([name, value]) => `${name} = ${value}`);
    const target = `[databases]\n* = host=127.0.0.1 port=${this.direct.port}\n[pgbouncer]`;
    const configuration = file(this.folder, `${name}.ini`, [target, ...lines, ""].join("\n"));
    const log = join(this.folder, `${name}.log`);
    // Two for each connection, and it does not raise the limit itself.
    const command = asPostgres(["prlimit", "--nofile=4096", "pgbouncer", configuration]);
    const program = await Program.start("pgbouncer", command, log, process.env, () => listens(port));
    return { side: { name, port, ...role, pid: program.pid }, program };
  }

  /** Runs one of PostgreSQL's programs as whom a side lets in; gives its output. */
  run(name: string, parameters: string[], side: Side = this.direct, tls = "disable"): string {
    const { status, stdout, stderr } = spawnSync(program(name), parameters, {
      encoding: "utf8",
      maxBuffer: 1 << 26,
      env: {
        ...process.env,
        PGHOST: "127.0.0.1",
        PGPORT: String(side.port),
        PGUSER: side.user,
        PGPASSWORD: side.password,
        PGDATABASE: name === "createdb" ? "postgres" : database,
        PGSSLMODE: tls,
      },
    });
    if (status !== 0) throw new Error(`${name} ${parameters.join(" ")}, ${side.name}: ${stdout}${stderr}`);
    return stdout;
  }

  async stop(): Promise<void> {
    await this.postgres.stop("SIGINT");
    rmSync(this.folder, { recursive: true });
  }
}

function file(folder: string, name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o644 });
  return path;
}

/** Neither PostgreSQL nor pgbouncer runs as root. */
function asPostgres(command: string[]): string[] {
  if (process.getuid!() !== 0) return command;
  const { uid, gid } = account();
  return ["setpriv", `--reuid=${uid}`, `--regid=${gid}`, "--clear-groups", "--pdeathsig", "TERM", "--", ...command];
}

function own(path: string): void {
  if (process.getuid!() !== 0) return;
  const { uid, gid } = account();
  chownSync(path, uid, gid);
}

function account(): { uid: number; gid: number } {
  const fields = readFileSync("/etc/passwd", "utf8").match(/^postgres:[^:]*:(\d+):(\d+):/m);
  if (fields === null) throw new Error("there is no account called postgres: run `make install-bench`");
  return { uid: Number(fields[1]), gid: Number(fields[2]) };
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => (socket.destroy(), resolve(true)));
    socket.on("error", () => resolve(false));
  });
}
