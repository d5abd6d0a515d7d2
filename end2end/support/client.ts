// Postern's forms without a browser, for what a test finds ready: one person, signed in.
import { randomBytes } from "node:crypto";

export interface Person {
  email: string;
  name: string;
  password: string;
}

/** What a form was answered with. */
export interface Answer {
  // The functions' own JSON.
  value: any;
  /** The id of what was made: the end of the page the form leads to. */
  id: string;
}

export class Client {
  /** `name=value`, as the browser would send it. */
  cookie = "";

  private constructor(readonly url: string) {}

  static async signIn(url: string, person: Pick<Person, "email" | "password">): Promise<Client> {
    const client = new Client(url);
    await client.send("sign-in", { "draft[email]": person.email, "draft[password]": person.password });
    return client;
  }

  /** Sends a form to a function; throws its sentences when it is refused. */
  async send(name: string, fields: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(`${this.url}/api/${name}`, {
      method: "POST",
      headers: { origin: this.url, cookie: this.cookie },
      body: new URLSearchParams(fields),
      redirect: "manual",
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${name} was refused: ${text}`);
    const [cookie] = response.headers.getSetCookie();
    if (cookie !== undefined) this.cookie = cookie.split(";")[0];
    const location = response.headers.get("location") ?? "";
    return { value: JSON.parse(text), id: location.slice(location.lastIndexOf("/") + 1) };
  }

  async get(path: string): Promise<Response> {
    return fetch(this.url + path, { headers: { cookie: this.cookie } });
  }

  /** Adds somebody who has chosen a password behind the link. */
  async addPerson(
    name: string,
    role: "administrator" | "auditor" | "user",
    email = `${unique(name.toLowerCase())}@postern.example`,
  ): Promise<Person & { id: string }> {
    const person = { name, email, password: `${name} likes long sentences` };
    const invited = await this.send("invite", {
      "draft[email]": person.email,
      "draft[name]": person.name,
      "draft[role]": role,
    });
    await new Client(this.url).send("use-link", {
      "draft[token]": tokenOf(invited.value.link),
      "draft[new]": person.password,
      "draft[repeat]": person.password,
    });
    const people: { id: string; handle: string }[] = (await this.send("people")).value;
    return { ...person, id: people.find(({ handle }) => handle === person.email)!.id };
  }
}

export function tokenOf(link: string): string {
  return link.slice(link.lastIndexOf("/") + 1);
}

/** A name no other test takes: all of them share one store. */
export function unique(word: string): string {
  return `${word}-${randomBytes(4).toString("hex")}`;
}
