// What a bench finds: the stage of the browser tests, one record to launch, and psql behind a plain web terminal.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Program, freePort } from "../../end2end/support/process";
import setDatabaseAndServer, { database } from "../../end2end/support/stage";
import { waitForQuiet } from "./machine";
import { type SignedIn, describe } from "./records";
import { psql } from "./psql";

export interface Stage extends SignedIn {
  /** Where the plain web terminal is. */
  terminado: string;
  /** The certificate of the database's CA, a file. */
  ca: string;
}

export function stage(): Stage {
  const text = process.env.BENCH_STAGE;
  if (text === undefined) throw new Error("the stage has not been set");
  return JSON.parse(text);
}

/** Sets the stage once for all rows; what it returns clears it. */
export default async function setStage(): Promise<() => Promise<void>> {
  await waitForQuiet();
  // Newest first.
  const undo: (() => Promise<void>)[] = [];
  const clear = async () => {
    for (const step of undo) await step();
  };

  try {
    // A session that was left would be offered to the next launch.
    process.env.POSTERN_SESSIONS_REATTACH_SECONDS = "0";
    process.env.STAGE_LISTENER = String(await freePort());
    process.env.POSTERN_LISTENER_LISTEN = `127.0.0.1:${process.env.STAGE_LISTENER}`;
    undo.unshift(await setDatabaseAndServer());
    const folder = mkdtempSync(join(tmpdir(), "postern-bench-"));
    undo.unshift(async () => rmSync(folder, { recursive: true }));
    const ca = join(folder, "ca.crt");
    writeFileSync(ca, database().ca);
    const terminado = await startTerminado(folder, ca);
    undo.unshift(() => terminado.program.stop());
    const signedIn = await describe(process.env.STAGE_URL!, database());
    process.env.BENCH_STAGE = JSON.stringify({ ...signedIn, terminado: terminado.url, ca } satisfies Stage);
  } catch (error) {
    await clear();
    throw error;
  }

  return clear;
}

async function startTerminado(folder: string, ca: string): Promise<{ program: Program; url: string }> {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const { command, environment } = psql(database(), ca);
  const server = [process.env.PYTHON ?? "python3", join(import.meta.dirname, "../terminado_server.py"), String(port)];
  const isReady = () =>
    fetch(url).then(
      (response) => response.ok,
      () => false,
    );
  const log = join(folder, "terminado.log");
  const program = await Program.start("terminado", [...server, ...command], log, environment, isReady);
  return { program, url };
}
