// What both peers have in common.

// connections to PostgreSQL are as many as the server's own.
export const connections = 16;

// announce says where the peer is, in the server's own words, which the benchmark
// looks for.
export const announce = (port) => console.log(`serves http://127.0.0.1:${port}/graphql`);
