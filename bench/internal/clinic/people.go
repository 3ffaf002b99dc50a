package clinic

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"clinicgraph/internal/access"
	"clinicgraph/internal/ids"
)

// How many people and names there are beside the customers.
const (
	deskPerUnit = 20
	managers    = 2
	givenNames  = 500
	surnames    = 5000
	// Of accountEvery customers of a unit, one has an account. It is prime to the
	// practitioners of a unit: each treats people with an account and without.
	accountEvery = 7
)

// Base is what a server has made in the database before the clinic moves in.
type Base struct {
	Roles map[string]uuid.UUID // by name
	Sexes []uuid.UUID
	Cash  uuid.UUID // the clinic's payment method
	Root  uuid.UUID // the unit above all
}

// founded is when the clinic, its staff and its customers came to be.
func (c *Clinic) founded() time.Time { return c.begin().AddDate(0, 0, -30) }

// Staff is the login of somebody at the desk of the first unit, Manager one who
// sees the whole clinic.
const (
	Staff   = "desk-0-00"
	Manager = "manager-0"
)

// account is somebody who may sign in. Accounts are numbered through: managers,
// the desks, the practitioners, the customers.
type account struct {
	login  string
	role   string
	unit   int // none for the whole clinic and for customers
	person int // number of the names
}

const none = -1

// firstDoctor is the account of the first practitioner, firstCustomer that of the
// first customer who has one.
func (c *Clinic) firstDoctor() int   { return managers + deskPerUnit*c.size.Units }
func (c *Clinic) firstCustomer() int { return c.firstDoctor() + c.size.Practitioners }

func (c *Clinic) accounts() int {
	return c.firstCustomer() + (c.customers+accountEvery-1)/accountEvery*c.size.Units
}

func (c *Clinic) account(n int) account {
	switch {
	case n < managers:
		return account{fmt.Sprintf("manager-%d", n), access.RoleManager, none, n}
	case n < c.firstDoctor():
		desk := n - managers
		unit := desk / deskPerUnit
		return account{fmt.Sprintf("desk-%d-%02d", unit, desk%deskPerUnit), access.RoleStaff, unit, n}
	case n < c.firstCustomer():
		p := n - c.firstDoctor()
		return account{fmt.Sprintf("doctor-%02d", p), access.RoleDoctor, p % c.size.Units, n}
	default:
		unit, turn := (n-c.firstCustomer())%c.size.Units, (n-c.firstCustomer())/c.size.Units
		customer := turn*accountEvery*c.size.Units + unit
		return account{fmt.Sprintf("customer-%06d", customer), access.RoleCustomer, none, customer}
	}
}

func (c *Clinic) accountID(n int) uuid.UUID { return mint(ids.User, c.founded(), n) }

// accountOf is the customer's account, none for most.
func (c *Clinic) accountOf(customer int) int {
	unit, turn := customer%c.size.Units, customer/c.size.Units
	if turn%accountEvery != 0 {
		return none
	}
	return c.firstCustomer() + turn/accountEvery*c.size.Units + unit
}

func (c *Clinic) unitID(n int) uuid.UUID { return mint(ids.OrganizationalUnit, c.founded(), n) }

func (c *Clinic) practitionerID(n int) uuid.UUID {
	return mint(ids.PractitionerProfile, c.founded(), n)
}

func (c *Clinic) customerID(n int) uuid.UUID { return mint(ids.Customer, c.founded(), n) }

// given and surname are the names of a person, by number.
func (c *Clinic) given(person int) uuid.UUID {
	return mint(ids.GivenName, c.founded(), dice("given", person, givenNames))
}

func (c *Clinic) surname(person int) uuid.UUID {
	return mint(ids.Surname, c.founded(), dice("surname", person, surnames))
}

func email(login string) string { return login + "@example.org" }

