package access

import "slices"

// purposes are what personal data may be read for: the codes of HL7's value set
// GeneralPurposeOfUse (terminology.hl7.org/ValueSet/v3-GeneralPurposeOfUse, OID
// 2.16.840.1.113883.1.11.20449, of the code system v3-ActReason), all of them.
var purposes = []string{"TREAT", "ETREAT", "HPAYMT", "HOPERAT", "COVERAGE", "PATRQT", "PUBHLTH", "HRESCH", "HMARKT"}

// PurposeHeader is where a client says what it reads personal data for; over a
// socket it is a key of connection_init's payload.
const PurposeHeader = "X-Purpose-Of-Use"

// Purposes lists the codes that a client may give.
func Purposes() []string { return slices.Clone(purposes) }

// Purpose says whether a client may give the code; "" says that it gives none.
func Purpose(code string) bool { return code == "" || slices.Contains(purposes, code) }
