package audit_test

import (
	"slices"
	"strings"
	"testing"

	"clinicgraph/internal/audit"
)

func TestEventsAreOnRecordUnlessTheyMayBeBounded(t *testing.T) {
	rules, err := audit.NewRules([]string{" LOGOUT=off", "TOKEN_REFRESH=sampled:10", "OWN_DATA_READ=always"})
	if err != nil {
		t.Fatal(err)
	}
	for event, want := range map[string]audit.Rule{
		"LOGOUT": audit.Off, "TOKEN_REFRESH": 10, "OWN_DATA_READ": audit.Always,
		"LOGIN": audit.Always, "ACCESS_DENIED": audit.Always, "PERSONAL_DATA_READ": audit.Always, "AN_EVENT_OF_TOMORROW": audit.Always,
	} {
		if got := rules.Of(event); got != want {
			t.Errorf("%s: %d, want %d", event, got, want)
		}
	}
	if (audit.Rules{}).Of("OWN_DATA_READ") != audit.Off || (audit.Rules{}).Of("LOGOUT") != audit.Always {
		t.Error("the defaults are not those of the table")
	}
}

func TestRulesThatCannotBeKeptAreRefused(t *testing.T) {
	for setting, about := range map[string]string{
		"LOGOUT=never": "never", "LOGOUT": `""`, "LOGOUT=sampled:": "sampled:", "LOGOUT=sampled:1": "sampled:1", "LOGOUT=sampled:-2": "sampled:-2",
		"LOGOUT=sampled:1000001": "1000000", "logout=off": "logout", "": `""`, "ACCESS_DENIED=off": "ACCESS_DENIED", "PERSONAL_DATA_READ=sampled:2": "PERSONAL_DATA_READ",
	} {
		if _, err := audit.NewRules([]string{setting}); err == nil || !strings.Contains(err.Error(), about) {
			t.Errorf("%q: %v", setting, err)
		}
	}
	if _, err := audit.NewRules([]string{"LOGOUT=off", "LOGOUT=always"}); err == nil {
		t.Error("two rules for one event")
	}
	if _, err := audit.NewRules([]string{"LOGOUT=sampled:1000000", "TOKEN_REFRESH=sampled:2"}); err != nil {
		t.Error(err)
	}
}

// TestWhatProtectsMayNotBeBounded: an event that says that somebody was refused,
// failed, changed rights or accounts, or saw the data of others.
func TestWhatProtectsMayNotBeBounded(t *testing.T) {
	for _, event := range audit.Bounded() {
		for _, word := range []string{"ERROR", "DENIED", "REFUSED", "ROLE", "PERMISSION", "PERSONAL", "CHANGE", "FACTOR_ADD", "FACTOR_REMOVE", "RESET", "REUSE", "CLONE", "IMPERSONATE", "TOKEN_CREATE", "KEY", "USER_", "ADMINISTRATOR"} {
			if strings.Contains(event, word) {
				t.Errorf("%s may be bounded", event)
			}
		}
	}
	if !slices.Contains(audit.Bounded(), audit.EventOwnDataRead) {
		t.Error("own reads may not be bounded")
	}
}
