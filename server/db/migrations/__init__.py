"""Alembic migrations; ``yika-server init`` runs them up to head."""
