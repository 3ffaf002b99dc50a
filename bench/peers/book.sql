-- How the peers book: one function, as those who use PostGraphile write what takes more
-- than one row. It decides by the same rows as the server, and writes the same ones, the
-- record among these; the record has no codes, and the account that books is the manager
-- of the data. It runs at each start of a peer.
CREATE SCHEMA IF NOT EXISTS peers;

-- new_id makes an id of a kind, as the clinic's own are: when, version 8, kind, chance.
CREATE OR REPLACE FUNCTION peers.new_id(kind int) RETURNS uuid LANGUAGE sql VOLATILE AS $$
  SELECT (lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0') || '8' || lpad(to_hex(kind), 3, '0')
    || substr(replace(gen_random_uuid()::text, '-', ''), 17))::uuid
$$;

CREATE OR REPLACE FUNCTION peers.book_appointment(customer_id uuid, practitioner_id uuid, service_id uuid, starts_at timestamptz) RETURNS public.bookings
LANGUAGE plpgsql VOLATILE SET search_path = public AS $$
#variable_conflict use_column
DECLARE
  customer ALIAS FOR $1;
  practitioner ALIAS FOR $2;
  service ALIAS FOR $3;
  start ALIAS FOR $4;
  p record;
  who record;
  made bookings;
  ending timestamptz;
  busy_start timestamptz;
  busy_end timestamptz;
  tax bigint;
  minute int;
  moment timestamptz := now();
  request text := gen_random_uuid();
  appointment uuid := peers.new_id(21);
  purchase uuid := peers.new_id(23);
  item uuid := peers.new_id(24);
  happened uuid := peers.new_id(25);
  told uuid;
