package seed

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Given names and surnames that are borne by very many people each. Who bears
// which is drawn; nobody real is meant.
var (
	femaleNames = strings.Fields(`Anna Maria Laura Julia Sofia Emma Lea Clara Nina Eva Marta Elena Sara Helena Lucia
		Monika Petra Ines Carla Amélie Zoë Irena Teresa Olga Vera Paula Alice Nora Ida Greta Hanna Livia Rosa Judith`)
	maleNames = strings.Fields(`Peter Thomas Daniel David Michael Martin Paul Jan Marco Lukas Adam Filip Tomás Jonas
		Simon Viktor Felix Oscar Hugo Leo René Andreas Stefan Robert Karl Emil Anton Ivan Pablo Nils Jakob Milan Bruno Noel`)
	surnames = strings.Fields(`Müller Schmidt Fischer Weber Meyer Wagner Becker Hoffmann Koch Bauer Richter Klein Wolf
		Novák Dvořák Horák García Martínez López Sánchez Rossi Russo Ferrari Bianchi Romano Martin Bernard Dubois Moreau
		Laurent Silva Santos Pereira Costa Jansen Bakker Visser Smit Nielsen Hansen Larsen Johansson Andersson Lindberg
		Nowak Kowalski Mazur Horvat Kovačić Popescu Ionescu Papadopoulos Nagy Szabó Tóth Virtanen Korhonen Murphy Walsh`)
)

// plain writes a name in the letters of an address: lower case, without accents.
// None of the names has a letter that does not come apart into one of ASCII.
func plain(name string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(name)) {
		if !unicode.Is(unicode.Mn, r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}
