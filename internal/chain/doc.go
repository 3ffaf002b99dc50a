// Package chain makes the record tamper-evident: it owns the codes by which the
// rows of the logs show that a server wrote them, the one gapless, keyed chain
// they are sealed into, its signed heads, and the check of it all. It never
// writes a log row, never changes one, and does not know what an entry means.
//
// A row carries an HMAC over everything in it, made by the hook of Keys when it is
// written. A trigger of the database lists it in audit_pending. One sealer at a
// time takes what is listed there, checks it, and appends it to audit_chain, where
// each entry's HMAC covers the one before. So nobody who writes waits for the
// chain, and nobody without the key can add, change, take away or swap rows and
// have the chain still fit; the heads that are exported show a chain that was cut
// short. The form is that of a hash chain with a key (Schneier and Kelsey, "Secure
// Audit Logs to Support Computer Forensics", 1999) without its forward security:
// who has the master secret can forge.
package chain
