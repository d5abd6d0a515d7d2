// The sample database, small, on a PostgreSQL of its own: TLS with its own CA, SCRAM-SHA-256.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Program } from "./process";

/** Where the database is and who may enter. */
export interface Database {
  host: string;
  port: number;
  name: string;
  /** The certificate of its CA, in PEM. */
  ca: string;
  passwords: Record<"app_ro" | "app_rw" | "postern_admin" | "postgres", string>;
}

export async function startPostgres(folder: string): Promise<{ program: Program; database: Database }> {
  const log = join(folder, "xtask.log");
  const home = join(folder, "database");
  const isReady = async () => readFileSync(log, "utf8").includes("ready\n");
  const program = await Program.start("PostgreSQL", [fromEnvironment("XTASK"), "postgres", home], log, process.env, isReady);

  const facts = readFileSync(join(home, "demo.toml"), "utf8");
  const fact = (name: string) => {
    const found = facts.match(new RegExp(`^${name} = "?([a-z0-9]+)"?$`, "m"));
    if (found === null) throw new Error(`demo.toml has no ${name}`);
    return found[1];
  };
  const database = {
    host: "localhost",
    port: Number(fact("postgres_port")),
    name: "shop",
    ca: readFileSync(join(home, "postgres/ca.crt"), "utf8"),
    passwords: {
      app_ro: fact("app_ro"),
      app_rw: fact("app_rw"),
      postern_admin: fact("postern_admin"),
      postgres: fact("postgres"),
    },
  };
  return { program, database };
}

/** Runs SQL as the superuser, past Postern. */
export function runDirectly(database: Database, sql: string): void {
  const { host, port, name, passwords } = database;
  const psql = spawnSync("psql", ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", host, "-p", String(port), "-U", "postgres", "-d", name], {
    input: sql,
    encoding: "utf8",
    env: { ...process.env, PGPASSWORD: passwords.postgres, PGSSLMODE: "require" },
  });
  if (psql.status !== 0) throw new Error(`psql: ${psql.stderr}`);
}

/** A path the Makefile tells. */
export function fromEnvironment(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: run \`make test\``);
  return value;
}
