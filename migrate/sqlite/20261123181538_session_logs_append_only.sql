-- By hand: what happened to a session is neither changed nor taken away.
-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER `session_logs_no_update` BEFORE UPDATE ON `session_logs` BEGIN SELECT RAISE(ABORT, 'append_only: session_logs'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER `session_logs_no_delete` BEFORE DELETE ON `session_logs` BEGIN SELECT RAISE(ABORT, 'append_only: session_logs'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER `session_logs_no_replace` BEFORE INSERT ON `session_logs`
WHEN EXISTS (SELECT 1 FROM `session_logs` WHERE `id` = NEW.`id` OR rowid = NEW.rowid)
BEGIN SELECT RAISE(ABORT, 'append_only: session_logs'); END;
-- +goose StatementEnd
