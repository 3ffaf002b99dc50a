-- By hand: the chain that the rows of the logs are sealed into, the list of those
-- that wait for it, and its key, sealed. Machinery of the servers: no entities. What
-- is in the chain is neither changed nor taken away. See internal/chain.
--
-- The list is kept by triggers, so that nothing that writes to a log forgets it.
-- +goose Up
CREATE TABLE `audit_keys` (`id` integer NOT NULL, `sealed` blob NOT NULL, PRIMARY KEY (`id`));
CREATE TABLE `audit_pending` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `stream` integer NOT NULL, `row_id` uuid NOT NULL, `refused` bool NOT NULL DEFAULT false);
CREATE INDEX `auditpending_row_id` ON `audit_pending` (`row_id`);
CREATE TABLE `audit_chain` (`seq` integer NOT NULL, `stream` integer NOT NULL, `row_id` uuid NOT NULL, `row_mac` blob NOT NULL, `mac` blob NOT NULL, `sealed_at` integer NOT NULL, PRIMARY KEY (`seq`));
CREATE UNIQUE INDEX `auditchain_row_id` ON `audit_chain` (`row_id`);
-- +goose StatementBegin
CREATE TRIGGER `audit_chain_no_update` BEFORE UPDATE ON `audit_chain` BEGIN SELECT RAISE(ABORT, 'append_only: audit_chain'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER `audit_chain_no_delete` BEFORE DELETE ON `audit_chain` BEGIN SELECT RAISE(ABORT, 'append_only: audit_chain'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER `audit_chain_no_replace` BEFORE INSERT ON `audit_chain`
WHEN EXISTS (SELECT 1 FROM `audit_chain` WHERE `seq` = NEW.`seq` OR `row_id` = NEW.`row_id`)
BEGIN SELECT RAISE(ABORT, 'append_only: audit_chain'); END;
-- +goose StatementEnd
INSERT INTO `audit_pending` (`stream`, `row_id`)
  SELECT stream, id FROM (SELECT 1 AS stream, id FROM `operation_logs` UNION ALL SELECT 2, id FROM `audit_logs` UNION ALL SELECT 3, id FROM `session_logs`) AS l ORDER BY id;
-- +goose StatementBegin
CREATE TRIGGER `operation_logs_chain` AFTER INSERT ON `operation_logs` BEGIN INSERT INTO `audit_pending` (`stream`, `row_id`) VALUES (1, NEW.`id`); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER `audit_logs_chain` AFTER INSERT ON `audit_logs` BEGIN INSERT INTO `audit_pending` (`stream`, `row_id`) VALUES (2, NEW.`id`); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER `session_logs_chain` AFTER INSERT ON `session_logs` BEGIN INSERT INTO `audit_pending` (`stream`, `row_id`) VALUES (3, NEW.`id`); END;
-- +goose StatementEnd