// people lists the tables of the people: hashes holds the password hashes of the
// logins that can sign in.
func (c *Clinic) people(base Base, hashes map[string]string) []table {
	at := c.founded()
	return []table{
		{"organizational_units", []string{"id", "created_at", "updated_at", "name", "parent_id"}, c.size.Units, func(r *row, n int) {
			r.id(c.unitID(n)).time(at).time(at).text(fmt.Sprintf("Unit %d", n)).id(base.Root)
		}},
		{"given_names", []string{"id", "created_at", "updated_at", "first_name"}, givenNames, func(r *row, n int) {
			r.id(mint(ids.GivenName, at, n)).time(at).time(at).text(fmt.Sprintf("Given%03d", n))
		}},
		{"surnames", []string{"id", "created_at", "updated_at", "surname"}, surnames, func(r *row, n int) {
			r.id(mint(ids.Surname, at, n)).time(at).time(at).text(fmt.Sprintf("Surname%04d", n))
		}},
		{"users", []string{"id", "created_at", "updated_at", "username", "username_key", "email", "email_key", "password_hash", "is_customer", "first_name_id", "surname_id", "sex_id", "organizational_unit_id"},
			c.accounts(), func(r *row, n int) {
				a := c.account(n)
				r.id(c.accountID(n)).time(at).time(at).text(a.login).text(a.login).text(email(a.login)).text(email(a.login)).
					optional(hashes[a.login]).bool(a.role == access.RoleCustomer).id(c.given(a.person)).id(c.surname(a.person)).id(base.sex(a.person))
				if a.unit == none {
					r.null()
				} else {
					r.id(c.unitID(a.unit))
				}
			}},
		{"user_roles", []string{"id", "created_at", "updated_at", "assigned_at", "user_id", "role_id"}, c.accounts(), func(r *row, n int) {
			r.id(mint(ids.UserRole, at, n)).time(at).time(at).time(at).id(c.accountID(n)).id(base.Roles[c.account(n).role])
		}},
		{"practitioner_profiles", []string{"id", "created_at", "updated_at", "title", "display_name", "specialty", "unit_id", "user_id"},
			c.size.Practitioners, func(r *row, n int) {
				r.id(c.practitionerID(n)).time(at).time(at).text("Dr.").text(fmt.Sprintf("Practitioner %02d", n)).
					text(fmt.Sprintf("Specialty %d", c.specialty(n))).id(c.unitID(n % c.size.Units)).id(c.accountID(c.firstDoctor() + n))
			}},
	}
}

// profiles is the table of the customers.
func (c *Clinic) profiles(base Base) table {
	at := c.founded()
	return table{"customers", []string{"id", "created_at", "updated_at", "number", "birth_date", "email", "phone", "address", "given_name_id", "surname_id", "sex_id", "unit_id", "account_id"},
		c.size.Customers, func(r *row, n int) {
			id := c.customerID(n)
			r.id(id).time(at).time(at).text(ids.Number("C", id)).
				text(fmt.Sprintf("%d-%02d-%02d", 1940+dice("year", n, 80), 1+dice("month", n, 12), 1+dice("day", n, 28))).
				text(fmt.Sprintf("customer-%06d@example.org", n)).text(fmt.Sprintf("+888%09d", n)).
				text(fmt.Sprintf("%d Example Street", 1+dice("house", n, 200))).
				id(c.given(n)).id(c.surname(n)).id(base.sex(n)).id(c.unitID(n % c.size.Units))
			if a := c.accountOf(n); a == none {
				r.null()
			} else {
				r.id(c.accountID(a))
			}
		}}
}

func (b Base) sex(person int) uuid.UUID { return b.Sexes[dice("sex", person, len(b.Sexes))] }

// Logins lists those who can be given a password: one of each role. The practitioner is
// not of the unit whose desk asks, which books nearly all the times of its own, and has
// a day without cancellations in a small clinic, too.
func (c *Clinic) Logins() []string {
	doctor, customer := c.own()
	return []string{Manager, Staff, doctor, customer}
}

func (c *Clinic) own() (doctor, customer string) {
	return c.account(c.firstDoctor() + 7%c.size.Practitioners).login, c.account(c.firstCustomer()).login
}

// Login gives the login that a name stands for in a clinic of so many bookings: own:doctor
// and own:customer are the ones with a password, everybody else is called by the login.
func Login(name string, bookings int) (string, error) {
	if name != "own:doctor" && name != "own:customer" {
		return name, nil
	}
	c, err := New(SizeFor(bookings), time.Now())
	if err != nil {
		return "", err
	}
	doctor, customer := c.own()
	if name == "own:doctor" {
		return doctor, nil
	}
	return customer, nil
}
