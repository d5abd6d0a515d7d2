-- Views, functions, triggers.

CREATE VIEW sales.daily_revenue AS
SELECT placed_at::date AS day, count(DISTINCT order_id) AS orders, sum(amount) AS revenue
FROM sales.orders
JOIN sales.order_items USING (order_id)
WHERE status <> 'cancelled'
GROUP BY 1;

CREATE VIEW sales.open_orders AS
SELECT order_id, full_name, status, placed_at
FROM sales.orders
JOIN people.customers USING (customer_id)
WHERE status IN ('placed', 'paid', 'packed');

CREATE VIEW logistics.low_stock AS
SELECT warehouse.name AS warehouse, sku, product.name AS product, on_hand, reorder_at
FROM logistics.stock
JOIN logistics.warehouses AS warehouse USING (warehouse_id)
JOIN catalog.variants USING (variant_id)
JOIN catalog.products AS product USING (product_id)
WHERE on_hand < reorder_at;

CREATE VIEW support.queue AS
SELECT ticket_id, priority, subject, full_name AS customer, opened_at
FROM support.tickets
JOIN people.customers USING (customer_id)
WHERE closed_at IS NULL;

CREATE VIEW people.directory AS
SELECT full_name, email, department.name AS department
FROM people.employees
JOIN people.departments AS department USING (department_id);
COMMENT ON VIEW people.directory IS 'Staff without their salaries';

CREATE MATERIALIZED VIEW sales.best_sellers AS
SELECT product_id, product.name, brand.name AS brand, sum(quantity) AS sold, sum(amount) AS revenue
FROM sales.order_items
JOIN catalog.variants USING (variant_id)
JOIN catalog.products AS product USING (product_id)
JOIN catalog.brands AS brand USING (brand_id)
GROUP BY product_id, product.name, brand.name;
CREATE UNIQUE INDEX ON sales.best_sellers (product_id);

CREATE FUNCTION sales.order_total(wanted bigint) RETURNS numeric
LANGUAGE sql STABLE
AS $$
    SELECT coalesce(sum(amount), 0) FROM sales.order_items WHERE order_id = wanted
$$;
COMMENT ON FUNCTION sales.order_total IS 'What an order costs before vouchers';

CREATE FUNCTION catalog.find_products(words text, most integer DEFAULT 10)
RETURNS TABLE (product_id integer, name text, rank real)
LANGUAGE sql STABLE
AS $$
    SELECT product_id, name, ts_rank(search, websearch_to_tsquery('english', words)) AS rank
    FROM catalog.products
    WHERE search @@ websearch_to_tsquery('english', words)
    ORDER BY rank DESC, product_id
    LIMIT most
$$;

CREATE FUNCTION support.close_stale_tickets(older_than interval) RETURNS integer
LANGUAGE plpgsql
AS $$
DECLARE
    closed integer;
BEGIN
    UPDATE support.tickets SET closed_at = '2026-07-01' WHERE closed_at IS NULL AND opened_at < timestamptz '2026-07-01' - older_than;
    GET DIAGNOSTICS closed = ROW_COUNT;
    RAISE NOTICE '% tickets closed', closed USING HINT = 'Tickets with priority urgent are closed too.';
    RETURN closed;
END
$$;

CREATE FUNCTION sales.refuse_change_after_dispatch() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF OLD.status IN ('shipped', 'delivered') AND NEW.address_id <> OLD.address_id THEN
        RAISE EXCEPTION 'order % has left the warehouse', OLD.order_id
            USING ERRCODE = 'check_violation', DETAIL = format('Its status is %s.', OLD.status), HINT = 'Ask the carrier to redirect it.';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER no_change_after_dispatch BEFORE UPDATE ON sales.orders FOR EACH ROW EXECUTE FUNCTION sales.refuse_change_after_dispatch();

CREATE PROCEDURE sales.refresh_best_sellers()
LANGUAGE sql
AS $$
    REFRESH MATERIALIZED VIEW sales.best_sellers
$$;
