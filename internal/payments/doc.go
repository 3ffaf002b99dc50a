// Package payments owns the movements of money: methods, transactions, refunds
// and the providers that carry them out. It never stores the number of a card
// and never decides what is owed.
package payments
