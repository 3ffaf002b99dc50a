-- By hand: PostgreSQL keeps the triggers of a table that gets a column. There is
-- nothing to do.
-- +goose Up
SELECT 1;
