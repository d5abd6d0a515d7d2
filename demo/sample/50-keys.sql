-- Foreign keys, indexes, statistics.

ALTER TABLE sales.order_items ADD PRIMARY KEY (order_id, line_no);

ALTER TABLE catalog.categories ADD FOREIGN KEY (parent_id) REFERENCES catalog.categories;
ALTER TABLE catalog.products ADD FOREIGN KEY (brand_id) REFERENCES catalog.brands, ADD FOREIGN KEY (category_id) REFERENCES catalog.categories;
ALTER TABLE catalog.variants ADD FOREIGN KEY (product_id) REFERENCES catalog.products;
ALTER TABLE catalog.product_attributes ADD FOREIGN KEY (product_id) REFERENCES catalog.products, ADD FOREIGN KEY (attribute_id) REFERENCES catalog.attributes;
ALTER TABLE catalog.price_changes ADD FOREIGN KEY (variant_id) REFERENCES catalog.variants;
ALTER TABLE catalog.collection_products ADD FOREIGN KEY (collection_id) REFERENCES catalog.collections, ADD FOREIGN KEY (product_id) REFERENCES catalog.products;
ALTER TABLE catalog.reviews ADD FOREIGN KEY (product_id) REFERENCES catalog.products, ADD FOREIGN KEY (customer_id) REFERENCES people.customers;

ALTER TABLE people.employees ADD FOREIGN KEY (department_id) REFERENCES people.departments, ADD FOREIGN KEY (manager_id) REFERENCES people.employees;
ALTER TABLE people.shifts ADD FOREIGN KEY (employee_id) REFERENCES people.employees;
ALTER TABLE people.customers ADD FOREIGN KEY (group_id) REFERENCES people.customer_groups;
ALTER TABLE people.addresses ADD FOREIGN KEY (customer_id) REFERENCES people.customers;
ALTER TABLE people.consents ADD FOREIGN KEY (customer_id) REFERENCES people.customers;
ALTER TABLE people.loyalty_accounts ADD FOREIGN KEY (customer_id) REFERENCES people.customers;

ALTER TABLE sales.carts ADD FOREIGN KEY (customer_id) REFERENCES people.customers;
ALTER TABLE sales.cart_items ADD FOREIGN KEY (cart_id) REFERENCES sales.carts ON DELETE CASCADE, ADD FOREIGN KEY (variant_id) REFERENCES catalog.variants;
ALTER TABLE sales.orders ADD FOREIGN KEY (customer_id) REFERENCES people.customers, ADD FOREIGN KEY (address_id) REFERENCES people.addresses;
ALTER TABLE sales.order_items ADD FOREIGN KEY (order_id) REFERENCES sales.orders, ADD FOREIGN KEY (variant_id) REFERENCES catalog.variants;
ALTER TABLE sales.payments ADD FOREIGN KEY (order_id) REFERENCES sales.orders;
ALTER TABLE sales.refunds ADD FOREIGN KEY (payment_id) REFERENCES sales.payments;
ALTER TABLE sales.order_vouchers ADD FOREIGN KEY (order_id) REFERENCES sales.orders, ADD FOREIGN KEY (code) REFERENCES sales.vouchers;
ALTER TABLE sales.invoices ADD FOREIGN KEY (order_id) REFERENCES sales.orders;

ALTER TABLE logistics.shelves ADD FOREIGN KEY (warehouse_id) REFERENCES logistics.warehouses;
ALTER TABLE logistics.stock ADD FOREIGN KEY (warehouse_id) REFERENCES logistics.warehouses, ADD FOREIGN KEY (variant_id) REFERENCES catalog.variants;
ALTER TABLE logistics.stock_movements ADD FOREIGN KEY (warehouse_id) REFERENCES logistics.warehouses, ADD FOREIGN KEY (variant_id) REFERENCES catalog.variants;
ALTER TABLE logistics.purchase_orders ADD FOREIGN KEY (supplier_id) REFERENCES logistics.suppliers, ADD FOREIGN KEY (warehouse_id) REFERENCES logistics.warehouses;
ALTER TABLE logistics.purchase_order_items ADD FOREIGN KEY (purchase_order_id) REFERENCES logistics.purchase_orders, ADD FOREIGN KEY (variant_id) REFERENCES catalog.variants;
ALTER TABLE logistics.shipments ADD FOREIGN KEY (order_id) REFERENCES sales.orders, ADD FOREIGN KEY (carrier_id) REFERENCES logistics.carriers, ADD FOREIGN KEY (warehouse_id) REFERENCES logistics.warehouses;

ALTER TABLE support.tickets ADD FOREIGN KEY (customer_id) REFERENCES people.customers, ADD FOREIGN KEY (order_id) REFERENCES sales.orders, ADD FOREIGN KEY (assigned_to) REFERENCES people.employees;
ALTER TABLE support.messages ADD FOREIGN KEY (ticket_id) REFERENCES support.tickets;
ALTER TABLE support.returns ADD FOREIGN KEY (order_id) REFERENCES sales.orders, ADD FOREIGN KEY (approved_by) REFERENCES people.employees;
ALTER TABLE web.page_views ADD FOREIGN KEY (product_id) REFERENCES catalog.products;

CREATE INDEX products_search ON catalog.products USING gin (search);
CREATE INDEX products_details ON catalog.products USING gin (details);
CREATE INDEX variants_product ON catalog.variants (product_id);
CREATE INDEX reviews_product ON catalog.reviews (product_id);
CREATE INDEX customers_email ON people.customers (lower(email));
CREATE INDEX orders_customer ON sales.orders (customer_id);
CREATE INDEX orders_placed_at ON sales.orders (placed_at);
CREATE INDEX orders_open ON sales.orders (order_id) WHERE status IN ('placed', 'paid', 'packed');
CREATE INDEX shipments_order ON logistics.shipments (order_id);
CREATE INDEX tickets_open ON support.tickets (priority, opened_at) WHERE closed_at IS NULL;
CREATE INDEX page_views_product ON web.page_views (product_id, viewed_at);
