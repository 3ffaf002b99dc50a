-- By hand: how many bookings there are of each unit, status and day (UTC), so that long
-- lists are counted by days and not by rows. Machinery: no entity. One transaction
-- writes at a time here, so that a day has one row. See internal/counts.
-- +goose Up
CREATE TABLE `booking_counts` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `unit_id` uuid NULL, `status` text NOT NULL, `day` text NOT NULL, `n` integer NOT NULL);
CREATE UNIQUE INDEX `bookingcount_day_status_unit_id` ON `booking_counts` (`day`, `status`, coalesce(`unit_id`, ''));
-- +goose StatementBegin
CREATE TRIGGER `bookings_counted_insert` AFTER INSERT ON `bookings` WHEN NEW.`deleted_at` IS NULL
BEGIN
  INSERT INTO `booking_counts` (`unit_id`, `status`, `day`, `n`) VALUES (NEW.`unit_id`, NEW.`status`, substr(NEW.`starts_at`, 1, 10), 1)
    ON CONFLICT (`day`, `status`, coalesce(`unit_id`, '')) DO UPDATE SET `n` = `n` + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER `bookings_counted_delete` AFTER DELETE ON `bookings` WHEN OLD.`deleted_at` IS NULL
BEGIN
  INSERT INTO `booking_counts` (`unit_id`, `status`, `day`, `n`) VALUES (OLD.`unit_id`, OLD.`status`, substr(OLD.`starts_at`, 1, 10), -1)
    ON CONFLICT (`day`, `status`, coalesce(`unit_id`, '')) DO UPDATE SET `n` = `n` - 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER `bookings_counted_update` AFTER UPDATE OF `unit_id`, `status`, `starts_at`, `deleted_at` ON `bookings`
BEGIN
  INSERT INTO `booking_counts` (`unit_id`, `status`, `day`, `n`) SELECT OLD.`unit_id`, OLD.`status`, substr(OLD.`starts_at`, 1, 10), -1 WHERE OLD.`deleted_at` IS NULL
    ON CONFLICT (`day`, `status`, coalesce(`unit_id`, '')) DO UPDATE SET `n` = `n` - 1;
  INSERT INTO `booking_counts` (`unit_id`, `status`, `day`, `n`) SELECT NEW.`unit_id`, NEW.`status`, substr(NEW.`starts_at`, 1, 10), 1 WHERE NEW.`deleted_at` IS NULL
    ON CONFLICT (`day`, `status`, coalesce(`unit_id`, '')) DO UPDATE SET `n` = `n` + 1;
END;
-- +goose StatementEnd
INSERT INTO `booking_counts` (`unit_id`, `status`, `day`, `n`)
  SELECT `unit_id`, `status`, substr(`starts_at`, 1, 10), count(*) FROM `bookings` WHERE `deleted_at` IS NULL GROUP BY 1, 2, 3;
