// What every browser test finds: a PostgreSQL with the sample database and a fresh Postern.
import { mkdtempSync, rmSync, chmodSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Database, startPostgres } from "./postgres";
import { Posternd } from "./server";

/** The database the tests make records of. */
export function database(): Database {
  const text = process.env.STAGE_DATABASE;
  if (text === undefined) throw new Error("the stage has not been set");
  return JSON.parse(text);
}

/** Sets the stage once for all tests; what it returns clears it. */
export default async function setStage(): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), "postern-end2end-"));
  // The database's user passes through to its own folder.
  chmodSync(folder, 0o711);
  const { program: postgres, database } = await startPostgres(folder);
  const posternd = await Posternd.install(join(folder, "postern"));
  await posternd.start();

  // The workers inherit them. They are not called POSTERN_*: posternd refuses such a name it does not know.
  process.env.STAGE_URL = posternd.url;
  process.env.STAGE_PID = String(posternd.pid);
  process.env.STAGE_CONFIGURATION = posternd.configuration;
  process.env.STAGE_DATABASE = JSON.stringify(database);

  return async () => {
    await posternd.stop();
    await postgres.stop();
    rmSync(folder, { recursive: true });
  };
}
