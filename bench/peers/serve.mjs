// What both peers have in common.
import cluster from "node:cluster";

// workers share the port: one for each processor where a run says so.
const workers = Number(process.env.PEER_WORKERS ?? 1);

// connections to PostgreSQL are as many as the server's own, for all workers together.
export const connections = Math.floor(16 / workers);

// announce says where the peer is, in the server's own words, which the benchmark
// looks for.
export const announce = (port) => console.log(`serves http://127.0.0.1:${port}/graphql`);

// serve starts one peer, or one in each of the workers; listen gives the port of its
// server. The primary process announces it when all of them listen.
export const serve = async (listen) => {
  if (workers < 2) return announce(await listen(0));
  if (!cluster.isPrimary) return void (await listen(0));
  let listening = 0;
  cluster.on("listening", (_, address) => ++listening === workers && announce(address.port));
  for (let n = 0; n < workers; n++) cluster.fork();
};
