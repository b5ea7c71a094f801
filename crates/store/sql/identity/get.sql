select profile, cluster, topics, generation, partitions from log_identity where one = 1
