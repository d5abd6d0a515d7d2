-- Tables with their primary keys. Foreign keys and indexes follow the rows, since that loads faster.

-- catalog
CREATE TABLE catalog.brands (brand_id smallint PRIMARY KEY, name text NOT NULL UNIQUE, country char(2) NOT NULL, founded smallint);
CREATE TABLE catalog.categories (category_id smallint PRIMARY KEY, parent_id smallint, name text NOT NULL, slug text NOT NULL UNIQUE);
CREATE TABLE catalog.products (
    product_id integer PRIMARY KEY,
    brand_id smallint NOT NULL,
    category_id smallint NOT NULL,
    name text NOT NULL,
    description text NOT NULL,
    keywords text[] NOT NULL DEFAULT '{}',
    details jsonb NOT NULL DEFAULT '{}',
    packed catalog.dimensions,
    is_active boolean NOT NULL DEFAULT true,
    added_on date NOT NULL,
    search tsvector GENERATED ALWAYS AS (to_tsvector('english', name || ' ' || description)) STORED
);
CREATE TABLE catalog.variants (
    variant_id integer PRIMARY KEY,
    product_id integer NOT NULL,
    sku text NOT NULL UNIQUE,
    colour text NOT NULL,
    size text NOT NULL,
    weight_g integer CHECK (weight_g > 0),
    price sales.money_eur NOT NULL
);
CREATE TABLE catalog.attributes (attribute_id smallint PRIMARY KEY, name text NOT NULL UNIQUE, unit text);
CREATE TABLE catalog.product_attributes (product_id integer, attribute_id smallint, value text NOT NULL, PRIMARY KEY (product_id, attribute_id));
CREATE TABLE catalog.price_changes (
    price_change_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    variant_id integer NOT NULL,
    valid daterange NOT NULL,
    price sales.money_eur NOT NULL
);
CREATE TABLE catalog.collections (collection_id smallint PRIMARY KEY, title text NOT NULL, season text NOT NULL);
CREATE TABLE catalog.collection_products (collection_id smallint, product_id integer, position smallint NOT NULL, PRIMARY KEY (collection_id, product_id));
CREATE TABLE catalog.reviews (
    review_id bigint PRIMARY KEY,
    product_id integer NOT NULL,
    customer_id integer NOT NULL,
    stars smallint NOT NULL CHECK (stars BETWEEN 1 AND 5),
    body text,
    written_at timestamptz NOT NULL
);

-- people
CREATE TABLE people.departments (department_id smallint PRIMARY KEY, name text NOT NULL UNIQUE, cost_centre text NOT NULL);
CREATE TABLE people.employees (
    employee_id integer PRIMARY KEY,
    department_id smallint NOT NULL,
    manager_id integer,
    full_name text NOT NULL,
    email people.email NOT NULL UNIQUE,
    hired_on date NOT NULL,
    salary numeric(10, 2) NOT NULL
);
CREATE TABLE people.shifts (shift_id bigint PRIMARY KEY, employee_id integer NOT NULL, during tstzrange NOT NULL);
CREATE TABLE people.customer_groups (group_id smallint PRIMARY KEY, name text NOT NULL UNIQUE, discount_percent numeric(4, 1) NOT NULL DEFAULT 0);
CREATE TABLE people.customers (
    customer_id integer PRIMARY KEY,
    group_id smallint NOT NULL,
    full_name text NOT NULL,
    email people.email NOT NULL,
    phone text,
    born_on date,
    preferences jsonb NOT NULL DEFAULT '{}',
    joined_at timestamptz NOT NULL
);
CREATE TABLE people.addresses (
    address_id integer PRIMARY KEY,
    customer_id integer NOT NULL,
    kind people.address_kind NOT NULL,
    lines text[] NOT NULL,
    postcode text NOT NULL,
    city text NOT NULL,
    country char(2) NOT NULL
);
CREATE TABLE people.consents (customer_id integer, purpose text, given_at timestamptz NOT NULL, withdrawn_at timestamptz, PRIMARY KEY (customer_id, purpose));
CREATE TABLE people.loyalty_accounts (customer_id integer PRIMARY KEY, points integer NOT NULL DEFAULT 0 CHECK (points >= 0), tier text NOT NULL);

