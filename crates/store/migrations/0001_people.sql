-- People, the one-time links that let them in, their sign-ins, and failed attempts.
-- Ids are TEXT, times BIGINT microseconds since 1970 UTC, hashes TEXT in hex.

-- Rows that are updated only to be locked: rules that look at several rows are decided one at a time.
CREATE TABLE locks (
    name TEXT PRIMARY KEY NOT NULL,
    turn BIGINT NOT NULL
);

INSERT INTO locks (name, turn) VALUES ('people', 0);
INSERT INTO locks (name, turn) VALUES ('attempts', 0);
INSERT INTO locks (name, turn) VALUES ('sessions', 0);

CREATE TABLE people (
    id TEXT PRIMARY KEY NOT NULL,
    -- In lower case: two people never differ only in the case of their address.
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('administrator', 'auditor', 'user')),
    state TEXT NOT NULL CHECK (state IN ('invited', 'active', 'off')),
    password_hash TEXT,
    password_changed_at BIGINT,
    created_at BIGINT NOT NULL,
    CHECK (state <> 'active' OR password_hash IS NOT NULL)
);

CREATE TABLE links (
    id TEXT PRIMARY KEY NOT NULL,
    token_hash TEXT NOT NULL UNIQUE,
    purpose TEXT NOT NULL CHECK (purpose IN ('setup', 'invite', 'reset')),
    person TEXT REFERENCES people (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    -- Only the link of the first set-up belongs to nobody.
    CHECK ((purpose = 'setup') = (person IS NULL))
);

CREATE INDEX links_person ON links (person);

CREATE TABLE sign_ins (
    id TEXT PRIMARY KEY NOT NULL,
    token_hash TEXT NOT NULL UNIQUE,
    person TEXT NOT NULL REFERENCES people (id),
    created_at BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    absolute_end BIGINT NOT NULL,
    remote_address TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    reauthenticated_at BIGINT NOT NULL,
    revoked_at BIGINT
);

CREATE INDEX sign_ins_person ON sign_ins (person, created_at);

-- Sign-ins that did not succeed, or have not yet: what throttling counts.
CREATE TABLE attempts (
    scope TEXT NOT NULL CHECK (scope IN ('account', 'address')),
    subject TEXT NOT NULL,
    at BIGINT NOT NULL
);

CREATE INDEX attempts_subject ON attempts (scope, subject, at);
CREATE INDEX attempts_at ON attempts (at);
