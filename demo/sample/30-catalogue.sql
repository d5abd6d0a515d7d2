-- Rows of what is sold, by whom and from where.

SET timezone = 'UTC';

INSERT INTO catalog.brands VALUES
    (1, 'Nordlicht', 'DE', 1962), (2, 'Fjellvandrer', 'NO', 1978), (3, 'Cairn & Co', 'GB', 1991), (4, 'Haute Route', 'FR', 1984),
    (5, 'Tatra Works', 'SK', 2003), (6, 'Sierra Blanca', 'ES', 1996), (7, 'Kestrel', 'IE', 2010), (8, 'Lumi', 'FI', 1971),
    (9, 'Alta Via', 'IT', 1955), (10, 'Granite Bay', 'US', 1988), (11, 'Piz', 'CH', 1969), (12, 'Hollow Oak', 'GB', 2014);

INSERT INTO catalog.categories VALUES
    (1, NULL, 'Clothing', 'clothing'), (2, NULL, 'Footwear', 'footwear'), (3, NULL, 'Camping', 'camping'), (4, NULL, 'Climbing', 'climbing'),
    (5, 1, 'Jackets', 'jackets'), (6, 1, 'Trousers', 'trousers'), (7, 1, 'Base layers', 'base-layers'), (8, 1, 'Gloves', 'gloves'),
    (9, 2, 'Boots', 'boots'), (10, 2, 'Trail shoes', 'trail-shoes'), (11, 3, 'Tents', 'tents'), (12, 3, 'Sleeping bags', 'sleeping-bags'),
    (13, 3, 'Stoves', 'stoves'), (14, 3, 'Backpacks', 'backpacks'), (15, 4, 'Ropes', 'ropes'), (16, 4, 'Helmets', 'helmets'),
    (17, 4, 'Harnesses', 'harnesses'), (18, 3, 'Headlamps', 'headlamps');

INSERT INTO catalog.attributes VALUES
    (1, 'Waterproof to', 'mm'), (2, 'Fill power', 'cuin'), (3, 'Capacity', 'l'), (4, 'Comfort temperature', '°C'), (5, 'Material', NULL), (6, 'Warranty', 'years');

-- Twelve kinds of things (category 5 to 18) in many names: 1,200 products.
INSERT INTO catalog.products (product_id, brand_id, category_id, name, description, keywords, details, packed, is_active, added_on)
SELECT n,
       1 + n % 12,
       category.category_id,
       adjective || ' ' || noun || ' ' || (ARRAY['I', 'II', 'III', 'Pro', 'Light'])[1 + n % 5],
       category.name || ' for ' || purpose || ', from our ' || lower(adjective) || ' line.',
       ARRAY[lower(adjective), category.slug, split_part(purpose, ' ', 1)],
       jsonb_build_object('recycled', n % 3 = 0, 'care', jsonb_build_array('wash cold', 'line dry'), 'made_in', (ARRAY['PT', 'RO', 'VN', 'IT'])[1 + n % 4]),
       ROW(200 + n % 300, 150 + n % 200, 40 + n % 160)::catalog.dimensions,
       n % 17 <> 0,
       date '2019-01-01' + (n * 7) % 2600
FROM generate_series(1, 1200) AS n
CROSS JOIN LATERAL (SELECT (ARRAY['Quiet', 'Granite', 'Windward', 'Early', 'Northern', 'Amber', 'Hollow', 'Steady', 'Silver', 'Open'])[1 + n % 10] AS adjective,
                           (ARRAY['Ridge', 'Col', 'Tarn', 'Larch', 'Scree', 'Gully', 'Beacon', 'Moor', 'Arête', 'Fell', 'Cairn', 'Summit'])[1 + (n / 10) % 12] AS noun,
                           (ARRAY['long days', 'wet weather', 'winter rooms', 'fast descents', 'first light'])[1 + (n / 7) % 5] AS purpose) AS words
JOIN catalog.categories AS category ON category.category_id = 5 + n % 14;

INSERT INTO catalog.variants
SELECT row_number() OVER (ORDER BY product_id, colour, size),
       product_id,
       format('LS-%s-%s-%s', lpad(product_id::text, 4, '0'), upper(left(colour, 3)), size),
       colour,
       size,
       80 + (product_id * 37) % 2400,
       round((15 + (product_id * 53) % 480 + (length(size) * 5))::numeric - 0.05, 2)
