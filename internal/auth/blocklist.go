package auth

import (
	_ "embed"
	"iter"
	"slices"
	"strings"
)

// The passwords that are guessed first, by how they are made: of a word that heads
// every list of common passwords, or two of them, and what people add where a
// longer one is asked for. That is far more than the ten thousand of a list, in a
// few kilobytes. The words were written down by hand for this file; they are taken
// from no leak.
//
//go:embed commonwords.txt
var commonWords string

// guesses is what the passwords are made of.
type guesses struct {
	words   map[string]bool
	endings map[string]bool
	walks   []string // ways over the keyboard and through the alphabet
	longest int      // word, in bytes
}

// commonGuesses is read once; it does not change.
var commonGuesses = newGuesses(commonWords)

func newGuesses(words string) *guesses {
	g := &guesses{words: map[string]bool{}, endings: map[string]bool{}}
	for word := range strings.FieldsSeq(words) {
		g.words[word] = true
		g.longest = max(g.longest, len(word))
	}
	for ending := range wordEndings {
		g.endings[ending] = true
	}
	for _, row := range []string{
		"12345678901234567890", "abcdefghijklmnopqrstuvwxyz", "1234567890qwertyuiop", "1234567890qwertzuiop",
		"qwertyuiopasdfghjklzxcvbnm", "qwertzuiopasdfghjklyxcvbnm", "azertyuiopqsdfghjklmwxcvbn", "qwertyuiop[]asdfghjkl;'",
		"1qaz2wsx3edc4rfv5tgb6yhn7ujm", "1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6u7i8o9p0", "zaq12wsxcde34rfvbgt56yhn",
		"1a2b3c4d5e6f7g8h9i0j", "a1b2c3d4e5f6g7h8i9j0", "!@#$%^&*()_+qwertyuiop", "qazwsxedcrfvtgbyhnujm",
	} {
		back := []byte(row)
		slices.Reverse(back)
		g.walks = append(g.walks, row, string(back))
	}
	return g
}

// wordEndings yields what people add to a word.
func wordEndings(yield func(string) bool) {
	numbers := []string{"", "1", "2", "3", "7", "8", "9", "11", "12", "13", "21", "22", "23", "42", "69", "77", "88", "99", "00", "01", "007", "000",
		"111", "222", "333", "666", "777", "888", "999", "0000", "1111", "2222", "4444", "7777", "9999", "101", "1010", "112233", "121212",
		"12", "123", "1234", "12345", "123456", "1234567", "12345678", "123456789", "1234567890", "321", "4321", "54321", "654321", "987654321",
		"123123", "123321", "abc", "abc123", "qwe", "qwe123", "qwerty", "asd", "xyz"}
	for year := range 100 {
		numbers = append(numbers, string([]byte{"12"[year/60], "90"[year/60], byte('0' + (40+year)/10%10), byte('0' + year%10)}))
	}
	for _, number := range numbers {
		for _, mark := range []string{"", "!", "!!", "!!!", ".", "?", "*", "#", "@", "$", "!@#", "!@#$"} {
			if !yield(number+mark) || number != "" && mark != "" && !yield(mark+number) {
				return
			}
		}
	}
}

// unleet undoes the commonest disguises of letters.
var unleet = strings.NewReplacer("@", "a", "4", "a", "0", "o", "1", "i", "3", "e", "$", "s", "5", "s", "7", "t")

// Guessed says whether a password, folded, is one that is guessed first.
func Guessed(folded string) bool { return commonGuesses.have(folded) }

func (g *guesses) have(folded string) bool {
	tight := strings.NewReplacer(" ", "", "-", "", "_", "").Replace(folded)
	for _, text := range []string{folded, tight} {
		if repeats(text) || g.walked(text) || g.made(text) || g.made(unleet.Replace(text)) || g.disguised(text) {
			return true
		}
	}
	return false
}

// repeats says whether the text is one piece of at most four characters, or a
// common word, again and again.
func repeats(text string) bool {
	for n := 1; n <= 4 && 3*n <= len(text); n++ {
		if strings.Repeat(text[:n], len(text)/n+1)[:len(text)] == text {
			return true
		}
	}
	return false
}

// walked says whether the text is a way over the keyboard, with an ending or
// without.
func (g *guesses) walked(text string) bool {
	for end := len(text); end >= 8; end-- {
		if g.endings[text[end:]] && slices.ContainsFunc(g.walks, func(walk string) bool { return strings.Contains(walk, text[:end]) }) {
			return true
		}
	}
	return false
}

// made says whether the text is one to three common words and an ending.
func (g *guesses) made(text string) bool { return g.madeOf(text, 3) }

func (g *guesses) madeOf(text string, words int) bool {
	for n := min(g.longest, len(text)); n > 0; n-- {
		if !g.words[text[:n]] {
			continue
		}
		if rest := text[n:]; g.endings[rest] || words > 1 && rest != "" && g.madeOf(rest, words-1) {
			return true
		}
	}
	return false
}

// disguised is made for a word whose letters are disguised before an ending that
// is not.
func (g *guesses) disguised(text string) bool {
	for n := min(g.longest, len(text)); n > 0; n-- {
		if g.endings[text[n:]] && g.words[unleet.Replace(text[:n])] {
			return true
		}
	}
	return false
}

// all yields the passwords of one word and an ending, and of two words, that are
// long enough to be chosen at all: some, not each that is refused.
func (g *guesses) all() iter.Seq[string] {
	return func(yield func(string) bool) {
		for word := range g.words {
			for ending := range g.endings {
				if len(word+ending) >= minPasswordChars && !yield(word+ending) {
					return
				}
			}
			for other := range g.words {
				if len(word+other) >= minPasswordChars && !g.endings[other] && !yield(word+other) {
					return
				}
			}
		}
	}
}
