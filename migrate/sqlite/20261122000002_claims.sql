-- By hand: of two exclusive claims of one resource whose times overlap, the
-- second is refused. Times that touch do not overlap.
--
-- Exclusive claims of one resource never overlap each other, so the last one
-- that begins before the new one ends is the only one that can be in the way:
-- one step in the index, however many claims there are.
--
-- Times are text in UTC, as '2026-11-22 09:30:00.25+00:00', with no more digits
-- than needed. Such text sorts like the time, because '+' comes before '.' and
-- '.' before the digits; text in another form would not, and is refused.
-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER `resource_claims_no_overlap_insert` BEFORE INSERT ON `resource_claims`
BEGIN
  SELECT RAISE(ABORT, 'time_format: resource_claims')
    WHERE NEW.`busy_from` NOT GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9]*+00:00'
       OR NEW.`busy_to` NOT GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9]*+00:00';
  SELECT RAISE(ABORT, 'slot_taken')
    WHERE NEW.`exclusive` AND NEW.`busy_from` < (
      SELECT `busy_to` FROM `resource_claims`
       WHERE `resource_kind` = NEW.`resource_kind` AND `resource_id` = NEW.`resource_id`
         AND `exclusive` AND `busy_from` < NEW.`busy_to`
       ORDER BY `busy_from` DESC LIMIT 1);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER `resource_claims_no_overlap_update` BEFORE UPDATE ON `resource_claims`
BEGIN
  SELECT RAISE(ABORT, 'time_format: resource_claims')
    WHERE NEW.`busy_from` NOT GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9]*+00:00'
       OR NEW.`busy_to` NOT GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9]*+00:00';
  SELECT RAISE(ABORT, 'slot_taken')
    WHERE NEW.`exclusive` AND NEW.`busy_from` < (
      SELECT `busy_to` FROM `resource_claims`
       WHERE `resource_kind` = NEW.`resource_kind` AND `resource_id` = NEW.`resource_id`
         AND `exclusive` AND `busy_from` < NEW.`busy_to` AND `id` <> OLD.`id`
       ORDER BY `busy_from` DESC LIMIT 1);
END;
-- +goose StatementEnd