FROM catalog.products, unnest(ARRAY['moss', 'slate', 'rust']) AS colour, unnest(ARRAY['S', 'M', 'L', 'XL']) AS size
WHERE (product_id + length(size)) % 2 = 0 OR size = 'M';

INSERT INTO catalog.product_attributes
SELECT product_id, attribute_id, CASE attribute_id WHEN 5 THEN (ARRAY['nylon', 'merino', 'cotton', 'leather'])[1 + product_id % 4] ELSE ((product_id * attribute_id) % 60 + 1)::text END
FROM catalog.products, generate_series(1, 6) AS attribute_id
WHERE (product_id + attribute_id) % 3 = 0;

INSERT INTO catalog.price_changes (variant_id, valid, price)
SELECT variant_id, daterange((date '2024-01-01' + step * 200), CASE step WHEN 3 THEN NULL ELSE date '2024-01-01' + (step + 1) * 200 END), round(price * (0.9 + step * 0.03), 2)
FROM catalog.variants, generate_series(1, 3) AS step
WHERE variant_id % 4 = 0;

INSERT INTO catalog.collections VALUES (1, 'Hut to hut', 'summer'), (2, 'Snowed in', 'winter'), (3, 'Rain, mostly', 'autumn'), (4, 'First tent', 'spring'), (5, 'Gifts under 50', 'winter');
INSERT INTO catalog.collection_products SELECT 1 + n % 5, n, n / 25 FROM generate_series(1, 1200, 9) AS n;

INSERT INTO logistics.warehouses VALUES
    (1, 'Leipzig Nord', 'Leipzig', '{"mon-fri": ["06:00", "22:00"], "sat": ["08:00", "16:00"]}'),
    (2, 'Lyon Est', 'Lyon', '{"mon-fri": ["07:00", "21:00"]}'),
    (3, 'Leeds Cross Green', 'Leeds', '{"mon-sun": ["00:00", "24:00"]}');
INSERT INTO logistics.shelves SELECT n, 1 + n % 3, chr(65 + n % 20), 1 + n % 6 FROM generate_series(1, 360) AS n;
INSERT INTO logistics.stock SELECT warehouse_id, variant_id, (variant_id * 31 + warehouse_id * 7) % 180, 20 + variant_id % 30 FROM catalog.variants, generate_series(1, 3) AS warehouse_id;
INSERT INTO logistics.suppliers
SELECT n, (ARRAY['Hansa', 'Meridian', 'Orchard', 'Polar', 'Delta'])[1 + n % 5] || ' ' || (ARRAY['Textiles', 'Metals', 'Outdoor', 'Trading', 'Supply'])[1 + n / 5 % 5],
       format('orders%s@supplier.example', n), make_interval(days => 10 + n % 40)
FROM generate_series(1, 25) AS n;
INSERT INTO logistics.carriers VALUES (1, 'Swift Parcel', 'https://track.swift.example/{code}'), (2, 'Postbote', 'https://postbote.example/{code}'), (3, 'Hill Courier', NULL), (4, 'Pick up in store', NULL);
INSERT INTO logistics.purchase_orders
SELECT n, 1 + n % 25, 1 + n % 3, date '2025-01-01' + n / 4, CASE WHEN n < 1900 THEN date '2025-01-01' + n / 4 + 14 + n % 20 END FROM generate_series(1, 2000) AS n;
INSERT INTO logistics.purchase_order_items
SELECT n, 1 + (n * 5 + line * 97) % 8000, 10 + n % 90, round((5 + (n * line) % 120)::numeric, 2) FROM generate_series(1, 2000) AS n, generate_series(1, 4) AS line;

INSERT INTO people.departments VALUES (1, 'Management', 'CC-100'), (2, 'Buying', 'CC-200'), (3, 'Warehouse', 'CC-300'), (4, 'Customer care', 'CC-400'), (5, 'Web', 'CC-500'), (6, 'Accounts', 'CC-600');
INSERT INTO people.customer_groups VALUES (1, 'Retail', 0), (2, 'Club', 5), (3, 'Mountain guides', 15), (4, 'Staff', 25);
INSERT INTO sales.vouchers
SELECT format('%s%s', (ARRAY['SUMMIT', 'WELCOME', 'RAIN', 'FIRSTSNOW'])[1 + n % 4], n), 5 + 5 * (n % 5), daterange(date '2025-01-01' + n * 6, date '2025-01-01' + n * 6 + 90), CASE WHEN n % 3 = 0 THEN NULL ELSE n END
FROM generate_series(1, 80) AS n;
