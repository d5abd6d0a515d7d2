-- Rows of who buys, what they bought, and what they said about it.

CREATE TEMPORARY TABLE words AS SELECT
    ARRAY['Ada', 'Bruno', 'Chiara', 'Dmitri', 'Elif', 'Fiona', 'Gustav', 'Hana', 'Ines', 'Jakob', 'Klára', 'Liam', 'Mei', 'Nils', 'Olga', 'Pablo', 'Rosa', 'Sven', 'Tove', 'Uma', 'Víctor', 'Wiebke', 'Yusuf', 'Zoë'] AS first,
    ARRAY['Albrecht', 'Bianchi', 'Clarke', 'Dubois', 'Eriksen', 'Fischer', 'García', 'Horváth', 'Ivanova', 'Jensen', 'Kowalski', 'Lindqvist', 'Murphy', 'Novák', 'O''Brien', 'Petrov', 'Quintero', 'Rossi', 'Schmidt', 'Tanaka', 'Ulrich', 'Virtanen', 'Weiß', 'Yılmaz'] AS last,
    ARRAY['Leipzig', 'Lyon', 'Leeds', 'Bergen', 'Graz', 'Bilbao', 'Turin', 'Košice', 'Cork', 'Tampere'] AS city,
    ARRAY['DE', 'FR', 'GB', 'NO', 'AT', 'ES', 'IT', 'SK', 'IE', 'FI'] AS country,
    ARRAY['Larch Lane', 'Station Road', 'Am Markt', 'Rue du Port', 'Via Roma', 'Hill Street', 'Calle Mayor'] AS street;

INSERT INTO people.employees
SELECT n, 1 + n % 6, CASE WHEN n > 6 THEN 1 + n % 6 END, first[1 + n % 24] || ' ' || last[1 + (n * 7) % 24], format('staff%s@larchandstone.example', n), date '2012-01-01' + n * 41, 28000 + (n * 1117) % 52000
FROM generate_series(1, 120) AS n, words;
INSERT INTO people.shifts
SELECT row_number() OVER (), employee_id, tstzrange(start, start + interval '8 hours')
FROM generate_series(1, 120) AS employee_id, generate_series(timestamptz '2026-06-01 06:00', timestamptz '2026-06-28 06:00', interval '1 day') AS start
WHERE (employee_id + extract(day FROM start)::int) % 7 < 5;

INSERT INTO people.customers
SELECT n,
       CASE WHEN n % 50 = 0 THEN 3 WHEN n % 6 = 0 THEN 2 ELSE 1 END,
       first[1 + n % 24] || ' ' || last[1 + (n / 24) % 24],
       format('customer%s@mail.example', n),
       CASE WHEN n % 3 > 0 THEN format('+49 30 %s', 1000000 + n * 13) END,
       CASE WHEN n % 4 > 0 THEN date '1950-01-01' + (n * 29) % 20000 END,
       jsonb_build_object('newsletter', n % 2 = 0, 'sizes', jsonb_build_object('top', (ARRAY['S', 'M', 'L', 'XL'])[1 + n % 4], 'shoe', 36 + n % 11), 'likes', to_jsonb(ARRAY['boots', 'tents'])),
       timestamptz '2020-01-01' + n * interval '1 hour'
FROM generate_series(1, 40000) AS n, words;
INSERT INTO people.addresses
SELECT n, 1 + n % 40000, (ARRAY['home', 'work', 'delivery'])[1 + n % 3]::people.address_kind, ARRAY[format('%s %s', street[1 + n % 7], 1 + n % 200), CASE WHEN n % 5 = 0 THEN 'Second floor' ELSE '' END], lpad((n * 17 % 99999)::text, 5, '0'), city[1 + n % 10], country[1 + n % 10]
FROM generate_series(1, 50000) AS n, words;
INSERT INTO people.consents
SELECT n, purpose, timestamptz '2021-01-01' + n * interval '1 hour', CASE WHEN n % 9 = 0 THEN timestamptz '2026-01-01' END
FROM generate_series(1, 40000, 2) AS n, unnest(ARRAY['newsletter', 'analytics']) AS purpose;
INSERT INTO people.loyalty_accounts
SELECT n, (n * 37) % 5000, CASE WHEN (n * 37) % 5000 > 4000 THEN 'gold' WHEN (n * 37) % 5000 > 2000 THEN 'silver' ELSE 'stone' END FROM generate_series(2, 40000, 6) AS n;

INSERT INTO sales.orders
SELECT n,
       customer_id,
       customer_id,
       CASE WHEN n > :orders * 0.99 THEN (ARRAY['placed', 'paid', 'packed', 'shipped'])[1 + n % 4] WHEN n % 40 = 0 THEN 'cancelled' WHEN n % 33 = 0 THEN 'returned' ELSE 'delivered' END::sales.order_status,
       timestamptz '2022-07-01' + n * (interval '1461 days' / :orders),
       CASE WHEN n % 200 = 0 THEN 'Please leave it with the neighbours' END
FROM generate_series(1, :orders) AS n, LATERAL (SELECT 1 + (n * 7919::bigint % 40000)::integer AS customer_id) AS buyer;

INSERT INTO sales.order_items (order_id, line_no, variant_id, quantity, unit_price)
SELECT order_id, line_no, variant_id, 1 + (order_id + line_no) % 3, price
FROM generate_series(1, :orders) AS order_id
CROSS JOIN LATERAL generate_series(1, 1 + order_id % 4) AS line_no
JOIN catalog.variants ON variant_id = 1 + (order_id * 31::bigint + line_no * 1009) % 8000;

