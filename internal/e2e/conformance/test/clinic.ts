/**
 * The server under test: its address, who may sign in, and the way to its clock
 * come from the Go test that started it.
 */
import { Session } from '../clients/session.js';

export const url = variable('CONFORMANCE_URL');
/** The address of a server that answers queries by GET, too. */
export const urlByGET = variable('CONFORMANCE_URL_BY_GET');
const password = variable('CONFORMANCE_PASSWORD');
const clock = variable('CONFORMANCE_CLOCK');

/** A fresh session of a user of the clinic. */
export async function signedIn(login: string): Promise<Session> {
  const session = new Session(url);
  await session.signIn(login, password);
  return session;
}

/** Moves the server's clock past the life of every access token. */
export async function expireAccessTokens(): Promise<void> {
  const response = await fetch(clock, { method: 'POST' });
  if (!response.ok) throw new Error(`the clock does not move: ${response.status}`);
}

function variable(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run make conformance`);
  return value;
}
