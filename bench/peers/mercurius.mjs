// Mercurius with resolvers written by hand: named prepared statements, one loader
// of a request for each edge, and the compiler (JIT) on from the first request.
import { readFileSync } from "node:fs";

import DataLoader from "dataloader";
import Fastify from "fastify";
import { GraphQLScalarType, Kind } from "graphql";
import mercurius from "mercurius";
import pg from "pg";

import { connections, serve } from "./serve.mjs";

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: connections, idleTimeoutMillis: 0 });
// read prepares a statement once for a connection, by a name of its own: PostgreSQL
// cuts long ones.
const names = new Map();
const read = async (text, values) => {
  if (!names.has(text)) names.set(text, `s${names.size}`);
  return (await pool.query({ name: names.get(text), text, values })).rows;
};

// one loads rows of a table by their ids, many those that belong to a parent.
const one = (table) =>
  new DataLoader(async (ids) => {
    const rows = await read(`SELECT * FROM ${table} WHERE id = ANY($1::uuid[]) AND deleted_at IS NULL`, [ids]);
    const found = new Map(rows.map((row) => [row.id, row]));
    return ids.map((id) => found.get(id) ?? null);
  });
const many = (table, parent, live = " AND deleted_at IS NULL") =>
  new DataLoader(async (ids) => {
    const rows = await read(`SELECT * FROM ${table} WHERE ${parent} = ANY($1::uuid[])${live} ORDER BY id`, [ids]);
    const found = new Map(ids.map((id) => [id, []]));
    for (const row of rows) found.get(row[parent]).push(row);
    return ids.map((id) => found.get(id));
  });
const loaders = () => ({
  customers: one("customers"),
  givenNames: one("given_names"),
  surnames: one("surnames"),
  practitioners: one("practitioner_profiles"),
  products: one("products"),
  appointments: many("appointments", "booking_id"),
  payments: many("payment_transactions", "booking_id"),
  orders: many("orders", "booking_id"),
  events: many("order_events", "order_id", ""),
});

const cursor = (row) => Buffer.from(`${row.starts_at.toISOString()}|${row.id}`).toString("base64url");
const page = (rows, first, count) => ({
  edges: rows.slice(0, first).map((node) => ({ node })),
  pageInfo: { hasNextPage: rows.length > first, last: rows[Math.min(first, rows.length) - 1] },
  count,
});
const money = (amount, currency) => ({ amount: Number(amount), currency });
const byId = (table) => async (_, { id }) => (await read(`SELECT * FROM ${table} WHERE id = $1 AND deleted_at IS NULL`, [id]))[0];

async function bookings(_, { first = 20, after, where = {} }) {
  const values = [];
  const terms = ["deleted_at IS NULL"];
  const term = (text, value) => terms.push(`${text} $${values.push(value)}`);
  if (where.status) term("status =", where.status);
  if (where.startsAtGTE) term("starts_at >=", where.startsAtGTE);
  if (where.startsAtLT) term("starts_at <", where.startsAtLT);
  const [counted, filter] = [[...values], terms.join(" AND ")];
  if (after) {
    const [at, id] = Buffer.from(after, "base64url").toString().split("|");
    terms.push(`(starts_at, id) > ($${values.push(at)}, $${values.push(id)})`);
  }
  const text = `SELECT * FROM bookings WHERE ${terms.join(" AND ")} ORDER BY starts_at, id LIMIT ${first + 1}`;
  const count = async () => Number((await read(`SELECT count(*) FROM bookings WHERE ${filter}`, counted))[0].count);
  return page(await read(text, values), first, count);
}

// bookAppointment is one function in SQL for both peers; see book.sql.
async function bookAppointment(_, { input: { customerId, practitionerId, serviceId, startsAt } }) {
  return (await read("SELECT * FROM peers.book_appointment($1, $2, $3, $4)", [customerId, practitionerId, serviceId, startsAt]))[0];
}

async function bookingsOf(customer, { first = 20 }) {
  const text = `SELECT * FROM bookings WHERE customer_id = $1 AND deleted_at IS NULL ORDER BY starts_at DESC, id DESC LIMIT ${first + 1}`;
  return page(await read(text, [customer.id]), first);
}

const resolvers = {
  Time: new GraphQLScalarType({
    name: "Time",
    serialize: (value) => (value instanceof Date ? value.toISOString().replace(/\.?0+Z$/, "Z") : value),
    parseValue: (value) => value,
    parseLiteral: (node) => (node.kind === Kind.STRING ? node.value : null),
  }),
  Query: { booking: byId("bookings"), customer: byId("customers"), user: byId("users"), bookings },
  Mutation: { bookAppointment },
  Booked: {
    booking: (b) => b,
    appointment: async (b, _, x) => (await x.appointments.load(b.id))[0],
    order: async (b, _, x) => (await x.orders.load(b.id))[0],
  },
  Customer: {
    givenName: (c, _, x) => c.given_name_id && x.givenNames.load(c.given_name_id),
    surname: (c, _, x) => c.surname_id && x.surnames.load(c.surname_id),
    bookings: bookingsOf,
  },
  GivenName: { firstName: (n) => n.first_name },
  PractitionerProfile: { displayName: (p) => p.display_name },
  Booking: {
    startsAt: (b) => b.starts_at,
    endsAt: (b) => b.ends_at,
    total: (b) => money(b.total_amount, b.currency),
    customer: (b, _, x) => x.customers.load(b.customer_id),
    appointments: (b, _, x) => x.appointments.load(b.id),
    paymentTransactions: (b, _, x) => x.payments.load(b.id),
    order: async (b, _, x) => (await x.orders.load(b.id))[0],
  },
  Appointment: {
    practitioner: (a, _, x) => x.practitioners.load(a.practitioner_id),
    service: (a, _, x) => x.products.load(a.service_id),
  },
  PaymentTransaction: { createdAt: (p) => p.created_at, amount: (p) => money(p.amount_minor, p.currency) },
  Order: { events: (o, _, x) => x.events.load(o.id) },
  OrderEvent: { createdAt: (e) => e.created_at },
  BookingConnection: { totalCount: (page) => page.count() },
  PageInfo: { endCursor: ({ last }) => last && cursor(last) },
  BookingEdge: { cursor: (e) => cursor(e.node) },
};

const app = Fastify({ logger: false, keepAliveTimeout: 60_000 });
app.register(mercurius, {
  schema: readFileSync(new URL("schema.graphql", import.meta.url), "utf8"),
  resolvers,
  jit: 1,
  graphiql: false,
  path: "/graphql",
  context: loaders,
});
await serve(async (port) => {
  await app.listen({ host: "127.0.0.1", port });
  return app.server.address().port;
});
