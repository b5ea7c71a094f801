select format, generation, prefix, partitions from origin
