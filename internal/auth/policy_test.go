package auth

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"clinicgraph/internal/fault"
)

func TestPolicy(t *testing.T) {
	const (
		short   = "The password must have at least 12 characters."
		long    = "The password must have at most 128 characters (512 bytes)."
		context = "The password must not contain your login, e-mail address or name, or that of the clinic."
		guessed = "This password is known to be guessed first. Please choose another one."
		broken  = "The password holds characters that cannot be read."
	)
	w := cheapPasswords()
	w.Blocked = func(folded string) bool { return folded == "qwertyuiop123" }
	for name, c := range map[string]struct {
		password string
		context  []string
		want     string
	}{
		"empty":                            {"", nil, short},
		"eleven characters":                {"12345678901", nil, short},
		"twelve characters":                {"abcdefghijkl", nil, ""},
		"twelve characters of any script":  {"пароль длинн", nil, ""},
		"eleven in twelve code points":     {"cafe\u0301 creme1"[:13], nil, short},
		"spaces count":                     {"a b c d e f g", nil, ""},
		"128 characters":                   {strings.Repeat("abcdefgh", 16), nil, ""},
		"129 characters":                   {strings.Repeat("a", 129), nil, long},
		"128 characters in 512 bytes":      {strings.Repeat("😀", 128), nil, ""},
		"decomposed but 128 when composed": {strings.Repeat("e\u0301", 128), nil, ""},
		"megabytes":                        {strings.Repeat("a", 1<<21), nil, long},
		"not UTF-8":                        {"abcdefghijkl\xff", nil, broken},
		"login inside":                     {"my-annika-pass", []string{"annika"}, context},
		"login in capitals":                {"my-ANNIKA-pass", []string{"annika"}, context},
		"login full width":                 {"my-ａｎｎｉｋａ-pass", []string{"Annika"}, context},
		"login with sharp s":               {"my-STRASSE-pass", []string{"Straße"}, context},
		"login decomposed":                 {"my-rene\u0301e-pass", []string{"Ren\u00e9e"}, context},
		"local part of the e-mail":         {"annika.b-annika.b", []string{"Annika.B@clinic.example"}, context},
		"whole e-mail":                     {"xx@clinic.example-1", []string{"xx@clinic.example"}, context},
		"only the domain of the e-mail":    {"clinic.example-1", []string{"annika@clinic.example"}, ""},
		"words below four letters":         {"the ann is here", []string{"ann", "is", ""}, ""},
		"blanks around the word":           {"my-annika-pass", []string{"  annika "}, context},
		"second word":                      {"my-berger-pass", []string{"annika", "berger"}, context},
		"blocked":                          {"QwertyUiop123", nil, guessed},
		"no rules of composition":          {"onlylowercaseletters", []string{"annika"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			err := w.CheckPolicy(c.password, c.context...)
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			got, ok := fault.As(err)
			if !ok {
				t.Fatalf("got %v", err)
			}
			want := &fault.Error{
				Code: fault.CodeBadUserInput, Message: c.want,
				Fields: []fault.Field{{Path: "input.password", Message: c.want}},
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWithoutAListNothingIsBlocked(t *testing.T) {
	if err := cheapPasswords().CheckPolicy("qwertyuiop123"); err != nil {
		t.Error(err)
	}
}

func TestTheNameOfTheClinicIsNoPassword(t *testing.T) {
	w := cheapPasswords()
	w.Context = []string{"Lakeside", "at"}
	if w.CheckPolicy("what a LAKESIDE view") == nil {
		t.Error("it passes")
	}
	if err := w.CheckPolicy("what a mountain view"); err != nil {
		t.Error(err)
	}
}

func TestAStrictClinicAsksMoreOfAPasswordThatStandsAlone(t *testing.T) {
	const twelve, fourteen, fifteen = "vm3 qzp 7rtx", "vm3 qzp 7rtx w", "vm3 qzp 7rtx wk"
	for _, strict := range []bool{false, true} {
		w := cheapPasswords()
		w.Strict = strict
		for password, alone := range map[string]bool{twelve: !strict, fourteen: !strict, fifteen: true} {
			if err := w.CheckPolicy(password); err != nil {
				t.Errorf("strict %t, %q beside a factor: %v", strict, password, err)
			}
			if err := w.CheckAlone(password); (err == nil) != alone {
				t.Errorf("strict %t, %q alone: %v", strict, password, err)
			}
		}
	}
}
