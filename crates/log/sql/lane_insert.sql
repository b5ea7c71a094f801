insert into lane (id, topic, partition, first) values ($1, $2, $3, $4)
