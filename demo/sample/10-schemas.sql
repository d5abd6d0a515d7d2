-- Larch & Stone, a shop for people who walk up hills. Everything is made up; the same on every machine.
-- psql variables: `orders` is how many orders to make; each block of four has ten lines.

SET client_min_messages = warning;

CREATE SCHEMA catalog;
COMMENT ON SCHEMA catalog IS 'What is sold, and for how much';
CREATE SCHEMA people;
COMMENT ON SCHEMA people IS 'Customers and staff';
CREATE SCHEMA sales;
COMMENT ON SCHEMA sales IS 'Carts, orders and money';
CREATE SCHEMA logistics;
COMMENT ON SCHEMA logistics IS 'Where things are, and on their way to';
CREATE SCHEMA support;
COMMENT ON SCHEMA support IS 'Questions, complaints and returns';
CREATE SCHEMA web;
COMMENT ON SCHEMA web IS 'What visitors looked at';

CREATE TYPE sales.order_status AS ENUM ('placed', 'paid', 'packed', 'shipped', 'delivered', 'cancelled', 'returned');
CREATE TYPE sales.payment_method AS ENUM ('card', 'invoice', 'bank transfer', 'gift card');
CREATE TYPE logistics.shipment_status AS ENUM ('waiting', 'in transit', 'delivered', 'lost');
CREATE TYPE logistics.movement_kind AS ENUM ('receipt', 'sale', 'return', 'correction');
CREATE TYPE support.priority AS ENUM ('low', 'normal', 'high', 'urgent');
CREATE TYPE people.address_kind AS ENUM ('home', 'work', 'delivery');
CREATE TYPE catalog.dimensions AS (length_mm integer, width_mm integer, height_mm integer);

CREATE DOMAIN people.email AS text CHECK (VALUE ~ '^[^@\s]+@[^@\s]+\.[^@\s]+$');
CREATE DOMAIN sales.money_eur AS numeric(12, 2) CHECK (VALUE >= 0);
