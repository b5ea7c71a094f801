select count(*) as migrations from migration
