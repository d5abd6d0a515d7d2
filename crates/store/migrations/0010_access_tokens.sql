-- Access tokens: passwords for programs that connect to a listener in a person's name.

CREATE TABLE access_tokens (
    id TEXT PRIMARY KEY NOT NULL,
    token_hash TEXT NOT NULL UNIQUE,
    person TEXT NOT NULL REFERENCES people (id),
    -- What it is for.
    name TEXT NOT NULL,
    -- The one record it opens; none means all that its person may launch.
    record TEXT REFERENCES records (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    last_used BIGINT,
    last_address TEXT,
    revoked_at BIGINT,
    CHECK ((last_used IS NULL) = (last_address IS NULL))
);

CREATE INDEX access_tokens_person ON access_tokens (person, created_at);
CREATE INDEX access_tokens_record ON access_tokens (record);
