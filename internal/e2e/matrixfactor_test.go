package e2e

import (
	"clinicgraph/ent"
)

// factorVerbs are about the caller's own second factors: everybody who is signed
// in may, and the rest is for who is not yet.
func (d *diary) factorVerbs() []question {
	ask := func(field, about, document string) question {
		return question{field, about, func(c caller) string { return outcome(c.do(document), "done") }}
	}
	// of asks about an authenticator: near is the own of who has one, far is another's.
	of := func(field, about, document string) question {
		return question{field, about, func(c caller) string {
			return outcome(c.do(document, vars{"id": d.which(ent.TypeAuthenticator, about, c)}), "done")
		}}
	}
	const (
		confirm = `mutation($id: ID!) { confirmTotp(input: {id: $id, code: "000000"}) { recoveryCodes } }`
		rename  = `mutation($id: ID!) { renameAuthenticator(input: {id: $id, name: "A name"}) { authenticator { id } } }`
		remove  = `mutation($id: ID!) { removeAuthenticator(input: {id: $id}) { removed } }`
	)
	return []question{
		ask("completeLogin", "no such ticket", `mutation { completeLogin(input: {ticket: "x", code: "000000"}) { accessToken } }`),
		ask("beginPasskeySignIn", "", `mutation { beginPasskeySignIn { options } }`),
		ask("signInWithPasskey", "nonsense", `mutation { signInWithPasskey(input: {passkey: {}}) { accessToken } }`),
		ask("reauthenticate", "wrong code", `mutation { reauthenticate(input: {code: "000000"}) { accessToken } }`),
		ask("enrolTotp", "", `mutation { enrolTotp { secret } }`),
		of("confirmTotp", "far", confirm), of("confirmTotp", "missing", confirm),
		ask("beginPasskeyRegistration", "", `mutation { beginPasskeyRegistration { options } }`),
		ask("finishPasskeyRegistration", "nonsense", `mutation { finishPasskeyRegistration(input: {passkey: {}}) { recoveryCodes } }`),
		of("renameAuthenticator", "near", rename), of("renameAuthenticator", "far", rename), of("renameAuthenticator", "missing", rename),
		of("removeAuthenticator", "far", remove), of("removeAuthenticator", "missing", remove),
		ask("regenerateRecoveryCodes", "none yet", `mutation { regenerateRecoveryCodes { recoveryCodes } }`),
	}
}
