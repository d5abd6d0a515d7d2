-- One more way to the database: a tunnel of the command line. What a column is checked for cannot be changed in place.

ALTER TABLE sessions ADD COLUMN way TEXT NOT NULL DEFAULT 'terminal' CHECK (way IN ('terminal', 'listener', 'tunnel'));

UPDATE sessions SET way = kind;

ALTER TABLE sessions DROP COLUMN kind;

ALTER TABLE sessions RENAME COLUMN way TO kind;
