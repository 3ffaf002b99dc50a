-- By hand: tries at secrets of accounts, by account, device and address. Machinery
-- of the servers, which share it, and of no interest to anybody else: no entity.
-- Times are in microseconds since 1970. See internal/auth/loginguard.go.
-- +goose Up
CREATE TABLE `auth_guards` (`key` text NOT NULL, `owner` text NOT NULL, `tries` integer NOT NULL, `pending` integer NOT NULL, `pending_until` integer NOT NULL, `since` integer NOT NULL, `last` integer NOT NULL, `blocked_until` integer NOT NULL, `told_until` integer NOT NULL, `forget_at` integer NOT NULL, PRIMARY KEY (`key`));
CREATE INDEX `authguard_owner` ON `auth_guards` (`owner`);
CREATE INDEX `authguard_forget_at` ON `auth_guards` (`forget_at`);
