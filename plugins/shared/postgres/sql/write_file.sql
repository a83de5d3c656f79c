SET LOCAL work_mem = '64kB'; SELECT count(*) FROM generate_series(1, 50000)
