-- The audit log: appended to, never changed. The head's row is what appending locks.

CREATE TABLE audit_events (
    seq BIGINT PRIMARY KEY NOT NULL,
    at BIGINT NOT NULL,
    name TEXT NOT NULL,
    outcome TEXT NOT NULL,
    person TEXT,
    person_email TEXT,
    remote_address TEXT,
    record TEXT,
    record_title TEXT,
    session TEXT,
    request TEXT,
    -- JSON: an object of texts.
    details TEXT NOT NULL,
    prev_hash TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE
);

CREATE INDEX audit_events_at ON audit_events (at);
CREATE INDEX audit_events_person ON audit_events (person, seq);
CREATE INDEX audit_events_record ON audit_events (record, seq);
CREATE INDEX audit_events_session ON audit_events (session, seq);

CREATE TABLE audit_head (
    name TEXT PRIMARY KEY NOT NULL CHECK (name = 'head'),
    seq BIGINT NOT NULL,
    hash TEXT NOT NULL
);

INSERT INTO audit_head (name, seq, hash)
VALUES ('head', 0, '0000000000000000000000000000000000000000000000000000000000000000');
