// Package orders owns what a customer owes: orders, their lines, their events
// and the arithmetic of totals. It never moves money itself and never converts
// currencies: an order has one.
package orders
