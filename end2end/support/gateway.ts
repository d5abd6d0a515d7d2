// An instance of a gateway: `posternd gateway`, the program itself.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Runs the command a page has shown, until `end` is called. */
export function runCommand(command: string): { pid: number; end: () => Promise<void> } {
  const [program, ...words] = command.split(" ");
  if (program !== "posternd") throw new Error(`not a command of ours: ${command}`);
  const folder = mkdtempSync(join(tmpdir(), "gateway-"));
  const child = spawn(process.env.POSTERND!, [...words, "--file", join(folder, "gateway.json"), "--drain", "0"], {
    stdio: "ignore",
    env: {},
  });
  const hasEnded = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  return {
    pid: child.pid!,
    end: async () => {
      child.kill("SIGTERM");
      await hasEnded;
      rmSync(folder, { recursive: true });
    },
  };
}