INSERT INTO sales.payments
SELECT order_id, order_id, (ARRAY['card', 'invoice', 'bank transfer', 'gift card'])[1 + order_id % 4]::sales.payment_method, sum(amount), min(placed_at) + interval '20 minutes'
FROM sales.orders JOIN sales.order_items USING (order_id)
WHERE status NOT IN ('placed', 'cancelled')
GROUP BY order_id;
INSERT INTO sales.refunds
SELECT payment_id, payment_id, amount, (ARRAY['too small', 'too large', 'damaged', 'changed my mind'])[1 + payment_id % 4], paid_at + interval '12 days'
FROM sales.payments JOIN sales.orders USING (order_id) WHERE status = 'returned';
INSERT INTO sales.order_vouchers SELECT order_id, code FROM generate_series(1, :orders, 25) AS order_id JOIN (SELECT code, row_number() OVER (ORDER BY code) AS n FROM sales.vouchers) AS voucher ON n = 1 + order_id % 80;
INSERT INTO sales.invoices
SELECT format('LS-%s', lpad(order_id::text, 8, '0')), order_id, placed_at::date + 1, jsonb_build_object('net', round(amount / 1.19, 2), 'vat', amount - round(amount / 1.19, 2), 'currency', 'EUR')
FROM sales.orders JOIN sales.payments USING (order_id) WHERE order_id % 10 = 0;
INSERT INTO sales.carts SELECT n, CASE WHEN n % 3 > 0 THEN 1 + n % 40000 END, timestamptz '2026-06-01' + n * interval '2 minutes', n % 4 > 0 FROM generate_series(1, 12000) AS n;
INSERT INTO sales.cart_items SELECT n, 1 + (n * 11 + line * 307) % 8000, line FROM generate_series(1, 12000) AS n, generate_series(1, 2) AS line;

INSERT INTO logistics.shipments
SELECT order_id, order_id, 1 + order_id % 4, 1 + order_id % 3, CASE WHEN status = 'shipped' THEN 'in transit' WHEN order_id % 4999 = 0 THEN 'lost' ELSE 'delivered' END::logistics.shipment_status,
       md5('shipment ' || order_id)::uuid, placed_at + interval '1 day'
FROM sales.orders WHERE status IN ('shipped', 'delivered', 'returned') AND order_id % 2 = 0;
INSERT INTO logistics.stock_movements
SELECT n, 1 + n % 3, 1 + (n * 13) % 8000, (ARRAY['receipt', 'sale', 'sale', 'return', 'correction'])[1 + n % 5]::logistics.movement_kind, CASE WHEN n % 5 IN (1, 2) THEN -1 ELSE 1 END * (1 + n % 12), timestamptz '2026-01-01' + n * interval '3 minutes'
FROM generate_series(1, 60000) AS n;

INSERT INTO catalog.reviews
SELECT n, 1 + (n * 7) % 1200, 1 + (n * 11) % 40000, 1 + (n * 3 + n / 7) % 5, (ARRAY['Kept me dry for three days.', 'Runs small.', 'Worth every cent.', 'The zip broke in week two.', NULL])[1 + n % 5], timestamptz '2024-01-01' + n * interval '40 minutes'
FROM generate_series(1, 20000) AS n;

INSERT INTO support.tickets
SELECT n, 1 + (n * 7919 % 40000), CASE WHEN n % 3 > 0 THEN 1 + n * 5 % :orders END, CASE WHEN n % 11 > 0 THEN 1 + n % 120 END, (ARRAY['low', 'normal', 'normal', 'high', 'urgent'])[1 + n % 5]::support.priority,
       (ARRAY['Where is my parcel?', 'Wrong size', 'Invoice with VAT number, please', 'Is the tent back in stock?', 'Charged twice'])[1 + n % 5],
       CASE n % 4 WHEN 0 THEN ARRAY['delivery'] WHEN 1 THEN ARRAY['returns', 'size'] WHEN 2 THEN ARRAY['billing'] ELSE '{}' END,
       timestamptz '2026-01-01' + n * interval '50 minutes', CASE WHEN n < 4700 THEN timestamptz '2026-01-01' + n * interval '50 minutes' + n % 90 * interval '1 hour' END
FROM generate_series(1, 5000) AS n;
INSERT INTO support.messages
SELECT n, 1 + (n - 1) / 3, n % 3 <> 2, (ARRAY['Thank you for your patience.', 'Hello, I have a question about my order.', 'Any news?'])[1 + n % 3], timestamptz '2026-01-01' + n * interval '17 minutes'
FROM generate_series(1, 15000) AS n;
INSERT INTO support.returns
SELECT row_number() OVER (ORDER BY order_id), order_id, (ARRAY['too small', 'too large', 'damaged', 'changed my mind'])[1 + order_id % 4], 1 + (order_id % 120)::integer, placed_at + interval '9 days' FROM sales.orders WHERE status = 'returned';

INSERT INTO web.page_views
SELECT timestamptz '2026-04-01' + n * interval '78 seconds', md5('visitor ' || n % 9000)::uuid, product_id, '/products/' || product_id, ('203.0.113.' || n % 254)::inet
FROM generate_series(1, 100000) AS n, LATERAL (SELECT 1 + n * 17 % 1200 AS product_id) AS viewed;
INSERT INTO web.searches
SELECT n, (ARRAY['rain jacket', 'boots', '2 person tent', 'merino', 'head lamp', 'rope 60m'])[1 + n % 6], (n * 3) % 90, timestamptz '2026-06-01' + n * interval '5 minutes' FROM generate_series(1, 8000) AS n;
