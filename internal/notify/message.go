package notify

import (
	"time"

	"clinicgraph/ent"
)

// Template is one of the messages that the clinic sends.
type Template string

// The messages. Those in the first group hold a link that opens something.
const (
	ConfirmAddress Template = "confirm-address" // the address of an account is to be confirmed
	Registered     Template = "registered"      // somebody registers with the address: the link completes it
	ResetPassword  Template = "reset-password"
	Invitation     Template = "invitation" // an account was made for somebody, who sets the password
	ConfirmChange  Template = "confirm-change"

	AddressInUse     Template = "address-in-use" // instead of Registered and ConfirmChange, to who has the account
	ChangeRequested  Template = "change-requested"
	AddressChanged   Template = "address-changed"
	PasswordChanged  Template = "password-changed"
	NewDevice        Template = "new-device"
	RefreshReused    Template = "refresh-reused"
	FactorAdded      Template = "factor-added"
	FactorRemoved    Template = "factor-removed"
	RecoveryCodeUsed Template = "recovery-code-used"
	NewRecoveryCodes Template = "new-recovery-codes"
	TokenAdded       Template = "token-added"      // of a program that acts for the owner
	EmergencyAccess  Template = "emergency-access" // to who may review it
)

// links says which page each link leads to; a message that is not here has none.
var links = map[Template]func(Links) string{
	ConfirmAddress: func(l Links) string { return l.VerifyEmail },
	Registered:     func(l Links) string { return l.VerifyEmail },
	ConfirmChange:  func(l Links) string { return l.VerifyEmail },
	ResetPassword:  func(l Links) string { return l.ResetPassword },
	Invitation:     func(l Links) string { return l.ResetPassword },
}

// TokenMark stands in a link for the token.
const TokenMark = "{token}"

// Links are the pages of the front end that messages lead to, each with the mark
// of the token in it. They are settings: no request has a say in them, its Host
// header least of all.
type Links struct {
	VerifyEmail   string
	ResetPassword string
}

// Message is what to tell somebody by mail.
type Message struct {
	Template Template
	User     *ent.User // whose account it is about; nil: nobody's
	To       string    // where it goes; "": to the user's address
	Token    string    // the secret in the link
	Until    time.Time // after that it is of no use and not sent; zero: it keeps
	Facts    Facts
}

// Facts are what a message tells besides. Only messages to the owner of an
// account may hold what somebody typed: a stranger must not be able to have the
// clinic mail words of theirs to somebody else.
type Facts struct {
	At       time.Time `json:"at,omitzero"`
	IP       string    `json:"ip,omitempty"`
	Device   string    `json:"device,omitempty"`
	Username string    `json:"username,omitempty"`
	Factor   string    `json:"factor,omitempty"`
	Program  string    `json:"program,omitempty"`
}
