// Sessions and their recordings, asked for without a browser.
import type { Client } from "./client";

/** A session as the list has it: what tests read of it. */
export interface Session {
  id: string;
  state: "starting" | "live" | "ended" | "failed";
  end_reason?: string;
}

/** What runs, then what has ended, newest first. */
export async function sessionsOf(client: Client, filter: Record<string, string> = {}): Promise<Session[]> {
  const fields = Object.fromEntries(Object.entries(filter).map(([name, value]) => [`filter[${name}]`, value]));
  const { live, sessions }: Record<"live" | "sessions", { session: Session }[]> = (await client.send("list-sessions", fields)).value;
  return [...live, ...sessions].map(({ session }) => session);
}

/** The answers with the frames of a recording, by their address; every block, segment by segment. */
export async function framesOf(client: Client, session: string): Promise<Map<string, Buffer>> {
  await client.send("recording-view", { session });
  const found = new Map<string, Buffer>();
  for (let segment = 0; ; segment += 1) {
    for (let block = 0; ; block += 16) {
      const address = `/sessions/${session}/frames?segment=${segment}&first=${block}&last=${block + 15}`;
      const answer = await client.get(address);
      if (!answer.ok) {
        if (block === 0) return found;
        break;
      }
      const bytes = Buffer.from(await answer.arrayBuffer());
      // A version and no frame: there are no more blocks.
      if (bytes.length <= 1) break;
      // An open segment is one block, whichever is asked for.
      if (block > 0 && bytes.equals(found.get(address.replace(/first=.*/, "first=0&last=15"))!)) break;
      found.set(address, bytes);
    }
  }
}
