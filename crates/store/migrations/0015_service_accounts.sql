-- Service accounts: rows of people that are programs, so that shares, lists of launchers, access tokens and sessions name
-- them as they name people. Where a person has an address a service account has a name, which has no @. It is a user, never
-- waits for a first password, and is never given one: its hash is the one no password has.

ALTER TABLE people ADD COLUMN kind TEXT NOT NULL DEFAULT 'person'
    CHECK (
        (kind = 'person' AND email LIKE '%@%')
        OR (
            kind = 'service'
            AND email NOT LIKE '%@%'
            AND role = 'user'
            AND state <> 'invited'
            AND password_changed_at IS NULL
        )
    );
