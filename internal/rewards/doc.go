// Package rewards owns points and what they buy: accounts, their ledger, rewards
// and redemptions. It never changes an entry of the ledger and never lets a
// balance go below zero.
package rewards
