select topic, partition, first from lane order by id
