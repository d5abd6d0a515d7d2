-- Refusals that come again and again: the first is in the audit log, those after it are counted here until the next
-- event of the log tells how many they were.

INSERT INTO locks (name, turn) VALUES ('repeats', 0);

CREATE TABLE repeats (
    -- What makes two refusals the same one, hashed.
    subject TEXT PRIMARY KEY NOT NULL,
    -- When the log was told last.
    told_at BIGINT NOT NULL,
    -- Those since then, and the moment of the last.
    untold BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    -- JSON: the event the log was told.
    event TEXT NOT NULL
);

CREATE INDEX repeats_told ON repeats (told_at);
