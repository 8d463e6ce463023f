"""The server's database: tables, sessions, repositories, migrations. Imports no service and no web code."""
