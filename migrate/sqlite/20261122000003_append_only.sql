-- By hand: what is on record is neither changed nor taken away, whoever asks.
--
-- INSERT OR REPLACE deletes without the triggers of a deletion, so an insert that
-- would replace a row is refused as well.
-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER `audit_logs_no_update` BEFORE UPDATE ON `audit_logs` BEGIN SELECT RAISE(ABORT, 'append_only: audit_logs'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER `audit_logs_no_delete` BEFORE DELETE ON `audit_logs` BEGIN SELECT RAISE(ABORT, 'append_only: audit_logs'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER `audit_logs_no_replace` BEFORE INSERT ON `audit_logs`
WHEN EXISTS (SELECT 1 FROM `audit_logs` WHERE `id` = NEW.`id` OR rowid = NEW.rowid)
BEGIN SELECT RAISE(ABORT, 'append_only: audit_logs'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER `operation_logs_no_update` BEFORE UPDATE ON `operation_logs` BEGIN SELECT RAISE(ABORT, 'append_only: operation_logs'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER `operation_logs_no_delete` BEFORE DELETE ON `operation_logs` BEGIN SELECT RAISE(ABORT, 'append_only: operation_logs'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER `operation_logs_no_replace` BEFORE INSERT ON `operation_logs`
WHEN EXISTS (SELECT 1 FROM `operation_logs` WHERE `id` = NEW.`id` OR rowid = NEW.rowid)
BEGIN SELECT RAISE(ABORT, 'append_only: operation_logs'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER `order_events_no_update` BEFORE UPDATE ON `order_events` BEGIN SELECT RAISE(ABORT, 'append_only: order_events'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER `order_events_no_delete` BEFORE DELETE ON `order_events` BEGIN SELECT RAISE(ABORT, 'append_only: order_events'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER `order_events_no_replace` BEFORE INSERT ON `order_events`
WHEN EXISTS (SELECT 1 FROM `order_events` WHERE `id` = NEW.`id` OR rowid = NEW.rowid)
BEGIN SELECT RAISE(ABORT, 'append_only: order_events'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER `points_entries_no_update` BEFORE UPDATE ON `points_entries` BEGIN SELECT RAISE(ABORT, 'append_only: points_entries'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER `points_entries_no_delete` BEFORE DELETE ON `points_entries` BEGIN SELECT RAISE(ABORT, 'append_only: points_entries'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER `points_entries_no_replace` BEFORE INSERT ON `points_entries`
WHEN EXISTS (SELECT 1 FROM `points_entries` WHERE `id` = NEW.`id` OR rowid = NEW.rowid)
BEGIN SELECT RAISE(ABORT, 'append_only: points_entries'); END;
-- +goose StatementEnd
