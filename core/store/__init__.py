"""What is stored: tables, the database, migrations, and the functions that read and write rows."""
