-- What an access token is for: connecting to databases with clients, or whatever the command line does, connecting too.

ALTER TABLE access_tokens ADD COLUMN scope TEXT NOT NULL DEFAULT 'launch'
    CHECK (scope IN ('launch', 'command_line') AND (record IS NULL OR scope = 'launch'));