BEGIN
  SELECT id, username INTO STRICT who FROM users WHERE username = 'manager-0';
  SELECT d.user_id, d.unit_id, d.timezone, c.account_id, v.name, v.price_amount, v.currency, v.tax_rate,
         s.duration_minutes, s.buffer_before_minutes, s.buffer_after_minutes, s.notice_minutes, s.horizon_days
    INTO p
    FROM practitioner_profiles d
    JOIN practitioner_services o ON o.practitioner_id = d.id AND o.service_id = service
    JOIN products v ON v.id = service AND v.is_available AND v.deleted_at IS NULL
    JOIN service_settings s ON s.product_id = v.id AND s.deleted_at IS NULL AND NOT s.requires_confirmation
    JOIN customers c ON c.id = customer AND c.anonymized_at IS NULL AND c.deleted_at IS NULL
   WHERE d.id = practitioner AND d.is_accepting AND d.deleted_at IS NULL;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'who or what is named is not there';
  END IF;
  ending := start + make_interval(mins => p.duration_minutes);
  busy_start := start - make_interval(mins => p.buffer_before_minutes);
  busy_end := ending + make_interval(mins => p.buffer_after_minutes);
  IF start < moment + make_interval(mins => p.notice_minutes) OR start > moment + make_interval(days => p.horizon_days) THEN
    RAISE EXCEPTION 'too soon or too late';
  END IF;
  minute := extract(hour FROM start AT TIME ZONE p.timezone) * 60 + extract(minute FROM start AT TIME ZONE p.timezone);
  PERFORM FROM working_hours h
    WHERE h.practitioner_id = practitioner AND h.deleted_at IS NULL AND h.weekday % 7 = extract(dow FROM start AT TIME ZONE p.timezone)
      AND h.starts_at <= minute AND h.ends_at >= minute + p.duration_minutes
      AND coalesce(h.valid_from, '') <= to_char(start AT TIME ZONE p.timezone, 'YYYY-MM-DD')
      AND coalesce(h.valid_to, '9') >= to_char(start AT TIME ZONE p.timezone, 'YYYY-MM-DD');
  IF NOT FOUND THEN
    RAISE EXCEPTION 'outside of the working hours';
  END IF;
  tax := round(p.price_amount * p.tax_rate::numeric / (10000 + p.tax_rate));

  INSERT INTO bookings (id, created_at, updated_at, created_by, updated_by, version, number, customer_id, unit_id, status, source, starts_at, ends_at, total_amount, currency)
    VALUES (peers.new_id(20), moment, moment, who.id, who.id, 1, 'B-' || request, customer, p.unit_id, 'CONFIRMED', 'DESK', start, ending, p.price_amount, p.currency)
    RETURNING * INTO made;
  INSERT INTO appointments (id, created_at, updated_at, created_by, updated_by, version, booking_id, customer_id, practitioner_id, practitioner_user_id, service_id, unit_id, status, starts_at, ends_at, busy_from, busy_to)
    VALUES (appointment, moment, moment, who.id, who.id, 1, made.id, customer, practitioner, p.user_id, service, p.unit_id, 'SCHEDULED', start, ending, busy_start, busy_end);
  INSERT INTO resource_claims (id, created_at, updated_at, created_by, updated_by, version, resource_kind, resource_id, busy_from, busy_to, exclusive, appointment_id)
    VALUES (peers.new_id(22), moment, moment, who.id, who.id, 1, 'PRACTITIONER', practitioner, busy_start, busy_end, true, appointment),
           (peers.new_id(22), moment, moment, who.id, who.id, 1, 'CUSTOMER', customer, start, ending, true, appointment);
  INSERT INTO orders (id, created_at, updated_at, created_by, updated_by, version, number, customer_id, booking_id, unit_id, status, charge_status, placed_at, total_amount, tax_amount, captured_amount, currency)
    VALUES (purchase, moment, moment, who.id, who.id, 1, 'O-' || request, customer, made.id, p.unit_id, 'PLACED', 'NONE', moment, p.price_amount, tax, 0, p.currency);
  INSERT INTO order_items (id, created_at, updated_at, created_by, updated_by, version, order_id, product_id, appointment_id, name, quantity, unit_price_amount, total_amount, tax_amount, currency)
    VALUES (item, moment, moment, who.id, who.id, 1, purchase, service, appointment, p.name, 1, p.price_amount, p.price_amount, tax, p.currency);
  INSERT INTO order_events (id, created_at, order_id, type, from_status, to_status, actor, data)
    VALUES (happened, moment, purchase, 'PLACED', '', 'PLACED', who.username, json_build_object('currency', p.currency, 'total', p.price_amount));
  INSERT INTO operation_logs (user_id, actor, action, action_details, ip_address, user_agent, request_id, operation, created_at, id, entity_type, entity_id, new_values)
    SELECT who.id, who.username, 'CREATE', '', '127.0.0.1', '', request, 'M1', moment, peers.new_id(14), entity, id, "values" FROM (VALUES
      ('Booking', made.id, json_build_object('currency', p.currency, 'customer_id', customer, 'ends_at', ending, 'number', made.number, 'source', 'DESK', 'starts_at', start, 'status', 'CONFIRMED', 'total_amount', p.price_amount, 'unit_id', p.unit_id)),
      ('Appointment', appointment, json_build_object('booking_id', made.id, 'busy_from', busy_start, 'busy_to', busy_end, 'customer_id', customer, 'ends_at', ending, 'practitioner_id', practitioner, 'practitioner_user_id', p.user_id, 'service_id', service, 'starts_at', start, 'status', 'SCHEDULED', 'unit_id', p.unit_id)),
      ('Order', purchase, json_build_object('booking_id', made.id, 'captured_amount', 0, 'charge_status', 'NONE', 'currency', p.currency, 'customer_id', customer, 'number', 'O-' || request, 'placed_at', moment, 'status', 'PLACED', 'tax_amount', tax, 'total_amount', p.price_amount, 'unit_id', p.unit_id)),
      ('OrderItem', item, json_build_object('appointment_id', appointment, 'currency', p.currency, 'name', p.name, 'order_id', purchase, 'product_id', service, 'quantity', 1, 'tax_amount', tax, 'total_amount', p.price_amount, 'unit_price_amount', p.price_amount)),
      ('OrderEvent', happened, json_build_object('actor', who.username, 'data', json_build_object('currency', p.currency, 'total', p.price_amount), 'from_status', '', 'order_id', purchase, 'to_status', 'PLACED', 'type', 'PLACED'))
    ) AS rows (entity, id, "values");
  told := peers.new_id(34);
  INSERT INTO notifications (id, created_at, updated_at, created_by, updated_by, version, user_id, kind, subject_id)
    VALUES (told, moment, moment, who.id, who.id, 1, p.user_id, 'APPOINTMENT_BOOKED', appointment);
  INSERT INTO operation_logs (user_id, actor, action, action_details, ip_address, user_agent, request_id, operation, created_at, id, entity_type, entity_id, new_values)
    VALUES (who.id, who.username, 'CREATE', '', '127.0.0.1', '', request, 'M1', moment, peers.new_id(14), 'Notification', told, json_build_object('kind', 'APPOINTMENT_BOOKED', 'subject_id', appointment, 'user_id', p.user_id));
  IF p.account_id IS NOT NULL THEN
    told := peers.new_id(34);
    INSERT INTO notifications (id, created_at, updated_at, created_by, updated_by, version, user_id, kind, subject_id)
      VALUES (told, moment, moment, who.id, who.id, 1, p.account_id, 'BOOKING_CONFIRMED', made.id);
    INSERT INTO operation_logs (user_id, actor, action, action_details, ip_address, user_agent, request_id, operation, created_at, id, entity_type, entity_id, new_values)
      VALUES (who.id, who.username, 'CREATE', '', '127.0.0.1', '', request, 'M1', moment, peers.new_id(14), 'Notification', told, json_build_object('kind', 'BOOKING_CONFIRMED', 'subject_id', made.id, 'user_id', p.account_id));
  END IF;
  RETURN made;
END
$$;
