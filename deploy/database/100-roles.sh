#!/bin/bash
# Run once by the database's image on an empty volume: the role that owns the tables, and the one that only reads.
# Grants on the tables are given by the product when it makes them.
set -euo pipefail

psql --no-psqlrc --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
    --set database="$POSTGRES_DB" \
    --set owner="$PLATFORM_DB_OWNER" --set owner_password="$PLATFORM_DB_PASSWORD" \
    --set reader="$PLATFORM_DB_READER" --set reader_password="$PLATFORM_DB_READER_PASSWORD" <<'SQL'
CREATE ROLE :"owner" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'owner_password';
CREATE ROLE :"reader" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'reader_password' CONNECTION LIMIT 60;
ALTER ROLE :"reader" SET default_transaction_read_only = on;
ALTER ROLE :"reader" SET statement_timeout = '30s';
ALTER DATABASE :"database" OWNER TO :"owner";
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO :"reader";
SQL
