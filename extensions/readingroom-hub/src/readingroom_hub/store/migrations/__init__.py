"""How the tables came to be, one file a revision; read by Alembic."""
