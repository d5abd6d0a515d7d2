-- Which server a session runs on: another one must not take it for a session that was cut off.

ALTER TABLE sessions ADD COLUMN node TEXT NOT NULL DEFAULT '';

CREATE INDEX sessions_node ON sessions (node, state);
