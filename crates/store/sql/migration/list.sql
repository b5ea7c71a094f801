select version, name, checksum from migration order by version
