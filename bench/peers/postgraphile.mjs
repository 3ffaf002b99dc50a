// PostGraphile on the same database: its schema is made from the tables, with the
// preset and the filter plugin that its documentation names, in production settings.
import { createServer } from "node:http";
import { postgraphile } from "postgraphile";
import { makePgService } from "postgraphile/adaptors/pg";
import { grafserv } from "postgraphile/grafserv/node";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { PostGraphileConnectionFilterPreset } from "postgraphile-plugin-connection-filter";

import { connections, serve } from "./serve.mjs";

await serve(async (port) => {
  const instance = postgraphile({
    extends: [PostGraphileAmberPreset, PostGraphileConnectionFilterPreset],
    disablePlugins: ["PgIndexBehaviorsPlugin"], // it would offer no filters but by first columns of whole indexes
    pgServices: [
      makePgService({
        connectionString: process.env.DATABASE_URL,
        schemas: ["public", "peers"],
        poolConfig: { max: connections, idleTimeoutMillis: 0 },
      }),
    ],
    grafserv: { graphqlPath: "/graphql", graphiql: false, watch: false, graphqlOverGET: false, websockets: false },
    grafast: { explain: false, context: {} },
  });
  const server = createServer();
  server.keepAliveTimeout = 60_000;
  await instance.createServ(grafserv).addTo(server);
  await new Promise((listening) => server.listen(port, "127.0.0.1", listening));
  return server.address().port;
});
