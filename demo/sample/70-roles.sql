-- Three roles, as a team would have them. psql variables: their passwords.

CREATE ROLE reading NOLOGIN;
CREATE ROLE writing NOLOGIN IN ROLE reading;

CREATE ROLE app_ro LOGIN PASSWORD :'app_ro_password' IN ROLE reading CONNECTION LIMIT 300;
CREATE ROLE app_rw LOGIN PASSWORD :'app_rw_password' IN ROLE writing CONNECTION LIMIT 300;
CREATE ROLE postern_admin LOGIN CREATEROLE PASSWORD :'postern_admin_password' IN ROLE writing;
GRANT app_ro, app_rw TO postern_admin WITH ADMIN OPTION;
COMMENT ON ROLE postern_admin IS 'Administrative credential: may change the passwords of the others';

GRANT CONNECT ON DATABASE shop TO reading, postern_admin;
GRANT USAGE ON SCHEMA catalog, people, sales, logistics, support, web TO reading;
GRANT SELECT ON ALL TABLES IN SCHEMA catalog, people, sales, logistics, support, web TO reading;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA catalog, sales, support TO reading;
GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA catalog, sales, logistics, support, web TO writing;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA catalog TO writing;

-- Nobody but the owner reads salaries; the directory shows the rest.
REVOKE SELECT ON people.employees FROM reading;
GRANT SELECT (employee_id, department_id, manager_id, full_name, email, hired_on) ON people.employees TO reading;

ANALYZE;
