// A command line that signs in, as far as the server sees of it.
import { unique } from "./client";

/** A login that waits for its person. */
export interface Login {
  machine: string;
  user: string;
  deviceCode: string;
  userCode: string;
  /** The page where the code is entered, and the same with the code filled in. */
  page: string;
  pageWithCode: string;
}

export async function beginLogin(url: string, machine = unique("pc"), user = "ada"): Promise<Login> {
  const begun = await send(url, "/cli/login", { machine, user });
  return {
    machine,
    user,
    deviceCode: begun.device_code,
    userCode: begun.user_code,
    page: begun.verification_uri,
    pageWithCode: begun.verification_uri_complete,
  };
}

/** How far it is; with the token when it was approved. */
export async function pollLogin(url: string, login: Login): Promise<{ state: string; access_token?: string; email?: string }> {
  return send(url, "/cli/login/token", { device_code: login.deviceCode });
}

async function send(url: string, door: string, body: object): Promise<any> {
  const response = await fetch(url + door, {
    method: "POST",
    headers: { origin: url, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${door} was refused: ${text}`);
  return JSON.parse(text);
}
