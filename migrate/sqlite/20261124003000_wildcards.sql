-- By hand: wildcards are for system roles. A verb refuses them as well; what comes
-- by another way must not make a permission out of a pattern.
-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER `role_permissions_wildcard` BEFORE INSERT ON `role_permissions`
WHEN NEW.`permission` LIKE '%*%' AND NOT EXISTS (SELECT 1 FROM `roles` WHERE `id` = NEW.`role_id` AND `is_system`)
BEGIN SELECT RAISE(ABORT, 'wildcard: role_permissions'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER `role_permissions_wildcard_update` BEFORE UPDATE OF `permission`, `role_id` ON `role_permissions`
WHEN NEW.`permission` LIKE '%*%' AND NOT EXISTS (SELECT 1 FROM `roles` WHERE `id` = NEW.`role_id` AND `is_system`)
BEGIN SELECT RAISE(ABORT, 'wildcard: role_permissions'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER `user_permissions_wildcard` BEFORE INSERT ON `user_permissions`
WHEN NEW.`permission` LIKE '%*%'
BEGIN SELECT RAISE(ABORT, 'wildcard: user_permissions'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER `user_permissions_wildcard_update` BEFORE UPDATE OF `permission` ON `user_permissions`
WHEN NEW.`permission` LIKE '%*%'
BEGIN SELECT RAISE(ABORT, 'wildcard: user_permissions'); END;
-- +goose StatementEnd
