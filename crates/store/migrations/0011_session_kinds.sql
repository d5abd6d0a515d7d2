-- How the person came to the database: in the browser's terminal, or with clients of their own.

ALTER TABLE sessions ADD COLUMN kind TEXT NOT NULL DEFAULT 'terminal' CHECK (kind IN ('terminal', 'listener'));
