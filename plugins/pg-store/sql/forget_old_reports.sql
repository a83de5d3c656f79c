DELETE FROM penstock.unmatched_reports WHERE kept_at < $1
