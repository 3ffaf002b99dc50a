package auth

import (
	"net/url"
	"testing"
	"time"
)

// rfcSecret is the key of the test vectors of RFC 4226 and RFC 6238.
var rfcSecret = []byte("12345678901234567890")

// RFC 4226, appendix D.
func TestCodesAreThoseOfRFC4226(t *testing.T) {
	for step, want := range []string{"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"} {
		if got := totpCode(rfcSecret, int64(step)); got != want {
			t.Errorf("step %d: %s, want %s", step, got, want)
		}
	}
}

// RFC 6238, appendix B, for SHA-1: the last six of the eight digits there.
func TestCodesAreThoseOfRFC6238(t *testing.T) {
	for seconds, want := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471",
		1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		if step, ok := matchTOTP(rfcSecret, want, time.Unix(seconds, 0), 0); !ok || step != seconds/totpStep {
			t.Errorf("at %d: %s is not taken (%d, %t)", seconds, want, step, ok)
		}
	}
}

func TestACodeIsGoodForOneStepAroundItsOwnAndOnce(t *testing.T) {
	const own = 100
	code := totpCode(rfcSecret, own)
	at := func(second int64) time.Time { return time.Unix(second, 0) }
	for second, want := range map[int64]bool{
		(own-1)*totpStep - 1: false, (own - 1) * totpStep: true, own * totpStep: true,
		(own+2)*totpStep - 1: true, (own + 2) * totpStep: false,
	} {
		if _, ok := matchTOTP(rfcSecret, code, at(second), 0); ok != want {
			t.Errorf("at second %d: taken %t, want %t", second, ok, want)
		}
	}
	if _, ok := matchTOTP(rfcSecret, code, at(own*totpStep), own); ok {
		t.Error("a code is taken twice")
	}
	if _, ok := matchTOTP(rfcSecret, code, at(own*totpStep), own-1); !ok {
		t.Error("the code after the last one is refused")
	}
	for _, bad := range []string{"", "12345", code + "0", " " + code, "００００００"} {
		if _, ok := matchTOTP(rfcSecret, bad, at(own*totpStep), 0); ok {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestAnAppReadsTheURI(t *testing.T) {
	uri, err := url.Parse(totpURI(rfcSecret, "ClinicGraph", "ann & other"))
	if err != nil {
		t.Fatal(err)
	}
	q := uri.Query()
	if uri.Scheme != "otpauth" || uri.Host != "totp" || uri.Path != "/ClinicGraph:ann & other" ||
		q.Get("secret") != "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" || q.Get("issuer") != "ClinicGraph" ||
		q.Get("digits") != "6" || q.Get("period") != "30" || q.Get("algorithm") != "SHA1" {
		t.Errorf("%s", uri)
	}
	if a, b := newTOTPSecret(), newTOTPSecret(); len(a) != totpSecretLen || string(a) == string(b) {
		t.Error("secrets repeat or are too short")
	}
}
