package e2e

import (
	"clinicgraph/ent"
)

// factorVerbs are about the caller's own second factors: everybody who is signed
// in may, and the rest is for who is not yet.
func (d *diary) factorVerbs() []question {
	nobody := missing(ent.TypeAuthenticator)
	ask := func(field, about, document string, v ...vars) question {
		return question{field, about, func(c caller) string { return outcome(c.do(document, v...), "done") }}
	}
	return []question{
		ask("completeLogin", "no such ticket", `mutation { completeLogin(input: {ticket: "x", code: "000000"}) { accessToken } }`),
		ask("beginPasskeySignIn", "", `mutation { beginPasskeySignIn { options } }`),
		ask("signInWithPasskey", "nonsense", `mutation { signInWithPasskey(input: {passkey: {}}) { accessToken } }`),
		ask("reauthenticate", "wrong code", `mutation { reauthenticate(input: {code: "000000"}) { accessToken } }`),
		ask("enrolTotp", "", `mutation { enrolTotp { secret } }`),
		ask("confirmTotp", "missing", `mutation($id: ID!) { confirmTotp(input: {id: $id, code: "000000"}) { recoveryCodes } }`, vars{"id": nobody}),
		ask("beginPasskeyRegistration", "", `mutation { beginPasskeyRegistration { options } }`),
		ask("finishPasskeyRegistration", "nonsense", `mutation { finishPasskeyRegistration(input: {passkey: {}}) { recoveryCodes } }`),
		ask("renameAuthenticator", "missing", `mutation($id: ID!) { renameAuthenticator(input: {id: $id, name: "A name"}) { authenticator { id } } }`, vars{"id": nobody}),
		ask("removeAuthenticator", "missing", `mutation($id: ID!) { removeAuthenticator(input: {id: $id}) { removed } }`, vars{"id": nobody}),
		ask("regenerateRecoveryCodes", "none yet", `mutation { regenerateRecoveryCodes { recoveryCodes } }`),
	}
}
