DELETE FROM unmatched_reports WHERE kept_at < ?1
