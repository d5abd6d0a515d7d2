// The sample database as a record that people launch, made without a browser.
import { type Client, unique } from "./client";
import type { Database } from "./postgres";

export interface Shop {
  /** The PAM Database. */
  id: string;
  title: string;
  folder: string;
  /** The PAM User it is launched with. */
  reading: string;
  administration: string;
}

/** Who may launch, and what differs from the database as it is. */
export interface Wish {
  launchers: string[];
  title?: string;
  folder?: string;
  configuration?: string;
  /** Whom it is launched as; `app_ro` unless said otherwise. */
  login?: string;
  password?: string;
  /** Fields of the connection settings. */
  connection?: Record<string, string>;
}

const ON = ["connections", "tunneling", "graphical_session_recording", "text_session_recording", "can_export", "can_import", "can_copy", "can_paste"];

export async function addShop(administrator: Client, database: Database, wish: Wish): Promise<Shop> {
  const title = wish.title ?? unique("shop");
  const folder = (await administrator.send("create-folder", { "draft[name]": wish.folder ?? unique("Folder") })).id;
  const configuration = await administrator.send("create-configuration", {
    "draft[title]": wish.configuration ?? unique("Local databases"),
    ...Object.fromEntries(ON.map((name) => [`draft[${name}]`, "true"])),
  });
  const addUser = async (login: string, password: string) => {
    const user = await administrator.send("create-user", {
      "draft[title]": `${title}, ${login}`,
      "draft[folder]": folder,
      "draft[login]": login,
      "draft[password]": password,
      "draft[connect_database]": database.name,
    });
    return user.id;
  };
  const reading = await addUser(wish.login ?? "app_ro", wish.password ?? database.passwords.app_ro);
  const administration = await addUser("postern_admin", database.passwords.postern_admin);
  const { id } = await administrator.send("create-database", {
    "draft[title]": title,
    "draft[folder]": folder,
    "draft[host]": database.host,
    "draft[port]": String(database.port),
    "draft[database]": database.name,
    "draft[tls_mode]": "verify-full",
    "draft[trusted_ca]": database.ca,
  });
  for (const person of wish.launchers) {
    await administrator.send("share-record", { id, "draft[person]": person, "draft[launch]": "true" });
  }
  const version = async () => String((await administrator.send("settings", { id })).value.settings.version);
  await administrator.send("save-general", {
    id,
    version: await version(),
    "draft[configuration]": configuration.id,
    "draft[administrative_credential]": administration,
  });
  await administrator.send("save-connection", {
    id,
    version: await version(),
    "draft[connections]": "on",
    "draft[launch_credential]": reading,
    ...Object.fromEntries(Object.entries(wish.connection ?? {}).map(([name, value]) => [`draft[${name}]`, value])),
  });
  return { id, title, folder, reading, administration };
}
