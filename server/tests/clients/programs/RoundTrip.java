// The round trip of PostgreSQL's JDBC driver: the extended protocol, in binary from the second execution.

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.Date;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;

public class RoundTrip {
    static final int N_COPIED = 5000;
    static final int LARGE = 20_000_000;
    static final String RESULT = "SELECT n, md5(n::text) FROM generate_series(1, 200000) n";
    static final String SUM_OF_RESULT =
        "SELECT md5(string_agg(md5(n::text), '' ORDER BY n)) FROM generate_series(1, 200000) n";

    final Connection connection;
    final Connection other;

    RoundTrip(Connection connection, Connection other) {
        this.connection = connection;
        this.other = other;
    }

    public static void main(String[] arguments) throws Exception {
        try (var connection = connect("extended"); var other = connect("simple")) {
            var trip = new RoundTrip(connection, other);
            trip.simple();
            trip.prepared();
            trip.transaction();
            trip.error();
            trip.copy();
            trip.cancel();
            trip.listen();
            trip.pipeline();
            trip.largeValue();
            trip.largeResult();
        }
        done("close");
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

    void simple() throws SQLException {
        expect(value(other, "SELECT 6 * 7"), "42");
        try (var statement = other.createStatement()) {
            expect(statement.execute("SELECT 'one'; SELECT 'two'"), true);
            expect(statement.getMoreResults(), true);
            try (var row = statement.getResultSet()) {
                expect(row.next() ? row.getString(1) : null, "two");
            }
        }
        done("simple");
    }

    void prepared() throws SQLException {
        var sql = "SELECT ?::int4 + 1, ?::numeric * 2, ?::date + 1, ?::bytea, ?::text, ?::int8[]";
        try (var statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < 10; i++) {
                byte[] bytes = {0, (byte) i, -1};
                statement.setInt(1, i);
                statement.setBigDecimal(2, new BigDecimal("1.5"));
                statement.setDate(3, Date.valueOf("2026-11-22"));
                statement.setBytes(4, bytes);
                statement.setString(5, null);
                statement.setArray(6, connection.createArrayOf("int8", new Long[] {(long) i, 2L}));
                try (var row = statement.executeQuery()) {
                    expect(row.next(), true);
                    expect(row.getInt(1), i + 1);
                    expect(row.getBigDecimal(2), new BigDecimal("3.0"));
                    expect(row.getDate(3), Date.valueOf("2026-11-23"));
                    expect(Arrays.equals(row.getBytes(4), bytes), true);
                    expect(row.getString(5), null);
                    expect(Arrays.asList((Long[]) row.getArray(6).getArray()), Arrays.asList((long) i, 2L));
                }
            }
        }
        expect(value(connection, "SELECT count(*) > 0 FROM pg_prepared_statements"), "t");
        done("prepared");
    }

    void transaction() throws SQLException {
        run("CREATE TABLE trip (n int PRIMARY KEY, word text)");
        connection.setAutoCommit(false);
        run("INSERT INTO trip VALUES (1, 'kept')");
        connection.commit();
        run("INSERT INTO trip VALUES (2, 'lost')");
        var beforeMore = connection.setSavepoint();
        run("INSERT INTO trip VALUES (3, 'lost')");
        connection.rollback(beforeMore);
        expect(value(connection, "SELECT count(*) FROM trip"), "2");
        connection.rollback();
        connection.setAutoCommit(true);
        expect(value(connection, "SELECT string_agg(word, ',') FROM trip"), "kept");
        done("transaction");
    }

    void error() throws SQLException {
        expect(stateOf(() -> value(connection, "SELECT 1 / 0")), "22012");
        expect(stateOf(() -> value(other, "SELECT 1 / 0")), "22012");
        connection.setAutoCommit(false);
        expect(stateOf(() -> run("INSERT INTO trip VALUES (1, 'again')")), "23505");
        expect(stateOf(() -> value(connection, "SELECT 1")), "25P02");
        connection.rollback();
        connection.setAutoCommit(true);
        expect(value(connection, "SELECT 'well'"), "well");
        done("error");
    }

