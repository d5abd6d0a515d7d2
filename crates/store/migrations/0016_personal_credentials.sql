-- Personal credentials: PAM Users of one person, in no folder; the owner never changes.

ALTER TABLE records ADD COLUMN owner TEXT REFERENCES people (id)
    CHECK (owner IS NULL OR (kind = 'user' AND folder IS NULL));

CREATE INDEX records_owner ON records (owner);