-- sales
CREATE TABLE sales.carts (cart_id integer PRIMARY KEY, customer_id integer, opened_at timestamptz NOT NULL, is_abandoned boolean NOT NULL);
CREATE TABLE sales.cart_items (cart_id integer, variant_id integer, quantity smallint NOT NULL CHECK (quantity > 0), PRIMARY KEY (cart_id, variant_id));
CREATE TABLE sales.orders (
    order_id bigint PRIMARY KEY,
    customer_id integer NOT NULL,
    address_id integer NOT NULL,
    status sales.order_status NOT NULL,
    placed_at timestamptz NOT NULL,
    note text
);
CREATE TABLE sales.order_items (
    order_id bigint,
    line_no smallint,
    variant_id integer NOT NULL,
    quantity smallint NOT NULL CHECK (quantity > 0),
    unit_price sales.money_eur NOT NULL,
    amount numeric(12, 2) GENERATED ALWAYS AS (quantity * unit_price) STORED
);
CREATE TABLE sales.payments (payment_id bigint PRIMARY KEY, order_id bigint NOT NULL, method sales.payment_method NOT NULL, amount sales.money_eur NOT NULL, paid_at timestamptz NOT NULL);
CREATE TABLE sales.refunds (refund_id bigint PRIMARY KEY, payment_id bigint NOT NULL, amount sales.money_eur NOT NULL, reason text NOT NULL, refunded_at timestamptz NOT NULL);
CREATE TABLE sales.vouchers (code text PRIMARY KEY, percent smallint NOT NULL CHECK (percent BETWEEN 1 AND 90), valid daterange NOT NULL, uses_left integer);
CREATE TABLE sales.order_vouchers (order_id bigint, code text, PRIMARY KEY (order_id, code));
CREATE TABLE sales.invoices (invoice_no text PRIMARY KEY, order_id bigint NOT NULL UNIQUE, issued_on date NOT NULL, document jsonb NOT NULL);

-- logistics
CREATE TABLE logistics.warehouses (warehouse_id smallint PRIMARY KEY, name text NOT NULL, city text NOT NULL, opening_hours jsonb NOT NULL);
CREATE TABLE logistics.shelves (shelf_id integer PRIMARY KEY, warehouse_id smallint NOT NULL, aisle char(1) NOT NULL, level smallint NOT NULL);
CREATE TABLE logistics.stock (warehouse_id smallint, variant_id integer, on_hand integer NOT NULL, reorder_at integer NOT NULL, PRIMARY KEY (warehouse_id, variant_id));
CREATE TABLE logistics.stock_movements (movement_id bigint PRIMARY KEY, warehouse_id smallint NOT NULL, variant_id integer NOT NULL, kind logistics.movement_kind NOT NULL, quantity integer NOT NULL, moved_at timestamptz NOT NULL);
CREATE TABLE logistics.suppliers (supplier_id smallint PRIMARY KEY, name text NOT NULL, email people.email NOT NULL, lead_time interval NOT NULL);
CREATE TABLE logistics.purchase_orders (purchase_order_id integer PRIMARY KEY, supplier_id smallint NOT NULL, warehouse_id smallint NOT NULL, ordered_on date NOT NULL, received_on date);
CREATE TABLE logistics.purchase_order_items (purchase_order_id integer, variant_id integer, quantity integer NOT NULL, unit_cost numeric(10, 2) NOT NULL, PRIMARY KEY (purchase_order_id, variant_id));
CREATE TABLE logistics.carriers (carrier_id smallint PRIMARY KEY, name text NOT NULL, tracking_url text);
CREATE TABLE logistics.shipments (
    shipment_id bigint PRIMARY KEY,
    order_id bigint NOT NULL,
    carrier_id smallint NOT NULL,
    warehouse_id smallint NOT NULL,
    status logistics.shipment_status NOT NULL,
    tracking_code uuid NOT NULL,
    sent_at timestamptz
);

-- support
CREATE TABLE support.tickets (
    ticket_id integer PRIMARY KEY,
    customer_id integer NOT NULL,
    order_id bigint,
    assigned_to integer,
    priority support.priority NOT NULL,
    subject text NOT NULL,
    labels text[] NOT NULL DEFAULT '{}',
    opened_at timestamptz NOT NULL,
    closed_at timestamptz
);
CREATE TABLE support.messages (message_id bigint PRIMARY KEY, ticket_id integer NOT NULL, from_customer boolean NOT NULL, body text NOT NULL, sent_at timestamptz NOT NULL);
CREATE TABLE support.returns (return_id integer PRIMARY KEY, order_id bigint NOT NULL, reason text NOT NULL, approved_by integer, requested_at timestamptz NOT NULL);

-- web
CREATE TABLE web.page_views (viewed_at timestamptz NOT NULL, visitor uuid NOT NULL, product_id integer, path text NOT NULL, agent inet) PARTITION BY RANGE (viewed_at);
CREATE TABLE web.page_views_2026_04 PARTITION OF web.page_views FOR VALUES FROM ('2026-04-01') TO ('2026-05-01');
CREATE TABLE web.page_views_2026_05 PARTITION OF web.page_views FOR VALUES FROM ('2026-05-01') TO ('2026-06-01');
CREATE TABLE web.page_views_2026_06 PARTITION OF web.page_views FOR VALUES FROM ('2026-06-01') TO ('2026-07-01');
CREATE TABLE web.searches (search_id integer PRIMARY KEY, term text NOT NULL, hits integer NOT NULL, searched_at timestamptz NOT NULL);

COMMENT ON TABLE sales.order_items IS 'One row per line of an order: the large table of this database';
COMMENT ON COLUMN sales.order_items.amount IS 'Quantity times price, kept by the database';
COMMENT ON TABLE people.employees IS 'Salaries live here: not for everyone';
COMMENT ON TABLE web.page_views IS 'Partitioned by month';
