-- Sessions, and the ledger of what each has acquired and must give back, also after a crash.

CREATE TABLE sessions (
    id TEXT PRIMARY KEY NOT NULL,
    -- Record and person as they were: a session outlives both names, and the record.
    record TEXT NOT NULL,
    record_title TEXT NOT NULL,
    person TEXT NOT NULL REFERENCES people (id),
    person_email TEXT NOT NULL,
    account TEXT NOT NULL,
    database TEXT NOT NULL,
    remote_address TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('starting', 'live', 'ended', 'failed')),
    started_at BIGINT NOT NULL,
    ended_at BIGINT,
    end_reason TEXT,
    graphical BOOLEAN NOT NULL,
    text BOOLEAN NOT NULL,
    keys BOOLEAN NOT NULL,
    -- Wrapped by the master key; the text is the vault's.
    recording_key TEXT NOT NULL,
    -- Hash of the last closed segment.
    chain_head TEXT,
    bytes BIGINT NOT NULL,
    statements BIGINT NOT NULL,
    errors BIGINT NOT NULL,
    CHECK ((state IN ('ended', 'failed')) = (ended_at IS NOT NULL))
);

CREATE INDEX sessions_started ON sessions (started_at, id);
CREATE INDEX sessions_record ON sessions (record, started_at);
CREATE INDEX sessions_person ON sessions (person, started_at);
CREATE INDEX sessions_state ON sessions (state);

CREATE TABLE acquisitions (
    session TEXT NOT NULL REFERENCES sessions (id),
    what TEXT NOT NULL,
    acquired_at BIGINT NOT NULL,
    released_at BIGINT,
    PRIMARY KEY (session, what)
);

CREATE INDEX acquisitions_open ON acquisitions (released_at);