    void copy() throws Exception {
        var lines = new StringBuilder();
        for (int n = 2; n < N_COPIED + 2; n++) lines.append(n).append("\tline ").append(n).append(" \u00e9\n");
        var bytes = lines.toString().getBytes(StandardCharsets.UTF_8);
        var copies = connection.unwrap(PGConnection.class).getCopyAPI();
        expect(copies.copyIn("COPY trip FROM STDIN", new ByteArrayInputStream(bytes)), (long) N_COPIED);
        var back = new ByteArrayOutputStream();
        expect(copies.copyOut("COPY (SELECT * FROM trip WHERE n > 1 ORDER BY n) TO STDOUT", back), (long) N_COPIED);
        expect(Arrays.equals(back.toByteArray(), bytes), true);
        // Given up by the client.
        var half = copies.copyIn("COPY trip FROM STDIN");
        half.writeToCopy(bytes, 0, 100);
        half.cancelCopy();
        expect(value(connection, "SELECT count(*) FROM trip"), String.valueOf(N_COPIED + 1));
        done("copy");
    }

    void cancel() throws Exception {
        var backend = value(connection, "SELECT pg_backend_pid()");
        var asleep = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND pid = " + backend;
        try (var statement = connection.createStatement()) {
            var cancelled = CompletableFuture.runAsync(() -> {
                try {
                    while (value(other, asleep).equals("0")) Thread.onSpinWait();
                    statement.cancel();
                } catch (SQLException problem) {
                    throw new IllegalStateException(problem);
                }
            });
            expect(stateOf(() -> statement.executeQuery("SELECT pg_sleep(60)")), "57014");
            cancelled.get();
        }
        // The driver's own clock cancels too.
        try (var statement = connection.createStatement()) {
            statement.setQueryTimeout(1);
            expect(stateOf(() -> statement.executeQuery("SELECT pg_sleep(60)")), "57014");
        }
        expect(value(connection, "SELECT 'awake'"), "awake");
        done("cancel");
    }

    void listen() throws SQLException {
        run("LISTEN trip");
        value(other, "SELECT pg_notify('trip', 'hello there')");
        PGNotification[] heard = connection.unwrap(PGConnection.class).getNotifications(30_000);
        expect(heard.length, 1);
        expect(heard[0].getName() + " " + heard[0].getParameter(), "trip hello there");
        done("notify");
    }

    void pipeline() throws SQLException {
        try (var statement = connection.prepareStatement("INSERT INTO trip VALUES (?, 'many')")) {
            for (int n = 10_001; n <= 12_000; n++) add(statement, n);
            expect(Arrays.stream(statement.executeBatch()).sum(), 2000);
            for (int n : new int[] {12_001, 12_002, 12_001}) add(statement, n);
            expect(stateOf(statement::executeBatch), "23505");
        }
        expect(value(connection, "SELECT count(*) FROM trip WHERE word = 'many'"), "2000");
        done("pipeline");
    }

    static void add(PreparedStatement statement, int n) throws SQLException {
        statement.setInt(1, n);
        statement.addBatch();
    }

    void largeValue() throws SQLException {
        var bytes = new byte[LARGE];
        for (int i = 0; i < LARGE; i++) bytes[i] = (byte) (i % 251);
        try (var statement = connection.prepareStatement("SELECT ?::bytea")) {
            statement.setBytes(1, bytes);
            try (var row = statement.executeQuery()) {
                expect(row.next() && Arrays.equals(row.getBytes(1), bytes), true);
            }
        }
        done("large value");
    }

    void largeResult() throws Exception {
        var wanted = value(connection, SUM_OF_RESULT);
        expect(sum(0), wanted);
        // A portal, a thousand rows at a time, which needs a transaction.
        connection.setAutoCommit(false);
        expect(sum(1000), wanted);
        connection.commit();
        connection.setAutoCommit(true);
        done("large result");
    }

    String sum(int fetchSize) throws Exception {
        var digest = MessageDigest.getInstance("MD5");
        try (var statement = connection.prepareStatement(RESULT)) {
            statement.setFetchSize(fetchSize);
            try (var rows = statement.executeQuery()) {
                while (rows.next()) digest.update(rows.getString(2).getBytes(StandardCharsets.US_ASCII));
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    void run(String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** The first column of a statement's first row, as text. */
    static String value(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement(); ResultSet row = statement.executeQuery(sql)) {
            return row.next() ? row.getString(1) : null;
        }
    }

    interface Told {
        void tell() throws SQLException;
    }

    static String stateOf(Told told) {
        try {
            told.tell();
            return null;
        } catch (SQLException problem) {
            return problem.getSQLState();
        }
    }

    /** A step whose every answer was right. */
    static void done(String step) {
        System.out.println(step);
    }

    /** Ends the program where an answer is another than the one wanted. */
    static void expect(Object seen, Object wanted) {
        if (!Objects.equals(seen, wanted)) throw new AssertionError("wanted " + wanted + ", not " + seen);
    }
}
