package seed

import (
	"time"

	"clinicgraph/internal/access"
	"clinicgraph/internal/scheduling"
)

// units are the demo clinic's, under the root. The places in this list are the
// numbers that the plan uses.
var units = []struct{ name, description string }{
	{"Rehabilitation", "Recovery after an illness, an accident or an operation."},
	{"Physiotherapy", "Treatment of muscles and joints."},
	{"Dental", "Teeth and gums."},
}

const (
	rehab = iota
	physio
	dental
	wholeClinic = -1
)

func unitName(number int) string {
	if number == wholeClinic {
		return RootUnit
	}
	return units[number].name
}

// employee is somebody who works in the demo clinic.
type employee struct {
	given, surname, sex string
	role                string
	unit                int
	signsIn             bool // has a demo account

	// Of doctors only.
	title, specialty string
	hours            []scheduling.WeeklyHours
	services         []string // SKUs
}

func (e employee) displayName() string {
	name := e.given + " " + e.surname
	if e.title != "" {
		name = e.title + " " + name
	}
	return name
}

var weekdays = []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday}

// week joins the hours of several sets of days.
func week(parts ...[]scheduling.WeeklyHours) (hours []scheduling.WeeklyHours) {
	for _, p := range parts {
		hours = append(hours, p...)
	}
	return hours
}

// on gives the same stretches, in hours and quarters of an hour such as 8.25,
// to each of the days. What lies between two stretches is a break.
func on(days []time.Weekday, stretches ...[2]float64) (hours []scheduling.WeeklyHours) {
	for _, d := range days {
		for _, s := range stretches {
			hours = append(hours, scheduling.WeeklyHours{Weekday: d, Start: int(s[0] * 60), End: int(s[1] * 60)})
		}
	}
	return hours
}

// staff is everybody who works in the demo clinic. Each unit has somebody on
// duty on each day of the week.
var staff = []employee{
	{given: "Helena", surname: "Lindberg", sex: "Female", role: access.RoleAdmin, unit: wholeClinic, signsIn: true},
	{given: "Martin", surname: "Dubois", sex: "Male", role: access.RoleManager, unit: wholeClinic, signsIn: true},
	{given: "Nina", surname: "Kowalski", sex: "Female", role: access.RoleStaff, unit: rehab, signsIn: true},
	{given: "Marco", surname: "Bianchi", sex: "Male", role: access.RoleStaff, unit: physio, signsIn: true},
	{given: "Carla", surname: "Santos", sex: "Female", role: access.RoleStaff, unit: dental},

	{given: "Anna", surname: "Weber", sex: "Female", role: access.RoleDoctor, unit: rehab, signsIn: true,
		title: "Dr.", specialty: "Rehabilitation medicine",
		hours:    week(on(weekdays, [2]float64{8, 12}, [2]float64{12.75, 16.5}), on([]time.Weekday{time.Sunday}, [2]float64{10, 13})),
		services: []string{"REH-CONS", "REH-PLAN", "REH-GAIT"}},
	{given: "Tomás", surname: "García", sex: "Male", role: access.RoleDoctor, unit: rehab,
		title: "Dr.", specialty: "Neurology",
		hours:    week(on(weekdays[:4], [2]float64{9, 12.5}, [2]float64{13.5, 18}), on([]time.Weekday{time.Saturday}, [2]float64{9, 13})),
		services: []string{"REH-CONS", "REH-NEURO", "REH-GAIT"}},
	{given: "Laura", surname: "Nielsen", sex: "Female", role: access.RoleDoctor, unit: physio, signsIn: true,
		specialty: "Sports physiotherapy",
		hours:     week(on(weekdays, [2]float64{7.5, 11.5}, [2]float64{12, 15.5}), on([]time.Weekday{time.Saturday}, [2]float64{9, 13})),
		services:  []string{"PHY-SPORT", "PHY-MAN", "PHY-TAPE"}},
	{given: "Jonas", surname: "Bakker", sex: "Male", role: access.RoleDoctor, unit: physio,
		specialty: "Manual therapy",
		hours:     on([]time.Weekday{time.Monday, time.Wednesday, time.Friday}, [2]float64{8, 13}, [2]float64{14, 19}),
		services:  []string{"PHY-MAN", "PHY-LYMPH", "PHY-TAPE"}},
	{given: "Eva", surname: "Horvat", sex: "Female", role: access.RoleDoctor, unit: physio,
		specialty: "Occupational therapy",
		hours: week(on([]time.Weekday{time.Tuesday, time.Thursday}, [2]float64{10, 14}, [2]float64{14.5, 19}),
			on([]time.Weekday{time.Sunday}, [2]float64{10, 14})),
		services: []string{"PHY-OCC", "PHY-LYMPH"}},
	{given: "Stefan", surname: "Novák", sex: "Male", role: access.RoleDoctor, unit: dental,
		title: "Dr.", specialty: "General dentistry",
		hours:    week(on(weekdays, [2]float64{8, 12}, [2]float64{13, 16}), on([]time.Weekday{time.Sunday}, [2]float64{10, 12})),
		services: []string{"DEN-CHECK", "DEN-CLEAN", "DEN-FILL"}},
	{given: "Ines", surname: "Moreau", sex: "Female", role: access.RoleDoctor, unit: dental,
		title: "Dr.", specialty: "Orthodontics",
		hours:    week(on(weekdays[1:], [2]float64{11, 15}, [2]float64{15.5, 19.5}), on([]time.Weekday{time.Saturday}, [2]float64{9, 14})),
		services: []string{"DEN-CHECK", "DEN-ORTHO", "DEN-WHITE"}},
}
