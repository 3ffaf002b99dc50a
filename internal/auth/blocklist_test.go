package auth

import "testing"

func TestTensOfThousandsThatPassTheLengthAreRefused(t *testing.T) {
	w, without := cheapPasswords(), cheapPasswords()
	w.Blocked = Guessed
	const enough = 20_000 // of more than a million
	seen := map[string]bool{}
	for guess := range commonGuesses.all() {
		seen[guess] = true
		if w.CheckPolicy(guess) == nil {
			t.Fatalf("%q passes", guess)
		}
		if err := without.CheckPolicy(guess); err != nil {
			t.Fatalf("%q is refused without the list: %v", guess, err)
		}
		if len(seen) == enough {
			return
		}
	}
	t.Errorf("%d passwords", len(seen))
}

func TestWhatIsGuessedFirstIsRefused(t *testing.T) {
	w := cheapPasswords()
	w.Blocked = Guessed
	for _, guess := range []string{
		"password1234", "Password2026!", "P@ssw0rd1234", "p4$$w0rd2026", "PasswordPassword", "password password", "welcome-to-1", // the last passes
		"123456789012", "1234567890123", "qwertyuiop123", "1q2w3e4r5t6y", "1qaz2wsx3edc", "asdfghjklzxcvbnm", "poiuytrewq098",
		"aaaaaaaaaaaa", "121212121212", "abcabcabcabc", "iloveyou2025", "ILoveYouForever", "changeme1234", "Summer2026!!", "Administrator1",
		"letmein12345", "ｐａｓｓｗｏｒｄ１２３４", "Clinic-2026!", "doctordoctor", "sunshine!@#$", "hospital2030", "abcdefghijklm", "zyxwvutsrqponm",
	} {
		refused := w.CheckPolicy(guess) != nil
		if want := guess != "welcome-to-1"; refused != want {
			t.Errorf("%q: refused is %v", guess, refused)
		}
	}
	for _, fine := range []string{goodPassword, "a long way down to the sea", "seven green umbrellas", "umbrella number 3 of many", "Tr0ub4dor&3xkcd", NewRandomPassword(), "kf8s-2mzq-77ab-pw01"} {
		if err := w.CheckPolicy(fine); err != nil {
			t.Errorf("%q: %v", fine, err)
		}
	}
}
