// What PostgreSQL's JDBC driver does where a record is read-only: everything but to write.

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Objects;
import java.util.Properties;

public class OnlyReads {
    public static void main(String[] arguments) throws SQLException {
        for (var queryMode : new String[] {"extended", "simple"}) {
            try (var connection = connect(queryMode)) {
                reads(connection);
                System.out.println(queryMode);
            }
        }
    }

    static void reads(Connection connection) throws SQLException {
        expect(value(connection, "SELECT entry FROM ledger WHERE n = ?", 1), "kept");
        try (var tables = connection.getMetaData().getTables(null, "public", "%", null)) {
            expect(tables.next(), true);
        }
        // COMMIT is prepared once it has run a few times.
        connection.setAutoCommit(false);
        for (int n = 0; n < 10; n++) {
            expect(value(connection, "SELECT 'näh: é]' || ?", n), "näh: é]" + n);
            connection.commit();
        }
        try (var statement = connection.prepareStatement("SELECT generate_series(1, 250)")) {
            statement.setFetchSize(100);
            try (var rows = statement.executeQuery()) {
                int seen = 0;
                while (rows.next()) {
                    seen++;
                }
                expect(seen, 250);
            }
        }
        connection.rollback();
        connection.setReadOnly(true);
        expect(value(connection, "SELECT count(*) FROM ledger WHERE n = ?", 1), "1");
        connection.rollback();
        try (var statement = connection.createStatement()) {
            statement.executeUpdate("DELETE FROM ledger");
            throw new AssertionError("deleted");
        } catch (SQLException error) {
            expect(error.getSQLState(), "25006");
        }
        connection.rollback();
        connection.setAutoCommit(true);
        expect(connection.isValid(10), true);
    }

    static Connection connect(String queryMode) throws SQLException {
        var environment = System.getenv();
        var properties = new Properties();
        properties.setProperty("user", environment.get("PGUSER"));
        properties.setProperty("password", environment.get("PGPASSWORD"));
        properties.setProperty("sslmode", environment.get("PGSSLMODE"));
        properties.setProperty("preferQueryMode", queryMode);
        properties.setProperty("prepareThreshold", "1");
        var address = environment.get("PGHOST") + ":" + environment.get("PGPORT");
        return DriverManager.getConnection(
            "jdbc:postgresql://" + address + "/" + environment.get("PGDATABASE"), properties);
    }

    static String value(Connection connection, String sql, int parameter) throws SQLException {
        try (var statement = connection.prepareStatement(sql)) {
            statement.setInt(1, parameter);
            try (var row = statement.executeQuery()) {
                return row.next() ? row.getString(1) : null;
            }
        }
    }

    static void expect(Object seen, Object wanted) {
        if (!Objects.equals(seen, wanted)) {
            throw new AssertionError("wanted " + wanted + ", not " + seen);
        }
    }
}
