/**
 * Says from `viewer.permissions` what the viewer need not be offered. The server
 * decides; this only keeps buttons away that would be refused.
 */

/** What `clinicgraph schema needs` says of one operation. */
export interface Needs {
  kind: string;
  signedIn: boolean;
  needs: string[];
  parts: Record<string, string[]>;
  scopes: Record<string, string[]>;
}

/** What `viewer { permissions { name scope } }` says. */
export interface Held {
  name: string;
  scope: 'OWN' | 'UNIT' | 'ANY';
}

/** Whether the operation can give anything at all. */
export function mayRun(operation: Needs, held: readonly Held[] | null): boolean {
  return held ? missing(operation.needs, held).length === 0 : !operation.signedIn;
}

const scopes = ['NONE', 'OWN', 'UNIT', 'ANY'] as const;

/** How far the operation reaches: what is offered for a unit or for everybody needs as much. */
export function reach(operation: Needs, held: readonly Held[]): (typeof scopes)[number] {
  if (!mayRun(operation, held)) return 'NONE';
  const reached = operation.needs
    .filter((name) => operation.scopes[name])
    .map((name) => scopes.indexOf(held.find((permission) => permission.name === name)?.scope ?? 'NONE'));
  return scopes[Math.min(scopes.length - 1, ...reached)] ?? 'NONE';
}

/** The paths that will be null, such as `bookings.edges.node.customer`. */
export function missingParts(operation: Needs, held: readonly Held[]): string[] {
  return Object.keys(operation.parts).filter((path) => missing(operation.parts[path] ?? [], held).length > 0);
}

function missing(needs: readonly string[], held: readonly Held[]): string[] {
  return needs.filter((name) => !held.some((permission) => permission.name === name));
}
