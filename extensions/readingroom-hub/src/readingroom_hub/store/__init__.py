"""What lasts: tables in SQLite or PostgreSQL that are only ever added to, one writer, and durable before it is answered."""
