// Sessions without a terminal: sockets of a page that take output, acknowledge it at a pace, and draw nothing.
import { type Browser, type Page } from "@playwright/test";
import { stage } from "./stage";

/** A socket's frames are postcard: the variant's number, then its fields; integers are seven bits a byte. */
export interface Session {
  /** Bytes of output so far. */
  printed: number;
  /** Resolves once the output ends with `text`. */
  endsWith(text: string): Promise<void>;
  /** Sends keys. */
  type(keys: string): void;
  end(): void;
}

declare global {
  interface Window {
    sessions: Session[];
    /** Opens a session; `pace` bytes a second are acknowledged, or all of them. */
    openSession(record: string, pace?: number): Promise<void>;
  }
}

/** A page that can open sessions of the record that is launched. */
export async function openPage(browser: Browser): Promise<Page> {
  const { storageState } = stage();
  const page = await (await browser.newContext({ baseURL: process.env.STAGE_URL, storageState })).newPage();
  await page.addInitScript(provide);
  // Any page of the origin: sockets carry its name.
  await page.goto("/account");
  return page;
}

/** The id at the end of a record's path. */
export function idOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Runs in the page. */
function provide(): void {
  const [hello, screen, output] = [0, 1, 2];
  const [input, acknowledgement, end] = [0, 2, 3];
  const varint = (value: number) => {
    const bytes: number[] = [];
    for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes.push((value % 0x80) | 0x80);
    return [...bytes, value];
  };
  window.sessions = [];
  window.openSession = async (record, pace) => {
    const answer = await fetch("/api/launch", {
      method: "POST",
      headers: { accept: "application/json" },
      body: new URLSearchParams({ "draft[record]": record }),
    });
    if (!answer.ok) throw new Error(await answer.text());
    const { token } = await answer.json();
    const url = `${location.origin.replace("http", "ws")}/terminal?cols=80&rows=24`;
    const socket = new WebSocket(url, ["postern.terminal.v1", `postern.ticket.${token}`]);
    socket.binaryType = "arraybuffer";
    const send = (...bytes: number[]) => socket.send(new Uint8Array(bytes));

    let tail = "";
    let acknowledged = 0;
    let wanted: { text: string; done: () => void } | undefined;
    const session: Session = {
      printed: 0,
      endsWith: (text) =>
        new Promise((done) => {
          wanted = { text, done };
          if (tail.endsWith(text)) done();
        }),
      type: (keys) => {
        const bytes = new TextEncoder().encode(keys);
        send(input, ...varint(bytes.length), ...bytes);
      },
      end: () => send(end),
    };
    const acknowledge = (upTo: number) => {
      acknowledged = upTo;
      send(acknowledgement, ...varint(upTo));
    };
    const greeted = new Promise<void>((done, fail) => {
      socket.onclose = () => fail(new Error("the socket was closed"));
      socket.onmessage = ({ data }) => {
        const bytes = new Uint8Array(data);
        if (bytes[0] === hello) done();
        if (bytes[0] !== output && bytes[0] !== screen) return;
        let at = 1;
        while (bytes[at++] >= 0x80);
        session.printed += bytes.length - at;
        tail = (tail + new TextDecoder().decode(bytes.subarray(Math.max(at, bytes.length - 100)))).slice(-200);
        if (pace === undefined) acknowledge(session.printed);
        if (wanted && tail.endsWith(wanted.text)) wanted.done();
      };
    });
    await greeted;
    if (pace !== undefined) {
      setInterval(() => acknowledge(Math.min(session.printed, acknowledged + pace)), 1000);
    }
    window.sessions.push(session);
  };
}
