// The ways a native client goes to the same database: past everything, through pgbouncer, through the listener.
import { Cluster, type Side, database } from "./cluster";
import { posternd } from "./processes";
import { describeForClients } from "./records";

export interface NativeSides {
  direct: Side;
  pooled: Side;
  /** A new connection to the server for each of its clients, as Postern makes. */
  pooledOnce: Side;
  /** With TLS to the server. */
  pooledTls: Side;
  recorded: Side;
  unrecorded: Side;
  /** With TLS to the server. */
  secured: Side;
  securedUnrecorded: Side;
  stop(): Promise<void>;
}

/** A session has 100 connections, unless its record says otherwise. */
const nTokens = 12;

export async function nativeSides(cluster: Cluster): Promise<NativeSides> {
  const pools = [
    await cluster.pool("pgbouncer"),
    await cluster.pool("pgbouncer, server_lifetime = 0", { server_lifetime: "0" }),
    await cluster.pool("pgbouncer, TLS to the server", { server_tls_sslmode: "require" }),
  ];
  const [pooled, pooledOnce, pooledTls] = pools.map(({ side }) => side);

  const target = { ...cluster.direct, database, ca: cluster.certificate };
  const { tokens, mark } = await describeForClients(process.env.STAGE_URL!, target, nTokens);
  const port = Number(process.env.STAGE_LISTENER);
  const side = (name: string, record: string): Side => ({ name, user: `${record}-${mark}`, port, password: tokens[0], passwords: tokens, pid: posternd() });
  return {
    direct: cluster.direct,
    pooled,
    pooledOnce,
    pooledTls,
    recorded: side("recorded", "plain-recorded"),
    unrecorded: side("not recorded", "plain-unrecorded"),
    secured: side("recorded, TLS to the server", "tls-recorded"),
    securedUnrecorded: side("not recorded, TLS to the server", "tls-unrecorded"),
    stop: async () => {
      for (const { program } of pools) await program.stop("SIGKILL");
    },
  };
}
