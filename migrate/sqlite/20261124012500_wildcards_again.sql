-- By hand: the table of direct permissions was made anew when it got a column, and
-- a table that is made anew loses its triggers.
-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER IF NOT EXISTS `user_permissions_wildcard` BEFORE INSERT ON `user_permissions`
WHEN NEW.`permission` LIKE '%*%'
BEGIN SELECT RAISE(ABORT, 'wildcard: user_permissions'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER IF NOT EXISTS `user_permissions_wildcard_update` BEFORE UPDATE OF `permission` ON `user_permissions`
WHEN NEW.`permission` LIKE '%*%'
BEGIN SELECT RAISE(ABORT, 'wildcard: user_permissions'); END;
-- +goose StatementEnd
