// psql as a person starts it who holds the credential: the same database, role, TLS and SCRAM as the record.
import { readdirSync } from "node:fs";
import type { Database } from "../../end2end/support/postgres";

/** The role both sides work as. */
export const role = "app_ro";

/** What tells that a statement may be typed. */
export const prompt = "shop=> ";

export function psql(database: Database, ca: string): { command: string[]; environment: NodeJS.ProcessEnv } {
  const { host, port, name } = database;
  const target = `host=${host} port=${port} dbname=${name} user=${role} sslmode=verify-full sslrootcert=${ca}`;
  const environment = {
    ...process.env,
    PGPASSWORD: database.passwords[role],
    PSQL_HISTORY: "/dev/null",
    TERM: "xterm-256color",
  };
  return { command: [program("psql"), "-X", target], environment };
}

/** The program itself: what Debian puts into the path is a script that looks for it, and slower. */
export function program(name: string): string {
  const versions = readdirSync("/usr/lib/postgresql").map(Number);
  // As the demo's server is chosen.
  const version = versions.includes(15) ? 15 : Math.max(...versions);
  return `/usr/lib/postgresql/${version}/bin/${name}`;
}
