// A record of the cluster behind a gateway on this machine, which the administrator may launch.
import { randomBytes } from "node:crypto";
import { Client } from "../../end2end/support/client";
import { runCommand } from "../../end2end/support/gateway";
import { administrator } from "../../end2end/support/server";
import { type Cluster, database } from "./cluster";

/** Says what the record is called, which process the instance is, and how it is ended. */
export async function behindGateway(cluster: Cluster): Promise<{ record: string; pid: number; end: () => Promise<void> }> {
  const admin = await Client.signIn(process.env.STAGE_URL!, administrator);
  // Made anew where a bench failed and those after it go on.
  const mark = randomBytes(4).toString("hex");
  const folder = (await admin.send("create-folder", { "draft[name]": `Behind a gateway ${mark}` })).id;
  const made = await admin.send("create-gateway", {
    "draft[name]": `Bench ${mark}`,
    "draft[folders][]": folder,
    "draft[targets]": "127.0.0.0/8",
    "draft[max_instances]": "1",
  });
  const instance = runCommand(made.value.command);
  const configuration = await admin.send("create-configuration", {
    "draft[title]": `Behind a gateway ${mark}`,
    "draft[gateway]": made.value.gateway,
    "draft[connections]": "true",
    "draft[can_export]": "true",
    "draft[graphical_session_recording]": "true",
  });
  const { user, password, port } = cluster.direct;
  const account = await admin.send("create-user", {
    "draft[title]": `Bench client behind a gateway ${mark}`,
    "draft[folder]": folder,
    "draft[login]": user,
    "draft[password]": password,
  });
  const record = `plain-gateway-${mark}`;
  const { id } = await admin.send("create-database", {
    "draft[title]": record,
    "draft[folder]": folder,
    "draft[host]": "127.0.0.1",
    "draft[port]": String(port),
    "draft[database]": database,
    "draft[tls_mode]": "disable",
  });
  const people: { id: string; handle: string }[] = (await admin.send("people")).value;
  const person = people.find(({ handle }) => handle === administrator.email)!.id;
  await admin.send("share-record", { id, "draft[person]": person, "draft[launch]": "true" });
  const version = async () => String((await admin.send("settings", { id })).value.settings.version);
  await admin.send("save-general", {
    id,
    version: await version(),
    "draft[configuration]": configuration.id,
    "draft[administrative_credential]": account.id,
  });
  await admin.send("save-connection", {
    id,
    version: await version(),
    "draft[connections]": "on",
    "draft[launch_credential]": account.id,
    "draft[max_sessions_per_user]": "0",
  });
  for (let looks = 0; looks < 300; looks += 1) {
    const gateways: { id: string; instances: { live: boolean }[] }[] = (await admin.send("gateways")).value;
    const gateway = gateways.find(({ id }) => id === made.value.gateway);
    if (gateway?.instances[0]?.live) return { record, pid: instance.pid, end: instance.end };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("the gateway does not come online");
}
