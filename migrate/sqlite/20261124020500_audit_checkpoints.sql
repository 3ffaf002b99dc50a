-- By hand: how far the chain is archived. What a checkpoint covers lies in a file
-- that was verified, and only that may be taken away from the logs and the chain;
-- it is still not changed. A checkpoint names an entry that the chain holds, and is
-- later than all before. Its manifest is signed; see internal/archive.
-- +goose Up
CREATE TABLE `audit_checkpoints` (`last_seq` integer NOT NULL, `code` blob NOT NULL, `manifest` text NOT NULL, PRIMARY KEY (`last_seq`));
-- +goose StatementBegin
CREATE TRIGGER `audit_checkpoints_fits` BEFORE INSERT ON `audit_checkpoints`
WHEN NEW.`last_seq` <= (SELECT max(`last_seq`) FROM `audit_checkpoints`)
  OR NOT EXISTS (SELECT 1 FROM `audit_chain` WHERE `seq` = NEW.`last_seq` AND `mac` = NEW.`code`)
BEGIN SELECT RAISE(ABORT, 'append_only: audit_checkpoints'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER `audit_checkpoints_no_update` BEFORE UPDATE ON `audit_checkpoints`
BEGIN SELECT RAISE(ABORT, 'append_only: audit_checkpoints'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER `audit_checkpoints_no_delete` BEFORE DELETE ON `audit_checkpoints`
BEGIN SELECT RAISE(ABORT, 'append_only: audit_checkpoints'); END;
-- +goose StatementEnd
DROP TRIGGER `audit_logs_no_delete`;
-- +goose StatementBegin
CREATE TRIGGER `audit_logs_no_delete` BEFORE DELETE ON `audit_logs`
WHEN NOT EXISTS (SELECT 1 FROM `audit_chain` WHERE `row_id` = OLD.`id` AND `seq` <= (SELECT max(`last_seq`) FROM `audit_checkpoints`))
BEGIN SELECT RAISE(ABORT, 'append_only: audit_logs'); END;
-- +goose StatementEnd
DROP TRIGGER `operation_logs_no_delete`;
-- +goose StatementBegin
CREATE TRIGGER `operation_logs_no_delete` BEFORE DELETE ON `operation_logs`
WHEN NOT EXISTS (SELECT 1 FROM `audit_chain` WHERE `row_id` = OLD.`id` AND `seq` <= (SELECT max(`last_seq`) FROM `audit_checkpoints`))
BEGIN SELECT RAISE(ABORT, 'append_only: operation_logs'); END;
-- +goose StatementEnd
DROP TRIGGER `session_logs_no_delete`;
-- +goose StatementBegin
CREATE TRIGGER `session_logs_no_delete` BEFORE DELETE ON `session_logs`
WHEN NOT EXISTS (SELECT 1 FROM `audit_chain` WHERE `row_id` = OLD.`id` AND `seq` <= (SELECT max(`last_seq`) FROM `audit_checkpoints`))
BEGIN SELECT RAISE(ABORT, 'append_only: session_logs'); END;
-- +goose StatementEnd
DROP TRIGGER `audit_chain_no_delete`;
-- +goose StatementBegin
CREATE TRIGGER `audit_chain_no_delete` BEFORE DELETE ON `audit_chain`
WHEN NOT coalesce(OLD.`seq` <= (SELECT max(`last_seq`) FROM `audit_checkpoints`), FALSE)
BEGIN SELECT RAISE(ABORT, 'append_only: audit_chain'); END;
-- +goose StatementEnd
