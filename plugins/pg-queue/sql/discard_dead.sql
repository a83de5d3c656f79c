WITH gone AS (DELETE FROM penstock.queue_dead d WHERE d.id = ANY ($1) RETURNING 1),
counted AS (
  INSERT INTO penstock.queue_tallies (delayed, delayed_bytes, dead) SELECT 0, 0, -count(*) FROM gone HAVING count(*) > 0)
SELECT count(*) FROM gone
